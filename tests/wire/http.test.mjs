// SPDX-License-Identifier: Apache-2.0
// W15, W16: requests that open no WebSocket, one by one and one behind the
// other; what could be read in two ways is refused, and ends the connection.
import assert from 'node:assert/strict';
import test from 'node:test';

import { ask, chunked, once, post, response, startAnswers } from
  '../lib/http.mjs';
import * as ws from '../lib/frame.mjs';
import { connect, request } from '../lib/wsraw.mjs';

const daemon = await startAnswers(test);
const port = daemon.port('main');

const raw = (line, ...fields) =>
  [line, ...fields, '', ''].join('\r\n');
const withHost = (...fields) =>
  raw('POST /a/x HTTP/1.1', 'Host: h', ...fields);

// A second request behind each: of what is refused, it is never answered.
const refused = [
  ['no Host', raw('GET /a/x HTTP/1.1'), 400],
  ['two Hosts', raw('GET /a/x HTTP/1.1', 'Host: a', 'Host: a'), 400],
  ['a blank in Host', raw('GET /a/x HTTP/1.1', 'Host: a b'), 400],
  ['a path in Host', raw('GET /a/x HTTP/1.1', 'Host: a/b'), 400],
  ['a comma-free list of Hosts', raw('GET /a/x HTTP/1.1', 'Host: a@b'), 400],
  ['absolute-form', raw('GET http://h/a/x HTTP/1.1', 'Host: h'), 400],
  ['asterisk-form', raw('OPTIONS * HTTP/1.1', 'Host: h'), 400],
  ['CONNECT', raw('CONNECT h:80 HTTP/1.1', 'Host: h'), 400],
  ['CONNECT of a path', raw('CONNECT /a/x HTTP/1.1', 'Host: h'), 501],
  ['HTTP/2.0', raw('GET /a/x HTTP/2.0', 'Host: h'), 505],
  ['HTTP/0.9', raw('GET /a/x HTTP/0.9', 'Host: h'), 505],
  ['no version', raw('GET /a/x'), 400],
  ['CL and TE', withHost('Content-Length: 5', 'Transfer-Encoding: chunked'),
    400],
  ['TE and CL', withHost('Transfer-Encoding: chunked', 'Content-Length: 5'),
    400],
  ['two CLs', withHost('Content-Length: 5', 'Content-Length: 5'), 400],
  ['two other CLs', withHost('Content-Length: 5', 'Content-Length: 6'), 400],
  ['a list of CLs', withHost('Content-Length: 5, 5'), 400],
  ['CL: +5', withHost('Content-Length: +5'), 400],
  ['CL: -5', withHost('Content-Length: -5'), 400],
  ['CL: 0x5', withHost('Content-Length: 0x5'), 400],
  ['CL: 5 5', withHost('Content-Length: 5 5'), 400],
  ['an empty CL', withHost('Content-Length:'), 400],
  ['a huge CL', withHost('Content-Length: 99999999999999999999'), 400],
  ['a CL over the limit', withHost('Content-Length: 1048577'), 413],
  ['two TEs', withHost('Transfer-Encoding: chunked',
    'Transfer-Encoding: chunked'), 400],
  ['TE: identity', withHost('Transfer-Encoding: identity'), 501],
  ['TE: gzip, chunked', withHost('Transfer-Encoding: gzip, chunked'), 501],
  ['TE: chunked, chunked', withHost('Transfer-Encoding: chunked, chunked'),
    501],
  ['TE: xchunked', withHost('Transfer-Encoding: xchunked'), 501],
  ['TE: "chunked"', withHost('Transfer-Encoding: "chunked"'), 501],
  ['an empty TE', withHost('Transfer-Encoding:'), 501],
  ['TE with VT', withHost('Transfer-Encoding: \x0bchunked'), 400],
  ['a folded TE', withHost('Transfer-Encoding:', ' chunked'), 400],
  ['a blank before the colon', withHost('Content-Length : 5'), 400],
  ['an empty name', withHost(': 5'), 400],
  ['a bare LF', withHost('X: y\nContent-Length: 5'), 400],
  ['a bare CR', withHost('X: y\rContent-Length: 5'), 400],
  ['NUL in a value', withHost('X: y\0z'), 400],
  ['another expectation', withHost('Content-Length: 5', 'Expect: wonders'),
    417],
  ['two expectations', withHost('Content-Length: 5', 'Expect: 100-continue',
    'Expect: wonders'), 417],
  ['too many fields', withHost(...Array.from({ length: 64 },
    (_, i) => `X-${i}: y`)), 431],
  ['too long a line', withHost(`X: ${'y'.repeat(8200)}`), 431],
  ['too long a target', raw(`GET /a/${'y'.repeat(8200)} HTTP/1.1`, 'Host: h'),
    414],
  ['no such path', ask('/b'), 404],
  ['a path that climbs', ask('/a/../echo'), 404],
  ['a path that climbs, escaped', ask('/a/%2e%2E/echo'), 404],
  ['no WebSocket where there must be one', ask('/echo'), 426],
  ['POST to a WebSocket', post('/echo', 'hello'), 405],
];

for (const [name, text, status] of refused)
  test(`W15 ${name}: ${status}, and nothing behind it`, async (t) => {
    const answer = await once(t, port, text + 'hello' + ask('/a/second'));
    assert.equal(answer.status, status, answer.text);
    assert.ok(answer.close);
    await answer.peer.eof();
    assert.equal((await daemon.counter('answer', 'begun')),
      await daemon.counter('answer', 'closed'));
  });

for (const [name, text, status] of refused.slice(0, 20))
  test(`W15 ${name}, behind a good request: ${status}`, async (t) => {
    const peer = await connect(t, port);
    peer.send(Buffer.from(ask('/a/first') + text + 'hello' +
      ask('/a/third'), 'latin1'));
    assert.equal((await response(peer)).text, 'GET /a/first\n');
    const answer = await response(peer);
    assert.equal(answer.status, status);
    assert.ok(answer.close);
    await peer.eof();
  });

// A WebSocket that is refused ends the connection, whatever is behind it.
const upgrades = [
  ['version 0', { 'Sec-WebSocket-Version': '0' }, 426],
  ['version 8', { 'Sec-WebSocket-Version': '8' }, 426],
  ['version 12', { 'Sec-WebSocket-Version': '12' }, 426],
  ['version 14', { 'Sec-WebSocket-Version': '14' }, 426],
  ['versions 13, 8', { 'Sec-WebSocket-Version': '13, 8' }, 426],
  ['no version', { 'Sec-WebSocket-Version': null }, 426],
  ['two versions', { 'Sec-WebSocket-Version': ['13', '13'] }, 400],
  ['websocket, h2c', { Upgrade: 'websocket, h2c' }, 400],
  ['h2c and websocket', { Upgrade: ['h2c', 'websocket'] }, 400],
  ['a short key', { 'Sec-WebSocket-Key': 'AAAA' }, 400],
  ['a body', { 'Content-Length': '5' }, 400],
  ['a chunked body', { 'Transfer-Encoding': 'chunked' }, 400],
];
for (const path of ['/echo', '/a/x'])
  for (const [name, fields, status] of upgrades)
    test(`W15 upgrade at ${path} with ${name} is refused and closes`,
      async (t) => {
        const answer = await once(t, port, request(path, fields) +
          ask('/a/internal'));
        assert.equal(answer.status, status);
        await answer.peer.eof();
      });

test('W15 an upgrade where nobody speaks WebSocket: 404', async (t) => {
  const answer = await once(t, port, request('/a/x') + ask('/a/internal'));
  assert.equal(answer.status, 404);
  await answer.peer.eof();
});

test('W15 h2c is not spoken: answered by HTTP/1.1, and closed', async (t) => {
  const answer = await once(t, port, ask('/a/x', { Upgrade: 'h2c',
    Connection: 'Upgrade, HTTP2-Settings', 'HTTP2-Settings': 'AAMAAABkAAQ' }) +
    ask('/a/internal'));
  assert.equal(answer.status, 200);
  assert.ok(answer.close);
  await answer.peer.eof();
});

test('W15 64 KiB right behind an upgrade are frames or nothing', async (t) => {
  const peer = await connect(t, port);
  peer.send(request('/a/x'), Buffer.alloc(65536, ask('/a/x')));
  assert.equal((await response(peer)).status, 404);
  await peer.eof();
});

test('one request behind the other', async (t) => {
  const peer = await connect(t, port);
  for (let i = 0; i < 5; i++) {
    peer.send(ask(`/a/${i}`));
    const answer = await response(peer);
    assert.equal(answer.text, `GET /a/${i}\n`);
    assert.ok(!answer.close);
  }
});

test('requests that wait for each other are answered in order', async (t) => {
  const peer = await connect(t, port);
  const count = 300;
  let all = '';
  for (let i = 0; i < count; i++)
    all += i % 3 === 0 ? ask(`/a/${i}`) : i % 3 === 1 ?
      post(`/a/${i}`, `body ${i}`) : chunked(`/a/${i}`, ['bo', `dy ${i}`]);
  peer.send(all);
  for (let i = 0; i < count; i++)
    assert.equal((await response(peer)).text, i % 3 === 0 ?
      `GET /a/${i}\n` : `POST /a/${i}\nbody ${i}`);
});

test('a request byte by byte', async (t) => {
  const peer = await connect(t, port);
  await peer.drip(Buffer.from(chunked('/a/x', ['ab', 'cde']) +
    ask('/a/next', { Connection: 'close' })));
  assert.equal((await response(peer)).text, 'POST /a/x\nabcde');
  assert.equal((await response(peer)).text, 'GET /a/next\n');
  await peer.eof();
});

test('Connection: close is obeyed', async (t) => {
  const answer = await once(t, port, ask('/a/x', { Connection: 'x, CLOSE' }) +
    ask('/a/y'));
  assert.ok(answer.close);
  await answer.peer.eof();
});

test('HTTP/1.0: no chunks, and closed', async (t) => {
  const answer = await once(t, port, ask('/a/x', { Host: null,
    Connection: 'keep-alive' }, { version: 'HTTP/1.0' }));
  assert.equal(answer.fields['transfer-encoding'], undefined);
  assert.equal(answer.text, 'GET /a/x\n');
  await answer.peer.eof();
});

test('W15 HTTP/1.0 with a coding: 400', async (t) => {
  const answer = await once(t, port, ask('/a/x', {
    'Transfer-Encoding': 'chunked' }, { version: 'HTTP/1.0' }));
  assert.equal(answer.status, 400);
  await answer.peer.eof();
});

test('HTTP/1.0 opens no WebSocket: 505', async (t) => {
  const answer = await once(t, port, request('/echo', {},
    { version: 'HTTP/1.0' }));
  assert.equal(answer.status, 505);
  await answer.peer.eof();
});

test('HEAD has the fields and no body', async (t) => {
  const peer = await connect(t, port);
  peer.send(ask('/a/x', {}, { method: 'HEAD' }) +
    ask('/a/?status=200', {}, { method: 'HEAD' }) + ask('/a/y'));
  assert.deepEqual((await response(peer, 'HEAD')).fields['transfer-encoding'],
    ['chunked']);
  assert.deepEqual((await response(peer, 'HEAD')).fields['content-length'],
    ['1']);
  assert.equal((await response(peer)).text, 'GET /a/y\n');
});

for (const status of [204, 304])
  test(`${status} has no body`, async (t) => {
    const peer = await connect(t, port);
    peer.send(ask(`/a/?status=${status}`) + ask('/a/y'));
    const answer = await response(peer);
    assert.equal(answer.status, status);
    assert.equal(answer.fields['transfer-encoding'], undefined);
    assert.deepEqual(answer.fields['content-length'],
      status === 204 ? undefined : ['1']);
    assert.equal((await response(peer)).text, 'GET /a/y\n');
  });

test('a begin that fails is a 500', async (t) => {
  const answer = await once(t, port, ask('/a/?fail'));
  assert.equal(answer.status, 500);
  await answer.peer.eof();
});

for (const name of ['Connection', 'keep-alive', 'Transfer-Encoding', 'TE',
  'Trailer', 'upgrade', 'Proxy-Connection'])
  test(`W16 a plugin cannot set ${name}`, async (t) => {
    const answer = await once(t, port, ask(`/a/?hop=${name}`));
    assert.equal(answer.text, 'refused\n');
    assert.equal(answer.fields.connection, undefined);
  });

test('a WebSocket opens on a connection that carried requests', async (t) => {
  const peer = await connect(t, port);
  peer.send(ask('/a/first'));
  await response(peer);
  peer.send(ask('/a/second') + request('/echo'), ws.text('early'));
  assert.equal((await response(peer)).text, 'GET /a/second\n');
  assert.equal((await peer.head()).status, 101);
  assert.equal((await peer.message()).payload.toString(), 'early');
  peer.send(ws.text('late'));
  assert.equal((await peer.message()).payload.toString(), 'late');
  peer.send(ws.close(1000));
  await peer.closeFrame(1000);
  await peer.eof();
});

test('much that follows an upgrade within one read is kept', async (t) => {
  const peer = await connect(t, port);
  const big = Buffer.alloc(50000, 'x');
  peer.send(Buffer.concat([Buffer.from(ask('/a/first') + request('/echo')),
    ws.binary(big)]));
  await response(peer);
  assert.equal((await peer.head()).status, 101);
  assert.deepEqual((await peer.message()).payload, big);
});

test('fetch of node is a client', async () => {
  for (let i = 0; i < 20; i++) {
    const answer = await fetch(daemon.url('main', `/a/${i}?count`, 'http'),
      { method: 'POST', body: 'x'.repeat(i * 1000) });
    assert.equal(answer.status, 200);
    assert.equal(await answer.text(), `${i * 1000}\n`);
  }
});
