// SPDX-License-Identifier: Apache-2.0
// W06, W09: close, ping and pong.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { SLOW, until } from '../lib/wait.mjs';
import { open } from '../lib/wsraw.mjs';

const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'plugin echo': {},
  'service echo': {
    listen: 'main', path: '/echo', plugins: 'echo', 'close-timeout': '500ms',
  },
  'service alive': {
    listen: 'main', path: '/alive', plugins: 'echo',
    'ping-interval': '200ms', 'ping-timeout': `${300 * SLOW}ms`,
  },
});

const port = () => daemon.port('main');
const payload = (...bytes) => ws.frame(ws.OP.CLOSE, Buffer.from(bytes));
const two = (code) => [code >> 8, code & 0xff];

// A close frame, and the code that comes back (undefined: none).
const closes = [
  ['no code', payload(), undefined],
  ['one byte', payload(3), 1002],
  ['a reason', ws.close(1000, 'bye'), 1000],
  ['a reason of 123 bytes', ws.close(1000, 'r'.repeat(123)), 1000],
  ['a reason of 124 bytes', ws.close(1000, 'r'.repeat(124)), 1002],
  ['a reason in UTF-8', ws.close(3000, '\u20ac'), 3000],
  ['a reason that is not UTF-8', payload(...two(1000), 0xff), 1007],
  ['a reason cut in a character', payload(...two(1000), 0xe2, 0x82), 1007],
  ['a surrogate in the reason', payload(...two(1000), 0xed, 0xa0, 0x80), 1007],
  ['fin 0', ws.frame(ws.OP.CLOSE, Buffer.from(two(1000)), { fin: false }),
    1002],
  ['rsv 1', ws.close(1000, '', { rsv: 4 }), 1002],
  ['no mask', ws.close(1000, '', { key: false }), 1002],
  ['126 bytes as a longer form', ws.frame(ws.OP.CLOSE, Buffer.alloc(126, 3)),
    1002],
];
for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012,
  1013, 1014, 3000, 3999, 4000, 4999])
  closes.push([`code ${code}`, ws.close(code), code]);
for (const code of [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000,
  2999, 5000, 65535])
  closes.push([`code ${code}`, ws.close(code), 1002]);

for (const [name, frame, code] of closes)
  test(`close with ${name} is answered by ${code}`, async (t) => {
    const peer = await open(t, port(), '/echo');
    peer.send(frame);
    await peer.closeFrame(code);
    await peer.eof();
  });

test('behind a close nothing is read', async (t) => {
  for (const rest of [ws.text('x'), ws.ping('x'), ws.close(1001),
    Buffer.from('junk')]) {
    const peer = await open(t, port(), '/echo');
    peer.send(Buffer.concat([ws.close(1000), rest]));
    await peer.closeFrame(1000);
    await peer.eof();
  }
});

test('what was sent before a close comes back before it', async (t) => {
  const peer = await open(t, port(), '/echo');
  peer.send(Buffer.concat([ws.text('first'), ws.close(4000, 'done')]));
  await peer.expect('\x81\x05first');
  await peer.closeFrame(4000);
  await peer.eof();
});

test('a close within a message', async (t) => {
  const peer = await open(t, port(), '/echo');
  peer.send(Buffer.concat([ws.text('half', { fin: false }), ws.close(1000)]));
  await peer.closeFrame(1000, { afterData: true });
  await peer.eof();
});

test('a client that does not end its side is cut off', async (t) => {
  const peer = await open(t, port(), '/echo');
  peer.send(ws.text('x', { key: false }));
  await peer.closeFrame(1002);
  await peer.eof();
  await until(async () => (await daemon.table('connections')).length === 0,
    'the connection to be gone');
});

for (const [name, act] of [['FIN', (peer) => peer.end()],
  ['RST', (peer) => peer.destroy()]])
  test(`${name} without a close`, async (t) => {
    const peer = await open(t, port(), '/echo');
    peer.send(ws.text('x'));
    await peer.expect('\x81\x01x');
    act(peer);
    await until(async () => (await daemon.table('connections')).length === 0,
      'the connection to be gone');
  });

for (const size of [0, 1, 124, 125])
  test(`a ping of ${size} bytes`, async (t) => {
    const data = Buffer.alloc(size, size);
    const peer = await open(t, port(), '/echo');
    peer.send(ws.ping(data));
    await peer.expect(Buffer.concat([Buffer.from([0x8a, size]), data]));
  });

for (const [name, frame] of [
  ['a ping of 126 bytes', ws.ping(Buffer.alloc(126))],
  ['a pong of 126 bytes', ws.pong(Buffer.alloc(126))],
  ['a ping in fragments', ws.ping('x', { fin: false })],
  ['a ping with rsv 2', ws.ping('x', { rsv: 2 })],
  ['a pong without a mask', ws.pong('x', { key: false })]])
  test(`${name} is 1002`, async (t) => {
    const peer = await open(t, port(), '/echo');
    peer.send(frame);
    await peer.closeFrame(1002);
    await peer.eof();
  });

test('a pong that nobody asked for is ignored', async (t) => {
  const peer = await open(t, port(), '/echo');
  peer.send(ws.pong('x'), ws.pong(''), ws.text('y'));
  await peer.expect('\x81\x01y');
});

test('a ping is answered while a message is on its way', async (t) => {
  const peer = await open(t, port(), '/echo');
  peer.send(ws.text('half', { fin: false }));
  peer.send(ws.ping('now'));
  for (;;) {
    const one = await peer.frame();
    if (one.opcode !== ws.OP.PONG)
      continue;
    assert.equal(one.payload.toString(), 'now');
    break;
  }
});

test('the latest of many pings is answered', async (t) => {
  const peer = await open(t, port(), '/echo');
  const pings = Array.from({ length: 1000 }, (_, i) => ws.ping(String(i)));
  peer.send(Buffer.concat(pings));
  for (;;) {
    const one = await peer.frame();
    assert.equal(one.opcode, ws.OP.PONG);
    if (one.payload.toString() === '999')
      break;
  }
});

test('W06: pings without end, and nobody reads the pongs', async (t) => {
  const peer = await open(t, port(), '/echo');
  peer.socket.pause();
  const pings = Buffer.concat(Array(1000).fill(ws.ping(Buffer.alloc(125, 7))));
  const before = daemon.memory();
  peer.socket.on('error', () => {});
  for (let i = 0; i < 400 && !peer.socket.destroyed; i++)
    if (!peer.socket.write(pings))
      await Promise.race([sleep(200),
        new Promise((resolve) => peer.socket.once('drain', resolve))]);
  const good = await open(t, port(), '/echo');
  good.send(ws.text('good'));
  await good.expect('\x81\x04good');
  const [row] = (await daemon.table('connections')).filter((one) =>
    one.messages_in === 0);
  assert.ok(row === undefined || row.queued < 65536, `queued ${row?.queued}`);
  assert.ok(daemon.memory() - before < 4 << 20, 'memory grew');
});

test('a client that is silent is pinged, and lives while it answers',
  async (t) => {
    const peer = await open(t, port(), '/alive');
    for (let i = 0; i < 3; i++) {
      const one = await peer.frame();
      assert.equal(one.opcode, ws.OP.PING);
      peer.send(ws.pong(one.payload));
    }
    peer.send(ws.text('here'));
    assert.equal((await peer.message()).payload.toString(), 'here');
  });

test('a client that does not answer is cut off', async (t) => {
  const peer = await open(t, port(), '/alive');
  assert.equal((await peer.frame()).opcode, ws.OP.PING);
  await until(() => peer.ended, 'the end');
});
