// SPDX-License-Identifier: Apache-2.0
// B01-B03, B08: what a STOMP client sends, and what of it reaches a broker.
import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { listen } from '../lib/server.mjs';
import { SLOW, until } from '../lib/wait.mjs';
import { open } from '../lib/wsraw.mjs';

const VERSIONS = 'v12.stomp v11.stomp v10.stomp';

const broker = await listen(test);
const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'plugin stomp': {
    'heart-beat': '0,0', 'upstream-heart-beat': '0,0', 'body-max': '100k',
    'subscriptions-max': 3, 'connect-timeout': `${600 * SLOW}ms`,
  },
  'service stomp': {
    listen: 'main', path: '/stomp', plugins: 'stomp', subprotocols: VERSIONS,
    connect: `tcp://127.0.0.1:${broker.port}`, 'close-timeout': '1s',
  },
});

async function start(t) {
  const client = await open(t, daemon.port('main'), '/stomp',
    { 'Sec-WebSocket-Protocol': 'v12.stomp' });
  return { client, upstream: await broker.next() };
}

// Both ends, after CONNECTED.
async function session(t, version = '1.2') {
  const ends = await start(t);
  const list = `accept-version:${version}\nhost:h\n`;
  ends.client.send(ws.text(`CONNECT\n${list}\n\0`));
  await ends.upstream.expect(`CONNECT\n${list}heart-beat:0,0\n\n\0`);
  ends.upstream.send(`CONNECTED\nversion:${version}\n\n\0`);
  assert.equal((await ends.client.message()).payload.toString(),
    `CONNECTED\nversion:${version}\nheart-beat:0,0\n\n\0`);
  return ends;
}

// What is sent, and all that the broker gets: byte for byte.
const SEND = 'SEND\ndestination:/a\n';
const passes = [
  ['a frame', `${SEND}\nx\0`, `${SEND}content-length:1\n\nx\0`],
  ['without a body', `${SEND}\n\0`, `${SEND}\n\0`],
  ['CRLF', 'SEND\r\ndestination:/a\r\n\r\nx\0',
    `${SEND}content-length:1\n\nx\0`],
  ['lines between frames', `\n\r\n\n${SEND}\nx\0\r\n\n`,
    `${SEND}content-length:1\n\nx\0`],
  ['a length, and NUL in the body', `${SEND}content-length:3\n\na\0b\0`,
    `${SEND}content-length:3\n\na\0b\0`],
  ['B01: two lengths: the first counts',
    `${SEND}content-length:1\ncontent-length:9\n\nx\0`,
    `${SEND}content-length:1\n\nx\0`],
  ['a length of 0', `${SEND}content-length:0\n\n\0`, `${SEND}\n\0`],
  ['B01: two destinations: the first counts',
    'SEND\ndestination:/a\ndestination:/evil\n\nx\0',
    `${SEND}content-length:1\n\nx\0`],
  ['headers of the application stay, also twice',
    `${SEND}x:1\nx:2\nX:3\n\n\0`, `${SEND}x:1\nx:2\nX:3\n\n\0`],
  ['escapes', `${SEND}x:a\\cb\\nc\\\\d\\re\n\n\0`,
    `${SEND}x:a\\cb\\nc\\\\d\\re\n\n\0`],
  ['a colon in a value', `${SEND}x:a:b\n\n\0`, `${SEND}x:a\\cb\n\n\0`],
  ['blanks in a value', `${SEND}x: a \n\n\0`, `${SEND}x: a \n\n\0`],
  ['an empty value', `${SEND}x:\n\n\0`, `${SEND}x:\n\n\0`],
  ['two frames', `${SEND}\na\0${SEND}\nb\0`,
    `${SEND}content-length:1\n\na\0${SEND}content-length:1\n\nb\0`],
  ['BEGIN and COMMIT', 'BEGIN\ntransaction:t\n\n\0COMMIT\ntransaction:t\n\n\0',
    'BEGIN\ntransaction:t\n\n\0COMMIT\ntransaction:t\n\n\0'],
  ['ACK and NACK', 'ACK\nid:1\n\n\0NACK\nid:2\n\n\0',
    'ACK\nid:1\n\n\0NACK\nid:2\n\n\0'],
];

for (const [name, sent, wanted] of passes)
  test(`${name}`, async (t) => {
    const { client, upstream } = await session(t);
    client.send(ws.text(sent));
    await upstream.expect(wanted);
    client.send(ws.text(`${SEND}\nend\0`));
    await upstream.expect(`${SEND}content-length:3\n\nend\0`);
  });

const LIMIT = /1002|1008/;

// One ERROR, a close code, and nothing more of it at the broker.
async function fails({ client, upstream }, code) {
  assert.match((await client.message()).payload.toString(), /^ERROR\n/);
  const close = await client.frame();
  assert.equal(close.opcode, ws.OP.CLOSE);
  assert.match(String(close.payload.readUInt16BE(0)), code,
    close.payload.subarray(2).toString());
  await until(() => upstream.ended, 'the broker\'s connection to end');
  assert.equal(Buffer.concat([upstream.data, ...upstream.chunks]).toString(),
    '', 'nothing reaches the broker');
}

const wrong = [
  ['a command that is none', 'NONSENSE\n\n\0'],
  ['a command in small letters', 'send\ndestination:/a\n\n\0'],
  ['a command of a broker', 'MESSAGE\ndestination:/a\nsubscription:0\n' +
    'message-id:1\n\n\0'],
  ['a second CONNECT', 'CONNECT\naccept-version:1.2\nhost:h\n\n\0'],
  ['B01: CONNECT in a body that is too long', `${SEND}content-length:1\n\n` +
    'aCONNECT\n\n\0'],
  ['a length that is too small', `${SEND}content-length:1\n\nab\0`],
  ['a length with a sign', `${SEND}content-length:+1\n\na\0`],
  ['a length below 0', `${SEND}content-length:-1\n\na\0`],
  ['a length with a blank', `${SEND}content-length:1 \n\na\0`],
  ['a length that is no number', `${SEND}content-length:x\n\na\0`],
  ['a length without digits', `${SEND}content-length:\n\na\0`],
  ['a length in hex', `${SEND}content-length:0x1\n\na\0`],
  ['a length over 2^64',
    `${SEND}content-length:18446744073709551617\n\na\0`],
  ['a length over the limit', `${SEND}content-length:102401\n\n`, /1009/],
  ['a header without a colon', `${SEND}x\n\n\0`],
  ['a header without a name', `${SEND}:x\n\n\0`],
  ['an escape that is none', `${SEND}x:\\t\n\n\0`],
  ['half an escape', `${SEND}x:\\\n\n\0`],
  ['NUL in a header', `${SEND}x:a\0b\n\n\0`],
  ['CR in a header', `${SEND}x:a\rb\n\n\0`],
  ['101 headers', `${SEND}${'x:y\n'.repeat(101)}\n\0`, LIMIT],
  ['a line of 8 KiB', `${SEND}x:${'y'.repeat(8192)}\n\n\0`, LIMIT],
  ['a command without an end', 'A'.repeat(20000), LIMIT],
  ['no destination', 'SEND\n\nx\0'],
  ['SUBSCRIBE without an id', 'SUBSCRIBE\ndestination:/a\n\n\0'],
  ['SUBSCRIBE without a destination', 'SUBSCRIBE\nid:1\n\n\0'],
  ['UNSUBSCRIBE without an id', 'UNSUBSCRIBE\n\n\0'],
  ['BEGIN without a transaction', 'BEGIN\n\n\0'],
  ['B02: a line\'s end in a destination', 'SEND\ndestination:/a\\nb\n\nx\0'],
  ['B02: a line\'s end in an id',
    'SUBSCRIBE\nid:a\\nb\ndestination:/a\n\n\0'],
  ['B02: CR in a destination', 'SEND\ndestination:/a\\rb\n\nx\0'],
];

for (const [name, sent, code = /1002/] of wrong)
  test(`${name} is ${code}`, async (t) => {
    const ends = await session(t);
    ends.client.send(ws.text(sent));
    await fails(ends, code);
  });

// Before CONNECT.
for (const [name, sent] of [
  ['another frame', `${SEND}\nx\0`],
  ['a heart-beat that is malformed',
    'CONNECT\naccept-version:1.2\nhost:h\nheart-beat:x\n\n\0'],
  ['versions that nobody knows', 'CONNECT\naccept-version:2.0\nhost:h\n\n\0'],
  ['something else', 'GET / HTTP/1.1\r\n\r\n\0'],
])
  test(`first ${name} is 1002`, async (t) => {
    const ends = await start(t);
    ends.client.send(ws.text(sent));
    await fails(ends, /1002/);
  });

test('the fourth subscription is 1008', async (t) => {
  const ends = await session(t);
  for (let i = 0; i < 3; i++) {
    ends.client.send(ws.text(`SUBSCRIBE\nid:${i}\ndestination:/a\n\n\0`));
    assert.match((await ends.upstream.upTo('\n\n\0')).toString(),
      /^SUBSCRIBE\nid:\d\ndestination:\/a\nreceipt:[^\n]+\n\n\0$/);
  }
  ends.client.send(ws.text('SUBSCRIBE\nid:4\ndestination:/a\n\n\0'));
  await fails(ends, /1008/);
});

test('a client without CONNECT is cut off in time', async (t) => {
  const ends = await start(t);
  const began = performance.now();
  await ends.client.message();
  const close = await ends.client.frame();
  assert.equal(close.opcode, ws.OP.CLOSE);
  assert.ok(performance.now() - began < 3000 * SLOW);
});

test('W26: what is sent behind CONNECT waits for CONNECTED', async (t) => {
  const { client, upstream } = await start(t);
  const connect = 'CONNECT\naccept-version:1.2\nhost:h\n';
  client.send(ws.text(`${connect}\n\0${SEND}\nx\0`), ws.text(`${SEND}\ny\0`));
  await upstream.expect(`${connect}heart-beat:0,0\n\n\0`);
  await upstream.silence(50);
  upstream.send('CONNECTED\nversion:1.2\n\n\0');
  await upstream.expect(`${SEND}content-length:1\n\nx\0` +
    `${SEND}content-length:1\n\ny\0`);
});

test('and not more than 64 KiB of it', async (t) => {
  const { client } = await start(t);
  client.send(ws.text('CONNECT\naccept-version:1.2\nhost:h\n\n\0'));
  for (let i = 0; i < 8; i++)
    client.send(ws.text(`${SEND}\n${'x'.repeat(10000)}\0`));
  assert.match((await client.message()).payload.toString(), /^ERROR\n/);
  await client.closeFrame(1008);
});

test('B08: one frame in many messages, byte by byte', async (t) => {
  const { client, upstream } = await session(t);
  const frame = Buffer.from(`${SEND}content-length:3\nx:\u00e4\n\na\0b\0`);
  client.send(Buffer.concat([...frame].map((byte) =>
    ws.binary(Buffer.from([byte])))));
  await upstream.expect(`${SEND}x:${Buffer.from('\u00e4').toString('latin1')}` +
    '\ncontent-length:3\n\na\0b\0');
});

test('B08: many frames in one message', async (t) => {
  const { client, upstream } = await session(t);
  client.send(ws.text(`${SEND}\nx\0`.repeat(5000)));
  await upstream.expect(`${SEND}content-length:1\n\nx\0`.repeat(5000));
});

test('W20: no passcode is in the log', async (t) => {
  const { client, upstream } = await start(t);
  client.send(ws.text('CONNECT\naccept-version:1.2\nhost:h\nlogin:joe\n' +
    'passcode:hush-hush\n\n\0NONSENSE\n\n\0'));
  await upstream.bytes(20);
  upstream.send('ERROR\nmessage:no\n\n\0');
  await client.message();
  assert.ok(!daemon.log.includes('hush-hush'));
});

test('nothing is left', async () => {
  await until(async () => (await daemon.table('connections')).length === 0,
    'no connection');
});
