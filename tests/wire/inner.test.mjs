// SPDX-License-Identifier: Apache-2.0
// The second handshake inside the connection, clean mode, headgate as acceptor.
import assert from 'node:assert/strict';
import test from 'node:test';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';

import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { PROTOCOL, ask, innerHead, innerRequest, openInner, openOuter } from
  '../lib/inner.mjs';
import { accept, listen, refuse } from '../lib/server.mjs';
import { until } from '../lib/wait.mjs';
import { ACCEPT, connect, open, refused, request } from '../lib/wsraw.mjs';

const upstream = await listen(test);
const inside = { listen: 'main', 'second-handshake': 'yes' };

const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'plugin echo': {},
  'plugin channels': {},
  'plugin pingpong': {},
  'plugin deflate': {},
  'service plain': { listen: 'main', path: '/plain', plugins: 'echo' },
  'service echo': {
    ...inside, path: '/echo', plugins: 'echo',
    extensions: 'x-kaazing-ping-pong permessage-deflate',
  },
  'service two': {
    ...inside, path: '/two', plugins: 'echo', subprotocols: 'alpha beta',
  },
  'service channels': {
    ...inside, path: '/ch', plugins: 'echo',
    extensions: 'x-kaazing-channels x-kaazing-ping-pong permessage-deflate',
  },
  'service up': {
    ...inside, path: '/up', connect: `ws://127.0.0.1:${upstream.port}`,
    'connect-timeout': '2s',
  },
  'service short': {
    ...inside, path: '/short', connect: `ws://127.0.0.1:${upstream.port}`,
    'second-handshake-timeout': '150ms', 'challenge-timeout': '100ms',
  },
});
const port = daemon.port('main');

async function echoes(peer) {
  peer.send(ws.text('hello'));
  const { opcode, payload } = await peer.message();
  assert.equal(opcode, ws.OP.TEXT);
  assert.equal(payload.toString(), 'hello');
}

async function closed(peer, code) {
  await peer.closeFrame(code);
  peer.send(ws.close(code));
  await peer.eof();
}

const EXTENSIONS = 'Sec-WebSocket-Extensions';

const unpack = (payload) => inflateRawSync(
  Buffer.concat([payload, Buffer.from('0000ffff', 'hex')]),
  { finishFlush: constants.Z_SYNC_FLUSH }).toString('latin1');

test('the handshake of the example, byte by byte', async (t) => {
  const peer = await connect(t, port);
  peer.send(request('/echo', { 'Sec-WebSocket-Protocol': PROTOCOL }));
  await peer.expect('HTTP/1.1 101 Switching Protocols\r\n' +
    'Upgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${ACCEPT}\r\n` +
    `Sec-WebSocket-Protocol: ${PROTOCOL}\r\n\r\n`);
  peer.send(ws.binary('GET /echo HTTP/1.1\r\n\r\n'));
  const answer = 'HTTP/1.1 101 Switching Protocols\r\n' +
    'Upgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`;
  await peer.expect(`\x82\x7e\x00${String.fromCharCode(answer.length)}` +
    answer);
  peer.send(ws.text('hi', { key: [0, 0, 0, 0] }));
  await peer.expect('\x81\x02hi');
  peer.send(ws.close(1000));
  await peer.closeFrame(1000);
  await peer.eof();
});

test('a list of extensions inside has a line for each in the answer',
  async (t) => {
    const peer = await openInner(t, port, '/ch', {
      [EXTENSIONS]: 'x-kaazing-ping-pong, foo, x-kaazing-channels',
    });
    assert.deepEqual(peer.inner.fields[EXTENSIONS.toLowerCase()], [
      'x-kaazing-channels; window=65536; max-channels=4096',
      'x-kaazing-ping-pong; 01010102',
    ]);
  });

test('extensions of the inner list hold above those of the outer one',
  async (t) => {
    const peer = await openOuter(t, port, '/echo', { [EXTENSIONS]:
      'permessage-deflate; server_no_context_takeover' });
    assert.match(peer.response.fields[EXTENSIONS.toLowerCase()][0],
      /^permessage-deflate/);
    const packed = deflateRawSync(innerRequest('/echo',
      { [EXTENSIONS]: 'x-kaazing-ping-pong' }),
    { finishFlush: constants.Z_SYNC_FLUSH });
    peer.send(ws.binary(packed.subarray(0, -4), { rsv: 4 }));
    const answer = await peer.frame();
    assert.equal(answer.rsv, 4);
    assert.match(unpack(answer.payload), /^HTTP\/1.1 101 .*01010102\r\n\r\n$/s);
    peer.send(ws.text('\x01\x01\x01\x02\x09\x00'));
    const pong = await peer.frame();
    assert.equal(pong.opcode, ws.OP.TEXT);
    assert.equal(pong.rsv === 0 ? pong.payload.toString('latin1') :
      unpack(pong.payload), '\x01\x01\x01\x02\x0a\x00');
  });

// What a client that knows nothing of it asks, on the same path.
for (const [path, protocols, answered] of [
  ['/echo', null, undefined],
  ['/two', 'beta', 'beta'],
  ['/two', `alpha, ${PROTOCOL}`, 'alpha'],
  ['/two', 'x-kaazing-handshake2, beta', 'beta'],
  ['/plain', null, undefined],
  ['/plain', PROTOCOL, undefined],
])
  test(`plain: ${path} asked for ${protocols}`, async (t) => {
    const peer = await open(t, port, path,
      { 'Sec-WebSocket-Protocol': protocols });
    assert.deepEqual(peer.response.fields['sec-websocket-protocol'],
      answered && [answered]);
    await echoes(peer);
  });

for (const offered of [PROTOCOL, `${PROTOCOL}, alpha`, [PROTOCOL, 'gamma'],
  `,, ${PROTOCOL},beta`])
  test(`inner: /two asked for ${offered}`, async (t) => {
    const peer = await openInner(t, port, '/two',
      { 'Sec-WebSocket-Protocol': 'gamma, beta' },
      { 'Sec-WebSocket-Protocol': offered });
    assert.deepEqual(peer.inner.fields['sec-websocket-protocol'], ['beta']);
    await echoes(peer);
  });

// What an inner request may look like.
const good = {
  minimal: innerRequest('/echo'),
  'with a query': innerRequest('/echo?a=b'),
  'with all of an opening request': request('/echo'),
  'an empty list of subprotocols':
    innerRequest('/echo', { 'Sec-WebSocket-Protocol': '' }),
  'a foreign Origin (W01)': innerRequest('/echo', { Origin: 'http://evil' }),
  'fields of no meaning': innerRequest('/echo',
    { Cookie: 'a=b', Forwarded: 'for=evil', 'X-Forwarded-For': 'x', A: '' }),
  'a credential that nobody wants':
    innerRequest('/echo', { Authorization: 'Basic xyz' }),
  'of 12 KiB': innerRequest('/echo', { A: 'a'.repeat(8000),
    B: 'b'.repeat(12288 - 8000 - 'GET /echo HTTP/1.1||A: ||B: ||||'.length) }),
};
for (const [name, text] of Object.entries(good)) {
  for (const [how, opcode] of [['text', ws.OP.TEXT], ['binary', ws.OP.BINARY]])
    test(`a good request: ${name}, as ${how}`, async (t) => {
      const peer = await openOuter(t, port, '/echo');
      peer.send(ws.frame(opcode, text));
      assert.equal((await innerHead(peer)).status, 101);
      await echoes(peer);
    });
}

test('12 KiB is what it says', () => {
  assert.equal(good['of 12 KiB'].length, 12 * 1024);
});

test('a request in fragments of a byte, with pings between', async (t) => {
  const peer = await openOuter(t, port, '/echo');
  const bytes = Buffer.from(innerRequest('/echo'));
  for (let i = 0; i < bytes.length; i++) {
    peer.send(ws.frame(i === 0 ? ws.OP.TEXT : 0, bytes.subarray(i, i + 1),
      { fin: false }));
    if (i % 7 === 0)
      peer.send(ws.ping(), ws.more('', { fin: false }));
  }
  peer.send(ws.more(''));
  assert.equal((await innerHead(peer)).status, 101);
  await echoes(peer);
});

test('a request byte by byte on the wire', async (t) => {
  const peer = await openOuter(t, port, '/echo');
  await peer.drip(ws.binary(innerRequest('/echo')));
  assert.equal((await innerHead(peer)).status, 101);
  await echoes(peer);
});

test('all at once: both requests and data behind them', async (t) => {
  const peer = await connect(t, port);
  peer.send(Buffer.concat([
    Buffer.from(request('/echo', { 'Sec-WebSocket-Protocol': PROTOCOL })),
    ws.binary(innerRequest('/echo')), ws.text('early'), ws.text('bird'),
  ]));
  assert.equal((await peer.head()).status, 101);
  assert.equal((await innerHead(peer)).status, 101);
  for (const text of ['early', 'bird'])
    assert.equal((await peer.message()).payload.toString(), text);
});

// What is answered with a status, and closed.
const bad = [
  ['W16: CR LF in a value is another field', 'A: b\r\nSec-Evil: x', 400],
  ['W15: a second request behind it',
    { text: innerRequest('/echo').repeat(2) }, 400],
  ['W15: bytes behind it', { text: `${innerRequest('/echo')}x` }, 400],
  ['W15: no empty line', { text: 'GET /echo HTTP/1.1\r\n' }, 400],
  ['W15: an empty message', { text: '' }, 400],
  ['W15: a bare LF', { text: 'GET /echo HTTP/1.1\nA: b\n\n' }, 400],
  ['W15: NUL', { text: 'GET /echo HTTP/1.1\r\nA: \0\r\n\r\n' }, 400],
  ['W15: a folded field', 'A: b\r\n c', 400],
  ['W15: a blank before the colon', 'A : b', 400],
  ['W15: no name', ': b', 400],
  ['W15: absolute form',
    { text: 'GET http://gate.example/echo HTTP/1.1\r\n\r\n' }, 400],
  ['W15: HTTP/1.0', { text: 'GET /echo HTTP/1.0\r\n\r\n' }, 505],
  ['W15: HTTP/2.0', { text: 'GET /echo HTTP/2.0\r\n\r\n' }, 505],
  ['W15: CONNECT', { text: 'CONNECT /echo HTTP/1.1\r\n\r\n' }, 405],
  ['W15: POST', { text: 'POST /echo HTTP/1.1\r\n\r\n' }, 405],
  ['W15: a response', { text: 'HTTP/1.1 101 Yes\r\n\r\n' }, 400],
  ['W15: another path', { text: innerRequest('/plain') }, 400],
  ['W15: a path that begins so', { text: innerRequest('/echo/') }, 400],
  ['W15: a path in other letters', { text: innerRequest('/Echo') }, 400],
  ['W15: an encoded path', { text: innerRequest('/%65cho') }, 400],
  ['W15: a length', 'Content-Length: 0', 400],
  ['W15: a transfer coding', 'Transfer-Encoding: chunked', 400],
  ['W15: TE', 'te: trailers', 400],
  ['W15: trailers', 'Trailer: A', 400],
  ['W15: an expectation', 'Expect: 100-continue', 400],
  ['W15: Keep-Alive', 'Keep-Alive: timeout=5', 400],
  ['W15: a proxy field', 'proxy-authorization: Basic x', 400],
  ['W16: a Sec- field', 'Sec-Fetch-Mode: websocket', 400],
  ['W16: another Sec-WebSocket- field', 'Sec-WebSocket-Accept: x', 400],
  ['W15: h2c', 'Upgrade: h2c', 400],
  ['W15: two upgrades', 'Upgrade: websocket\r\nUpgrade: websocket', 400],
  ['W15: no upgrade in Connection', 'Connection: close', 400],
  ['W15: version 8', 'Sec-WebSocket-Version: 8', 400],
  ['W15: two versions',
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13', 400],
  ['W15: a short key', 'Sec-WebSocket-Key: dGhl', 400],
  ['W15: two hosts', 'Host: a\r\nHost: b', 400],
  ['W16: two credentials', 'Authorization: A b\r\nAuthorization: C d', 400],
  ['W13: a list that is none', 'Sec-WebSocket-Extensions: a; b="', 400],
  ['W13: subprotocols that are none', 'Sec-WebSocket-Protocol: a b', 400],
  ['W26: itself again', `Sec-WebSocket-Protocol: ${PROTOCOL}`, 400],
  ['W13: a line of more than 8 KiB', `A: ${'a'.repeat(8192)}`, 431],
  ['W13: a target of more than 8 KiB',
    { text: innerRequest(`/echo?${'a'.repeat(8192)}`) }, 414],
  ['W13: more than 64 fields', 'A: b\r\n'.repeat(65).trimEnd(), 431],
  ['W13: 12 KiB and a byte',
    { text: `${good['of 12 KiB'].slice(0, -4)}b\r\n\r\n` }, 431],
];
for (const [name, what, status] of bad)
  test(`refused with ${status}: ${name}`, async (t) => {
    const refusals = await daemon.counter('core', 'inner_refused');
    const peer = await openOuter(t, port, '/echo');
    const text = what.text ?? `GET /echo HTTP/1.1\r\n${what}\r\n\r\n`;
    peer.send(ws.binary(text), ws.text('never seen'));
    const head = await innerHead(peer);
    assert.equal(head.status, status);
    assert.equal(head.fields.allow?.[0], status === 405 ? 'GET' : undefined);
    await closed(peer, status < 500 ? 1008 : 1011);
    assert.equal(await daemon.counter('core', 'inner_refused'), refusals + 1);
  });

test('W13: 12 KiB and a byte in fragments, before the last one', async (t) => {
  const peer = await openOuter(t, port, '/echo');
  peer.send(ws.binary('GET /echo HTTP/1.1\r\n', { fin: false }));
  for (let i = 0; i < 12; i++)
    peer.send(ws.more('a'.repeat(1024), { fin: false }));
  assert.equal((await innerHead(peer)).status, 431);
  await closed(peer, 1008);
});

test('W08: an unmasked inner request', async (t) => {
  const peer = await openOuter(t, port, '/echo');
  peer.send(ws.binary(innerRequest('/echo'), { key: false }));
  await peer.closeFrame(1002);
  await peer.eof();
});

test('W10: text that is not UTF-8', async (t) => {
  const peer = await openOuter(t, port, '/echo');
  peer.send(ws.text(Buffer.from(`GET /echo HTTP/1.1\r\nA: \xff\r\n\r\n`,
    'latin1')));
  await peer.closeFrame(1007);
});

test('W09: a reserved bit', async (t) => {
  const peer = await openOuter(t, port, '/ch');
  peer.send(ws.binary(innerRequest('/ch'), { rsv: 4 }));
  await peer.closeFrame(1002);
});

test('W26: an extension of the outer list again inside', async (t) => {
  const peer = await openOuter(t, port, '/echo',
    { [EXTENSIONS]: 'x-kaazing-ping-pong' });
  peer.send(ws.binary(innerRequest('/echo',
    { [EXTENSIONS]: 'foo, x-kaazing-ping-pong' })));
  await peer.closeFrame(1011);
  await peer.eof();
});

test('channels are never negotiated below the second handshake', async (t) => {
  const peer = await openOuter(t, port, '/ch',
    { [EXTENSIONS]: 'x-kaazing-channels, permessage-deflate' });
  assert.deepEqual(peer.response.fields[EXTENSIONS.toLowerCase()],
    ['permessage-deflate; server_no_context_takeover; ' +
      'client_no_context_takeover']);
});

test('W01: the outer Origin holds, whatever stands inside', async (t) => {
  const response = await refused(t, port, '/echo', {
    'Sec-WebSocket-Protocol': PROTOCOL, Origin: 'http://evil.example',
  });
  assert.equal(response.status, 403);
});

test('the outer request is checked as any', async (t) => {
  for (const [fields, status] of [
    [{ 'Sec-WebSocket-Version': '8' }, 426],
    [{ [EXTENSIONS]: 'a;b="' }, 400],
  ])
    assert.equal((await refused(t, port, '/echo',
      { 'Sec-WebSocket-Protocol': PROTOCOL, ...fields })).status, status);
});

test('a close before the request', async (t) => {
  const peer = await openOuter(t, port, '/echo');
  peer.send(ws.close(1000));
  await peer.closeFrame(1000);
  await peer.eof();
});

test('an end in the middle of the request', async (t) => {
  const peer = await openOuter(t, port, '/echo');
  peer.send(ws.binary('GET /ec', { fin: false }));
  peer.destroy();
  await daemon.noClients();
});

// --- all orders of what may come --------------------------------------------

const steps = {
  good: ws.binary(innerRequest('/echo')),
  bad: ws.binary(innerRequest('/plain')),
  data: ws.text('data'),
  ping: ws.ping('p'),
  close: ws.close(1000),
};

// What must come back for the steps, as a list of words.
function model(names) {
  const out = [];
  let open = false;
  for (const name of names) {
    if (name === 'close')
      return [...out, 'close 1000'];
    if (name === 'ping')
      out.push('pong');
    else if (open)
      out.push('echo');
    else if (name === 'good')
      out.push('101');
    else
      return [...out, '400', 'close 1008'];
    open ||= name === 'good';
  }
  return out;
}

function word({ opcode, payload }) {
  if (opcode === ws.OP.CLOSE)
    return `close ${payload.readUInt16BE(0)}`;
  if (opcode === ws.OP.PONG)
    return 'pong';
  return payload.toString().match(/^HTTP\/1.1 (\d+) /)?.[1] ?? 'echo';
}

const orders = (length) => length === 0 ? [[]] :
  orders(length - 1).flatMap((one) =>
    Object.keys(steps).map((name) => [...one, name]));

// One pong is enough for pings that were read at once (RFC 6455, 5.5.3).
const withoutPongs = (words) => words.filter((one) => one !== 'pong');

for (const length of [1, 2, 3, 4])
  test(`W26: all orders of ${length}`, async (t) => {
    const all = orders(length);
    for (let i = 0; i < all.length; i += 25)
      await Promise.all(all.slice(i, i + 25).map(async (names) => {
        const peer = await openOuter(t, port, '/echo');
        peer.send(Buffer.concat(names.map((name) => steps[name])));
        const wanted = withoutPongs(model(names));
        const got = [];
        while (got.length < wanted.length) {
          const one = word(await peer.frame());
          if (one !== 'pong')
            got.push(one);
        }
        assert.deepEqual(got, wanted, names.join(' '));
        peer.destroy();
      }));
  });

// --- with a server behind ---------------------------------------------------

test('W27: nothing is dialled before the inner request', async (t) => {
  const before = upstream.arrived();
  const peer = await openOuter(t, port, '/up', { Authorization: 'Outer x' });
  peer.send(ws.ping('a'));
  assert.equal((await peer.frame()).opcode, ws.OP.PONG);
  assert.equal(upstream.arrived(), before);
  peer.send(ws.binary(innerRequest('/up', {
    'Sec-WebSocket-Protocol': 'one, two', Authorization: 'Inner y',
    Origin: 'http://evil', Cookie: 'evil', Forwarded: 'for=evil', Host: 'evil',
  })));
  const server = await upstream.next();
  const head = await server.head();
  assert.equal(head.line, 'GET /up HTTP/1.1');
  assert.deepEqual(head.fields.authorization, ['Inner y']);
  assert.deepEqual(head.fields['sec-websocket-protocol'], ['one, two']);
  assert.equal(head.fields.origin, undefined);
  assert.equal(head.fields.cookie, undefined);
  assert.doesNotMatch(head.text, /evil/);
  server.send(accept(head, { 'Sec-WebSocket-Protocol': 'two' }));
  const response = await innerHead(peer);
  assert.equal(response.status, 101);
  assert.deepEqual(response.fields['sec-websocket-protocol'], ['two']);
  peer.send(ws.text('up'));
  assert.equal((await server.message()).payload.toString(), 'up');
  server.send(ws.binary('down', { key: false }));
  assert.equal((await peer.message()).payload.toString(), 'down');
});

test('what comes before the answer is for the server, in order',
  async (t) => {
    const peer = await openOuter(t, port, '/up');
    peer.send(ws.binary(innerRequest('/up')), ws.text('one'),
      ws.text('tw', { fin: false }));
    const server = await upstream.next();
    const head = await server.head();
    peer.send(ws.more('o'), ws.text('three'));
    server.send(accept(head));
    for (const text of ['one', 'two', 'three'])
      assert.equal((await server.message()).payload.toString(), text);
  });

test('W03: thousands of empty messages before the answer', async (t) => {
  const peer = await openOuter(t, port, '/up');
  peer.send(ws.binary(innerRequest('/up')));
  const server = await upstream.next();
  await server.head();
  peer.send(Buffer.concat(Array(10000).fill(ws.binary(''))));
  await peer.closeFrame(1008);
  await server.eof();
});

// The server's answer, what is answered inside, and the code behind it.
for (const [answer, status, code, fields] of [
  [refuse('403 Forbidden'), 403, 1008],
  [refuse('404 Not Found'), 404, 1008],
  [refuse('401 Unauthorized'), 401, 1008],
  [refuse('503 Service Unavailable', { 'Retry-After': '7' }), 503, 1011,
    { 'retry-after': ['7'] }],
  [refuse('500 Internal Server Error'), 502, 1011],
  [refuse('200 OK'), 502, 1011],
  [refuse('302 Found', { Location: 'ws://other.example/' }), 302, 1000,
    { location: ['ws://other.example/'] }],
  [refuse('302 Found'), 502, 1011],
  ['nonsense\r\n\r\n', 502, 1011],
])
  test(`W15: ${answer.split('\r\n')[0]} of the server is ${status} inside`,
    async (t) => {
      const peer = await openOuter(t, port, '/up');
      peer.send(ws.binary(innerRequest('/up')));
      const server = await upstream.next();
      await server.head();
      server.send(answer);
      const head = await innerHead(peer);
      assert.equal(head.status, status);
      assert.deepEqual({ ...head.fields }, fields ?? {});
      await closed(peer, code);
    });

const challenge = refuse('401 Unauthorized',
  { 'WWW-Authenticate': 'Basic realm="x"' });

async function challenged(peer, fields) {
  peer.send(ws.binary(innerRequest('/up', fields)));
  const server = await upstream.next();
  const head = await server.head();
  assert.deepEqual(head.fields.authorization,
    fields.Authorization && [fields.Authorization]);
  server.send(challenge);
  await server.eof();
}

test('401, credentials, 101 on one connection, byte by byte', async (t) => {
  const peer = await openOuter(t, port, '/up');
  await challenged(peer, {});
  const answer = 'HTTP/1.1 401 Unauthorized\r\n' +
    'WWW-Authenticate: Basic realm="x"\r\n\r\n';
  await peer.expect(`\x82${String.fromCharCode(answer.length)}${answer}`);
  peer.send(ws.binary(innerRequest('/up',
    { Authorization: 'Basic am9lOndlbGNvbWU=' })));
  const server = await upstream.next();
  const head = await server.head();
  assert.deepEqual(head.fields.authorization, ['Basic am9lOndlbGNvbWU=']);
  server.send(accept(head));
  assert.equal((await innerHead(peer)).status, 101);
  peer.send(ws.text('in'));
  assert.equal((await server.message()).payload.toString(), 'in');
});

test('three challenges, then 403', async (t) => {
  const before = await daemon.counter('core', 'inner_challenged');
  const peer = await openOuter(t, port, '/up');
  for (let i = 0; i < 3; i++) {
    await challenged(peer, { Authorization: `Basic ${i}` });
    assert.equal((await innerHead(peer)).status, 401);
  }
  await challenged(peer, { Authorization: 'Basic 3' });
  const head = await innerHead(peer);
  assert.equal(head.status, 403);
  assert.deepEqual({ ...head.fields }, {});
  await closed(peer, 1008);
  assert.equal(await daemon.counter('core', 'inner_challenged'), before + 3);
});

test('W15: a request before the answer to another is checked as any',
  async (t) => {
    const peer = await openOuter(t, port, '/up');
    peer.send(Buffer.concat([ws.binary(innerRequest('/up')),
      ws.binary(innerRequest('/up', { Authorization: 'Basic y' })),
      ws.binary(innerRequest('/internal'))]));
    for (const authorization of [undefined, ['Basic y']]) {
      const server = await upstream.next();
      const head = await server.head();
      assert.deepEqual(head.fields.authorization, authorization);
      server.send(challenge);
      assert.equal((await innerHead(peer)).status, 401);
    }
    assert.equal((await innerHead(peer)).status, 400);
    await closed(peer, 1008);
  });

test('W14: no more is read than what may wait for the answer', async (t) => {
  const peer = await openOuter(t, port, '/up');
  peer.send(ws.binary(innerRequest('/up')));
  const server = await upstream.next();
  const head = await server.head();
  const piece = ws.binary(Buffer.alloc(16000, 7));
  for (let i = 0; i < 200; i++)
    peer.send(piece);
  await until(async () => {
    const [row] = await daemon.connections('websocket-in');
    return row.bytes_in > 16000;
  }, 'some bytes');
  const [{ bytes_in: bytes }] = await daemon.connections('websocket-in');
  assert.ok(bytes < 200000, `${bytes} bytes were read`);
  server.send(accept(head));
  for (let i = 0; i < 200; i++)
    assert.equal((await server.message()).payload.length, 16000);
});

test('W11: the client leaves while the server is asked', async (t) => {
  const peer = await openOuter(t, port, '/up');
  peer.send(ws.binary(innerRequest('/up')));
  const server = await upstream.next();
  await server.head();
  peer.send(ws.close(1001));
  await server.eof();
  await peer.closeFrame(1001);
  await daemon.noClients();
});

test('W11: the client vanishes while the server is asked', async (t) => {
  const peer = await openOuter(t, port, '/up');
  peer.send(ws.binary(innerRequest('/up')));
  const server = await upstream.next();
  const head = await server.head();
  peer.destroy();
  server.send(accept(head), ws.text('late', { key: false }));
  await daemon.noClients();
});

test('W14: no request in time is 408', async (t) => {
  const before = await daemon.counter('core', 'inner_late');
  const peer = await openOuter(t, port, '/short');
  peer.send(ws.binary('GET /short HTTP/1.1\r\n', { fin: false }));
  const head = await innerHead(peer);
  assert.equal(head.status, 408);
  await closed(peer, 1008);
  assert.equal(await daemon.counter('core', 'inner_late'), before + 1);
});

test('W14: bytes now and then do not make it longer', async (t) => {
  const peer = await openOuter(t, port, '/short');
  peer.send(ws.binary('GET /short HTTP/1.1\r\n', { fin: false }));
  const timer = setInterval(() => peer.send(ws.more('a', { fin: false })), 10);
  t.after(() => clearInterval(timer));
  assert.equal((await innerHead(peer)).status, 408);
});

test('W14: no credentials in time is 408', async (t) => {
  const peer = await openOuter(t, port, '/short');
  peer.send(ws.binary(innerRequest('/short')));
  const server = await upstream.next();
  await server.head();
  server.send(challenge);
  assert.equal((await innerHead(peer)).status, 401);
  assert.equal((await innerHead(peer)).status, 408);
  await closed(peer, 1008);
});

test('a stop ends one that is amid its handshake', async (t) => {
  const own = await startDaemon(t, {
    'listen main': { address: '127.0.0.1:0' },
    'plugin echo': {},
    'service echo': { ...inside, path: '/echo', plugins: 'echo' },
  });
  const peer = await openOuter(t, own.port('main'), '/echo');
  process.kill(own.pid, 'SIGTERM');
  await peer.closeFrame(1001);
  peer.send(ws.close(1001));
  await peer.eof();
});

test('nothing is left', async () => {
  await daemon.noClients();
  await until(async () => (await daemon.table('connections')).length === 0,
    'no connection');
});
