// SPDX-License-Identifier: Apache-2.0
// x-kaazing-ping-pong on the wire, alone and below channels.
import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { connect, request } from '../lib/wsraw.mjs';

const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'plugin echo': {},
  'plugin channels': {},
  'plugin pingpong': {},
  'service echo': {
    listen: 'main', path: '/echo', plugins: 'echo',
    extensions: 'x-kaazing-ping-pong x-kaazing-channels',
  },
});

const MARK = Buffer.from([1, 1, 1, 2]);
const PING = Buffer.from([1, 1, 1, 2, 9, 0]);
const PONG = Buffer.from([1, 1, 1, 2, 10, 0]);
const part = { fin: false };

async function open(t, offer, answer) {
  const peer = await connect(t, daemon.port('main'));
  peer.send(request('/echo', { 'Sec-WebSocket-Extensions': offer }));
  const response = await peer.head();
  assert.equal(response.status, 101);
  assert.match(response.fields['sec-websocket-extensions'].join(', '), answer);
  return peer;
}

const alone = (t) => open(t, 'x-kaazing-ping-pong',
  /^x-kaazing-ping-pong; 01010102$/);

async function is(peer, payload, opcode = ws.OP.TEXT) {
  const message = await peer.message();
  assert.equal(message.opcode, opcode);
  assert.equal(message.payload.toString('hex'),
    Buffer.from(payload).toString('hex'));
}

test('a ping is answered, a pong is not', async (t) => {
  const peer = await alone(t);
  peer.send(ws.text(PONG), ws.text(PING), ws.text('x'));
  await is(peer, PONG);
  await is(peer, 'x');
});

test('in fragments', async (t) => {
  const peer = await alone(t);
  peer.send([...PING].map((byte, i) => ws.frame(i === 0 ? ws.OP.TEXT : 0,
    Buffer.from([byte]), { fin: i === 5 })));
  await is(peer, PONG);
});

test('binary is no ping', async (t) => {
  const peer = await alone(t);
  peer.send(ws.binary(PING));
  await is(peer, PING, ws.OP.BINARY);
});

test('the mark in an application\'s text', async (t) => {
  const peer = await alone(t);
  const own = Buffer.concat([MARK, Buffer.from('of my own')]);
  peer.send(ws.text(MARK), ws.text(own));
  await is(peer, MARK);
  await is(peer, own);
});

for (const [name, ...frames] of [
  ['an escape before other text', ws.text(MARK), ws.text('x')],
  ['an unknown mark', ws.text(Buffer.concat([MARK, Buffer.from('x')]))],
  ['a ping that is too long', ws.text(PING, part), ws.more('x')],
])
  test(`${name}: 1002`, async (t) => {
    const peer = await alone(t);
    peer.send(...frames);
    await peer.closeFrame(1002);
    await peer.eof();
  });

test('below channels, in whatever order they are offered', async (t) => {
  for (const offer of ['x-kaazing-ping-pong, x-kaazing-channels',
    'x-kaazing-channels, x-kaazing-ping-pong']) {
    const peer = await open(t, offer,
      /^x-kaazing-channels(;[^,]*)?, x-kaazing-ping-pong; 01010102$/);
    peer.send(ws.text(PING), ws.text('\0\0labelled'));
    await is(peer, PONG);
    for (;;) {
      const { opcode, payload } = await peer.message();
      if (payload.readUInt16BE(0) === 0xffff)
        continue; // credit
      assert.equal(opcode, ws.OP.TEXT);
      assert.equal(payload.toString(), '\0\0labelled');
      break;
    }
  }
});

test('who does not ask for it sends what it likes', async (t) => {
  const peer = await connect(t, daemon.port('main'));
  peer.send(request('/echo'));
  assert.equal((await peer.head()).status, 101);
  peer.send(ws.text(PING));
  await is(peer, PING);
});
