// SPDX-License-Identifier: Apache-2.0
// Messages and ends between a client and a WebSocket server.
import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { accept, listen } from '../lib/server.mjs';
import { until } from '../lib/wait.mjs';
import { open } from '../lib/wsraw.mjs';

const server = await listen(test);
const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'service relay': {
    listen: 'main', path: '/', connect: `ws://127.0.0.1:${server.port}`,
    'close-timeout': '1s',
  },
});

async function pair(t) {
  const opening = open(t, daemon.port('main'), '/');
  const upstream = await server.next();
  upstream.send(accept(await upstream.head()));
  return { client: await opening, upstream };
}

const plain = { key: false };
const messages = [
  ['short text', ws.OP.TEXT, 'hi'],
  ['empty text', ws.OP.TEXT, ''],
  ['empty binary', ws.OP.BINARY, ''],
  ['all bytes', ws.OP.BINARY, Buffer.from(Array.from({ length: 256 },
    (_, i) => i))],
  ['126 bytes', ws.OP.BINARY, Buffer.alloc(126, 1)],
  ['65536 bytes', ws.OP.TEXT, Buffer.alloc(65536, 0x61)],
  ['3 MB', ws.OP.BINARY, Buffer.alloc(3e6, 7)],
  ['text beyond one plane', ws.OP.TEXT, '\u{1f4a9}'.repeat(20000)],
];

for (const [name, opcode, data] of messages)
  test(`${name}, both ways`, async (t) => {
    const { client, upstream } = await pair(t);
    const payload = Buffer.from(data);
    client.send(ws.frame(opcode, payload));
    assert.deepEqual(await upstream.message(), { opcode, payload });
    upstream.send(ws.frame(opcode, payload, plain));
    assert.deepEqual(await client.message(), { opcode, payload });
  });

test('fragments are one message on the other side', async (t) => {
  const { client, upstream } = await pair(t);
  client.send(ws.text('a', { fin: false }), ws.ping('p'), ws.more('b'));
  assert.equal((await upstream.message()).payload.toString(), 'ab');
  assert.deepEqual((await client.frame()).payload.toString(), 'p');
  upstream.send(ws.text('c', { ...plain, fin: false }), ws.more('d', plain));
  assert.equal((await client.message()).payload.toString(), 'cd');
});

// Much of it goes on as one run of bytes, and some of it may not.
for (const [name, from, to, options] of [
  ['client', 'client', 'upstream', {}], ['server', 'upstream', 'client', plain],
])
  test(`all that a ${name} sends at once keeps its order`, async (t) => {
    const ends = await pair(t);
    ends[from].send(Buffer.concat([
      ws.text('one', options), ws.binary('two', options), ws.ping('p', options),
      ws.text('thr', { ...options, fin: false }), ws.more('ee', options),
      ws.text('four', options), ws.text('', options), ws.pong('', options),
      ws.text('five', options), ws.text(Buffer.from([0xff]), options),
      ws.text('never', options),
    ]));
    for (const text of ['one', 'two', 'three', 'four', '', 'five'])
      assert.equal((await ends[to].message()).payload.toString(), text);
    assert.equal((await ends[to].frame()).opcode, ws.OP.CLOSE);
    // No answer to the ping: the close is more urgent.
    await ends[from].closeFrame(1007);
  });

test('ping and pong are of one hop', async (t) => {
  const { client, upstream } = await pair(t);
  upstream.send(ws.ping('u', plain));
  const one = await upstream.frame();
  assert.equal(one.opcode, ws.OP.PONG);
  assert.equal(one.payload.toString(), 'u');
  await client.silence(30);
});

test('1000 messages keep their order', async (t) => {
  const { client, upstream } = await pair(t);
  client.send(Buffer.concat(Array.from({ length: 1000 }, (_, i) =>
    ws.text(String(i)))));
  for (let i = 0; i < 1000; i++)
    assert.equal((await upstream.message()).payload.toString(), String(i));
});

test('W08: each frame to a server has a key of its own', async (t) => {
  const { client, upstream } = await pair(t);
  const keys = new Set();
  client.send(Buffer.concat(Array(5000).fill(ws.binary('same'))));
  for (let i = 0; i < 5000; i++) {
    const bytes = await upstream.bytes(2 + 4 + 4);
    assert.equal(bytes.readUInt16BE(0), 0x8284);
    keys.add(bytes.readUInt32BE(2));
  }
  assert.ok(keys.size > 4990, `${keys.size} keys in 5000 frames`);
});

// A close and what the other side gets; undefined: no code.
const codes = [[1000, 1000], [1001, 1001], [1003, 1003], [1008, 1008],
  [1011, 1011], [1012, 1012], [3000, 3000], [4000, 4000], [4999, 4999],
  [undefined, undefined]];

for (const [sent, got] of codes) {
  const frame = (options) => sent === undefined ?
    ws.frame(ws.OP.CLOSE, '', options) : ws.close(sent, 'why', options);

  test(`close ${sent} of the client`, async (t) => {
    const { client, upstream } = await pair(t);
    client.send(frame());
    const reason = await upstream.closeFrame(got);
    assert.equal(reason, sent === undefined ? '' : 'why');
    upstream.send(sent === undefined ? ws.frame(ws.OP.CLOSE, '', plain) :
      ws.close(got, '', plain));
    await client.closeFrame(sent);
    await client.eof();
    upstream.end();
    await upstream.eof();
  });

  test(`close ${sent} of the server`, async (t) => {
    const { client, upstream } = await pair(t);
    upstream.send(frame(plain));
    const reason = await client.closeFrame(got);
    assert.equal(reason, sent === undefined ? '' : 'why');
    client.send(ws.close(1000));
    await upstream.closeFrame(sent);
    await client.eof();
  });
}

test('what was sent before a close arrives', async (t) => {
  const { client, upstream } = await pair(t);
  client.send(Buffer.concat([ws.text('last'), ws.close(4321)]));
  assert.equal((await upstream.message()).payload.toString(), 'last');
  await upstream.closeFrame(4321);
});

for (const act of ['end', 'destroy']) {
  test(`a client that is lost (${act}) is 1011 to the server`, async (t) => {
    const { client, upstream } = await pair(t);
    client[act]();
    await upstream.closeFrame(1011);
  });

  test(`a server that is lost (${act}) is 1011 to the client`, async (t) => {
    const { client, upstream } = await pair(t);
    upstream[act]();
    await client.closeFrame(1011);
    client.send(ws.close(1011));
    await client.eof();
  });
}

for (const [name, bytes, code] of [
  ['a masked frame', ws.text('x', { key: [1, 2, 3, 4] }), 1002],
  ['a reserved opcode', ws.frame(3, 'x', plain), 1002],
  ['rsv1', ws.text('x', { ...plain, rsv: 4 }), 1002],
  ['text that is not UTF-8', ws.text(Buffer.from([0xff]), plain), 1007],
  ['a close code 1006', ws.close(1006, '', plain), 1002]])
  test(`a server that sends ${name} is told ${code}`, async (t) => {
    const { client, upstream } = await pair(t);
    upstream.send(bytes);
    await upstream.closeFrame(code);
    const one = await client.frame();
    assert.equal(one.opcode, ws.OP.CLOSE);
  });

for (const [name, bytes, code] of [
  ['an unmasked frame', ws.text('x', plain), 1002],
  ['text that is not UTF-8', ws.text(Buffer.from([0xff])), 1007]])
  test(`a client that sends ${name} is told ${code}`, async (t) => {
    const { client, upstream } = await pair(t);
    client.send(bytes);
    await client.closeFrame(code);
    const one = await upstream.frame();
    assert.equal(one.opcode, ws.OP.CLOSE);
  });

test('nothing is left', async () => {
  await until(async () => (await daemon.table('connections')).length === 0,
    'no connection');
});

// Whoever does not read stops the other, and the daemon keeps little.
for (const [name, from, to, options] of [['server', 'client', 'upstream', {}],
  ['client', 'upstream', 'client', plain]])
  test(`a ${name} that does not read stops the other`, async (t) => {
    const ends = await pair(t);
    const before = daemon.memory();
    ends[to].socket.pause();
    const message = ws.binary(Buffer.alloc(1 << 20, 1), options);
    let sent = 0;
    ends[from].socket.write(message);
    while (sent < 200) {
      sent++;
      if (!ends[from].socket.write(message) &&
          await stuck(ends[from].socket))
        break;
    }
    assert.ok(sent < 100, `${sent} MiB went into nothing`);
    assert.ok(daemon.memory() - before < 8 << 20, 'memory grew');
    ends[to].socket.resume();
    for (let i = 0; i <= sent; i++)
      assert.equal((await ends[to].message()).payload.length, 1 << 20);
  });

function stuck(socket) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(true), 700);
    socket.once('drain', () => {
      clearTimeout(timer);
      resolve(false);
    });
  });
}
