// SPDX-License-Identifier: Apache-2.0
// The second handshake with a server: headgate as initiator.
import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { MARKER, PROTOCOL, innerHead, openOuter, innerRequest } from
  '../lib/inner.mjs';
import { accept, listen, refuse } from '../lib/server.mjs';
import { SLOW, until } from '../lib/wait.mjs';
import { acceptOf, connect, parseHead, request } from '../lib/wsraw.mjs';

const server = await listen(test);
const url = `ws://127.0.0.1:${server.port}`;
const inner = { listen: 'main', 'connect-handshake': 'inner' };
const legacy = { listen: 'main', 'connect-handshake': 'legacy' };
const CREDENTIAL = 'Basic c2VydmljZTpzZWNyZXQ=';

// The second half connects to the first half.
const far = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'plugin echo': {},
  'service echo': {
    listen: 'main', path: '/echo', plugins: 'echo', subprotocols: 'alpha beta',
    'second-handshake': 'yes', origin: '*',
  },
});
const farUrl = `ws://127.0.0.1:${far.port('main')}/echo`;
const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'service inner': {
    ...inner, path: '/inner', connect: url, 'second-handshake': 'yes',
  },
  'service fixed': { ...inner, path: '/fixed', connect: `${url}/there?a=b` },
  'service own': {
    ...inner, path: '/own', connect: url,
    'authorization-file': '@DIR@/credential',
  },
  'service outer': {
    listen: 'main', path: '/outer', connect: url,
    'authorization-file': '@DIR@/credential',
  },
  'service short': {
    ...inner, path: '/short', connect: url,
    'connect-timeout': `${300 * SLOW}ms`,
  },
  'service legacy': { ...legacy, path: '/legacy', connect: url },
  'service far': { ...inner, path: '/far', connect: farUrl },
  'service far-legacy': { ...legacy, path: '/far-legacy', connect: farUrl },
}, { files: { credential: `${CREDENTIAL}\n` } });
const port = daemon.port('main');

const binary = (data) => ws.binary(data, { key: false });
const marker = binary(Buffer.from(MARKER, 'hex'));

// The client and the server behind the outer requests of both.
async function pair(t, path, fields = {}) {
  const client = await connect(t, port);
  client.send(request(path, fields));
  const upstream = await server.next();
  upstream.outer = await upstream.head();
  upstream.key = upstream.outer.fields['sec-websocket-key'][0];
  return { client, upstream };
}

async function innerPair(t, path, fields = {}) {
  const both = await pair(t, path, fields);
  both.upstream.send(accept(both.upstream.outer,
    { 'Sec-WebSocket-Protocol': PROTOCOL }));
  both.asked = await both.upstream.message();
  return both;
}

const yes = (upstream, fields = {}) => binary(
  accept(upstream.outer, fields));

async function passes({ client, upstream }) {
  client.send(ws.text('up'));
  const { opcode, payload } = await upstream.message();
  assert.equal(opcode, ws.OP.TEXT);
  assert.equal(payload.toString(), 'up');
  upstream.send(binary('down'));
  assert.equal((await client.message()).payload.toString(), 'down');
}

test('both requests, byte by byte', async (t) => {
  const both = await innerPair(t, '/inner?x', {
    'Sec-WebSocket-Protocol': 'one, two', Authorization: 'Basic Y2xpZW50',
    Origin: 'http://gate.example', Cookie: 'a=b',
  });
  const { client, upstream, asked } = both;
  const { port: from } = client.socket.address();
  assert.equal(upstream.outer.text, 'GET /inner?x HTTP/1.1\r\n' +
    `Host: 127.0.0.1:${server.port}\r\nOrigin: http://gate.example\r\n` +
    'Cookie: a=b\r\n' + `Forwarded: for="127.0.0.1:${from}";proto=ws\r\n` +
    `Sec-WebSocket-Protocol: ${PROTOCOL}, one, two\r\n` +
    'Upgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${upstream.key}\r\n\r\n`);
  assert.equal(asked.opcode, ws.OP.BINARY);
  assert.equal(asked.payload.toString(), 'GET /inner?x HTTP/1.1\r\n' +
    'Authorization: Basic Y2xpZW50\r\nSec-WebSocket-Protocol: one, two\r\n' +
    '\r\n');
  upstream.send(yes(upstream, { 'Sec-WebSocket-Protocol': 'two' }));
  const head = await client.head();
  assert.equal(head.status, 101);
  assert.deepEqual(head.fields['sec-websocket-protocol'], ['two']);
  await passes(both);
});

test('a path of the configuration', async (t) => {
  const { upstream, asked, client } = await innerPair(t, '/fixed?client');
  assert.equal(upstream.outer.line, 'GET /there?a=b HTTP/1.1');
  assert.equal(asked.payload.toString(),
    'GET /there?a=b HTTP/1.1\r\n\r\n');
  upstream.send(yes(upstream));
  assert.equal((await client.head()).status, 101);
});

test('data right behind the response', async (t) => {
  const { upstream, client } = await innerPair(t, '/inner');
  upstream.send(Buffer.concat([yes(upstream), binary('first')]));
  assert.equal((await client.head()).status, 101);
  assert.equal((await client.message()).payload.toString(), 'first');
});

test('a response in fragments of a byte, with a body', async (t) => {
  const both = await innerPair(t, '/inner');
  const bytes = Buffer.from(`${accept(both.upstream.outer)}a body`);
  for (let i = 0; i < bytes.length; i++)
    both.upstream.send(ws.frame(i === 0 ? ws.OP.BINARY : 0,
      bytes.subarray(i, i + 1), { key: false, fin: i === bytes.length - 1 }),
    ws.ping('', { key: false }));
  assert.equal((await both.client.head()).status, 101);
  await both.upstream.frame(); // a pong
});

test('a server that chooses another subprotocol is plain', async (t) => {
  for (const [offered, chosen] of [['one, two', 'two'], [undefined, null]]) {
    const both = await pair(t, '/inner',
      offered ? { 'Sec-WebSocket-Protocol': offered } : {});
    both.upstream.send(accept(both.upstream.outer,
      { 'Sec-WebSocket-Protocol': chosen }));
    const head = await both.client.head();
    assert.equal(head.status, 101);
    assert.deepEqual(head.fields['sec-websocket-protocol'],
      chosen ? [chosen] : undefined);
    await passes(both);
  }
});

test('the service\'s own credential goes inside, and not the client\'s',
  async (t) => {
    const { upstream, asked, client } = await innerPair(t, '/own',
      { Authorization: 'Basic Y2xpZW50' });
    assert.equal(upstream.outer.fields.authorization, undefined);
    assert.equal(asked.payload.toString(), 'GET /own HTTP/1.1\r\n' +
      `Authorization: ${CREDENTIAL}\r\n\r\n`);
    upstream.send(binary(refuse('401 No', { 'WWW-Authenticate': 'Basic' })));
    assert.equal((await client.head()).status, 502);
    assert.doesNotMatch(daemon.log, /c2VydmljZT/);
  });

test('the same without a second handshake', async (t) => {
  const { upstream, client } = await pair(t, '/outer',
    { Authorization: 'Basic Y2xpZW50' });
  assert.deepEqual(upstream.outer.fields.authorization, [CREDENTIAL]);
  upstream.send(accept(upstream.outer));
  assert.equal((await client.head()).status, 101);
});

// What comes in place of a right inner response, and the client's status.
const wrong = [
  ['403', () => binary(refuse('403 No')), 403],
  ['401', () => binary(refuse('401 No',
    { 'WWW-Authenticate': 'Basic realm="x"' })), 401],
  ['503', () => binary(refuse('503 No')), 503],
  ['a redirect', () => binary(refuse('302 No', { Location: 'ws://x/' })), 302],
  ['a redirect to nowhere', () => binary(refuse('302 No')), 502],
  ['400', () => binary(refuse('400 No')), 502],
  ['200', () => binary(refuse('200 OK')), 502],
  ['W15: a wrong Accept', (up) => yes(up,
    { 'Sec-WebSocket-Accept': acceptOf('x') }), 502],
  ['W15: no Accept', (up) => yes(up, { 'Sec-WebSocket-Accept': null }), 502],
  ['W15: no Upgrade', (up) => yes(up, { Upgrade: null }), 502],
  ['W15: an unasked subprotocol', (up) => yes(up,
    { 'Sec-WebSocket-Protocol': 'x' }), 502],
  ['W15: the handshake again', (up) => yes(up,
    { 'Sec-WebSocket-Protocol': PROTOCOL }), 502],
  ['W15: an unasked extension', (up) => yes(up,
    { 'Sec-WebSocket-Extensions': 'permessage-deflate' }), 502],
  ['W15: a length', (up) => yes(up, { 'Content-Length': '3' }), 502],
  ['W15: half a response', (up) => binary(accept(up.outer).slice(0, -2)), 502],
  ['W15: bare LFs', (up) => binary(
    accept(up.outer).replaceAll('\r\n', '\n')), 502],
  ['W15: a request', () => binary(innerRequest('/inner')), 502],
  ['an empty message', () => binary(''), 502],
  ['a text message', (up) => ws.text(accept(up.outer), { key: false }), 502],
  ['W08: a masked message', (up) => ws.binary(accept(up.outer)), 502],
  ['W13: a head that is too long', (up) => binary(accept(up.outer,
    { A: Array(3).fill('a'.repeat(8000)).join('\r\nA: ') })), 502],
  ['W03: a message that is too long', (up) => binary(
    accept(up.outer) + 'a'.repeat(65536)), 502],
  ['W09: a reserved bit', (up) => ws.binary(accept(up.outer),
    { key: false, rsv: 4 }), 502],
  ['a close', () => ws.close(1000, 'bye', { key: false }), 502],
  ['the end', undefined, 502],
];
for (const [name, answer, status] of wrong)
  test(`${name} in place of a response is ${status}`, async (t) => {
    const { upstream, client } = await innerPair(t, '/inner');
    if (answer)
      upstream.send(answer(upstream));
    else
      upstream.end();
    const head = await client.head();
    assert.equal(head.status, status);
    assert.deepEqual(head.fields.location,
      status === 302 ? ['ws://x/'] : undefined);
    await until(() => upstream.ended, 'the end of the connection');
  });

test('W14: a server that does not answer inside is 504', async (t) => {
  const { client } = await innerPair(t, '/short');
  assert.equal((await client.head()).status, 504);
});

test('W11: the client leaves amid the second handshake', async (t) => {
  const { client, upstream } = await innerPair(t, '/inner');
  client.destroy();
  upstream.send(yes(upstream));
  await until(() => upstream.ended, 'the end of the connection');
  await daemon.noClients();
});

test('from the client\'s second handshake to the server\'s, with a challenge',
  async (t) => {
    const peer = await openOuter(t, port, '/inner');
    for (const [authorization, last] of [[undefined], ['Basic x', true]]) {
      peer.send(ws.binary(innerRequest('/inner',
        authorization ? { Authorization: authorization } : {})));
      const upstream = await server.next();
      upstream.outer = await upstream.head();
      upstream.send(accept(upstream.outer,
        { 'Sec-WebSocket-Protocol': PROTOCOL }));
      const asked = parseHead((await upstream.message()).payload.toString());
      assert.deepEqual(asked.fields.authorization,
        authorization && [authorization]);
      upstream.send(last ? yes(upstream) : binary(refuse('401 No',
        { 'WWW-Authenticate': 'Basic realm="x"' })));
      assert.equal((await innerHead(peer)).status, last ? 101 : 401);
      if (last)
        await passes({ client: peer, upstream });
    }
  });

// --- a server of old --------------------------------------------------------

async function legacyPair(t, fields = {}) {
  const both = await pair(t, '/legacy?a', fields);
  const { upstream } = both;
  assert.equal(upstream.outer.line, 'GET /legacy?a&.kl=Y HTTP/1.1');
  upstream.send(accept(upstream.outer, { 'Sec-WebSocket-Protocol': PROTOCOL }));
  upstream.send(marker);
  both.asked = await upstream.message();
  assert.equal(both.asked.opcode, ws.OP.TEXT);
  return both;
}

test('legacy: markers and the empty message', async (t) => {
  const both = await legacyPair(t, { 'Sec-WebSocket-Protocol': 'one' });
  const { upstream, asked, client } = both;
  assert.equal(asked.payload.toString(), 'GET /legacy?a HTTP/1.1\r\n' +
    'Sec-WebSocket-Protocol: one\r\n\r\n');
  upstream.send(yes(upstream, { 'Sec-WebSocket-Protocol': 'one' }),
    binary(''), marker, binary('first'));
  assert.equal((await client.head()).status, 101);
  assert.equal((await client.message()).payload.toString(), 'first');
  await passes(both);
});

test('legacy: a refusal and its empty message', async (t) => {
  const { upstream, client } = await legacyPair(t);
  upstream.send(binary(refuse('403 No')), binary(''));
  assert.equal((await client.head()).status, 403);
});

for (const [name, messages] of [
  ['no empty message', (up) => [yes(up), marker]],
  ['no last marker', (up) => [yes(up), binary(''), binary('data')]],
  ['an empty last marker', (up) => [yes(up), binary(''), binary('')]],
])
  test(`legacy: ${name} is 502`, async (t) => {
    const { upstream, client } = await legacyPair(t);
    upstream.send(messages(upstream));
    assert.equal((await client.head()).status, 502);
  });

test('legacy: no first marker, or another subprotocol, is 502', async (t) => {
  const one = await pair(t, '/legacy');
  assert.equal(one.upstream.outer.line, 'GET /legacy?.kl=Y HTTP/1.1');
  one.upstream.send(accept(one.upstream.outer,
    { 'Sec-WebSocket-Protocol': PROTOCOL }), binary('data'));
  assert.equal((await one.client.head()).status, 502);
  const two = await pair(t, '/legacy', { 'Sec-WebSocket-Protocol': 'one' });
  two.upstream.send(accept(two.upstream.outer,
    { 'Sec-WebSocket-Protocol': 'one' }));
  assert.equal((await two.client.head()).status, 502);
});

// --- both ends are headgate -------------------------------------------------

for (const path of ['/far', '/far-legacy'])
  test(`${path}: to another headgate`, async (t) => {
    const before = await far.counter('core', 'inner_opened');
    const peer = await connect(t, port);
    peer.send(request(path, { 'Sec-WebSocket-Protocol': 'x, beta' }));
    const head = await peer.head();
    assert.equal(head.status, 101);
    assert.deepEqual(head.fields['sec-websocket-protocol'], ['beta']);
    peer.send(ws.text('hello'));
    assert.equal((await peer.message()).payload.toString(), 'hello');
    assert.equal(await far.counter('core', 'inner_opened'), before + 1);
    const other = await connect(t, port);
    other.send(request(path, { 'Sec-WebSocket-Protocol': 'x' }));
    assert.equal((await other.head()).status, 502);
  });

test('nothing is left', async () => {
  await daemon.noClients();
  await far.noClients();
});
