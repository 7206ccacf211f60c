// SPDX-License-Identifier: Apache-2.0
// W05, W08, W09: every form of a frame's header, through /echo.
import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { until } from '../lib/wait.mjs';
import { open } from '../lib/wsraw.mjs';

const FRAME_MAX = 65536;

const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'plugin echo': {},
  'service echo': {
    listen: 'main', path: '/echo', plugins: 'echo', 'close-timeout': '300ms',
  },
  'service small': {
    listen: 'main', path: '/small', plugins: 'echo', 'frame-max': FRAME_MAX,
  },
});

const KEY = [0x37, 0xfa, 0x21, 0x3d];
const { OP } = ws;

// What a lone first frame of that kind means, and its answer byte for byte.
function answerOf(opcode, fin, rsv, masked) {
  if (!masked || rsv !== 0)
    return 1002;
  if (opcode === OP.PING && fin)
    return [0x8a, 2, 0x68, 0x69];
  if (opcode === OP.PONG && fin)
    return 'nothing';
  if ((opcode === OP.TEXT || opcode === OP.BINARY) && fin)
    return [0x80 | opcode, 2, 0x68, 0x69];
  if (opcode === OP.TEXT || opcode === OP.BINARY)
    return 'nothing yet';
  return 1002;
}

async function failsWith(peer, code) {
  await peer.closeFrame(code);
  await peer.eof();
}

for (let opcode = 0; opcode < 16; opcode++) {
  if (opcode === OP.CLOSE)
    continue; // see close.test.mjs
  for (const fin of [true, false])
    for (const rsv of [0, 1, 2, 4, 7])
      for (const key of [KEY, false]) {
        if (rsv > 0 && !key)
          continue;
        const wanted = answerOf(opcode, fin, rsv, key);
        test(`opcode ${opcode}, fin ${fin}, rsv ${rsv}, ` +
          `${key ? '' : 'not '}masked: ${wanted}`, async (t) => {
          const peer = await open(t, daemon.port('main'), '/echo');
          peer.send(ws.frame(opcode, 'hi', { fin, rsv, key }));
          if (typeof wanted === 'number')
            return failsWith(peer, wanted);
          if (wanted === 'nothing yet') {
            peer.send(ws.more('!', { key: KEY }));
            const { payload } = await peer.message();
            return assert.equal(payload.toString(), 'hi!');
          }
          if (typeof wanted !== 'string')
            await peer.expect(wanted);
          peer.send(ws.text('ok', { key: KEY }));
          return peer.expect('\x81\x02ok');
        });
      }
}

// Lengths in every form. The frame's payload is there as far as it is short.
const lengths = [0, 1, 125, 126, 127, 65535, 65536, 65537, 2 ** 31 - 1, 2 ** 31,
  2 ** 31 + 1, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2n ** 63n - 1n, 2n ** 63n,
  2n ** 64n - 1n].map(BigInt);

function lengthAnswer(len, form, opcode) {
  const shortest = len < 126n ? 0 : len < 65536n ? 2 : 8;
  if (opcode >= 8 && len > 125n)
    return 1002;
  if (form !== shortest || len >= 2n ** 63n)
    return 1002;
  return len > BigInt(FRAME_MAX) ? 1009 : 'back';
}

for (const len of lengths)
  for (const form of [0, 2, 8])
    for (const opcode of [OP.BINARY, OP.PING]) {
      if ((form === 0 && len > 125n) || (form === 2 && len > 65535n))
        continue;
      const wanted = lengthAnswer(len, form, opcode);
      test(`length ${len} in ${form} bytes, opcode ${opcode}: ${wanted}`,
        async (t) => {
          const peer = await open(t, daemon.port('main'), '/small');
          const data = Buffer.alloc(len <= 65536n ? Number(len) : 0, 0x61);
          const before = daemon.memory();
          peer.send(ws.frame(opcode, data, { form, len, key: KEY }));
          if (typeof wanted === 'number') {
            await failsWith(peer, wanted);
            assert.ok(daemon.memory() - before < 4 << 20, 'memory grew');
          } else if (opcode === OP.PING) {
            const pong = await peer.frame();
            assert.equal(pong.opcode, OP.PONG);
            assert.deepEqual(pong.payload, data);
          } else {
            assert.deepEqual((await peer.message()).payload, data);
          }
        });
    }

// Without a limit a frame may be of any length, and nothing is kept of it.
for (const len of [2n ** 31n, 2n ** 32n + 1n, 2n ** 63n - 1n])
  test(`a frame of ${len} bytes flows through`, async (t) => {
    const peer = await open(t, daemon.port('main'), '/echo');
    peer.send(ws.frame(OP.BINARY, '', { len, key: [0, 0, 0, 0] }));
    const before = daemon.memory();
    for (let i = 0; i < 64; i++) {
      peer.send(Buffer.alloc(16384, i));
      for (let got = 0; got < 16384;) {
        const one = await peer.frame();
        assert.equal(one.fin, false);
        assert.ok(one.payload.every((byte) => byte === i));
        got += one.payload.length;
      }
    }
    assert.ok(daemon.memory() - before < 4 << 20, 'memory grew');
  });

test('2^63 and more is no length, also without a limit', async (t) => {
  for (const len of [2n ** 63n, 2n ** 64n - 1n]) {
    const peer = await open(t, daemon.port('main'), '/echo');
    peer.send(ws.frame(OP.TEXT, '', { len }));
    await failsWith(peer, 1002);
  }
});

test('1009 is said on the header alone', async (t) => {
  const peer = await open(t, daemon.port('main'), '/small');
  peer.send(ws.frame(OP.BINARY, '', { len: FRAME_MAX + 1 }).subarray(0, 10));
  await peer.silence(50);
  peer.send([0, 0, 0, 0].map((byte) => Buffer.from([byte])));
  await failsWith(peer, 1009);
});

test('every key unmasks', async (t) => {
  const peer = await open(t, daemon.port('main'), '/echo');
  const data = Buffer.from('A rather long line, so that all bytes come twice.');
  for (let i = 0; i < 256; i++) {
    peer.send(ws.binary(data, { key: [i, 255 - i, i ^ 0x55, 0] }));
    assert.deepEqual((await peer.message()).payload, data);
  }
});

test('frames byte by byte', async (t) => {
  const peer = await open(t, daemon.port('main'), '/echo');
  for (const size of [0, 1, 125, 126, 300]) {
    await peer.drip(ws.binary(Buffer.alloc(size, size)));
    assert.deepEqual((await peer.message()).payload, Buffer.alloc(size, size));
  }
});

test('frames cut at each place', async (t) => {
  const bytes = Buffer.concat([ws.text('ab', { fin: false }), ws.ping('p'),
    ws.more('c'), ws.binary(Buffer.alloc(130, 1)), ws.pong('')]);
  for (let cut = 1; cut < bytes.length; cut++) {
    const peer = await open(t, daemon.port('main'), '/echo');
    peer.send(bytes.subarray(0, cut));
    await new Promise((resolve) => setImmediate(resolve));
    peer.send(bytes.subarray(cut));
    assert.equal((await peer.message()).payload.toString(), 'abc');
    assert.equal((await peer.message()).payload.length, 130);
    peer.destroy();
  }
});

test('all that was opened here is closed', async () => {
  await until(async () => (await daemon.table('connections')).length === 0,
    'no connection');
});
