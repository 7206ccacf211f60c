// SPDX-License-Identifier: Apache-2.0
// W15, W16, W27: a WebSocket server behind the daemon, its answers and what
// passes both ways.
import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { accept, closedPort, listen, refuse } from '../lib/server.mjs';
import { SLOW, until } from '../lib/wait.mjs';
import { KEY, connect, request } from '../lib/wsraw.mjs';

const server = await listen(test);
const nobody = await closedPort();

const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'service same': {
    listen: 'main', path: '/same', 'connect-timeout': `${500 * SLOW}ms`,
    connect: `ws://127.0.0.1:${server.port}`,
  },
  'service other': {
    listen: 'main', path: '/other', host: 'upstream.example',
    connect: `ws://127.0.0.1:${server.port}/fixed?q`,
  },
  'service wants': {
    listen: 'main', path: '/wants', subprotocols: 'alpha beta',
    connect: `ws://127.0.0.1:${server.port}/wants`,
  },
  'service nobody': {
    listen: 'main', path: '/nobody', connect: `ws://127.0.0.1:${nobody}/`,
  },
});

const port = () => daemon.port('main');

// Both ends of an open pair.
async function pair(t, path = '/same', fields = {}, answer = {}) {
  const client = await connect(t, port());
  client.send(request(path, fields));
  const upstream = await server.next();
  upstream.request = await upstream.head();
  upstream.send(accept(upstream.request, answer));
  client.response = await client.head();
  assert.equal(client.response.status, 101, client.response.text);
  return { client, upstream };
}

test('W16: what the upstream is sent', async (t) => {
  const { client, upstream } = await pair(t, '/same?a=b', {
    Origin: 'http://gate.example', Authorization: 'Basic am9l',
    Cookie: 'a=b', 'Sec-WebSocket-Protocol': 'x, y',
    'Sec-WebSocket-Extensions': 'permessage-deflate, x-kaazing-channels',
    Forwarded: 'for=6.6.6.6', 'X-Forwarded-For': '6.6.6.6', Via: '1.1 evil',
    'X-Headgate': 'evil', 'Keep-Alive': '5', TE: 'trailers',
  });
  const { line, fields } = upstream.request;
  assert.equal(line, 'GET /same?a=b HTTP/1.1');
  const key = fields['sec-websocket-key'][0];
  assert.notEqual(key, KEY);
  assert.equal(Buffer.from(key, 'base64').length, 16);
  assert.deepEqual(fields, {
    host: [`127.0.0.1:${server.port}`],
    origin: ['http://gate.example'],
    authorization: ['Basic am9l'],
    cookie: ['a=b'],
    'sec-websocket-protocol': ['x, y'],
    forwarded: [`for="127.0.0.1:${client.socket.localPort}";proto=ws`],
    upgrade: ['websocket'],
    connection: ['Upgrade'],
    'sec-websocket-version': ['13'],
    'sec-websocket-key': [key],
  });
});

test('a fixed path and Host', async (t) => {
  const { upstream } = await pair(t, '/other?not');
  assert.equal(upstream.request.line, 'GET /fixed?q HTTP/1.1');
  assert.deepEqual(upstream.request.fields.host, ['upstream.example']);
});

for (const [asked, chosen] of [['x, y', 'y'], ['x, y', 'x'], ['x', null],
  [null, null]])
  test(`asked for ${asked}, the upstream chose ${chosen}`, async (t) => {
    const { client } = await pair(t, '/same',
      { 'Sec-WebSocket-Protocol': asked },
      { 'Sec-WebSocket-Protocol': chosen });
    assert.deepEqual(client.response.fields['sec-websocket-protocol'],
      chosen === null ? undefined : [chosen]);
  });

test('no field of the upstream reaches the client', async (t) => {
  const { client } = await pair(t, '/same', {}, {
    'Set-Cookie': 'a=b', Server: 'x', 'X-Evil': 'y',
  });
  assert.deepEqual(Object.keys(client.response.fields),
    ['upgrade', 'connection', 'sec-websocket-accept']);
});

// What the upstream answers (or does), and the client's status.
const ok = (head, fields, status) => accept(head, fields, status);
const answers = [
  ['401', () => refuse('401 No', { 'WWW-Authenticate': 'Basic realm="x"' }),
    401],
  ['403', () => refuse('403 No'), 403],
  ['404', () => refuse('404 No'), 404],
  ['503', () => refuse('503 No', { 'Retry-After': '7' }), 503],
  ['500', () => refuse('500 No'), 502],
  ['200', () => refuse('200 OK'), 502],
  ['302', () => refuse('302 Found', { Location: 'http://other.example/' }), 302],
  ['302 to nowhere', () => refuse('302 Found'), 502],
  ['426', () => refuse('426 No', { 'Sec-WebSocket-Version': '8' }), 502],
  ['100', () => refuse('100 Continue'), 502],
  ['200 with all of a 101', (head) => ok(head, {}, '200 OK'), 502],
  ['no Accept', (head) => ok(head, { 'Sec-WebSocket-Accept': null }), 502],
  ['a wrong Accept', (head) => ok(head,
    { 'Sec-WebSocket-Accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' }), 502],
  ['an empty Accept', (head) => ok(head, { 'Sec-WebSocket-Accept': '' }), 502],
  ['no Upgrade', (head) => ok(head, { Upgrade: null }), 502],
  ['another Upgrade', (head) => ok(head, { Upgrade: 'h2c' }), 502],
  ['no Connection', (head) => ok(head, { Connection: null }), 502],
  ['Connection: close', (head) => ok(head, { Connection: 'close' }), 502],
  ['an extension', (head) => ok(head,
    { 'Sec-WebSocket-Extensions': 'permessage-deflate' }), 502],
  ['a subprotocol', (head) => ok(head,
    { 'Sec-WebSocket-Protocol': 'unasked' }), 502],
  ['a body', (head) => ok(head, { 'Content-Length': '5' }), 502],
  ['HTTP/1.0', (head) => ok(head).replace('1.1', '1.0'), 502],
  ['bare LFs', (head) => ok(head).replaceAll('\r\n', '\n'), 502],
  ['a folded field', (head) => ok(head, { X: 'a\r\n b' }), 502],
  ['SSH', () => 'SSH-2.0-x\r\n\r\n', 502],
  ['64 KiB without an end', () => 'x'.repeat(65536), 502],
];

for (const [name, answer, status] of answers)
  test(`the upstream answers ${name}: ${status}`, async (t) => {
    const client = await connect(t, port());
    client.send(request('/same'));
    const upstream = await server.next();
    upstream.send(answer(await upstream.head()));
    const response = await client.head();
    assert.equal(response.status, status);
    assert.deepEqual(response.fields['www-authenticate'],
      status === 401 ? ['Basic realm="x"'] : undefined);
    if (name === '503')
      assert.deepEqual(response.fields['retry-after'], ['7']);
    assert.deepEqual(response.fields.location,
      status === 302 ? ['http://other.example/'] : undefined);
    await client.bytes(Number(response.fields['content-length'][0]));
    await client.eof();
    await until(() => upstream.ended, 'the connection to end');
  });

test('the upstream ends without an answer: 502', async (t) => {
  for (const act of ['end', 'destroy']) {
    const client = await connect(t, port());
    client.send(request('/same'));
    const upstream = await server.next();
    await upstream.head();
    upstream[act]();
    assert.equal((await client.head()).status, 502);
  }
});

test('the upstream is silent: 504', async (t) => {
  const client = await connect(t, port());
  client.send(request('/same'));
  const upstream = await server.next();
  assert.equal((await client.head()).status, 504);
  await until(() => upstream.ended, 'the connection to end');
});

test('nobody listens: 502', async (t) => {
  const client = await connect(t, port());
  client.send(request('/nobody'));
  assert.equal((await client.head()).status, 502);
});

test('W27: before the checks nothing is dialled', async (t) => {
  for (const [path, fields, status] of [
    ['/same', { Origin: 'http://evil.example' }, 403],
    ['/same', { 'Sec-WebSocket-Version': '8' }, 426],
    ['/same', { 'Sec-WebSocket-Key': 'x' }, 400],
    ['/same', { 'Sec-WebSocket-Extensions': 'a; "' }, 400],
    ['/wants', { 'Sec-WebSocket-Protocol': 'gamma' }, 400]]) {
    const client = await connect(t, port());
    client.send(request(path, fields));
    assert.equal((await client.head()).status, status);
  }
  assert.equal(server.arrived(), 0);
});

test('a client that leaves early ends the dialling', async (t) => {
  const client = await connect(t, port());
  client.send(request('/same'));
  const upstream = await server.next();
  await upstream.head();
  client.destroy();
  await until(() => upstream.ended, 'the connection to end');
});

test('frames before the answers are kept, both ways', async (t) => {
  const client = await connect(t, port());
  client.send(request('/same'), ws.text('from the client'));
  const upstream = await server.next();
  const head = await upstream.head();
  upstream.send(Buffer.concat([Buffer.from(accept(head)),
    ws.text('from the server', { key: false })]));
  assert.equal((await client.head()).status, 101);
  assert.equal((await client.message()).payload.toString(), 'from the server');
  assert.equal((await upstream.message()).payload.toString(),
    'from the client');
});

test('a refused upgrade sends no frame on', async (t) => {
  const client = await connect(t, port());
  client.send(request('/same'), ws.text('secret'));
  const upstream = await server.next();
  await upstream.head();
  upstream.send(refuse('403 No'));
  assert.equal((await client.head()).status, 403);
  await until(() => upstream.ended, 'the connection to end');
  assert.equal(upstream.data.length, 0);
});
