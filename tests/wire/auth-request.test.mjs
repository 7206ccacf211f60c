// SPDX-License-Identifier: Apache-2.0
// auth = request: an HTTP server says who comes in. W16 W20 W27.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import test from 'node:test';

import { head, hex, openMux } from '../lib/channels.mjs';
import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { accept, closedPort, listen } from '../lib/server.mjs';
import { SLOW, until } from '../lib/wait.mjs';
import { connect, open, request } from '../lib/wsraw.mjs';

// Who is asked: the token of Bearer says what to answer.
const asked = [];
const answers = {
  joe: [200, { 'X-User': 'joe', 'X-Role': 'reader' }],
  joe2: [204, { 'X-User': 'joe' }],
  ann: [200, { 'X-User': 'ann' }],
  soon: [200, { 'X-User': 'joe', 'X-Expires': '2' }],
  later: [200, { 'X-User': 'joe', 'X-Expires': '600' }],
  never: [200, { 'X-User': 'joe', 'X-Expires': 'never' }],
  past: [200, { 'X-User': 'joe', 'X-Expires': '0' }],
  nobody: [200, {}],
  two: [200, { 'X-User': ['joe', 'ann'] }],
  empty: [200, { 'X-User': '' }],
  long: [200, { 'X-User': 'j'.repeat(513) }],
  forbidden: [403, {}],
  slower: [429, { 'Retry-After': '7' }],
  broken: [500, {}],
  away: [302, { Location: 'http://127.0.0.1:1/' }],
  missing: [404, {}],
  large: [200, { 'X-User': 'joe' }, 'x'.repeat(1 << 20)],
};
let silent = 0;
let cut = 0;
const sockets = new Set();
const decider = http.createServer((req, res) => {
  const what = req.headers.authorization?.match(/^Bearer (\w+)$/)?.[1];
  asked.push(req);
  if (what === 'silent') {
    silent++;
    req.on('close', () => cut++);
    return;
  }
  if (what === 'reset') {
    req.socket.destroy();
    return;
  }
  const [status, fields, body = 'a body that nobody reads'] = answers[what] ??
    [401, { 'WWW-Authenticate': ['Bearer realm="a"', 'Basic realm="b"'] }];
  res.writeHead(status, fields);
  res.end(status === 204 ? undefined : body);
});
decider.on('connection', (socket) => {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
});
decider.listen(0, '127.0.0.1');
await once(decider, 'listening');
test.after(() => {
  decider.close();
  decider.closeAllConnections();
});

const server = await listen(test);
const service = (path, keys) => ({ listen: 'main', path, auth: 'request',
  plugins: 'echo', extensions: 'x-kaazing-channels', ...keys });
const url = `http://127.0.0.1:${decider.address().port}/may?enter=1`;
const daemon = await startDaemon(test, {
  headgate: { workers: 2, 'log-level': 'debug' },
  'listen main': { address: '127.0.0.1:0' },
  'plugin channels': {},
  'plugin echo': {},
  'plugin authrequest': {
    'auth-url': url, 'auth-identity': 'X-User', 'auth-expires': 'X-Expires',
    'auth-pass': ['X-User', 'X-Role'], 'auth-send': 'X-Tenant',
    'auth-timeout': `${1000 * SLOW}ms`,
  },
  'service echo': service('/echo'),
  'service gone': service('/gone',
    { 'auth-url': `http://127.0.0.1:${await closedPort()}` }),
  'service up': { listen: 'main', path: '/up', auth: 'request',
    connect: `ws://127.0.0.1:${server.port}` },
});
const port = daemon.port('main');
const bearer = (what) => ({ Authorization: `Bearer ${what}` });

async function answer(t, path, fields = {}) {
  const peer = await connect(t, port);
  peer.send(request(path, fields));
  const response = await peer.head();
  if (response.status !== 101) {
    await peer.bytes(Number(response.fields['content-length'][0]));
    await peer.eof();
  }
  return response;
}

for (const [what, status] of [['joe', 101], ['joe2', 101], ['ann', 101],
  ['later', 101], ['never', 503], ['past', 503], ['nobody', 503], ['two', 503],
  ['empty', 503], ['long', 503], ['forbidden', 403], ['slower', 429],
  ['broken', 503], ['away', 503], ['missing', 503], ['large', 101],
  ['reset', 503], ['silent', 503], ['other', 401]])
  test(`${what} is ${status}`, async (t) => {
    const response = await answer(t, '/echo', bearer(what));
    assert.equal(response.status, status);
    assert.deepEqual(response.fields['www-authenticate'], status === 401 ?
      ['Bearer realm="a"', 'Basic realm="b"'] : undefined);
    assert.deepEqual(response.fields['retry-after'], status === 429 ? ['7'] :
      undefined);
  });

test('W16: two Authorization fields are refused, and nobody is asked',
  async (t) => {
    const before = asked.length;
    const both = { Authorization: ['Bearer joe', 'Bearer ann'] };
    assert.equal((await answer(t, '/echo', both)).status, 403);
    assert.equal(asked.length, before);
  });

test('nobody to ask: 503', async (t) => {
  assert.equal((await answer(t, '/gone', bearer('joe'))).status, 503);
});

test('what is asked', async (t) => {
  asked.length = 0;
  assert.equal((await answer(t, '/echo?a=b', { ...bearer('joe'),
    Cookie: 'c=d', Origin: 'http://127.0.0.1:8080', Host: '127.0.0.1:8080',
    'X-Tenant': 'red', 'X-Other': 'no', 'X-Original-URI': '/forged',
    'X-Forwarded-For': '192.0.2.1', 'X-User': 'forged' })).status, 101);
  const { method, url: target, headers } = asked[0];
  assert.equal(method, 'GET');
  assert.equal(target, '/may?enter=1');
  const { host, ...rest } = headers;
  assert.equal(host, new URL(url).host);
  delete rest.connection;
  assert.deepEqual(rest, { authorization: 'Bearer joe', cookie: 'c=d',
    origin: 'http://127.0.0.1:8080', 'x-tenant': 'red',
    'x-original-uri': '/echo?a=b', 'x-original-method': 'GET',
    'x-forwarded-for': '127.0.0.1' });
});

test('W16: the server gets what the answer says, not what clients do',
  async (t) => {
    for (const [what, user, role] of [['joe', ['joe'], ['reader']],
      ['ann', ['ann'], undefined]]) {
      const peer = await connect(t, port);
      peer.send(request('/up', { ...bearer(what), 'X-User': 'forged',
        'X-Role': 'forged' }));
      const upstream = await server.next();
      const got = await upstream.head();
      assert.deepEqual(got.fields['x-user'], user);
      assert.deepEqual(got.fields['x-role'], role);
      upstream.send(accept(got));
      assert.equal((await peer.head()).status, 101);
    }
  });

test('W27: nothing is dialled for who is not accepted', async (t) => {
  for (const what of ['other', 'forbidden', 'broken', 'nobody'])
    assert.notEqual((await answer(t, '/up', bearer(what))).status, 101);
  assert.equal(server.arrived(), 0);
});

test('connections are kept', async (t) => {
  for (let i = 0; i < 20; i++)
    assert.equal((await answer(t, '/echo', bearer('joe'))).status, 101);
  assert.ok(sockets.size <= 4, `${sockets.size} connections`);
});

test('a client that leaves is not asked about any more', async (t) => {
  const before = { silent, cut };
  const peer = await connect(t, port);
  peer.send(request('/echo', bearer('silent')));
  await until(() => silent > before.silent, 'the question');
  peer.socket.resetAndDestroy();
  await until(() => cut > before.cut, 'the question to be called off');
});

test('each channel, and new credentials', async (t) => {
  const m = await openMux(t, port, '/echo', '', bearer('joe'));
  const ask = (id, what) => m.control(`auth ${hex(id)}`,
    head('GET /echo HTTP/1.1', bearer(what)));
  await m.created(1, '/echo', bearer('ann'));
  m.create(3, '/echo', bearer('forbidden'));
  assert.match(await m.next(), /^refused 0x0003\r\nHTTP\/1\.1 403 /);
  await m.created(5, '/echo', bearer('soon'));
  await m.created(7, '/echo', bearer('soon'));
  ask(5, 'later');
  assert.match(await m.next(), /^authed 0x0005\r\nHTTP\/1\.1 200 /);
  ask(7, 'broken');
  assert.match(await m.next(), /^authed 0x0007\r\nHTTP\/1\.1 401 /);
  assert.match(await m.next(), /^destroy 0x0007 code=1008 /);
  m.control('destroy 0x0007 code=1008');
  ask(5, 'forbidden');
  assert.match(await m.next(), /^authed 0x0005\r\nHTTP\/1\.1 403 /);
  assert.match(await m.next(), /^destroy 0x0005 code=1008 /);
  m.control('destroy 0x0005 code=1008');
  ask(1, 'joe');
  assert.match(await m.next(), /^authed 0x0001\r\nHTTP\/1\.1 403 /);
  assert.match(await m.next(), /^destroy 0x0001 code=1008 /);
  m.control('destroy 0x0001 code=1008');
  await m.echo(0, 'goes on');
});

test('W16: with new credentials all but those is as it was accepted',
  async (t) => {
    const own = { Origin: 'http://127.0.0.1:8080', Host: '127.0.0.1:8080' };
    const m = await openMux(t, port, '/echo?room=1', '', { ...bearer('joe'),
      ...own, 'X-Tenant': 'red' });
    await m.created(1, '/echo?room=2', { ...bearer('joe'), 'X-Tenant': 'blue' });
    for (const [id, target, tenant] of [[0, '/echo?room=1', 'red'],
      [1, '/echo?room=2', 'blue']]) {
      asked.length = 0;
      m.control(`auth ${hex(id)}`, head('POST /public?room=3 HTTP/1.1', {
        ...bearer('joe2'), Cookie: 'e=f', Host: 'evil.example',
        Origin: 'http://evil.example', 'X-Tenant': 'forged' }));
      assert.match(await m.next(), /^authed 0x000. *\r\nHTTP\/1\.1 200 /);
      const { host, ...rest } = asked[0].headers;
      assert.equal(host, new URL(url).host);
      delete rest.connection;
      assert.deepEqual(rest, { authorization: 'Bearer joe2', cookie: 'e=f',
        origin: own.Origin, 'x-tenant': tenant, 'x-original-uri': target,
        'x-original-method': 'GET', 'x-forwarded-for': '127.0.0.1' });
    }
    await m.echo(1, 'goes on');
  });

test('a connection ends when the answer says so', async (t) => {
  const peer = await open(t, port, '/echo', bearer('soon'));
  const close = await peer.frame();
  assert.equal(close.opcode, ws.OP.CLOSE);
  assert.equal(close.payload.readUInt16BE(0), 1008);
});

test('W20: no credentials in the log', async () => {
  await daemon.line(/authrequest: echo: /);
  assert.doesNotMatch(daemon.log, /Bearer|forged|[ce]=[df]/);
});

test('a question that is open when the daemon stops', async (t) => {
  const before = silent;
  const peer = await connect(t, port);
  peer.send(request('/echo', bearer('silent')));
  await until(() => silent > before, 'the question');
});
