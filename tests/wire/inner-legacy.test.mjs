// SPDX-License-Identifier: Apache-2.0
// The second handshake as clients of old speak it: markers, and an empty
// message behind each response.
import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { MARKER, PROTOCOL, expectMessage, innerHead, innerRequest, openOuter }
  from '../lib/inner.mjs';
import { accept, listen, refuse } from '../lib/server.mjs';
import { ACCEPT, connect, open, request } from '../lib/wsraw.mjs';

const upstream = await listen(test);
const inside = { listen: 'main', 'second-handshake': 'yes' };
const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'plugin echo': {},
  'plugin channels': {},
  'plugin pingpong': {},
  'plugin idletimeout': {},
  'service echo': {
    ...inside, path: '/echo', plugins: 'echo',
    extensions: 'x-kaazing-idle-timeout x-kaazing-ping-pong',
  },
  'service channels': {
    ...inside, path: '/ch', plugins: 'echo', extensions: 'x-kaazing-channels',
  },
  'service up': {
    ...inside, path: '/up', connect: `ws://127.0.0.1:${upstream.port}`,
  },
  'service without': {
    listen: 'main', path: '/without',
    connect: `ws://127.0.0.1:${upstream.port}`,
  },
  'service short': {
    ...inside, path: '/short', plugins: 'echo',
    'second-handshake-timeout': '100ms',
  },
});
const port = daemon.port('main');

const legacy = { legacy: true };

async function openLegacy(t, path) {
  const peer = await openOuter(t, port, path);
  await expectMessage(peer, MARKER);
  return peer;
}

// What the JavaScript client sends for a page that names no subprotocol.
const INNER = 'GET /echo HTTP/1.1\r\nWebSocket-Protocol: \r\n' +
  'Sec-WebSocket-Protocol: \r\nSec-WebSocket-Extensions: ' +
  'x-kaazing-idle-timeout,x-kaazing-ping-pong\r\n\r\n';

test('the JavaScript client, byte by byte', async (t) => {
  assert.equal(INNER.length, 140);
  const peer = await connect(t, port);
  peer.send(request('/echo?.kl=Y', { 'Sec-WebSocket-Protocol': PROTOCOL }));
  await peer.expect('HTTP/1.1 101 Switching Protocols\r\n' +
    'Upgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${ACCEPT}\r\n` +
    `Sec-WebSocket-Protocol: ${PROTOCOL}\r\n\r\n` +
    '\x82\x04\xef\x83\xbf\x4e');
  peer.send(ws.text(INNER));
  const { opcode, payload } = await peer.message();
  assert.equal(opcode, ws.OP.BINARY);
  assert.match(payload.toString(), new RegExp(
    '^HTTP/1\\.1 101 Switching Protocols\r\nUpgrade: websocket\r\n' +
    `Connection: Upgrade\r\nSec-WebSocket-Accept: ${
      ACCEPT.replaceAll('+', '\\+')}\r\n` +
    'Sec-WebSocket-Extensions: x-kaazing-(idle-timeout|ping-pong).*\r\n' +
    'Sec-WebSocket-Extensions: x-kaazing-(idle-timeout|ping-pong).*\r\n' +
    '\r\n$'));
  await peer.expect('\x82\x00\x82\x04\xef\x83\xbf\x4e');
  peer.send(ws.text('\x01\x01\x01\x02\x09\x00'));
  await peer.expect('\x81\x06\x01\x01\x01\x02\x0a\x00');
  peer.send(ws.text('hi'));
  await peer.expect('\x81\x02hi');
});

test('a 401, another one, then 101: markers at both ends only', async (t) => {
  const peer = await openLegacy(t, '/up?.kl=Y&a=b&.kac=ex');
  for (const authorization of [undefined, 'Basic a', 'Basic b']) {
    peer.send(ws.text(innerRequest('/up?.kl=Y',
      authorization ? { Authorization: authorization } : {})));
    const server = await upstream.next();
    const head = await server.head();
    assert.equal(head.line, 'GET /up?a=b HTTP/1.1');
    assert.doesNotMatch(head.text, /\.k/);
    if (authorization === 'Basic b') {
      server.send(accept(head));
      assert.equal((await innerHead(peer, legacy)).status, 101);
      await expectMessage(peer, MARKER);
      server.send(ws.text('first', { key: false }));
      assert.equal((await peer.message()).payload.toString(), 'first');
      return;
    }
    server.send(refuse('401 No', { 'WWW-Authenticate': 'Basic realm="x"' }));
    assert.equal((await innerHead(peer, legacy)).status, 401);
  }
});

test('a refusal has an empty message behind it too', async (t) => {
  const peer = await openLegacy(t, '/echo?.kl=Y');
  peer.send(ws.binary(innerRequest('/other')));
  assert.equal((await innerHead(peer, legacy)).status, 400);
  await peer.closeFrame(1008);
});

test('a redirect', async (t) => {
  const peer = await openLegacy(t, '/up?.kl=Y');
  peer.send(ws.binary(innerRequest('/up')));
  const server = await upstream.next();
  await server.head();
  server.send(refuse('302 Found', { Location: 'ws://other.example/' }));
  const head = await innerHead(peer, legacy);
  assert.equal(head.status, 302);
  assert.deepEqual(head.fields.location, ['ws://other.example/']);
  await peer.closeFrame(1000);
});

test('W14: no request in time', async (t) => {
  const peer = await openLegacy(t, '/short?.kl=Y');
  assert.equal((await innerHead(peer, legacy)).status, 408);
  await peer.closeFrame(1008);
});

test('a plain connection gets the first marker', async (t) => {
  const peer = await open(t, port, '/echo?.kl=Y&x');
  await expectMessage(peer, MARKER);
  peer.send(ws.text('hi'));
  assert.equal((await peer.message()).payload.toString(), 'hi');
});

test('a plain connection to a server: the marker, and a clean query',
  async (t) => {
    const peer = await connect(t, port);
    peer.send(request('/up?.kl=Y&x=y'));
    const server = await upstream.next();
    const head = await server.head();
    assert.equal(head.line, 'GET /up?x=y HTTP/1.1');
    server.send(accept(head), ws.text('first', { key: false }));
    assert.equal((await peer.head()).status, 101);
    await expectMessage(peer, MARKER);
    assert.equal((await peer.message()).payload.toString(), 'first');
  });

test('channels get none in a plain connection', async (t) => {
  const peer = await open(t, port, '/ch?.kl=Y',
    { 'Sec-WebSocket-Extensions': 'x-kaazing-channels' });
  peer.send(ws.text('\0\0hi'));
  await peer.expect('\x81\x04\x00\x00hi');
});

test('other queries are none of theirs', async (t) => {
  for (const query of ['?.kl=N', '?.klY', '?a.kl=Y', '?x=.kl=Y', '']) {
    const peer = await open(t, port, `/echo${query}`);
    peer.send(ws.text('hi'));
    await peer.expect('\x81\x02hi');
  }
});

test('a service without a second handshake leaves the query alone',
  async (t) => {
    const peer = await connect(t, port);
    peer.send(request('/without?.kl=Y',
      { 'Sec-WebSocket-Protocol': PROTOCOL }));
    const server = await upstream.next();
    const head = await server.head();
    assert.equal(head.line, 'GET /without?.kl=Y HTTP/1.1');
    assert.deepEqual(head.fields['sec-websocket-protocol'], [PROTOCOL]);
    server.send(accept(head, { 'Sec-WebSocket-Protocol': PROTOCOL }));
    assert.equal((await peer.head()).status, 101);
    peer.send(ws.binary('GET /without HTTP/1.1\r\n\r\n'));
    assert.equal((await server.message()).payload.toString(),
      'GET /without HTTP/1.1\r\n\r\n');
  });
