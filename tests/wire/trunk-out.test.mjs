// SPDX-License-Identifier: Apache-2.0
// An edge and its trunk: the test is the gateway.
import assert from 'node:assert/strict';
import test from 'node:test';

import { selfSigned } from '../lib/certs.mjs';
import { Mux, head, hex } from '../lib/channels.mjs';
import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { tempDir } from '../lib/process.mjs';
import { accept, listen, refuse } from '../lib/server.mjs';
import { SLOW, until } from '../lib/wait.mjs';
import { connect, request } from '../lib/wsraw.mjs';

const SECRET = '0123456789abcdef0123456789abcdef';
const ANSWER = {
  'Sec-WebSocket-Extensions': 'x-kaazing-channels; window=65536',
};

const dir = tempDir(test);
const own = selfSigned(dir, 'own');
const gateway = await listen(test, { tls: own });

const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'listen bytes': {
    address: '127.0.0.1:0', protocol: 'tcp', service: 'bytes',
  },
  'trunk gateway': {
    connect: `wss://localhost:${gateway.port}/.headgate/trunk`,
    ca: '@DIR@/own.crt', 'secret-file': '@DIR@/secret',
    'channel-extensions': 'x-kaazing-fanout', 'retry-min': '20ms',
    'retry-max': '50ms', 'ping-interval': `${500 * SLOW}ms`,
    'ping-timeout': `${500 * SLOW}ms`, 'close-timeout': '200ms',
  },
  'plugin channels': {},
  'plugin fanout': {},
  'plugin stomp': {},
  'service any': {
    listen: 'main', path: '/any', connect: 'trunk:gateway', origin: '*',
  },
  'service stomp': {
    listen: 'main', path: '/stomp', connect: 'trunk:gateway', plugins: 'stomp',
  },
  'service bytes': { connect: 'trunk:gateway' },
}, { files: { ...own.files, secret: `${SECRET}\n` } });

// The next trunk that the edge opens; answer: what it gets.
async function trunk(answer = ANSWER) {
  const peer = await gateway.next();
  peer.request = await peer.head();
  peer.send(typeof answer === 'string' ? answer :
    accept(peer.request, answer));
  return new Mux(peer, /chunk=/.test(answer['Sec-WebSocket-Extensions']));
}

const ups = () => daemon.log.split('\n').filter((line) =>
  /trunk gateway to .* is up/.test(line)).length;

// One that works. It ends with the test, and the edge opens another.
async function goodTrunk(t, answer) {
  const before = ups();
  const m = await trunk(answer);
  t.after(() => m.peer.destroy());
  await until(() => ups() > before, 'the trunk to be up');
  return m;
}

// A client's channel: [its id, the create's text].
async function created(m, client, fields = {}) {
  const text = await m.next(/^create 0x/);
  const id = parseInt(text.match(/^create 0x(\w{4})/)[1], 16);
  m.control(`created ${hex(id)}`, head('HTTP/1.1 101 Fine', fields));
  assert.equal((await client.head()).status, 101);
  return [id, text];
}

async function client(t, m, fields) {
  const peer = await connect(t, daemon.port('main'));
  peer.send(request('/any', fields));
  const [id, text] = await created(m, peer);
  return { peer, id, text };
}

test('the trunk\'s request', async (t) => {
  const m = await goodTrunk(t);
  const { line, fields } = m.peer.request;
  assert.equal(line, 'GET /.headgate/trunk HTTP/1.1');
  assert.deepEqual(fields.host, [`localhost:${gateway.port}`]);
  assert.deepEqual(fields.authorization, [`Bearer ${SECRET}`]);
  assert.deepEqual(fields['sec-websocket-extensions'], ['x-kaazing-channels; ' +
    'extensions=x-kaazing-fanout; window=65536; max-channels=32767; ' +
    'chunk=16384']);
  assert.deepEqual(fields['sec-websocket-version'], ['13']);
  assert.equal(fields.origin, undefined);
  assert.equal(fields['sec-websocket-protocol'], undefined);
});

// Answers that make no trunk; the next one is tried.
for (const [name, answer] of [
  ['401', () => refuse('401 No')],
  ['503', () => refuse('503 No')],
  ['200', () => refuse('200 OK')],
  ['301', () => refuse('301 Moved', { Location: 'wss://evil.example/' })],
  ['a wrong Accept', (one) => accept(one,
    { ...ANSWER, 'Sec-WebSocket-Accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' })],
  ['no channels', (one) => accept(one)],
  ['an extension that was not offered', (one) => accept(one,
    { 'Sec-WebSocket-Extensions': 'x-kaazing-channels, x-evil' })],
  ['channels twice', (one) => accept(one,
    { 'Sec-WebSocket-Extensions': 'x-kaazing-channels, x-kaazing-channels' })],
  ['a channel extension that was not offered', (one) => accept(one, {
    'Sec-WebSocket-Extensions': 'x-kaazing-channels; extensions=x-evil' })],
  ['a chunk that is too small', (one) => accept(one,
    { 'Sec-WebSocket-Extensions': 'x-kaazing-channels; chunk=1' })],
  ['a subprotocol', (one) => accept(one,
    { ...ANSWER, 'Sec-WebSocket-Protocol': 'evil' })],
])
  test(`a gateway that answers ${name} is no gateway`, async (t) => {
    const before = ups();
    const peer = await gateway.next();
    peer.send(answer(await peer.head()));
    await until(() => peer.ended, 'the end');
    assert.equal(ups(), before);
    const waiting = await connect(t, daemon.port('main'));
    waiting.send(request('/any'));
    assert.equal((await waiting.head()).status, 503);
  });

test('what create tells of a client', async (t) => {
  const m = await goodTrunk(t);
  const { peer, id, text } = await client(t, m, {
    Origin: 'http://page.example', Authorization: 'Basic am9l', Cookie: 'a=b',
    'Sec-WebSocket-Protocol': 'v12.stomp, v11.stomp', Forwarded: 'for=6.6.6.6',
    'X-Evil': 'x', 'Sec-WebSocket-Extensions': 'permessage-deflate',
  });
  assert.equal(id, 1);
  const fields = text.split('\r\n').slice(2, -2);
  assert.equal(text.split('\r\n')[1], 'GET /any HTTP/1.1');
  for (const wanted of ['Origin: http://page.example',
    'Authorization: Basic am9l', 'Cookie: a=b', 'Host: gate.example',
    'Sec-WebSocket-Protocol: v12.stomp, v11.stomp',
    `Forwarded: for="127.0.0.1:${peer.socket.localPort}";proto=ws`])
    assert.ok(fields.includes(wanted), `${wanted} in\n${text}`);
  assert.doesNotMatch(text, /6\.6\.6\.6|X-Evil|Extensions|WebSocket-Key/i);
});

test('fan-out is offered where a plugin puts it back together', async (t) => {
  const m = await goodTrunk(t);
  const peer = await connect(t, daemon.port('main'));
  peer.send(request('/stomp'));
  assert.match(await m.next(/^create/),
    /\r\nSec-WebSocket-Extensions: x-kaazing-fanout\r\n/);
});

test('the gateway\'s answer is the client\'s', async (t) => {
  const m = await goodTrunk(t);
  for (const [status, fields] of [[401, { 'WWW-Authenticate': 'Basic' }],
    [403, {}], [404, {}], [503, { 'Retry-After': '3' }]]) {
    const peer = await connect(t, daemon.port('main'));
    peer.send(request('/any'));
    const [, id] = (await m.next(/^create/)).match(/(0x\w{4})/);
    m.control(`refused ${id}`, head(`HTTP/1.1 ${status} No`, fields));
    await m.next(new RegExp(`^destroy ${id} code=1000`));
    const response = await peer.head();
    assert.equal(response.status, status);
    for (const [name, value] of Object.entries(fields))
      assert.deepEqual(response.fields[name.toLowerCase()], [value]);
  }
});

test('the gateway\'s subprotocol is the client\'s', async (t) => {
  const m = await goodTrunk(t);
  const peer = await connect(t, daemon.port('main'));
  peer.send(request('/any', { 'Sec-WebSocket-Protocol': 'a, b' }));
  const [, id] = (await m.next(/^create/)).match(/(0x\w{4})/);
  m.control(`created ${id}`, head('HTTP/1.1 101 Fine',
    { 'Sec-WebSocket-Protocol': 'b' }));
  assert.deepEqual((await peer.head()).fields['sec-websocket-protocol'], ['b']);
});

test('messages and ends of a client', async (t) => {
  const m = await goodTrunk(t);
  const one = await client(t, m);
  const two = await client(t, m);
  assert.notEqual(one.id, two.id);
  one.peer.send(ws.text('from one'));
  two.peer.send(ws.binary('from two'));
  assert.equal((await m.message(two.id)).text, false);
  assert.equal((await m.message(one.id)).payload.toString(), 'from one');
  m.data(one.id, 'to one').data(two.id, Buffer.from('to two'));
  assert.deepEqual(await one.peer.message(),
    { opcode: ws.OP.TEXT, payload: Buffer.from('to one') });
  assert.deepEqual(await two.peer.message(),
    { opcode: ws.OP.BINARY, payload: Buffer.from('to two') });
  one.peer.send(ws.close(4321, 'a b'));
  await m.next(`destroy ${hex(one.id)} code=4321 reason=a%20b\r\n\r\n`);
  m.control(`destroy ${hex(one.id)} code=1000`);
  await one.peer.closeFrame(4321);
  m.control(`destroy ${hex(two.id)} code=4999 reason=over`);
  assert.equal(await two.peer.closeFrame(4999), 'over');
  two.peer.send(ws.close(1000));
  await m.next(new RegExp(`^destroy ${hex(two.id)} code=`));
});

test('a client that is lost', async (t) => {
  const m = await goodTrunk(t);
  const { peer, id } = await client(t, m);
  peer.destroy();
  await m.next(new RegExp(`^(destroy|abort) ${hex(id)} code=1011`));
});

test('a tcp client has a channel like any other', async (t) => {
  const m = await goodTrunk(t);
  const peer = await connect(t, daemon.port('bytes'));
  peer.send('early');
  const text = await m.next(/^create 0x/);
  assert.match(text, /proto=tcp/);
  const id = parseInt(text.match(/0x(\w{4})/)[1], 16);
  m.control(`created ${hex(id)}`, head('HTTP/1.1 101 Fine'));
  assert.equal((await m.message(id)).payload.toString(), 'early');
  m.data(id, 'back');
  await peer.expect('back');
  m.control(`destroy ${hex(id)} code=1000`);
  await peer.eof();
});

// What becomes of a trunk, and what its clients are told: to come again.
const losses = [
  ['ends (FIN)', (m) => m.peer.end(), /1012/],
  ['is cut', (m) => m.peer.destroy(), /1012/],
  ['is silent', (m) => m.peer.socket.pause(), /1012/],
  ['closes', (m) => m.peer.send(ws.close(1001, '', { key: false })),
    /1001|1012/],
  ['closes for an error', (m) => m.peer.send(ws.close(1002, '',
    { key: false })), /1011|1012/],
  ['breaks the rules', (m) => m.control('nonsense'), /1011|1012/],
  ['creates a channel', (m) => m.control('create 0x0002',
    'GET / HTTP/1.1\r\n'), /1011|1012/],
  ['sends on an id that never was', (m) => m.data(0x7f, 'x'), /1011|1012/],
  ['sends a masked frame', (m) => m.peer.send(ws.text('\0\0')), /1011|1012/],
];

for (const [name, act, code] of losses)
  test(`a trunk that ${name}: clients get ${code}`, async (t) => {
    const m = await goodTrunk(t);
    const clients = [await client(t, m), await client(t, m)];
    act(m);
    for (const { peer } of clients) {
      const one = await peer.frame();
      assert.equal(one.opcode, ws.OP.CLOSE);
      assert.match(String(one.payload.readUInt16BE(0)), code);
    }
    const again = await goodTrunk(t);
    await client(t, again);
  });

test('an answer that does not come: the client waits no longer than the ' +
  'trunk', async (t) => {
  const m = await goodTrunk(t);
  const peer = await connect(t, daemon.port('main'));
  peer.send(request('/any'));
  await m.next(/^create/);
  m.peer.destroy();
  const { status } = await peer.head();
  assert.ok([502, 503].includes(status), `${status}`);
});

test('chunk mode, when the gateway wants it', async (t) => {
  const m = await goodTrunk(t, { 'Sec-WebSocket-Extensions':
    'x-kaazing-channels; chunk=4096' });
  const { peer, id } = await client(t, m);
  peer.send(ws.text('x'.repeat(10000)));
  const got = await m.message(id);
  assert.equal(got.payload.length, 10000);
  assert.equal(got.pieces, 3);
  assert.equal(got.text, true);
});

test('the edge draws a key for each frame', async (t) => {
  const m = await goodTrunk(t);
  const { peer, id } = await client(t, m);
  peer.send(Buffer.concat(Array(100).fill(ws.text('same'))));
  for (let i = 0; i < 100; i++)
    assert.equal((await m.message(id)).payload.toString(), 'same');
});
