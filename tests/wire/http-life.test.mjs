// SPDX-License-Identifier: Apache-2.0
// W14, W29: how long connections of HTTP last, and who may keep them waiting.
import assert from 'node:assert/strict';
import test from 'node:test';

import { ask, once, post, response, startAnswers } from '../lib/http.mjs';
import { until } from '../lib/wait.mjs';
import { connect, request } from '../lib/wsraw.mjs';

const limits = { address: '127.0.0.1:0', 'http-requests': 3,
  'http-idle-timeout': '300ms', 'http-timeout': '400ms',
  'handshake-timeout': '500ms' };
const daemon = await startAnswers(test, {
  'listen short': limits,
  'service short': { listen: 'short', path: '/a/*', plugins: 'answer' },
});
const port = daemon.port('main');
const short = daemon.port('short');

const closed = () => until(async () => await daemon.counter('answer',
  'begun') === await daemon.counter('answer', 'closed'), 'all to be closed');

test('a connection has a number of requests', async (t) => {
  const peer = await connect(t, short);
  peer.send(ask('/a/1') + ask('/a/2') + ask('/a/3') + ask('/a/4'));
  assert.ok(!(await response(peer)).close);
  assert.ok(!(await response(peer)).close);
  assert.ok((await response(peer)).close);
  await peer.eof();
});

test('W14 one that asks nothing more is closed', async (t) => {
  const peer = await connect(t, short);
  peer.send(ask('/a/1'));
  await response(peer);
  const from = Date.now();
  await peer.eof();
  assert.ok(Date.now() - from >= 250, 'not before its time');
});

test('W14 a second request that comes slowly has an absolute end', async (t) => {
  const peer = await connect(t, short);
  peer.send(ask('/a/1'));
  await response(peer);
  const text = ask('/a/2', { X: 'y'.repeat(8000) });
  let at = 0;
  const timer = setInterval(() => peer.send(text[at++]), 20);
  t.after(() => clearInterval(timer));
  await peer.eof();
  assert.ok(at > 5 && at < 200, `${at} bytes`);
});

test('W14 a body that stops ends its connection', async (t) => {
  const peer = await connect(t, short);
  peer.send(ask('/a/?count', { 'Content-Length': 10 }, { method: 'POST' }),
    'hell');
  await peer.eof();
  await closed();
});

test('a body that comes slowly does not', async (t) => {
  const peer = await connect(t, short);
  peer.send(ask('/a/?count', { 'Content-Length': 20 }, { method: 'POST' }));
  let left = 20;
  const timer = setInterval(() => {
    if (left-- > 0)
      peer.send('x');
  }, 60);
  t.after(() => clearInterval(timer));
  assert.equal((await response(peer)).text, '20\n');
});

test('who waits for an answer is not hurried', async (t) => {
  const peer = await connect(t, short);
  peer.send(ask('/a/?wait'));
  await peer.silence(1200);
  assert.equal((await once(t, port, ask('/a/?go'))).text, 'go\n');
  assert.equal((await response(peer)).text, 'went\n');
});

test('nor is who sends a body that is held', async (t) => {
  const peer = await connect(t, short);
  peer.send(post('/a/?hold', 'hello'));
  await peer.silence(1200);
  assert.equal((await once(t, port, ask('/a/?go'))).text, 'go\n');
  assert.equal((await response(peer)).text, '5\n');
});

test('a response is sent as it is read, and bounded until then', async (t) => {
  const peer = await connect(t, port);
  peer.socket.pause();
  const size = 30000000;
  peer.send(ask(`/a/?stream=${size}`) + ask('/a/next'));
  await until(async () => (await daemon.connections('http-in')).some((row) =>
    row.queued > 0), 'a queue');
  for (let i = 0; i < 10; i++)
    for (const row of await daemon.connections('http-in'))
      assert.ok(row.queued < 200000, `${row.queued} bytes wait`);
  assert.equal(await daemon.counter('answer', 'drained') > 0, true);
  peer.socket.resume();
  const answer = await response(peer, 'GET', 30000);
  assert.equal(answer.body.length, size);
  assert.equal((await response(peer)).text, 'GET /a/next\n');
});

test('who does not read is cut', async (t) => {
  const peer = await connect(t, short);
  peer.socket.pause();
  peer.send(ask('/a/?stream=50000000'));
  await until(() => daemon.log.includes('it does not read') ||
    daemon.counter('answer', 'closed').then(async (count) => count ===
      await daemon.counter('answer', 'begun')), 'the end');
  await closed();
});

test('a client that vanishes ends its exchange', async (t) => {
  for (const text of [ask('/a/?wait'), post('/a/?hold', 'x'.repeat(100000)),
    ask('/a/?stream=50000000'), ask('/a/?count', { 'Content-Length': 10 },
      { method: 'POST' })]) {
    const peer = await connect(t, port);
    const before = await daemon.counter('answer', 'begun');
    peer.socket.pause();
    peer.send(text);
    await until(async () => await daemon.counter('answer', 'begun') > before,
      'the request');
    peer.destroy();
    if (text.includes('hold'))
      await once(t, port, ask('/a/?go'));
    await closed();
  }
});

test('a client that ends its side gets its answer', async (t) => {
  const peer = await connect(t, port);
  peer.send(post('/a/?count', 'hello'));
  peer.end();
  assert.equal((await response(peer)).text, '5\n');
  await peer.eof();
  const waits = await connect(t, port);
  waits.send(ask('/a/?wait'));
  waits.end();
  await waits.silence(50);
  await once(t, port, ask('/a/?go'));
  assert.equal((await response(waits)).text, 'went\n');
  await waits.eof();
});

test('one that ends it within a request gets none', async (t) => {
  const peer = await connect(t, port);
  peer.send(ask('/a/?count', { 'Content-Length': 10 }, { method: 'POST' }));
  peer.end();
  await peer.eof();
  await closed();
});

test('a response that was promised longer is cut', async (t) => {
  const peer = await connect(t, port);
  peer.send(ask('/a/?length=10&5') + ask('/a/internal'));
  await assert.rejects(response(peer), /ended/);
  await closed();
});

test('one that was promised shorter is cut as well', async (t) => {
  const peer = await connect(t, port);
  peer.send(ask('/a/?length=5&10') + ask('/a/internal'));
  await assert.rejects(response(peer), /ended/);
  await closed();
});

test('an abort before a response is a 502', async (t) => {
  const answer = await once(t, port, ask('/a/?abort') + ask('/a/internal'));
  assert.equal(answer.status, 502);
  await answer.peer.eof();
});

test('an abort within one is seen', async (t) => {
  const peer = await connect(t, port);
  peer.send(ask('/a/?abort=1'));
  await assert.rejects(response(peer), /ended/);
  const old = await connect(t, port);
  old.send(ask('/a/?abort=1', {}, { version: 'HTTP/1.0' }));
  await until(() => old.ended, 'its end');
  assert.notEqual(old.error, undefined, 'RST, as FIN would be an end');
});

test('a stop ends idle connections, and lets answers out', async (t) => {
  const own = await startAnswers(t, { headgate: { 'drain-time': '30s' } });
  const idle = await connect(t, own.port('main'));
  idle.send(ask('/a/1'));
  await response(idle);
  const busy = await connect(t, own.port('main'));
  busy.send(ask('/a/?wait'));
  const asker = await connect(t, own.port('main'));
  asker.send(post('/a/?count', ''));
  await response(asker);
  const half = await connect(t, own.port('main'));
  half.send(ask('/a/?count', { 'Content-Length': 2 }, { method: 'POST' }));
  await until(async () => await own.counter('answer', 'begun') === 4,
    'the requests');
  own.process.child.kill('SIGTERM');
  await idle.eof();
  await asker.eof();
  half.send('go');
  const answer = await response(half);
  assert.equal(answer.text, '2\n');
  assert.ok(answer.close);
  await half.eof();
  busy.destroy();
});

test('an upgrade at the end of a connection\'s requests is one', async (t) => {
  const own = await startAnswers(t, {
    'listen main': { address: '127.0.0.1:0', 'http-requests': 2 },
  });
  const peer = await connect(t, own.port('main'));
  peer.send(ask('/a/1'), request('/echo'));
  await response(peer);
  assert.equal((await peer.head()).status, 101);
});
