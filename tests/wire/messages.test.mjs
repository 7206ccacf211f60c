// SPDX-License-Identifier: Apache-2.0
// W03, W10: messages in fragments, and the UTF-8 of text.
import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { open } from '../lib/wsraw.mjs';

const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'plugin echo': {},
  'service echo': { listen: 'main', path: '/echo', plugins: 'echo' },
  'service few': {
    listen: 'main', path: '/few', plugins: 'echo', 'fragments-max': 8,
  },
});

const port = () => daemon.port('main');
const part = { fin: false };
const hex = (text) => Buffer.from(text.replaceAll(' ', ''), 'hex');

// What is sent, and what comes back: messages, then a close code if any.
const rows = [
  ['two fragments', [ws.text('a', part), ws.more('b')], ['ab']],
  ['three fragments', [ws.text('a', part), ws.more('b', part), ws.more('c')],
    ['abc']],
  ['empty fragments', [ws.text('', part), ws.more('', part), ws.more('')],
    ['']],
  ['empty ones around', [ws.text('', part), ws.more('x', part), ws.more('')],
    ['x']],
  ['a ping between', [ws.text('a', part), ws.ping('1'), ws.more('b')], ['ab']],
  ['a pong between', [ws.text('a', part), ws.pong('1'), ws.more('b')], ['ab']],
  ['two messages', [ws.text('a', part), ws.more('b'), ws.binary('c')],
    ['ab', 'c']],
  ['fragments with the first binary', [ws.binary('a', part), ws.more('b')],
    ['ab']],
  ['a continuation of nothing', [ws.more('a')], [], 1002],
  ['one that does not end', [ws.more('a', part)], [], 1002],
  ['one behind a whole message', [ws.text('a'), ws.more('b')], ['a'], 1002],
  ['one behind fragments', [ws.text('a', part), ws.more('b'), ws.more('c')],
    ['ab'], 1002],
  ['text within text', [ws.text('a', part), ws.text('b')], [], 1002],
  ['binary within text', [ws.text('a', part), ws.binary('b')], [], 1002],
  ['text within binary', [ws.binary('a', part), ws.text('b', part)], [], 1002],
  ['rsv1 on a continuation', [ws.text('a', part), ws.more('b', { rsv: 4 })],
    [], 1002],
  ['a reserved opcode within', [ws.text('a', part), ws.frame(3, 'b')], [],
    1002],
  ['an unmasked continuation', [ws.text('a', part),
    ws.more('b', { key: false })], [], 1002],
  ['a ping in fragments within', [ws.text('a', part), ws.ping('', part)], [],
    1002],
];

async function run(t, path, frames, messages, code) {
  const peer = await open(t, port(), path);
  peer.send(Buffer.concat(frames));
  for (const wanted of messages) {
    const { payload } = await peer.message();
    assert.equal(payload.toString('hex'), Buffer.from(wanted).toString('hex'));
  }
  if (code === undefined) {
    peer.send(ws.close(1000));
    await peer.closeFrame(1000);
  } else {
    await peer.closeFrame(code, { afterData: true });
  }
  await peer.eof();
}

for (const [name, frames, messages, code] of rows)
  test(name, (t) => run(t, '/echo', frames, messages, code));

// Text as bytes in hex; "|" cuts it into frames.
const good = ['', '7f', 'c2 80', 'df bf', 'e0 a0 80', 'ed 9f bf', 'ee 80 80',
  'ef bf bf', 'f0 90 80 80', 'f4 8f bf bf', 'ef bf be', 'ef bb bf 61', '00',
  'ce ba e1 bd b9 cf 83 ce bc ce b5', 'f0 9f 92 a9', 'c2 | 80', 'e0 | a0 | 80',
  'f0 | 90 80 80', 'f0 90 | 80 80', 'f0 90 80 | 80', 'f0 | | 90 | 80 | | 80',
  '61 f0 9f | 92 a9 62', '41 | 42 | 43'];
const bad = ['80', 'bf', 'c0 80', 'c1 bf', 'c2', 'c2 41', 'e0 80 80',
  'e0 9f bf', 'e1 80', 'e1 80 41', 'ed a0 80', 'ed bf bf', 'ee 80',
  'f0 80 80 80', 'f0 8f bf bf', 'f0 90 80', 'f1 80 80 41', 'f4 90 80 80',
  'f5 80 80 80', 'f8 88 80 80 80', 'fc 84 80 80 80 80', 'fe', 'ff', 'fe ff',
  '61 62 ff 63', 'c2 | 41', 'e0 | 80 | 80', 'ed | a0 80', 'f4 | 90 80 80',
  'c2 |', 'e1 | 80 |', 'f0 9f 92 |', '61 | 80', '41 | ff | 42'];

function fragments(textHex) {
  const parts = textHex.split('|');
  return parts.map((one, i) => ws.frame(i === 0 ? ws.OP.TEXT : 0, hex(one),
    { fin: i === parts.length - 1 }));
}

for (const one of good)
  test(`UTF-8 ${one || 'empty'}`, (t) =>
    run(t, '/echo', fragments(one), [hex(one.replaceAll('|', ''))]));

for (const one of bad)
  test(`no UTF-8 ${one}`, (t) => run(t, '/echo', fragments(one), [], 1007));

for (const one of ['ff', 'c0 80', 'ed a0 80', 'f4 90', '61 80'])
  test(`${one} is refused before the message ends`, async (t) => {
    const peer = await open(t, port(), '/echo');
    peer.send(ws.text('good so far', part));
    peer.send(ws.more(hex(one), part));
    await peer.closeFrame(1007, { afterData: true });
    await peer.eof();
  });

test('a wrong byte is refused before its frame ends', async (t) => {
  const peer = await open(t, port(), '/echo');
  const data = Buffer.alloc(100000, 0x61);
  data[50000] = 0xff;
  peer.send(ws.text(data).subarray(0, 60000));
  await peer.closeFrame(1007, { afterData: true });
  await peer.eof();
});

test('binary is not looked at', (t) =>
  run(t, '/echo', [ws.binary(hex('ff fe 80'))], [hex('ff fe 80')]));

test('each message begins anew', (t) =>
  run(t, '/echo', [ws.binary(hex('c2')), ws.text(hex('80'))], [hex('c2')],
    1007));

test('text byte by byte', async (t) => {
  const data = Buffer.from('\u20ac \ud83d\udca9 \u00e4');
  const peer = await open(t, port(), '/echo');
  await peer.drip(Buffer.concat([...data].map((byte, i) =>
    ws.frame(i === 0 ? ws.OP.TEXT : 0, Buffer.from([byte]),
      { fin: i === data.length - 1 }))));
  assert.deepEqual((await peer.message()).payload, data);
});

test('W03: more fragments than allowed are 1009', (t) =>
  run(t, '/few', [ws.text('0', part), ...Array(8).fill(ws.more('x', part))],
    [], 1009));

test('W03: as many as allowed are not', (t) =>
  run(t, '/few', [ws.text('0', part), ...Array(6).fill(ws.more('x', part)),
    ws.more('y')], ['0xxxxxxy']));

for (const [name, size] of [['one byte', 1], ['no byte', 0]])
  test(`W03: 131000 fragments of ${name} are cut, and nothing is kept`,
    async (t) => {
      const peer = await open(t, port(), '/echo');
      const before = daemon.memory();
      const frame = ws.more(Buffer.alloc(size), part);
      peer.socket.on('error', () => {});
      peer.send(ws.text('', part));
      for (let i = 0; i < 131; i++)
        peer.send(Buffer.concat(Array(1000).fill(frame)));
      await peer.closeFrame(1009, { afterData: true });
      assert.ok(daemon.memory() - before < 8 << 20, 'memory grew');
    });
