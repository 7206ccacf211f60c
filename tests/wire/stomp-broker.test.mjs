// SPDX-License-Identifier: Apache-2.0
// B03, B10: what a broker sends, good and bad: one client is told, and nobody
// else notices.
import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { listen } from '../lib/server.mjs';
import { SLOW, until } from '../lib/wait.mjs';
import { open } from '../lib/wsraw.mjs';

const broker = await listen(test);
const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'plugin stomp': {
    'heart-beat': '0,0', 'body-max': '100k',
    'upstream-heart-beat': `0,${200 * SLOW}`,
    'connect-timeout': `${800 * SLOW}ms`,
  },
  'service stomp': {
    listen: 'main', path: '/stomp', plugins: 'stomp',
    subprotocols: 'v12.stomp v11.stomp v10.stomp',
    connect: `tcp://127.0.0.1:${broker.port}`, 'close-timeout': '1s',
  },
});

// A client that has sent CONNECT, which the broker has got.
async function start(t, version = '1.2') {
  const client = await open(t, daemon.port('main'), '/stomp');
  const upstream = await broker.next();
  client.send(ws.text(`CONNECT\naccept-version:${version}\nhost:h\n\n\0`));
  assert.match((await upstream.upTo('\n\n\0')).toString(), /^CONNECT\n/);
  return { client, upstream };
}

const heard = async ({ client }) =>
  (await client.message()).payload.toString();

// One that is subscribed as "s".
async function session(t) {
  const ends = await start(t);
  ends.upstream.send('CONNECTED\nversion:1.2\n\n\0');
  assert.match(await heard(ends), /^CONNECTED\n/);
  ends.client.send(ws.text('SUBSCRIBE\nid:s\ndestination:/t\n\n\0'));
  const frame = (await ends.upstream.upTo('\n\n\0')).toString();
  ends.receipt = frame.match(/\nreceipt:([^\n]+)\n/)[1];
  ends.upstream.send(`RECEIPT\nreceipt-id:${ends.receipt}\n\n\0`);
  return ends;
}

const MESSAGE = 'MESSAGE\nsubscription:s\nmessage-id:1\ndestination:/t\n';

// What comes from the broker, and what the client gets: bytes and opcode.
const passes = [
  ['a message', `${MESSAGE}\nx\0`, `${MESSAGE}content-length:1\n\nx\0`],
  ['without a body', `${MESSAGE}\n\0`, `${MESSAGE}\n\0`],
  ['CRLF', `${MESSAGE.replaceAll('\n', '\r\n')}\r\nx\0`,
    `${MESSAGE}content-length:1\n\nx\0`],
  ['LF behind NUL', `${MESSAGE}\nx\0\n\n`, `${MESSAGE}content-length:1\n\nx\0`],
  ['NUL in the body', `${MESSAGE}content-length:3\n\na\0b\0`,
    `${MESSAGE}content-length:3\n\na\0b\0`],
  ['B01: two lengths', `${MESSAGE}content-length:1\ncontent-length:5\n\nx\0`,
    `${MESSAGE}content-length:1\n\nx\0`],
  ['escapes', `${MESSAGE}a\\cb:c\\nd\n\n\0`, `${MESSAGE}a\\cb:c\\nd\n\n\0`],
];

for (const [name, sent, wanted] of passes)
  test(name, async (t) => {
    const ends = await session(t);
    ends.upstream.send(sent);
    const { opcode, payload } = await ends.client.message();
    assert.equal(payload.toString(), wanted);
    assert.equal(opcode, ws.OP.TEXT);
  });

test('what is not UTF-8 is a binary message', async (t) => {
  const ends = await session(t);
  ends.upstream.send(Buffer.from(`${MESSAGE}content-length:2\n\n\xff\xfe\0`,
    'latin1'));
  const { opcode, payload } = await ends.client.message();
  assert.equal(opcode, ws.OP.BINARY);
  assert.equal(payload.toString('latin1'),
    `${MESSAGE}content-length:2\n\n\xff\xfe\0`);
});

test('frames byte by byte, and many at once', async (t) => {
  const ends = await session(t);
  await ends.upstream.drip(Buffer.from(`${MESSAGE}\nslow\0`));
  assert.match(await heard(ends), /slow\0$/);
  ends.upstream.send(`${MESSAGE}\nx\0`.repeat(1000));
  for (let i = 0; i < 1000; i++)
    assert.equal(await heard(ends), `${MESSAGE}content-length:1\n\nx\0`);
});

test('a receipt of ours never reaches the client', async (t) => {
  const ends = await session(t);
  ends.upstream.send(`RECEIPT\nreceipt-id:${ends.receipt}\n\n\0` +
    `${MESSAGE}\nx\0`);
  const first = await heard(ends);
  assert.ok(!first.includes(ends.receipt) || first.startsWith('RECEIPT'),
    first);
});

// Garbage: ERROR, 1011, and the broker's connection is closed.
const wrong = [
  ['a command that is none', 'NONSENSE\n\n\0'],
  ['a command of a client', 'SEND\ndestination:/x\n\nx\0'],
  ['HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ['a header without a colon', 'MESSAGE\nx\n\n\0'],
  ['an escape that is none', `${MESSAGE}x:\\t\n\n\0`],
  ['a length that is too small', `${MESSAGE}content-length:1\n\nab\0`],
  ['a length that is no number', `${MESSAGE}content-length:-1\n\n\0`],
  ['a length over the limit', `${MESSAGE}content-length:102401\n\n`, /1009/],
  ['too many headers', `${MESSAGE}${'x:y\n'.repeat(200)}\n\0`],
  ['a line without an end', 'A'.repeat(100000)],
  ['a second CONNECTED', 'CONNECTED\nversion:1.2\n\n\0'],
];

for (const [name, bytes, code = /1011|1012/] of wrong)
  test(`B10: ${name}`, async (t) => {
    const other = await session(t);
    const ends = await session(t);
    ends.upstream.send(bytes);
    assert.match(await heard(ends), /^ERROR\n/);
    const close = await ends.client.frame();
    assert.equal(close.opcode, ws.OP.CLOSE);
    assert.match(String(close.payload.readUInt16BE(0)), code);
    await until(() => ends.upstream.ended, 'the connection to end');
    other.upstream.send(`${MESSAGE}\nnot touched\0`);
    assert.match(await heard(other), /not touched/);
  });

test('the broker\'s ERROR is the client\'s', async (t) => {
  const ends = await session(t);
  ends.upstream.send('ERROR\nmessage:because\nx:y\n\nof it\0');
  ends.upstream.end();
  assert.equal(await heard(ends),
    'ERROR\nmessage:because\nx:y\ncontent-length:5\n\nof it\0');
  const close = await ends.client.frame();
  assert.equal(close.opcode, ws.OP.CLOSE);
});

for (const [name, answer] of [
  ['another version', 'CONNECTED\nversion:1.0\n\n\0'],
  ['a version that was not offered', 'CONNECTED\nversion:1.1\n\n\0'],
  ['a version nobody knows', 'CONNECTED\nversion:3.0\n\n\0'],
  ['a malformed heart-beat',
    'CONNECTED\nversion:1.2\nheart-beat:1\n\n\0'],
  ['MESSAGE before CONNECTED', `${MESSAGE}\nx\0`],
])
  test(`W26: ${name}`, async (t) => {
    const ends = await start(t);
    ends.upstream.send(answer);
    const first = await heard(ends);
    if (name === 'another version' && first.startsWith('CONNECTED'))
      return; // a broker of 1.0 may answer so
    assert.match(first, /^ERROR\n/);
    const close = await ends.client.frame();
    assert.equal(close.payload.readUInt16BE(0), 1011);
    await until(() => ends.upstream.ended, 'the connection to end');
  });

test('a broker that ends without a word: 1012', async (t) => {
  for (const act of ['end', 'destroy']) {
    const ends = await session(t);
    ends.upstream[act]();
    assert.match(await heard(ends), /^ERROR\n/);
    await ends.client.closeFrame(1012);
  }
});

test('a broker that does not answer CONNECT', async (t) => {
  const ends = await start(t);
  const began = performance.now();
  assert.match(await heard(ends), /^ERROR\n/);
  assert.ok(performance.now() - began < 3000 * SLOW);
  const close = await ends.client.frame();
  assert.equal(close.opcode, ws.OP.CLOSE);
  await until(() => ends.upstream.ended, 'the connection to end');
});

test('a broker whose heart-beats stop: 1012', async (t) => {
  const ends = await start(t);
  ends.upstream.send(
    `CONNECTED\nversion:1.2\nheart-beat:${200 * SLOW},0\n\n\0`);
  assert.match(await heard(ends), /^CONNECTED\n/);
  for (let i = 0; i < 5; i++) {
    await ends.client.silence(150 * SLOW);
    ends.upstream.send('\n');
  }
  assert.match(await heard(ends), /^ERROR\n/);
  await ends.client.closeFrame(1012);
});

test('UNSUBSCRIBE: what is on its way is dropped or comes before its receipt',
  async (t) => {
    const ends = await session(t);
    ends.client.send(ws.text('UNSUBSCRIBE\nid:s\nreceipt:mine\n\n\0'));
    const frame = (await ends.upstream.upTo('\n\n\0')).toString();
    const own = frame.match(/\nreceipt:([^\n]+)\n/)[1];
    assert.notEqual(own, 'mine');
    ends.upstream.send(`${MESSAGE}\nlast\0` +
      `RECEIPT\nreceipt-id:${own}\n\n\0${MESSAGE}\nlate\0`);
    const got = [];
    while (!got.at(-1)?.startsWith('RECEIPT'))
      got.push(await heard(ends));
    assert.equal(got.at(-1), 'RECEIPT\nreceipt-id:mine\n\n\0');
    assert.ok(got.length <= 2);
    ends.client.send(ws.text('SEND\ndestination:/t\n\nx\0'));
    await ends.upstream.upTo('x\0');
    ends.upstream.send('RECEIPT\nreceipt-id:other\n\n\0');
    assert.equal(await heard(ends), 'RECEIPT\nreceipt-id:other\n\n\0');
  });

test('nothing is left', async () => {
  await until(async () => (await daemon.table('connections')).length === 0,
    'no connection');
});
