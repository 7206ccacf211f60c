// SPDX-License-Identifier: Apache-2.0
// W15, W29: the page plugin over the wire, and what a browser's library is
// made of there.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { startDaemon } from '../lib/daemon.mjs';
import { ask, once, post, response } from '../lib/http.mjs';
import { tempDir } from '../lib/process.mjs';
import { until } from '../lib/wait.mjs';
import { connect, open, request } from '../lib/wsraw.mjs';
import * as ws from '../lib/frame.mjs';

const dir = tempDir(test);
const put = (name, content) => {
  const path = join(dir, name);
  writeFileSync(path, content);
  utimesSync(path, 1e9, 1e9);
};
for (const name of ['www', 'www/sub', 'js'])
  mkdirSync(join(dir, name));
const big = randomBytes(5000000);
put('www/index.html', '<!doctype html><p>hello');
put('www/sub/index.html', 'sub');
put('www/app.js', 'app();');
put('www/big.bin', big);
const part = big.subarray(0, 30000);
put('www/part.bin', part);
put('secret', 'secret');
symlinkSync('../secret', join(dir, 'www/out'));
put('js/headgate.js', 'library();');
put('js/channels.js', 'channels();');
put('js/pingpong.js', 'pingpong();');

const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'listen other': { address: '127.0.0.1:0' },
  'listen narrow': { address: '127.0.0.1:0', 'http-timeout': '400ms' },
  'plugin page': { root: join(dir, 'www'), 'script-dir': join(dir, 'js') },
  'plugin echo': {},
  'plugin channels': {},
  'plugin pingpong': {},
  'service page': { listen: 'main, narrow', path: '/*', plugins: 'page',
    'cache-control': 'max-age=60' },
  'service echo': { listen: 'main', path: '/echo', plugins: 'echo',
    extensions: 'x-kaazing-channels' },
  'service bare': { listen: 'other', path: '/.headgate/*', plugins: 'page',
    root: '' },
  'service pings': { listen: 'other', path: '/echo', plugins: 'echo',
    extensions: 'x-kaazing-ping-pong' },
});
const port = daemon.port('main');

test('a page and its WebSocket have one origin', async (t) => {
  const answer = await once(t, port, ask('/'));
  assert.equal(answer.status, 200);
  assert.equal(answer.text, '<!doctype html><p>hello');
  assert.deepEqual(answer.fields['content-type'],
    ['text/html; charset=utf-8']);
  assert.deepEqual(answer.fields['cache-control'], ['max-age=60']);
  const socket = await open(t, port, '/echo');
  socket.send(ws.text('hi'));
  assert.equal((await socket.message()).payload.toString(), 'hi');
});

test('W15 no WebSocket opens where there are only files: 404', async (t) => {
  const answer = await once(t, port, request('/index.html') + ask('/'));
  assert.equal(answer.status, 404);
  await answer.peer.eof();
});

test('one connection for a page and all that it needs', async (t) => {
  const peer = await connect(t, port);
  peer.send(ask('/'), ask('/app.js'), ask('/nothing'), ask('/sub'),
    ask('/sub/', {}, { method: 'HEAD' }), post('/', 'hello'), ask('/app.js'));
  assert.equal((await response(peer)).status, 200);
  assert.equal((await response(peer)).text, 'app();');
  assert.equal((await response(peer)).status, 404);
  const moved = await response(peer);
  assert.equal(moved.status, 301);
  assert.deepEqual(moved.fields.location, ['/sub/']);
  assert.deepEqual((await response(peer, 'HEAD')).fields['content-length'],
    ['3']);
  assert.equal((await response(peer)).status, 405);
  assert.equal((await response(peer)).text, 'app();');
});

for (const target of ['/out', '/../secret', '/%2e%2e/secret', '/..%2fsecret',
  '/sub/..%5c..%5csecret', '/sub/../../secret', '//secret',
  '/.%00./secret', '/sub/%2e%2e%2f%2e%2e%2fsecret', '/big.bin/../out'])
  test(`W15 traversal by ${target}: 404`, async (t) => {
    const answer = await once(t, port, ask(target));
    assert.equal(answer.status, 404);
    assert.ok(!answer.text.includes('secret'));
  });

test('W15 a folder\'s redirect leads nowhere else', async (t) => {
  for (const target of ['//sub', '/\\sub', '/%5csub', '/%2fsub']) {
    const answer = await once(t, port, ask(target));
    assert.equal(answer.status, 404, target);
    assert.equal(answer.fields.location, undefined);
  }
});

test('fetch of node gets files, parts, and what it has already', async () => {
  const url = daemon.url('main', '/big.bin', 'http');
  const whole = await fetch(url);
  assert.deepEqual(Buffer.from(await whole.arrayBuffer()), big);
  const etag = whole.headers.get('etag');
  assert.match(etag, /^"[^"]+"$/);
  const part = await fetch(url, { headers: { Range: 'bytes=1000-1999',
    'If-Range': etag } });
  assert.equal(part.status, 206);
  assert.equal(part.headers.get('content-range'),
    `bytes 1000-1999/${big.length}`);
  assert.deepEqual(Buffer.from(await part.arrayBuffer()),
    big.subarray(1000, 2000));
  const same = await fetch(url, { headers: { 'If-None-Match': etag } });
  assert.equal(same.status, 304);
  const beyond = await fetch(url, { headers: { Range: 'bytes=5000000-' } });
  assert.equal(beyond.status, 416);
});

test('a long file goes as it is read, and holds little', async (t) => {
  const peer = await connect(t, port);
  peer.socket.pause();
  for (let i = 0; i < 4; i++)
    peer.send(ask('/big.bin'));
  await until(async () => (await daemon.connections('http-in')).some((row) =>
    row.queued > 0), 'a queue');
  for (const row of await daemon.connections('http-in'))
    assert.ok(row.queued < 200000, `${row.queued} bytes wait`);
  peer.socket.resume();
  for (let i = 0; i < 4; i++)
    assert.deepEqual((await response(peer, 'GET', 20000)).body, big);
});

test('many requests at once are answered as their answers are read',
  async (t) => {
    const peer = await connect(t, port);
    peer.socket.pause();
    for (let i = 0; i < 900; i++)
      peer.send(ask('/part.bin'));
    const queued = async () => Math.max(...(await daemon.connections('http-in'))
      .map((row) => row.queued));
    let last = 0;
    await until(async () => {
      const now = await queued();
      const same = now === last && now > 0;
      last = now;
      return same;
    }, 'a queue that stays');
    assert.ok(last < 200000, `${last} bytes wait`);
    peer.socket.resume();
    for (let i = 0; i < 900; i++)
      assert.deepEqual((await response(peer, 'GET', 20000)).body, part);
  });

test('W14 who reads nothing of it is cut, and the file is closed',
  async (t) => {
    const before = daemon.descriptors();
    const peer = await connect(t, daemon.port('narrow'));
    peer.socket.pause();
    for (let i = 0; i < 4; i++)
      peer.send(ask('/big.bin'));
    const queued = async () => (await daemon.connections('http-in')).some(
      (row) => row.queued > 0);
    await until(queued, 'a queue');
    await until(async () => !await queued(), 'its end');
    await until(() => daemon.descriptors() <= before, 'the file to be closed');
  });

test('a client that vanishes leaves no file open', async (t) => {
  const before = daemon.descriptors();
  for (let i = 0; i < 5; i++) {
    const peer = await connect(t, port);
    peer.socket.pause();
    peer.send(ask('/big.bin'), ask('/big.bin'), ask('/big.bin'));
    await until(async () => (await daemon.connections('http-in')).some((row) =>
      row.queued > 0), 'a queue');
    peer.destroy();
    await until(async () => (await daemon.connections('http-in')).every(
      (row) => row.queued === 0), 'its end');
  }
  await until(() => daemon.descriptors() <= before, 'files to be closed');
});

test('the library has the halves of what the listener allows', async (t) => {
  const answer = await once(t, port, ask('/.headgate/headgate.js'));
  assert.equal(answer.text, 'library();\nchannels();\n');
  assert.deepEqual(answer.fields['cache-control'], ['no-cache']);
  const other = await once(t, daemon.port('other'),
    ask('/.headgate/headgate.js'));
  assert.equal(other.text, 'library();\npingpong();\n');
  const etag = answer.fields.etag[0];
  assert.equal((await once(t, port, ask('/.headgate/headgate.js',
    { 'If-None-Match': etag }))).status, 304);
  assert.equal((await once(t, daemon.port('other'),
    ask('/.headgate/headgate.js', { 'If-None-Match': etag }))).status, 200);
});

test('its hash for integrity is in the log', async (t) => {
  const answer = await once(t, port, ask('/.headgate/headgate.js'));
  const hash = createHash('sha384').update(answer.body).digest('base64');
  await daemon.line(new RegExp(
    `integrity="sha384-${hash.replace(/[+/]/g, '\\$&')}"`));
});

test('without a root there is only the library', async (t) => {
  const answer = await once(t, daemon.port('other'), ask('/.headgate/x'));
  assert.equal(answer.status, 404);
});

test('W20 what is asked for is not written to the log as it is', async (t) => {
  await once(t, port, ask('/%1b%5b2J%0d%0afake'));
  await once(t, port, ask('/\x1b[2J'));
  assert.doesNotMatch(daemon.log, /\x1b|fake/);
});
