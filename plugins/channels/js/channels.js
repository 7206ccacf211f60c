// The extension itself: what is offered, and what its answer means.
const WINDOW = 262144;
const CHUNK = 65536;
const CHUNK_MIN = 4096;
const CHANNELS_MAX = 4096;
const NUMBER_MAX = 0x7fffffff;

function number(params, name, absent) {
  const value = params[name];
  if (value === undefined)
    return absent;
  if (!/^\d{1,15}$/.test(value))
    throw new TypeError(name);
  return Math.min(Number(value), NUMBER_MAX);
}

function accept(params, link) {
  const peerWindow = number(params, 'window', 65536);
  const peerChunk = number(params, 'chunk', 0);
  if (peerWindow < 1 || ('chunk' in params && peerChunk < CHUNK_MIN) ||
      (params.extensions ?? '') !== '' ||
      ('root' in params && params.root !== 'none'))
    throw new TypeError('parameters');
  const mux = new Mux(link, {
    window: WINDOW, maxTheirs: CHANNELS_MAX, ownChunk: CHUNK,
    chunk: peerChunk > 0, isShared: params.root === 'none',
  }, {
    peerWindow, peerChunk, maxMine: number(params, 'max-channels', 32767),
  });
  return {
    recv: (message) => mux.recv(message),
    send: (message) => mux.sendRoot(message),
    close: (end) => mux.close(end),
    mux,
  };
}

headgate.extension({
  name: 'x-kaazing-channels',
  offer: ({ share }) => ({
    'window': WINDOW, 'max-channels': CHANNELS_MAX, 'chunk': CHUNK,
    'root': share ? 'none' : null,
  }),
  accept,
});
