// SPDX-License-Identifier: Apache-2.0
// Channels without a trunk: how they begin, carry messages, and end.
import assert from 'node:assert/strict';
import test from 'node:test';

import { hex, openMux } from '../lib/channels.mjs';
import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { accept, listen, refuse } from '../lib/server.mjs';
import { until } from '../lib/wait.mjs';
import { open } from '../lib/wsraw.mjs';

const server = await listen(test);
const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'plugin echo': {},
  'plugin channels': { 'max-channels': 300, window: 65536 },
  'service ch': {
    listen: 'main', path: '/ch', plugins: 'echo', origin: '*',
    extensions: 'x-kaazing-channels', 'close-timeout': '1s',
  },
  'service proto': {
    listen: 'main', path: '/proto', plugins: 'echo', subprotocols: 'a b',
    origin: '*',
  },
  'service page': { listen: 'main', path: '/page', plugins: 'echo' },
  'service up': {
    listen: 'main', path: '/up', connect: `ws://127.0.0.1:${server.port}`,
    origin: '*', 'close-timeout': '1s',
  },
});

const mux = (t, offer, fields) =>
  openMux(t, daemon.port('main'), '/ch', offer, fields);

test('channel 0 is there, byte for byte', async (t) => {
  const m = await mux(t);
  m.peer.send(ws.text('\0\0hi'));
  await m.peer.expect('\x81\x04\x00\x00hi');
  m.peer.send(ws.binary('\0\0'));
  let answer; // behind credit, perhaps
  do
    answer = await m.peer.frame();
  while (answer.payload.readUInt16BE(0) === 0xffff);
  assert.equal(answer.opcode, ws.OP.BINARY);
  assert.equal(answer.payload.toString('hex'), '0000');
});

test('created, byte for byte', async (t) => {
  const m = await mux(t);
  m.create(1, '/ch');
  assert.equal(await m.next(),
    'created 0x0001\r\nHTTP/1.1 101 Switching Protocols\r\n\r\n');
  await m.echo(1, 'text');
  await m.echo(1, Buffer.from([0xff, 0xff]));
  await m.echo(1, '');
  await m.echo(0, 'the first channel is still there');
});

test('refused, byte for byte', async (t) => {
  const m = await mux(t);
  m.create(1, '/nothing');
  assert.equal(await m.next(),
    'refused 0x0001\r\nHTTP/1.1 404 Not Found\r\n\r\n');
  m.control('destroy 0x0001 code=1000');
  await m.created(1, '/ch'); // the id is free again
});

test('a subprotocol in create', async (t) => {
  const m = await mux(t);
  m.create(1, '/proto', { 'Sec-WebSocket-Protocol': 'x, b' });
  assert.equal(await m.next(), 'created 0x0001\r\nHTTP/1.1 101 Switching ' +
    'Protocols\r\nSec-WebSocket-Protocol: b\r\n\r\n');
  m.create(3, '/proto', { 'Sec-WebSocket-Protocol': 'x' });
  await m.next(/^refused 0x0003\r\nHTTP\/1.1 4\d\d /);
});

test('an answer of a server behind', async (t) => {
  for (const status of [401, 403, 404, 503]) {
    const m = await mux(t);
    m.create(1, '/up');
    const upstream = await server.next();
    await upstream.head();
    upstream.send(refuse(`${status} No`, status === 401 ?
      { 'WWW-Authenticate': 'Basic' } : {}));
    const text = await m.next(new RegExp(
      `^refused 0x0001\r\nHTTP/1.1 ${status} `));
    assert.equal(text.includes('WWW-Authenticate: Basic\r\n'), status === 401);
  }
});

test('W01: Origin in create is not believed from anybody', async (t) => {
  const bad = await mux(t, '', { Origin: 'http://evil.example' });
  bad.create(1, '/page', { Origin: 'http://gate.example' });
  await bad.next(/^refused 0x0001\r\nHTTP\/1.1 403 /);
  const good = await mux(t, '', { Origin: 'http://gate.example' });
  good.create(1, '/page', { Origin: 'http://evil.example' });
  await good.next(/^created 0x0001/);
});

test('T05: who is behind a channel is who made the connection', async (t) => {
  const m = await mux(t, '', { Authorization: 'Basic outer' });
  m.create(1, '/up', {
    Forwarded: 'for=6.6.6.6', Origin: 'http://evil.example',
    Host: 'evil.example',
  });
  const { fields } = await (await server.next()).head();
  assert.deepEqual(fields.forwarded,
    [`for="127.0.0.1:${m.peer.socket.localPort}";proto=ws`]);
  assert.equal(fields.origin, undefined);
  assert.deepEqual(fields.authorization, ['Basic outer']);
});

test('data may follow create at once', async (t) => {
  const m = await mux(t);
  m.create(1, '/ch').data(1, 'at once').create(3, '/ch').data(3, 'as well');
  assert.equal((await m.message(1)).payload.toString(), 'at once');
  assert.equal((await m.message(3)).payload.toString(), 'as well');
});

test('data behind a refused create is dropped', async (t) => {
  const m = await mux(t);
  m.create(1, '/nothing').data(1, 'lost').data(0, 'kept');
  await m.next(/^refused 0x0001/);
  assert.equal((await m.message(0)).payload.toString(), 'kept');
  m.data(1, 'lost too').control('destroy 0x0001 code=1000');
  await m.echo(0, 'still');
});

test('T04: labels of clients without channels are data', async (t) => {
  const peer = await open(t, daemon.port('main'), '/ch');
  for (const payload of ['\xff\xffcreate 0x0001\r\n\r\n', '\x00', '']) {
    peer.send(ws.binary(Buffer.from(payload, 'latin1')));
    assert.equal((await peer.message()).payload.toString('latin1'), payload);
  }
});

test('a label may be cut anywhere', async (t) => {
  const m = await mux(t);
  await m.created(0x0101, '/ch');
  const bytes = Buffer.from('\x01\x01cut', 'latin1');
  for (let cut = 0; cut <= bytes.length; cut++) {
    m.peer.send(ws.binary(bytes.subarray(0, cut), { fin: false }),
      ws.more('', { fin: false }), ws.more(bytes.subarray(cut)));
    assert.equal((await m.message(0x0101)).payload.toString(), 'cut');
  }
});

test('UTF-8 begins behind the label, for each channel', async (t) => {
  const m = await mux(t);
  await m.created(1, '/ch');
  await m.created(3, '/ch');
  m.peer.send(ws.text(Buffer.from([0, 1, 0xe2]), { fin: false }),
    ws.more(Buffer.from([0x82, 0xac])));
  assert.equal((await m.message(1)).payload.toString(), '\u20ac');
  m.data(1, Buffer.from([0xff]), { text: true });
  await m.next(/^(abort|destroy) 0x0001 code=1007/);
  await m.echo(3, 'the other channel does not notice');
  m.control('destroy 0x0001 code=1000');
  await m.echo(0, 'nor does the connection');
});

test('destroy is answered', async (t) => {
  const m = await mux(t);
  await m.created(1, '/ch');
  m.data(1, 'last').control('destroy 0x0001 code=1000');
  assert.equal((await m.message(1)).payload.toString(), 'last');
  assert.match(await m.next(), /^destroy 0x0001 code=1000( [^\r]*)?\r\n\r\n$/);
  await m.created(1, '/ch');
  await m.echo(1, 'a new one with the same id');
});

test('codes of destroy and reasons', async (t) => {
  const m = await mux(t);
  let id = 1;
  for (const code of [1000, 1001, 1011, 3000, 4000, 4999]) {
    await m.created(id, '/ch');
    m.control(`destroy ${hex(id)} code=${code} reason=a%20b%E2%82%AC`);
    await m.next(new RegExp(`^destroy ${hex(id)} code=\\d+`));
    id += 2;
  }
});

test('abort is answered, and nothing more comes', async (t) => {
  const m = await mux(t);
  await m.created(1, '/ch');
  m.control('abort 0x0001 code=1001');
  await m.next(/^destroy 0x0001 code=\d+/);
  await m.echo(0, 'on');
});

test('T08: destroys that cross answer each other', async (t) => {
  const m = await mux(t);
  await m.created(1, '/ch');
  // The daemon ends the channel by itself, while our destroy is on its way.
  m.data(1, Buffer.from([0xff]), { text: true });
  m.control('destroy 0x0001 code=1000');
  await m.next(/^(abort|destroy) 0x0001 code=1007/);
  await m.echo(0, 'no third word');
  assert.deepEqual(m.controls, []);
  await m.created(1, '/ch');
});

test('T08: what is late for an id that was there is ignored', async (t) => {
  const m = await mux(t);
  await m.created(1, '/ch');
  m.control('destroy 0x0001 code=1000');
  await m.next(/^destroy 0x0001/);
  m.control('destroy 0x0001 code=1000').control('abort 0x0001 code=1001')
    .control('credit 0x0001 bytes=999999').control('unmerge? 0x0001');
  m.data(1, 'late');
  await m.echo(0, 'on');
  assert.equal(m.messages.get(1)?.length ?? 0, 0);
});

test('an upstream that ends, ends its channel only', async (t) => {
  const m = await mux(t);
  m.create(1, '/up');
  const upstream = await server.next();
  upstream.send(accept(await upstream.head()));
  await m.next(/^created 0x0001/);
  upstream.send(ws.text('bye', { key: false }), ws.close(4004, 'over',
    { key: false }));
  assert.equal((await m.message(1)).payload.toString(), 'bye');
  await m.next(/^destroy 0x0001 code=4004 reason=over\r\n\r\n$/);
  m.control('destroy 0x0001 code=1000');
  await m.echo(0, 'on');
});

test('a connection that ends, ends all its channels', async (t) => {
  const m = await mux(t);
  const upstreams = [];
  for (let id = 1; id < 20; id += 2) {
    m.create(id, '/up');
    const upstream = await server.next();
    upstream.send(accept(await upstream.head()));
    await m.next(/^created/);
    upstreams.push(upstream);
  }
  m.peer.destroy();
  for (const upstream of upstreams)
    await upstream.closeFrame(1011);
});

test('T07: channels over the limit are refused, others live', async (t) => {
  const m = await mux(t);
  for (let i = 0; i < 300; i++)
    await m.created(2 * i + 1, '/ch');
  m.create(601, '/ch');
  await m.next(/^refused 0x0259\r\nHTTP\/1.1 503 /);
  await m.echo(1, 'on');
  m.control('destroy 0x0259 code=1000').control('destroy 0x0001 code=1000');
  await m.next(/^destroy 0x0001/);
  await m.created(601, '/ch');
});

test('T07: 1000 channels one behind the other leave nothing', async (t) => {
  const m = await mux(t);
  const before = daemon.memory();
  for (let i = 0; i < 1000; i++) {
    const id = 2 * (i % 100) + 1;
    m.create(id, '/ch').control(`destroy ${hex(id)} code=1000`);
    await m.next(/^created/, 20000);
    await m.next(/^destroy/, 20000);
  }
  const rows = await daemon.table('channels');
  assert.equal(rows.filter((row) => row.name.includes('/')).length, 0);
  // A sanitizer keeps freed memory for a while.
  if (process.env.HEADGATE_SANITIZER !== 'yes')
    assert.ok(daemon.memory() - before < 4 << 20, 'memory grew');
});

test('nothing is left', async () => {
  await until(async () => (await daemon.table('connections')).length === 0,
    'no connection');
});
