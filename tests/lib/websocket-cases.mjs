// SPDX-License-Identifier: Apache-2.0
// What the WebSocket standard says of the class, as a page sees it. The same
// cases are run with the browser's own class and with headgate.js, in pages,
// workers and node; so nothing is imported here. The server is that of
// websocket-server.mjs.

export function equal(got, wanted, what = '') {
  const show = (value) => typeof value === 'bigint' ? `${value}n` :
    JSON.stringify(value) ?? String(value);
  if (!Object.is(got, wanted) && show(got) !== show(wanted))
    throw new Error(`${what}: got ${show(got)}, not ${show(wanted)}`);
}

export function throws(fn, name, what = '') {
  let error;
  try {
    fn();
  } catch (caught) {
    error = caught;
  }
  if (error?.name !== name)
    throw new Error(`${what}: got ${error?.name ?? 'no error'}, not ${name}`);
  if (name !== 'TypeError')
    equal(error instanceof DOMException, true, `${what} is a DOMException`);
}

const event = (socket, type, ms = 20000) => new Promise((resolve, reject) => {
  const timer = setTimeout(() => reject(new Error(`no ${type}`)), ms);
  socket.addEventListener(type, (one) => {
    clearTimeout(timer);
    resolve(one);
  }, { once: true });
});

const task = () => new Promise((resolve) => setTimeout(resolve, 0));

async function open(env, path = '/echo', ...rest) {
  const socket = new env.WebSocket(env.url + path, ...rest);
  socket.binaryType = 'arraybuffer';
  await event(socket, 'open');
  return socket;
}

// The next messages, as { data }.
function reader(socket) {
  const got = [];
  const waiting = [];
  socket.addEventListener('message', (one) =>
    waiting.length > 0 ? waiting.shift()(one) : got.push(one));
  return async () => got.shift() ?? await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no message')), 20000);
    waiting.push((one) => {
      clearTimeout(timer);
      resolve(one);
    });
  });
}

const bytes = (data) => Array.from(new Uint8Array(data));

async function closed(socket) {
  const end = event(socket, 'close');
  socket.close();
  return await end;
}

// A case that needs something of its surroundings says what.
export const cases = {
  'the constructor and the prototype'({ WebSocket }) {
    equal(WebSocket.name, 'WebSocket');
    equal(WebSocket.length, 1);
    equal(String(WebSocket.prototype), '[object WebSocket]');
    equal(Object.getPrototypeOf(WebSocket), EventTarget);
    equal(Object.getPrototypeOf(WebSocket.prototype) === EventTarget.prototype,
      true);
    equal(WebSocket.prototype.constructor === WebSocket, true);
    const kinds = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 };
    for (const target of [WebSocket, WebSocket.prototype])
      for (const [name, value] of Object.entries(kinds))
        equal(Object.getOwnPropertyDescriptor(target, name), { value,
          writable: false, enumerable: true, configurable: false }, name);
    const own = Object.getOwnPropertyDescriptor(WebSocket, 'prototype');
    equal(own.writable, false);
  },

  'the members'({ WebSocket }) {
    const read = ['url', 'readyState', 'bufferedAmount', 'extensions',
      'protocol'];
    const both = ['onopen', 'onerror', 'onclose', 'onmessage', 'binaryType'];
    for (const name of [...read, ...both]) {
      const own = Object.getOwnPropertyDescriptor(WebSocket.prototype, name);
      equal([own.enumerable, own.configurable, typeof own.get, typeof own.set],
        [true, true, 'function', both.includes(name) ? 'function' :
          'undefined'], name);
      throws(() => own.get.call({}), 'TypeError', name);
    }
    for (const [name, length] of [['send', 1], ['close', 0]]) {
      const own = Object.getOwnPropertyDescriptor(WebSocket.prototype, name);
      equal([own.enumerable, own.writable, own.configurable,
        own.value.length, own.value.name], [true, true, true, length, name]);
      throws(() => own.value.call({}, 'x'), 'TypeError', name);
    }
    const names = [];
    for (const name in WebSocket.prototype)
      names.push(name);
    equal(['url', 'close', 'CLOSED'].every((name) => names.includes(name)),
      true);
  },

  'arguments that are wrong'({ WebSocket, url }) {
    throws(() => WebSocket(url), 'TypeError', 'without new');
    throws(() => new WebSocket(), 'TypeError', 'no argument');
    throws(() => new WebSocket(Symbol('x')), 'TypeError', 'a symbol');
    for (const wrong of ['ws://', 'ftp://h/', 'wsx://h/',
      'blob:x', 'about:blank', 'data:,', 'mailto:x', 'javascript:0',
      `${url}/#x`, `${url}/#`, `${url}/?x#y`, 'ws://h:70000/', 'ws://[::/'])
      throws(() => new WebSocket(wrong), 'SyntaxError', wrong);
    for (const wrong of ['', ' ', 'a b', 'a,b', '\u00e4', 'a\r\nb', '"a"',
      '(a)', 'a/b', '{', 'a\0', [''], ['a', 'a'], ['a', 'b c'], [['a', 'b']],
      [undefined, undefined]])
      throws(() => new WebSocket(url, wrong), 'SyntaxError',
        JSON.stringify(wrong));
    throws(() => new WebSocket(url, [Symbol('x')]), 'TypeError', 'in a list');
    throws(() => new WebSocket('ws://', [Symbol('x')]), 'TypeError',
      'converted before the URL is parsed');
  },

  async 'the URL'({ WebSocket, url }) {
    const host = url.slice(5);
    for (const [given, wanted] of [
      [`ws://${host}`, `ws://${host}/`],
      [`WS://${host}/A?b#`.slice(0, -1), `ws://${host}/A?b`],
      [`http://${host}/x`, `ws://${host}/x`],
      [`  ws://${host}/x y\t`, `ws://${host}/x%20y`],
      [`ws://${host}/a/../b`, `ws://${host}/b`],
      [`ws://${host}/\u00e4`, `ws://${host}/%C3%A4`],
      [new URL(`ws://${host}/object`), `ws://${host}/object`],
      [{ toString: () => `ws://${host}/text` }, `ws://${host}/text`],
    ]) {
      const socket = new WebSocket(given);
      equal(socket.url, wanted);
      socket.close();
      await event(socket, 'close');
    }
  },

  async 'subprotocols'(env) {
    for (const [given, wanted] of [[undefined, ''], [[], ''], ['one', 'one'],
      [['one', 'two'], 'two'], [new Set(['one', 'two']), 'two'],
      [null, 'null'], [5, '5'], [{ toString: () => 'text' }, 'text'],
      [['One', 'one'], 'one']]) {
      const socket = new env.WebSocket(`${env.url}/echo`, given);
      equal(socket.protocol, '');
      await event(socket, 'open');
      equal(socket.protocol, wanted);
      await closed(socket);
      equal(socket.protocol, wanted);
    }
    const socket = await open(env, '/echo', 'one', 'ignored', 3);
    await closed(socket);
  },

  async 'states'(env) {
    const socket = new env.WebSocket(`${env.url}/echo`);
    equal([socket.readyState, socket.bufferedAmount, socket.extensions,
      socket.protocol, socket.binaryType, socket.onopen, socket.onerror],
    [0, 0, '', '', 'blob', null, null]);
    throws(() => socket.send('x'), 'InvalidStateError', 'send');
    throws(() => socket.send(), 'TypeError', 'send nothing');
    throws(() => socket.send(Symbol('x')), 'TypeError', 'send a symbol');
    const opened = await event(socket, 'open');
    equal([opened.constructor.name, opened.bubbles, opened.cancelable,
      opened.target === socket], ['Event', false, false, true]);
    equal(socket.readyState, 1);
    socket.close();
    equal(socket.readyState, 2);
    const end = await event(socket, 'close');
    equal(socket.readyState, 3);
    equal([end.constructor.name, end.code, end.reason, end.wasClean],
      ['CloseEvent', 1005, '', true]);
    socket.close();
    socket.close(4000, 'again');
    equal(socket.readyState, 3);
  },

  async 'text'(env) {
    const socket = await open(env);
    const next = reader(socket);
    for (const text of ['hello', '', '\u00e4\u20ac\u{1f600}', '\0', '\ufeffx',
      '\u0001\u0001\u0001\u0002', 'x'.repeat(env.large ?? 70000)]) {
      socket.send(text);
      equal((await next()).data, text);
    }
    for (const [given, wanted] of [['\ud800', '\ufffd'],
      ['a\udc00b', 'a\ufffdb'], [5, '5'], [null, 'null'],
      [undefined, 'undefined'], [{}, '[object Object]'], [['a', 1], 'a,1'],
      [{ toString: () => 'text' }, 'text'], [true, 'true']]) {
      socket.send(given);
      equal((await next()).data, wanted);
    }
    await closed(socket);
  },

  async 'binary'(env) {
    const socket = await open(env);
    const next = reader(socket);
    const all = new Uint8Array([0, 1, 2, 0xff, 0xff, 5, 6, 7]);
    for (const [given, wanted] of [
      [all.buffer, [0, 1, 2, 255, 255, 5, 6, 7]],
      [all, [0, 1, 2, 255, 255, 5, 6, 7]],
      [all.subarray(3, 6), [255, 255, 5]],
      [new DataView(all.buffer, 3, 2), [255, 255]],
      [new Uint16Array(all.buffer, 2, 2), [2, 255, 255, 5]],
      [new ArrayBuffer(0), []],
      [new Blob([all, 'x']), [0, 1, 2, 255, 255, 5, 6, 7, 120]],
      [new Blob([]), []],
    ]) {
      socket.send(given);
      const { data } = await next();
      equal(data instanceof ArrayBuffer, true);
      equal(bytes(data), wanted);
    }
    const changed = new Uint8Array([1, 2, 3]);
    socket.send(changed);
    changed.fill(9);
    equal(bytes((await next()).data), [1, 2, 3]);
    await closed(socket);
  },

  async 'shared memory is refused'(env) {
    if (typeof SharedArrayBuffer === 'undefined')
      return;
    const socket = await open(env);
    throws(() => socket.send(new Uint8Array(new SharedArrayBuffer(4))),
      'TypeError');
    await closed(socket);
  },

  async 'binaryType'(env) {
    const socket = await open(env);
    const next = reader(socket);
    for (const [set, wanted] of [['blob', 'blob'], ['arraybuffer',
      'arraybuffer'], ['nodebuffer', 'arraybuffer'], ['', 'arraybuffer'],
    ['Blob', 'arraybuffer'], [undefined, 'arraybuffer'],
    [{ toString: () => 'blob' }, 'blob']]) {
      socket.binaryType = set;
      equal(socket.binaryType, wanted);
    }
    socket.send(new Uint8Array([1, 2]));
    const { data } = await next();
    equal([data instanceof Blob, data.size, data.type], [true, 2, '']);
    equal(bytes(await data.arrayBuffer()), [1, 2]);
    await closed(socket);
  },

  async 'the order of blobs and others'(env) {
    const socket = await open(env);
    const next = reader(socket);
    socket.send('a');
    socket.send(new Blob(['b'.repeat(30000)]));
    socket.send('c');
    socket.send(new Blob([]));
    socket.send(new Uint8Array([1]));
    equal((await next()).data, 'a');
    equal((await next()).data.byteLength, 30000);
    equal((await next()).data, 'c');
    equal((await next()).data.byteLength, 0);
    equal((await next()).data.byteLength, 1);
    await closed(socket);
  },

  async 'large messages'(env) {
    const size = env.large ?? 3 << 20;
    const socket = await open(env);
    const next = reader(socket);
    const data = new Uint8Array(size);
    for (let i = 0; i < size; i++)
      data[i] = i * 7 + (i >> 8);
    socket.send(data);
    socket.send('\u20ac'.repeat(size / 4));
    socket.send(new Blob([data.subarray(0, size / 2), data.subarray(size / 2)]));
    for (const kind of ['binary', 'text', 'blob']) {
      const got = (await next()).data;
      if (kind === 'text') {
        equal(got.length, size / 4);
        equal(got === '\u20ac'.repeat(size / 4), true);
      } else {
        equal(got.byteLength, size);
        equal(new Uint8Array(got).every((byte, i) => byte === data[i]), true);
      }
    }
    await closed(socket);
  },

  async 'bufferedAmount'(env) {
    const socket = await open(env);
    const next = reader(socket);
    equal(socket.bufferedAmount, 0);
    socket.send('\u20ac\ud83d\ude00x\ud800');
    equal(socket.bufferedAmount, 3 + 4 + 1 + 3);
    socket.send(new Uint8Array(1000));
    socket.send(new Blob(['12345']));
    equal(socket.bufferedAmount, 1016);
    const end = performance.now() + 20;
    while (performance.now() < end)
      equal(socket.bufferedAmount, 1016, 'within the task');
    for (let i = 0; i < 3; i++)
      await next();
    for (let i = 0; i < 200 && socket.bufferedAmount > 0; i++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    equal(socket.bufferedAmount, 0, 'in the end');
    socket.close();
    socket.send('lost');
    equal(socket.bufferedAmount, 4, 'while closing');
    await event(socket, 'close');
    socket.send(new Blob(['more']));
    equal(socket.bufferedAmount, 8, 'when closed');
    await task();
    equal(socket.bufferedAmount, 8, 'and for ever');
  },

  async 'close, by the page'(env) {
    const wrong = await open(env);
    for (const code of [0, 999, 1001, 1005, 1006, 1015, 2999, 5000, 65536, -1,
      NaN, Infinity, 'x', null, {}])
      throws(() => wrong.close(code), 'InvalidAccessError', String(code));
    throws(() => wrong.close(1000, 'x'.repeat(124)), 'SyntaxError', 'reason');
    throws(() => wrong.close(1000, '\u20ac'.repeat(42)), 'SyntaxError',
      'in bytes');
    throws(() => wrong.close(999, Symbol('x')), 'TypeError', 'converted first');
    equal(wrong.readyState, 1);
    await closed(wrong);
    for (const [args, code, reason] of [[[], 1005, ''], [[undefined], 1005, ''],
      [[1000], 1000, ''], [[3000], 3000, ''], [[4999, 'bye'], 4999, 'bye'],
      [[1000, '\u20ac'.repeat(41)], 1000, '\u20ac'.repeat(41)],
      [['1000'], 1000, ''], [[3000.5], 3000, ''], [[3000, 5], 3000, '5']]) {
      const socket = await open(env);
      const end = event(socket, 'close');
      socket.close(...args);
      const got = await end;
      equal([got.code, env.noReasons ? reason : got.reason, got.wasClean],
        [code, reason, true], JSON.stringify(args));
    }
  },

  async 'close, by the server'(env) {
    for (const [text, code, reason] of [['1000', 1000, ''],
      ['4001 why', 4001, 'why'], ['3000 \u20ac', 3000, '\u20ac'],
      ['1011 oops', 1011, 'oops'], ['1001', 1001, '']]) {
      const socket = await open(env);
      const seen = [];
      socket.onerror = () => seen.push('error');
      socket.onclose = () => seen.push('close');
      socket.send(`close ${text}`);
      const end = await event(socket, 'close');
      equal([end.code, end.reason, end.wasClean], [code, reason, true], text);
      equal(seen, ['close']);
      equal(socket.readyState, 3);
    }
  },

  async 'a message, then the end'(env) {
    const socket = await open(env);
    const seen = [];
    socket.onmessage = ({ data }) => seen.push(data);
    socket.send('last');
    socket.send('close 4002 end');
    const end = await event(socket, 'close');
    equal([seen, end.code], [['last'], 4002]);
  },

  async 'close while connecting'(env) {
    for (const args of [[], [4000, 'never']]) {
      const socket = new env.WebSocket(`${env.url}/echo`);
      const seen = [];
      for (const type of ['open', 'error', 'close'])
        socket.addEventListener(type, () => seen.push(type));
      const end = event(socket, 'close');
      socket.close(...args);
      equal(socket.readyState, 2);
      equal(seen, []);
      socket.send('lost');
      equal(socket.bufferedAmount, 4);
      const got = await end;
      equal([got.code, got.reason, got.wasClean], [1006, '', false]);
      equal(seen, ['error', 'close']);
      equal(socket.readyState, 3);
      await task();
      equal(seen, ['error', 'close']);
    }
  },

  async 'nothing is delivered after close()'(env) {
    const socket = await open(env);
    let count = 0;
    socket.onmessage = () => {
      count++;
      socket.close(4000, 'enough');
    };
    for (let i = 0; i < 5; i++)
      socket.send('x');
    const end = await event(socket, 'close');
    equal([count, end.code], [1, 4000]);
  },

  async 'refused'(env) {
    const socket = new env.WebSocket(`${env.url}/refused`);
    const seen = [];
    for (const type of ['open', 'error', 'close'])
      socket.addEventListener(type, (one) => seen.push(
        `${type} ${one.constructor.name} ${socket.readyState}`));
    const end = await event(socket, 'close');
    equal([end.code, end.reason, end.wasClean], [1006, '', false]);
    equal(seen, ['error Event 3', 'close CloseEvent 3']);
    equal(socket.protocol, '');
  },

  async 'no subprotocol fits'(env) {
    const socket = new env.WebSocket(`${env.url}/echo`, 'refuse-me');
    const end = await event(socket, 'close');
    equal([end.code, socket.protocol], [1006, '']);
  },

  async 'events'(env) {
    const socket = await open(env);
    const next = reader(socket);
    socket.send('x');
    const one = await next();
    equal([one.type, one.constructor.name, one.origin, one.lastEventId,
      one.source, one.ports, one.bubbles, one.cancelable,
      one.target === socket, one.defaultPrevented],
    ['message', 'MessageEvent', env.url, '', null, [], false, false, true,
      false]);
    const end = await closed(socket);
    equal([end.type, end.bubbles, end.cancelable, end.target === socket],
      ['close', false, false, true]);
  },

  async 'handlers'(env) {
    const socket = await open(env);
    const next = reader(socket);
    const seen = [];
    const say = (name) => function handler(one) {
      seen.push(this === socket && one.currentTarget === socket ? name :
        'wrong this');
    };
    socket.onmessage = say('first on');
    socket.addEventListener('message', say('listener'));
    socket.onmessage = say('second on');
    socket.send('x');
    await next();
    await task();
    equal(seen, ['second on', 'listener'], 'the place is kept');
    seen.length = 0;
    socket.onmessage = null;
    equal(socket.onmessage, null);
    socket.onmessage = say('third on');
    socket.send('x');
    await next();
    await task();
    equal(seen, ['listener', 'third on'], 'a new place after null');
    for (const value of [5, 'text', undefined, true]) {
      socket.onmessage = value;
      equal(socket.onmessage, null, String(value));
    }
    const object = { handleEvent: () => seen.push('never') };
    socket.onmessage = object;
    equal(socket.onmessage === object, true);
    seen.length = 0;
    socket.send('x');
    await next();
    await task();
    equal(seen, ['listener']);
    await closed(socket);
  },

  async 'subclasses'(env) {
    class Mine extends env.WebSocket {
      constructor(url) {
        super(url, 'one');
        this.own = 5;
      }
      get protocol() { return `my ${super.protocol}`; }
    }
    const socket = new Mine(`${env.url}/echo`);
    equal([socket instanceof env.WebSocket, socket instanceof EventTarget,
      socket.own, socket.constructor === Mine, Mine.OPEN],
    [true, true, 5, true, 1]);
    await event(socket, 'open');
    equal(socket.protocol, 'my one');
    socket.extra = 1;
    equal(Object.keys(socket), ['own', 'extra']);
    await closed(socket);
  },

  async 'each message is a task'(env) {
    const socket = await open(env);
    const seen = [];
    let got = 0;
    socket.onmessage = () => {
      seen.push('message');
      Promise.resolve().then(() => seen.push('microtask'));
      got++;
    };
    for (let i = 0; i < 3; i++)
      socket.send('x');
    for (let i = 0; i < 500 && got < 3; i++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    await task();
    equal(seen, ['message', 'microtask', 'message', 'microtask', 'message',
      'microtask']);
    await closed(socket);
  },

  async 'many at once'(env) {
    const count = env.many ?? 60;
    const sockets = await Promise.all(Array.from({ length: count },
      () => open(env)));
    const ends = await Promise.all(sockets.map(async (socket, i) => {
      const next = reader(socket);
      for (let j = 0; j < 5; j++)
        socket.send(`${i} ${j}`);
      for (let j = 0; j < 5; j++)
        equal((await next()).data, `${i} ${j}`);
      const end = event(socket, 'close');
      socket.close(4000 + i, `${i}`);
      return await end;
    }));
    equal(ends.map(({ code, reason }) => [code, env.noReasons || reason]),
      sockets.map((socket, i) => [4000 + i, env.noReasons || `${i}`]));
  },
};

// Runs one; what is wrong as a text, or ''.
export async function run(name, env) {
  try {
    await cases[name](env);
    return '';
  } catch (error) {
    return String(error?.stack ?? error);
  }
}
