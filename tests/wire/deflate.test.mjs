// SPDX-License-Identifier: Apache-2.0
// permessage-deflate (RFC 7692) with zlib of our own here, byte by byte, and
// with the npm package ws.
import assert from 'node:assert/strict';
import test from 'node:test';
import zlib from 'node:zlib';
import WebSocket from 'ws';

import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { SLOW, within } from '../lib/wait.mjs';
import { connect, request } from '../lib/wsraw.mjs';

const LIMIT = 1 << 20;
const NONE = 'server_no_context_takeover; client_no_context_takeover';
const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'plugin echo': {},
  'plugin channels': {},
  'plugin pingpong': {},
  'plugin deflate': { 'min-size': 0 },
  'service echo': {
    listen: 'main', path: '/echo', plugins: 'echo',
    extensions: 'permessage-deflate x-kaazing-channels x-kaazing-ping-pong',
  },
  'service keep': {
    listen: 'main', path: '/keep', plugins: 'echo',
    extensions: 'permessage-deflate x-kaazing-channels',
    'deflate.context-takeover': 'yes',
  },
});

async function open(t, path, offer, answer) {
  const peer = await connect(t, daemon.port('main'));
  peer.send(request(path, { 'Sec-WebSocket-Extensions': offer }));
  const response = await peer.head();
  assert.equal(response.status, 101);
  assert.equal(response.fields['sec-websocket-extensions']?.join(', '), answer);
  return peer;
}

const pack = (data) => zlib.deflateRawSync(data,
  { finishFlush: zlib.constants.Z_SYNC_FLUSH }).subarray(0, -4);
const unpack = (data) => zlib.inflateRawSync(
  Buffer.concat([data, Buffer.from([0, 0, 255, 255])]),
  { finishFlush: zlib.constants.Z_SYNC_FLUSH });

// One message, its frames joined, and whether it was packed.
async function message(peer) {
  const parts = [];
  for (;;) {
    const one = await peer.frame();
    assert.ok(one.opcode < 8, `opcode ${one.opcode}`);
    assert.equal(one.rsv & 3, 0);
    parts.push(one);
    if (one.fin)
      break;
  }
  assert.ok(parts.slice(1).every((one) => one.rsv === 0));
  const payload = Buffer.concat(parts.map((one) => one.payload));
  const packed = parts[0].rsv === 4;
  return {
    opcode: parts[0].opcode, packed, wire: payload.length,
    payload: packed ? unpack(payload) : payload,
  };
}

const NO = 'permessage-deflate; ' + NONE;
for (const [offer, answer] of [
  ['permessage-deflate', NO],
  ['permessage-deflate; client_max_window_bits', NO],
  ['permessage-deflate; server_max_window_bits=10',
    'permessage-deflate; server_max_window_bits=10; ' + NONE],
  // The first that can be, not the first.
  ['permessage-deflate; server_max_window_bits=8, permessage-deflate', NO],
  ['permessage-deflate; mystery', undefined],
  ['permessage-deflate; server_max_window_bits=16', undefined],
  ['x-webkit-deflate-frame', undefined],
  ['permessage-deflate, x-kaazing-ping-pong',
    `${NO}, x-kaazing-ping-pong; 01010102`],
])
  test(`offered: ${offer}`, (t) => open(t, '/echo', offer, answer));

test('a window that lasts, but not beside channels', async (t) => {
  await open(t, '/keep', 'permessage-deflate', 'permessage-deflate');
  const peer = await connect(t, daemon.port('main'));
  peer.send(request('/keep', { 'Sec-WebSocket-Extensions':
    'permessage-deflate, x-kaazing-channels' }));
  const { fields } = await peer.head();
  assert.match(fields['sec-websocket-extensions'].join(', '),
    new RegExp(`^x-kaazing-channels.*, ${NO}$`));
});

for (const [name, text] of [
  ['empty', ''], ['short', 'x'], ['long', 'on and on '.repeat(20000)],
  ['not ASCII', '\u20ac'.repeat(1000)],
])
  test(`${name} text there and back`, async (t) => {
    const peer = await open(t, '/echo', 'permessage-deflate', NO);
    const bytes = [...pack(text)].map((byte) =>
      ws.more(Buffer.from([byte]), { fin: false }));
    for (const frames of [
      [ws.text(text)], [ws.text(pack(text), { rsv: 4 })],
      [ws.text('', { rsv: 4, fin: false }), ...bytes, ws.more('')],
    ]) {
      peer.send(frames);
      const { opcode, packed, payload, wire } = await message(peer);
      assert.equal(opcode, ws.OP.TEXT);
      assert.equal(payload.toString(), text);
      if (text.length > 1000)
        assert.ok(packed && wire < text.length / 2);
    }
  });

test('what is packed is checked when it is unpacked', async (t) => {
  const peer = await open(t, '/echo', 'permessage-deflate', NO);
  peer.send(ws.text(pack(Buffer.from([0x61, 0xff])), { rsv: 4 }));
  await peer.closeFrame(1007, { afterData: true });
  await peer.eof();
});

for (const [name, code, ...frames] of [
  ['garbage', 1007, ws.binary(Buffer.from([0x07]), { rsv: 4 })],
  ['RSV2', 1002, ws.binary('x', { rsv: 2 })],
  ['RSV1 on a continuation', 1002, ws.text('', { rsv: 4, fin: false }),
    ws.more('', { rsv: 4 })],
  ['RSV1 on a ping', 1002, ws.frame(ws.OP.PING, '', { rsv: 4 })],
])
  test(`${name}: ${code}`, async (t) => {
    const peer = await open(t, '/echo', 'permessage-deflate', NO);
    peer.send(frames);
    await peer.closeFrame(code, { afterData: true });
    await peer.eof();
  });

test('RSV1 where nobody agreed on it: 1002', async (t) => {
  const peer = await connect(t, daemon.port('main'));
  peer.send(request('/echo'));
  await peer.head();
  peer.send(ws.text(pack('x'), { rsv: 4 }));
  await peer.closeFrame(1002);
});

test('W02: a message that grows beyond the limit: 1009', async (t) => {
  const bomb = pack(Buffer.alloc(64 * LIMIT));
  const before = daemon.memory();
  const peers = await Promise.all(Array.from({ length: 20 },
    () => open(t, '/echo', 'permessage-deflate', NO)));
  for (const peer of peers)
    peer.send(ws.binary(bomb, { rsv: 4 }));
  for (const peer of peers)
    await peer.closeFrame(1009, { afterData: true });
  assert.ok(daemon.memory() - before < 20 * 2 * LIMIT * SLOW ** 2,
    `${daemon.memory() - before} bytes more`);
});

test('as long as the limit is taken', async (t) => {
  const peer = await open(t, '/echo', 'permessage-deflate', NO);
  peer.send(ws.binary(pack(Buffer.alloc(LIMIT)), { rsv: 4 }));
  assert.equal((await message(peer)).payload.length, LIMIT);
});

for (const path of ['/echo', '/keep'])
  test(`the npm package ws, ${path}`, async (t) => {
    const client = new WebSocket(`ws://127.0.0.1:${daemon.port('main')}${path}`,
      { perMessageDeflate: { threshold: 0 } });
    t.after(() => client.terminate());
    await within(new Promise((resolve, reject) =>
      client.on('open', resolve).on('error', reject)), 'the WebSocket to open');
    assert.match(client.extensions, /^permessage-deflate/);
    const sent = Array.from({ length: 50 }, (_, i) => `${'text '.repeat(i)}${i}`);
    const got = [];
    const all = new Promise((resolve, reject) => {
      client.on('message', (data) => {
        got.push(data.toString());
        if (got.length === sent.length)
          resolve();
      });
      client.on('close', (code) => reject(new Error(`closed ${code}`)));
    });
    sent.forEach((one) => client.send(one));
    await within(all, 'what was sent');
    assert.deepEqual(got, sent);
  });
