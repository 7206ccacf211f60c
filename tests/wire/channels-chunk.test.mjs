// SPDX-License-Identifier: Apache-2.0
// Chunk mode: a flag byte behind the id, and messages in pieces.
import assert from 'node:assert/strict';
import test from 'node:test';

import { LAST, TEXT, openMux } from '../lib/channels.mjs';
import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { accept, listen } from '../lib/server.mjs';

const CHUNK = 16384;

const server = await listen(test);
const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'plugin echo': {},
  'plugin channels': {},
  'service ch': {
    listen: 'main', path: '/ch', plugins: 'echo',
    extensions: 'x-kaazing-channels',
  },
  'service up': {
    listen: 'main', path: '/up', connect: `ws://127.0.0.1:${server.port}`,
  },
});

const mux = (t, offer = 'chunk=16384') =>
  openMux(t, daemon.port('main'), '/ch', offer);

test('byte for byte', async (t) => {
  const m = await mux(t);
  m.peer.send(ws.binary(Buffer.from([0, 0, 0xc0, 0x68, 0x69])));
  await m.peer.expect([0x82, 5, 0, 0, 0xc0, 0x68, 0x69]);
  m.peer.send(ws.binary(Buffer.from([0, 0, 0x80])));
  await m.peer.expect([0x82, 3, 0, 0, 0x80]);
  m.create(1, '/ch');
  assert.equal(await m.next(),
    'created 0x0001\r\nHTTP/1.1 101 Switching Protocols\r\n\r\n');
});

test('all ids are equal', async (t) => {
  const m = await mux(t);
  for (const id of [1, 0x81, 0x8001, 0xfffd]) {
    await m.created(id, '/ch');
    await m.echo(id, 'text');
    await m.echo(id, Buffer.from('binary'));
  }
});

test('pieces are one message', async (t) => {
  const m = await mux(t);
  await m.created(1, '/ch');
  m.data(1, 'a', { flags: TEXT }).data(1, '', { flags: TEXT })
    .data(1, 'b', { flags: TEXT }).data(1, 'c', { flags: LAST | TEXT });
  const back = await m.message(1);
  assert.equal(back.payload.toString(), 'abc');
  assert.equal(back.text, true);
});

test('pieces of channels may stand between each other', async (t) => {
  const m = await mux(t);
  await m.created(1, '/ch');
  await m.created(3, '/ch');
  m.data(1, 'a', { flags: 0 }).data(3, 'x', { flags: TEXT })
    .data(1, 'b', { flags: 0 }).control('unknown?')
    .data(3, 'y', { flags: LAST | TEXT }).data(1, 'c', { flags: LAST });
  assert.equal((await m.message(3)).payload.toString(), 'xy');
  assert.equal((await m.message(1)).payload.toString(), 'abc');
});

test('a text\'s UTF-8 goes on over pieces', async (t) => {
  const m = await mux(t);
  await m.created(1, '/ch');
  const bytes = Buffer.from('\u{1f4a9}');
  for (let i = 0; i < 4; i++)
    m.data(1, bytes.subarray(i, i + 1),
      { flags: TEXT | (i === 3 ? LAST : 0) });
  assert.deepEqual((await m.message(1)).payload, bytes);
});

test('a long message comes in pieces, others between', async (t) => {
  const m = await mux(t, 'chunk=4096');
  await m.created(1, '/ch');
  m.create(3, '/up');
  const end = await server.next();
  end.send(accept(await end.head()));
  await m.next(/^created/);
  const data = Buffer.alloc(500000, 0x41);
  end.send(ws.text(data, { key: false }));
  m.control('credit 0x0003 bytes=100000000');
  for (let i = 0; i < 10; i++)
    await m.echo(1, `between ${i}`);
  const got = await m.message(3);
  assert.ok(got.payload.equals(data));
  assert.equal(got.text, true);
  assert.ok(got.pieces >= Math.ceil(500000 / 4096), `${got.pieces} pieces`);
});

test('no piece is longer than we take', async (t) => {
  const m = await mux(t, 'chunk=4096');
  await m.created(1, '/ch');
  m.data(1, Buffer.alloc(CHUNK, 1));
  for (let got = 0; got < CHUNK;) {
    const one = await m.peer.message();
    if (one.payload.readUInt16BE(0) !== 1)
      continue;
    assert.ok(one.payload.length <= 4096 + 3, `${one.payload.length} bytes`);
    got += one.payload.length - 3;
  }
});

const send = (m, id, flags, data = '', opcode = ws.OP.BINARY) =>
  m.peer.send(ws.frame(opcode, Buffer.concat([m.label(id, flags),
    Buffer.from(data)])));

// Channel 0x0001 is open.
const wrong = [
  ['a message as text', (m) => send(m, 1, LAST | TEXT, 'x', ws.OP.TEXT)],
  ['no flag byte', (m) => m.peer.send(ws.binary('\0\x01'))],
  ['only the id of control', (m) => m.peer.send(ws.binary(
    Buffer.from([0xff, 0xff])))],
  ['text behind binary', (m) => {
    send(m, 1, 0, 'a');
    send(m, 1, TEXT | LAST, 'b');
  }],
  ['binary behind text', (m) => {
    send(m, 1, TEXT, 'a');
    send(m, 1, LAST, 'b');
  }],
  ['rsv bits that change', (m) => {
    send(m, 1, 0, 'a');
    send(m, 1, 0x20 | LAST, 'b');
  }],
  ['a piece that is too long', (m) => send(m, 1, LAST,
    Buffer.alloc(CHUNK + 1))],
  ['control with text', (m) => m.raw('unknown?\r\n\r\n',
    { flags: LAST | TEXT })],
  ['control that is not whole', (m) => m.raw('unknown?\r\n\r\n',
    { flags: 0 })],
  ['a destroy within a message', (m) => {
    send(m, 1, 0, 'a');
    m.control('destroy 0x0001 code=1000');
  }],
  ['data on an id that never was', (m) => send(m, 3, LAST, 'x')],
];
for (const bit of [1, 2, 4])
  wrong.push([`flag 0x0${bit}`, (m) => send(m, 1, LAST | bit, 'x')]);

for (const [name, act] of wrong)
  test(`${name} is 1002`, async (t) => {
    const m = await mux(t);
    await m.created(1, '/ch');
    act(m);
    await m.closed(1002);
  });

// Nobody negotiated an extension that could mean something by them.
for (const bit of [0x20, 0x10, 0x08])
  test(`flag 0x${bit.toString(16)} does not reach a server`, async (t) => {
    const m = await mux(t);
    m.create(1, '/up');
    const end = await server.next();
    end.send(accept(await end.head()));
    await m.next(/^created/);
    send(m, 1, LAST | TEXT | bit, Buffer.from([0x61, 0xff]));
    const one = await end.frame();
    assert.equal(one.opcode, ws.OP.CLOSE);
    await m.next(/^(abort|destroy) 0x0001 code=1002/);
  });

test('an abort within a message is fine', async (t) => {
  const m = await mux(t);
  await m.created(1, '/ch');
  m.data(1, 'half', { flags: 0 }).control('abort 0x0001 code=1001');
  await m.next(/^(abort|destroy) 0x0001/);
  await m.echo(0, 'on');
});

test('5 MB through the default windows', async (t) => {
  const m = await mux(t);
  await m.created(1, '/ch');
  let sent = 0;
  let back = 0;
  m.credit.set(1, 65536);
  for (let i = 0; i < 320; i++) {
    await m.credited(1, sent + CHUNK + 16);
    m.data(1, Buffer.alloc(CHUNK, i), { flags: i === 319 ? LAST : 0 });
    sent += CHUNK + 16;
    back = sent + 65536;
    m.control(`credit 0x0001 bytes=${back}`)
      .control(`credit 0xffff bytes=${back + (1 << 20)}`);
  }
  const got = await m.message(1, 20000);
  assert.equal(got.payload.length, 320 * CHUNK);
  assert.ok(got.payload.every((byte, i) => byte === (i >> 14 & 0xff)));
});
