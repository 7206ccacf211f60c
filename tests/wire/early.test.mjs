// SPDX-License-Identifier: Apache-2.0
// W14 and what comes before the answer: heads in pieces, frames behind them,
// and clients that take their time.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { SLOW, until } from '../lib/wait.mjs';
import { connect, open, request } from '../lib/wsraw.mjs';

const LIMIT = 400 * SLOW;

const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'listen hasty': {
    address: '127.0.0.1:0', 'handshake-timeout': `${LIMIT}ms`,
  },
  'plugin echo': {},
  'service echo': { listen: 'main hasty', path: '/echo', plugins: 'echo' },
});

const head = request('/echo');

test('a frame in the segment of the head', async (t) => {
  const peer = await connect(t, daemon.port('main'));
  peer.send(Buffer.concat([Buffer.from(head), ws.text('early')]));
  assert.equal((await peer.head()).status, 101);
  await peer.expect('\x81\x05early');
});

test('half a frame in the segment of the head', async (t) => {
  const frame = ws.binary('halves');
  for (let cut = 1; cut < frame.length; cut++) {
    const peer = await connect(t, daemon.port('main'));
    peer.send(Buffer.concat([Buffer.from(head), frame.subarray(0, cut)]));
    assert.equal((await peer.head()).status, 101);
    peer.send(frame.subarray(cut));
    assert.deepEqual(await peer.message(),
      { opcode: ws.OP.BINARY, payload: Buffer.from('halves') });
  }
});

test('64 KiB of frames behind the head', async (t) => {
  const peer = await connect(t, daemon.port('main'));
  const frames = Array.from({ length: 64 }, (_, i) =>
    ws.binary(Buffer.alloc(1024, i)));
  peer.send(Buffer.concat([Buffer.from(head), ...frames]));
  assert.equal((await peer.head()).status, 101);
  for (let i = 0; i < 64; i++)
    assert.deepEqual((await peer.message()).payload, Buffer.alloc(1024, i));
});

test('a wrong frame behind the head', async (t) => {
  const peer = await connect(t, daemon.port('main'));
  peer.send(Buffer.concat([Buffer.from(head), ws.text('x', { key: false })]));
  assert.equal((await peer.head()).status, 101);
  await peer.closeFrame(1002);
  await peer.eof();
});

test('a close frame behind the head', async (t) => {
  const peer = await connect(t, daemon.port('main'));
  peer.send(Buffer.concat([Buffer.from(head), ws.close(1000)]));
  assert.equal((await peer.head()).status, 101);
  await peer.closeFrame(1000);
  await peer.eof();
});

test('a head byte by byte', async (t) => {
  const peer = await connect(t, daemon.port('main'));
  await peer.drip(Buffer.concat([Buffer.from(head), ws.text('slow')]));
  assert.equal((await peer.head()).status, 101);
  assert.equal((await peer.message()).payload.toString(), 'slow');
});

test('a head cut at each place', async (t) => {
  const bytes = Buffer.from(head);
  for (let cut = 1; cut < bytes.length; cut++) {
    const peer = await connect(t, daemon.port('main'));
    peer.send(bytes.subarray(0, cut));
    await new Promise((resolve) => setImmediate(resolve));
    peer.send(bytes.subarray(cut));
    assert.equal((await peer.head()).status, 101);
    peer.destroy();
  }
});

// W14: the time counts from the connection, whatever comes.
const slow = [
  ['sends nothing', async () => {}],
  ['sends half a head', async (peer) => peer.send(head.slice(0, 40))],
  ['sends a byte now and then', async (peer) => {
    for (const byte of head.slice(0, -1)) {
      if (peer.ended)
        break;
      peer.send(byte);
      await sleep(LIMIT / 40);
    }
  }],
  ['sends a field now and then', async (peer) => {
    peer.send(head.slice(0, -2));
    while (!peer.ended) {
      peer.send('X-A: b\r\n');
      await sleep(LIMIT / 20);
    }
  }],
];

for (const [name, act] of slow) {
  test(`a client that ${name} is cut off in time`, async (t) => {
    const began = performance.now();
    const peer = await connect(t, daemon.port('hasty'));
    peer.socket.on('error', () => {});
    const acting = act(peer);
    await peer.eof();
    const took = performance.now() - began;
    await acting;
    // The daemon's time begins behind this one's.
    assert.ok(took > LIMIT * 0.9, `after ${took} ms`);
    assert.ok(took < LIMIT * 2 + 200, `after ${took} ms`);
  });
}

test('behind the handshake that time does not count', async (t) => {
  const peer = await open(t, daemon.port('hasty'), '/echo');
  await peer.silence(LIMIT * 1.5);
  peer.send(ws.text('still here'));
  await peer.expect('\x81\x0astill here');
});

test('500 slow clients do not keep a good one waiting', async (t) => {
  const sockets = [];
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  for (let i = 0; i < 500; i++) {
    const socket = net.connect(daemon.port('main'), '127.0.0.1');
    socket.on('error', () => {});
    sockets.push(socket);
    await once(socket, 'connect');
    socket.write(head.slice(0, 100));
  }
  const began = performance.now();
  const peer = await open(t, daemon.port('main'), '/echo');
  peer.send(ws.text('quick'));
  await peer.expect('\x81\x05quick');
  const took = performance.now() - began;
  assert.ok(took < 100 * SLOW, `it took ${took} ms`);
  for (const socket of sockets)
    socket.destroy();
  await until(async () => (await daemon.table('connections')).length === 1,
    'the slow ones to be forgotten');
});
