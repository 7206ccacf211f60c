// What a page sees of the library.
// From here on, new WebSocket of this page or worker is that of the library.
function install(options) {
  configure(options);
  Object.defineProperty(globalThis, 'WebSocket', { value: HeadgateWebSocket,
    writable: true, enumerable: false, configurable: true });
}

// New credentials for an open WebSocket that is a channel, such as a token that
// was renewed. A promise of true, or of false: the server keeps the old ones.
async function authenticate(socket, credentials) {
  const opening = openingOf(socket);
  const authorization = authorizationOf(credentials);
  if (!opening || socket.readyState !== OPEN || authorization === null)
    throw new DOMException('The WebSocket is not open.', 'InvalidStateError');
  return await opening.authenticate(authorization) === 200;
}

// For the halves of plugins.
const tools = Object.freeze({
  concat, decode, encode, formatRequest, fromLatin1, latin1, parseResponse,
  queueTask, sizeOf, startTimer,
});

const headgate = globalThis[REGISTRY] ?? Object.freeze({
  WebSocket: HeadgateWebSocket, NativeWebSocket, authenticate, configure,
  extension: register, install, tools, version: VERSION,
});
globalThis[REGISTRY] = headgate;
