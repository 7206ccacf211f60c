// SPDX-License-Identifier: Apache-2.0
// W15: bodies of requests, both ways of framing, and what stops them.
import assert from 'node:assert/strict';
import test from 'node:test';

import { ask, chunk, chunked, once, post, response, startAnswers } from
  '../lib/http.mjs';
import { until } from '../lib/wait.mjs';
import { connect } from '../lib/wsraw.mjs';

const daemon = await startAnswers(test, {
  'service small': { listen: 'main', path: '/small/*', plugins: 'answer',
    'http-body-max': 1024 },
});
const port = daemon.port('main');

const coded = (body, target = '/a/?count') => ask(target,
  { 'Transfer-Encoding': 'chunked' }, { method: 'POST', body });

const wrong = [
  ['a bare LF behind the size', '5\nhello\r\n0\r\n\r\n'],
  ['a bare CR behind the size', '5\rhello\r\n0\r\n\r\n'],
  ['a prefix', '0x5\r\nhello\r\n0\r\n\r\n'],
  ['a sign', '+5\r\nhello\r\n0\r\n\r\n'],
  ['a negative size', '-5\r\nhello\r\n0\r\n\r\n'],
  ['a blank in front', ' 5\r\nhello\r\n0\r\n\r\n'],
  ['a blank behind', '5 \r\nhello\r\n0\r\n\r\n'],
  ['no size', '\r\nhello\r\n0\r\n\r\n'],
  ['an underscore', '1_0\r\nhello\r\n0\r\n\r\n'],
  ['a size of 64 bits', 'ffffffffffffffff\r\nhello\r\n'],
  ['a size of more', '100000000000000005\r\nhello\r\n0\r\n\r\n'],
  ['many zeros', `${'0'.repeat(300)}5\r\nhello\r\n0\r\n\r\n`],
  ['a chunk too long', '5\r\nhello!\r\n0\r\n\r\n'],
  ['a chunk too short', '5\r\nhell\r\n0\r\n\r\n'],
  ['LF behind a chunk', '5\r\nhello\n0\r\n\r\n'],
  ['LF in an extension', '5;a\nX: y\r\nhello\r\n0\r\n\r\n'],
  ['a control in an extension', '5;a\x01\r\nhello\r\n0\r\n\r\n'],
  ['a long extension', `5;${'a'.repeat(300)}\r\nhello\r\n0\r\n\r\n`],
  ['many extensions', `${chunk('x', `;${'a'.repeat(200)}`).repeat(100)}0\r\n` +
    '\r\n'],
  ['a folded trailer', '0\r\nX: y\r\n z\r\n\r\n'],
  ['a trailer without a colon', '0\r\nX\r\n\r\n'],
  ['a long trailer', `0\r\nX: ${'y'.repeat(20000)}\r\n\r\n`],
];
for (const [name, body] of wrong)
  test(`W15 chunks with ${name}: 400, and nothing behind`, async (t) => {
    const answer = await once(t, port, coded(body) + ask('/a/internal'));
    assert.equal(answer.status, 400, answer.text);
    assert.ok(answer.close);
    await answer.peer.eof();
  });

test('W15 a malformed chunk behind a begun response cuts it', async (t) => {
  const peer = await connect(t, port);
  peer.send(coded('5\r\nhello\r\n', '/a/x'));
  await peer.head();
  await peer.expect('a\r\nPOST /a/x\n\r\n5\r\nhello');
  peer.send('zz\r\n');
  await peer.eof();
});

const right = [
  ['none', '0\r\n\r\n', 0],
  ['capitals', `A\r\n0123456789\r\n0\r\n\r\n`, 10],
  ['zeros in front', '0005\r\nhello\r\n000\r\n\r\n', 5],
  ['extensions', '5;a=b;c="d"\r\nhello\r\n0;e\r\n\r\n', 5],
  ['a trailer', '5\r\nhello\r\n0\r\nX: y\r\nContent-Length: 7\r\n\r\n', 5],
];
for (const [name, body, length] of right)
  test(`chunks: ${name}`, async (t) => {
    const peer = await connect(t, port);
    peer.send(coded(body) + ask('/a/next'));
    assert.equal((await response(peer)).text, `${length}\n`);
    assert.equal((await response(peer)).text, 'GET /a/next\n');
  });

test('a long body in both framings is streamed', async (t) => {
  const body = 'x'.repeat(1000000);
  const peer = await connect(t, port);
  peer.send(post('/a/?count', body));
  assert.equal((await response(peer)).text, '1000000\n');
  peer.send(chunked('/a/?count', [body.slice(0, 400000),
    body.slice(400000)]));
  assert.equal((await response(peer)).text, '1000000\n');
});

for (const [name, text, reads] of [
  ['a length', () => post('/small/?count', 'x'.repeat(1025)), false],
  ['chunks', () => chunked('/small/?count', ['x'.repeat(1000),
    'x'.repeat(25)]), true],
])
  test(`a body over the service's limit, by ${name}: 413`, async (t) => {
    const before = await daemon.counter('answer', 'begun');
    const answer = await once(t, port, text() + ask('/a/internal'));
    assert.equal(answer.status, 413);
    await answer.peer.eof();
    assert.equal(await daemon.counter('answer', 'begun'), before + reads);
    const exact = await once(t, port, post('/small/?count',
      'x'.repeat(1024)));
    assert.equal(exact.text, '1024\n');
  });

test('Expect: 100-continue is answered where the body is wanted', async (t) => {
  const peer = await connect(t, port);
  peer.send(ask('/a/?count', { Expect: '100-continue', 'Content-Length': 5 },
    { method: 'POST' }));
  assert.equal((await response(peer)).status, 100);
  peer.send('hello', ask('/a/next'));
  assert.equal((await response(peer)).text, '5\n');
  assert.equal((await response(peer)).text, 'GET /a/next\n');
});

test('a client that does not wait for it needs none', async (t) => {
  const peer = await connect(t, port);
  peer.send(ask('/a/?count', { Expect: '100-Continue', 'Content-Length': 5 },
    { method: 'POST', body: 'hello' }));
  assert.equal((await response(peer)).text, '5\n');
});

test('who answers without the body does not ask for it', async (t) => {
  const peer = await connect(t, port);
  peer.send(ask('/a/?early', { Expect: '100-continue', 'Content-Length': 5 },
    { method: 'POST' }));
  const answer = await response(peer);
  assert.equal(answer.status, 200);
  assert.ok(answer.close, 'as nobody knows whether the body comes');
  await peer.eof();
});

test('a short body that nobody wants is read, and the next request answered',
  async (t) => {
    const peer = await connect(t, port);
    peer.send(post('/a/?early', 'x'.repeat(60000)) + ask('/a/next'));
    assert.equal((await response(peer)).text, 'early\n');
    assert.equal((await response(peer)).text, 'GET /a/next\n');
    peer.send(chunked('/a/?early', ['x'.repeat(60000)]) + ask('/a/last'));
    assert.equal((await response(peer)).text, 'early\n');
    assert.equal((await response(peer)).text, 'GET /a/last\n');
  });

test('a long one that nobody wants ends the connection', async (t) => {
  const peer = await connect(t, port);
  peer.send(ask('/a/?early', { 'Content-Length': 200000 },
    { method: 'POST' }), 'x'.repeat(100));
  const answer = await response(peer);
  assert.ok(answer.close);
  await peer.eof();
});

test('so does one whose length nobody knew', async (t) => {
  const peer = await connect(t, port);
  peer.send(ask('/a/?early', { 'Transfer-Encoding': 'chunked' },
    { method: 'POST' }), chunk('x'.repeat(30000)));
  assert.equal((await response(peer)).text, 'early\n');
  peer.send(chunk('x'.repeat(40000)), '0\r\n\r\n', ask('/a/internal'));
  await peer.eof();
});

test('a malformed one too, behind the response', async (t) => {
  const peer = await connect(t, port);
  peer.send(ask('/a/?early', { 'Transfer-Encoding': 'chunked' },
    { method: 'POST' }), chunk('x'));
  assert.equal((await response(peer)).text, 'early\n');
  peer.send('zz\r\n', ask('/a/internal'));
  await peer.eof();
});

test('a body that is held is not read', async (t) => {
  const peer = await connect(t, port);
  const big = Buffer.alloc(1000000, 'x');
  peer.send(ask('/a/?hold', { 'Content-Length': big.length },
    { method: 'POST' }), big);
  const rows = () => daemon.connections('http-in');
  await until(async () => (await rows()).some((row) => row.bytes_in > 0),
    'the request');
  const read = Math.max(...(await rows()).map((row) => row.bytes_in));
  assert.ok(read < 300000, `${read} bytes were read`);
  assert.equal((await once(t, port, ask('/a/?go'))).text, 'go\n');
  assert.equal((await response(peer)).text, '1000000\n');
  peer.send(ask('/a/next'));
  assert.equal((await response(peer)).text, 'GET /a/next\n');
});

test('a held body is not asked for', async (t) => {
  const peer = await connect(t, port);
  peer.send(ask('/a/?hold', { Expect: '100-continue', 'Content-Length': 5 },
    { method: 'POST' }));
  await until(async () => await daemon.counter('answer', 'begun') >
    await daemon.counter('answer', 'closed'), 'the request');
  await peer.silence(50);
  assert.equal((await once(t, port, ask('/a/?go'))).text, 'go\n');
  assert.equal((await response(peer)).status, 100);
  peer.send('hello');
  assert.equal((await response(peer)).text, '5\n');
});
