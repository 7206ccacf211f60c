// SPDX-License-Identifier: Apache-2.0
// Channels that a second handshake negotiated, as a page's library uses them.
import assert from 'node:assert/strict';
import test from 'node:test';

import { Mux } from '../lib/channels.mjs';
import { startDaemon } from '../lib/daemon.mjs';
import { ask, response } from '../lib/http.mjs';
import * as ws from '../lib/frame.mjs';
import { PROTOCOL, innerRequest, openInner } from '../lib/inner.mjs';
import { accept, listen, refuse } from '../lib/server.mjs';
import { connect, request } from '../lib/wsraw.mjs';

const upstream = await listen(test);
const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'plugin echo': {},
  'plugin channels': { window: 65536 },
  'plugin pingpong': {},
  'plugin page': { root: '@DIR@/www' },
  'service page': { listen: 'main', path: '/*', plugins: 'page' },
  'service ch': {
    listen: 'main', path: '/ch', plugins: 'echo', 'second-handshake': 'yes',
    extensions: 'x-kaazing-channels x-kaazing-ping-pong',
    origin: 'http://page.example', 'close-timeout': '1s',
  },
  'service proto': {
    listen: 'main', path: '/proto', plugins: 'echo', subprotocols: 'a b',
    origin: 'http://page.example', 'second-handshake': 'yes',
  },
  'service strange': {
    listen: 'main', path: '/strange', plugins: 'echo',
    origin: 'http://other.example',
  },
  'service up': {
    listen: 'main', path: '/up', connect: `ws://127.0.0.1:${upstream.port}`,
    origin: 'http://page.example', 'close-timeout': '1s',
  },
}, { files: { 'www/index.html': 'hello' } });
const port = daemon.port('main');
const EXTENSIONS = 'Sec-WebSocket-Extensions';
const OUTER = { Origin: 'http://page.example', Cookie: 'session=1' };

async function mux(t, fields = {}) {
  const peer = await openInner(t, port, '/ch', {
    [EXTENSIONS]: 'x-kaazing-channels; window=65536', ...fields,
  }, OUTER);
  return new Mux(peer);
}

test('channel 0 and one more, byte by byte', async (t) => {
  const m = await mux(t);
  assert.deepEqual(m.peer.inner.fields[EXTENSIONS.toLowerCase()],
    ['x-kaazing-channels; window=65536; max-channels=4096']);
  m.peer.send(ws.text('\0\0hi'));
  await m.peer.expect('\x81\x04\x00\x00hi');
  m.create(1, '/ch');
  assert.equal(await m.next(),
    'created 0x0001\r\nHTTP/1.1 101 Switching Protocols\r\n\r\n');
  await m.echo(1, 'text');
  await m.echo(1, Buffer.from([0xff, 0xff]));
});

test('each has its own subprotocol, and its own refusal', async (t) => {
  const m = await mux(t);
  m.create(1, '/proto', { 'Sec-WebSocket-Protocol': 'b' });
  assert.match(await m.next(), /\r\nSec-WebSocket-Protocol: b\r\n/);
  m.create(3, '/proto', { 'Sec-WebSocket-Protocol': 'x' });
  await m.next(/^refused 0x0003\r\nHTTP\/1.1 400 /);
  m.create(5, '/nowhere');
  await m.next(/^refused 0x0005\r\nHTTP\/1.1 404 /);
  m.create(7, '/.headgate/trunk');
  await m.next(/^refused 0x0007\r\nHTTP\/1.1 404 /);
  await m.echo(1, 'still there');
});

test('W01: the outer Origin is that of each channel', async (t) => {
  const m = await mux(t, { Origin: 'http://other.example' });
  m.create(1, '/strange', { Origin: 'http://other.example' });
  await m.next(/^refused 0x0001\r\nHTTP\/1.1 403 /);
});

test('each has its own credentials, else the connection\'s', async (t) => {
  const m = await mux(t, { Authorization: 'Inner x' });
  for (const [id, own, wanted] of [
    [1, {}, 'Inner x'], [3, { Authorization: 'Own y' }, 'Own y'],
  ]) {
    m.create(id, '/up?q', { ...own, Forwarded: 'for=evil' });
    const server = await upstream.next();
    const head = await server.head();
    assert.equal(head.line, 'GET /up?q HTTP/1.1');
    assert.deepEqual(head.fields.authorization, [wanted]);
    assert.deepEqual(head.fields.origin, ['http://page.example']);
    assert.doesNotMatch(head.text, /evil|Outer/);
    server.send(accept(head));
    await m.next(/^created /);
    m.data(id, 'hello');
    assert.equal((await server.message()).payload.toString(), 'hello');
  }
});

test('a channel is challenged by itself', async (t) => {
  const m = await mux(t);
  m.create(1, '/up');
  const server = await upstream.next();
  await server.head();
  server.send(refuse('401 No', { 'WWW-Authenticate': 'Basic realm="x"' }));
  assert.equal(await m.next(), 'refused 0x0001\r\nHTTP/1.1 401 Unauthorized' +
    '\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n');
  await m.echo(0, 'the others live on');
});

test('close codes of a server reach their channel alone', async (t) => {
  const m = await mux(t);
  m.create(1, '/up');
  const server = await upstream.next();
  server.send(accept(await server.head()));
  await m.next(/^created /);
  server.send(ws.close(4321, 'so', { key: false }));
  await m.next(/^destroy 0x0001 code=4321/);
  await m.echo(0, 'the others live on');
});

test('more than a hundred channels, all on text ids', async (t) => {
  const m = await mux(t);
  for (let id = 1; id < 0x80; id += 2)
    m.create(id, '/ch');
  for (let id = 0x101; id < 0x180; id += 2)
    m.create(id, '/ch');
  for (let i = 0; i < 128; i++)
    await m.next(/^created /);
  for (let id = 1; id < 0x80; id += 2)
    await m.echo(id, `text ${id}`);
  for (let id = 0x101; id < 0x180; id += 2)
    await m.echo(id, `text ${id}`);
});

test('pings are nearest the wire, below channels', async (t) => {
  const m = await mux(t, {
    [EXTENSIONS]: 'x-kaazing-ping-pong, x-kaazing-channels',
  });
  assert.deepEqual(m.peer.inner.fields[EXTENSIONS.toLowerCase()], [
    'x-kaazing-channels; window=65536; max-channels=4096',
    'x-kaazing-ping-pong; 01010102',
  ]);
  m.peer.send(ws.text('\x01\x01\x01\x02\x09\x00'));
  await m.peer.expect('\x81\x06\x01\x01\x01\x02\x0a\x00');
  m.create(0x0101, '/ch');
  await m.next(/^created 0x0101/);
  m.peer.send(ws.text('\x01\x01\x01\x02'), ws.text('\x01\x01\x01\x02x'));
  assert.equal((await m.peer.message()).payload.toString('hex'), '01010102');
  assert.equal((await m.peer.message()).payload.toString('hex'),
    '0101010278');
});

test('all at once: both requests, a create, and data on it', async (t) => {
  const peer = await connect(t, port);
  const m = new Mux(peer);
  const control = (text) => ws.binary(Buffer.concat([Buffer.from([255, 255]),
    Buffer.from(text)]));
  peer.send(Buffer.concat([
    Buffer.from(request('/ch', { ...OUTER,
      'Sec-WebSocket-Protocol': PROTOCOL })),
    ws.text(innerRequest('/ch', { [EXTENSIONS]: 'x-kaazing-channels' })),
    control('create 0x0001\r\nGET /ch HTTP/1.1\r\n\r\n'),
    ws.text('\x00\x01early'),
  ]));
  assert.equal((await peer.head()).status, 101);
  assert.match((await peer.message()).payload.toString(), /^HTTP\/1.1 101 /);
  await m.next(/^created 0x0001/);
  assert.equal((await m.message(1)).payload.toString(), 'early');
});

test('a page first, then its WebSocket on the same connection', async (t) => {
  const peer = await connect(t, port);
  const m = new Mux(peer);
  peer.send(ask('/'));
  assert.equal((await response(peer)).text, 'hello');
  peer.send(Buffer.concat([
    Buffer.from(request('/ch', { ...OUTER,
      'Sec-WebSocket-Protocol': PROTOCOL })),
    ws.binary(innerRequest('/ch', { [EXTENSIONS]: 'x-kaazing-channels' })),
  ]));
  assert.equal((await peer.head()).status, 101);
  assert.match((await peer.message()).payload.toString(), /^HTTP\/1.1 101 /);
  await m.echo(0, 'text');
  await m.created(1, '/ch');
  await m.echo(1, 'more');
});

test('nothing behind channel 0: every WebSocket is created', async (t) => {
  const m = await mux(t, { [EXTENSIONS]: 'x-kaazing-channels; root=none' });
  assert.match(m.peer.inner.fields[EXTENSIONS.toLowerCase()][0],
    /; root=none/);
  await m.created(1, '/ch');
  await m.echo(1, 'text');
  m.data(0, 'nobody');
  await m.closed(1008);
});

test('a label that is no text id is no text', async (t) => {
  const m = await mux(t);
  m.create(0x81, '/ch');
  await m.next(/^created 0x0081/);
  m.peer.send(ws.text(Buffer.from([0x00, 0x81, 0x61])));
  await m.closed(/^100[27]$/);
});

test('nothing is left', async () => {
  await daemon.noClients();
});
