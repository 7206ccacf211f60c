// SPDX-License-Identifier: Apache-2.0
// The page plugin's proxy: what it is asked, and all that it can answer. W15,
// W16: nothing that it says becomes a second answer, nothing that a client says
// makes it somebody else.
import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from '../lib/daemon.mjs';
import { ask, chunked, once, post, response } from '../lib/http.mjs';
import { listen } from '../lib/server.mjs';
import { until } from '../lib/wait.mjs';
import { connect } from '../lib/wsraw.mjs';

const origin = await listen(test);
const silent = await listen(test);
const url = `http://127.0.0.1:${origin.port}`;
const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'plugin page': { inject: 'no' },
  'service plain': { listen: 'main', path: '/*', plugins: 'page', proxy: url },
  'service based': {
    listen: 'main', path: '/based/*', plugins: 'page', proxy: `${url}/app/`,
    'x-forwarded': 'yes', 'proxy-host': 'client', strip: ['X-Secret', 'x-b'],
  },
  'service trusting': {
    listen: 'main', path: '/trusting/*', plugins: 'page', proxy: url,
    'x-forwarded': 'yes', 'trust-forwarded': 'yes',
    'proxy-host': 'www.example:8',
  },
  'service slow': {
    listen: 'main', path: '/slow/*', plugins: 'page',
    proxy: `http://127.0.0.1:${silent.port}`, 'proxy-timeout': '300ms',
  },
  'service nobody': {
    listen: 'main', path: '/nobody/*', plugins: 'page',
    proxy: 'http+unix:/nonexistent/socket',
  },
});
const port = daemon.port('main');

// A client's request, and the origin's side of it: the first on a connection,
// as each test leaves none behind.
let peer;
async function atOrigin(t, text) {
  const client = await connect(t, port);
  client.send(Buffer.from(text, 'latin1'));
  if (!peer)
    peer = await origin.next();
  return { client, head: await peer.head() };
}
test.afterEach(() => drop());

function drop() {
  peer?.destroy();
  peer = undefined;
}

const say = (text) => peer.send(Buffer.from(text, 'latin1'));
const lines = (head) => head.text.trimEnd().split('\r\n');

async function answered(t, text, answer, method = 'GET') {
  const { client } = await atOrigin(t, text);
  say(answer);
  return response(client, method);
}

test('what the origin is asked', async (t) => {
  const { client, head } = await atOrigin(t, ask('/a/b?c=%2e', {
    Accept: '*/*', Cookie: ['a=b', 'c=d'], 'Accept-Encoding': 'gzip',
    Authorization: 'Basic eDp5',
  }));
  const [, from] = head.text.match(/for="(127\.0\.0\.1:\d+)"/);
  assert.deepEqual(lines(head), [
    'GET /a/b?c=%2e HTTP/1.1', `Host: 127.0.0.1:${origin.port}`, 'Accept: */*',
    'Cookie: a=b', 'Cookie: c=d', 'Accept-Encoding: gzip',
    'Authorization: Basic eDp5', 'Via: 1.1 headgate',
    `Forwarded: for="${from}";proto=http;host="gate.example"`,
  ]);
  say('HTTP/1.1 200 OK\r\nServer: x\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n' +
    'ETag: "a"\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\nVary: Accept\r\n' +
    'Content-Length: 5\r\n\r\nhello');
  const answer = await response(client);
  assert.equal(answer.text, 'hello');
  assert.deepEqual(answer.fields['set-cookie'], ['a=b', 'c=d']);
  assert.deepEqual(answer.fields.date, ['Thu, 01 Jan 1970 00:00:00 GMT']);
  assert.deepEqual(answer.fields.etag, ['"a"']);
  assert.deepEqual(answer.fields.vary, ['Accept']);
});

test('W16 who asks is said by us alone', async (t) => {
  const lies = {
    Forwarded: 'for=1.1.1.1', 'X-Forwarded-For': '1.1.1.1',
    'X-Forwarded-Proto': 'https', 'x-forwarded-host': 'evil',
    'X-FORWARDED-USER': 'root', 'X-Real-IP': '1.1.1.1', 'X_Real_IP': '1.1.1.1',
    'X_Forwarded_For': '1.1.1.1', 'Remote-User': 'root', 'X-Remote-User': 'x',
    'CF-Connecting-IP': '1.1.1.1', 'True-Client-IP': '1', Proxy: 'http://evil',
    'X-Original-URL': '/admin', 'X-Rewrite-URL': '/admin',
    'SSL-Client-Cert': 'x', 'X-SSL-Client-DN': 'x', 'X-Forwarded': 'for=root',
    'Forwarded-For': '1.1.1.1', 'X-Originating-IP': '1.1.1.1',
    'X-Remote-Addr': '1.1.1.1', 'WL-Proxy-Client-IP': '1.1.1.1',
    'X-Host': 'evil', 'X-HTTP-Host-Override': 'evil',
  };
  const { client, head } = await atOrigin(t, ask('/', lies));
  assert.deepEqual(Object.keys(head.fields).sort(),
    ['forwarded', 'host', 'via']);
  assert.doesNotMatch(head.text, /1\.1\.1\.1|root|evil|admin/);
  say('HTTP/1.1 204 No Content\r\n\r\n');
  assert.equal((await response(client)).status, 204);
});

test('fields of one hop stay there, and what Connection names', async (t) => {
  const { client, head } = await atOrigin(t, ask('/', {
    Connection: ['keep-alive, X-One', 'x-two,Forwarded , Via'],
    'Keep-Alive': 'timeout=5', 'Proxy-Connection': 'x', TE: 'trailers',
    Trailer: 'x', 'X-One': '1', 'X-Two': '2', 'X-Three': '3',
    'Proxy-Authorization': 'x', 'HTTP2-Settings': 'x',
  }));
  assert.deepEqual(Object.keys(head.fields).sort(),
    ['forwarded', 'host', 'via', 'x-three']);
  say('HTTP/1.1 200 OK\r\nConnection: X-One, keep-alive\r\nX-One: 1\r\n' +
    'Keep-Alive: timeout=50\r\nUpgrade: h2c\r\nTrailer: x\r\nX-Two: 2\r\n' +
    'Proxy-Connection: x\r\nContent-Length: 0\r\n\r\n');
  const answer = await response(client);
  assert.deepEqual(Object.keys(answer.fields).sort(),
    ['content-length', 'date', 'x-two']);
});

test('a path in front, the client\'s host, and X-Forwarded', async (t) => {
  const { client, head } = await atOrigin(t, ask('/based/x?y', {
    'X-Secret': '1', 'X-B': '2', 'X-C': '3', 'X-Forwarded-For': '9.9.9.9',
  }));
  assert.equal(lines(head)[0], 'GET /app/based/x?y HTTP/1.1');
  assert.deepEqual(head.fields.host, ['gate.example']);
  assert.deepEqual(head.fields['x-forwarded-for'], ['127.0.0.1']);
  assert.deepEqual(head.fields['x-forwarded-proto'], ['http']);
  assert.deepEqual(head.fields['x-forwarded-host'], ['gate.example']);
  assert.equal(head.fields['x-secret'], undefined);
  assert.equal(head.fields['x-b'], undefined);
  assert.deepEqual(head.fields['x-c'], ['3']);
  say('HTTP/1.1 204 No Content\r\n\r\n');
  await response(client);
});

test('where clients are trusted, what they say is added to', async (t) => {
  const { client, head } = await atOrigin(t, ask('/trusting/', {
    Forwarded: 'for=1.1.1.1', 'X-Forwarded-For': '1.1.1.1',
    'X-Forwarded-Proto': 'https',
  }));
  assert.deepEqual(head.fields.host, ['www.example:8']);
  assert.equal(head.fields.forwarded.length, 2);
  assert.equal(head.fields.forwarded[0], 'for=1.1.1.1');
  assert.deepEqual(head.fields['x-forwarded-for'], ['1.1.1.1', '127.0.0.1']);
  assert.deepEqual(head.fields['x-forwarded-proto'], ['https']);
  say('HTTP/1.1 204 No Content\r\n\r\n');
  await response(client);
});

test('a Location by the origin\'s name is one of ours', async (t) => {
  for (const [said, expected] of [[`${url}/x?y`, '/x?y'], ['/z', '/z'],
    [`${url}0/x`, `${url}0/x`], [`${url}//evil/`, `${url}//evil/`],
    [`${url}/\\evil/`, `${url}/\\evil/`], [`${url}/\t/evil`, `${url}/\t/evil`],
    ['https://other.example/x', 'https://other.example/x']]) {
    const answer = await answered(t, ask('/'), 'HTTP/1.1 302 Found\r\n' +
      `Location: ${said}\r\nContent-Length: 0\r\n\r\n`);
    assert.equal(answer.status, 302);
    assert.deepEqual(answer.fields.location, [expected]);
  }
});

test('one connection to the origin for many requests', async (t) => {
  const before = origin.arrived();
  for (let i = 0; i < 5; i++)
    await answered(t, ask(`/${i}`),
      'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  assert.equal(origin.arrived(), before);
});

const bodies = [
  ['by length', post('/', 'hello'), 'hello', 'content-length'],
  ['chunked', chunked('/', ['he', 'llo']), '2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n',
    'transfer-encoding'],
];
for (const [name, text, expected, field] of bodies)
  test(`a request's body ${name}`, async (t) => {
    const { client, head } = await atOrigin(t, text);
    assert.ok(head.fields[field]);
    await peer.expect(expected);
    say('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    assert.equal((await response(client)).text, 'ok');
  });

test('a request\'s body streams', async (t) => {
  const { client } = await atOrigin(t, ask('/', { 'Content-Length': '10' },
    { method: 'POST', body: 'hello' }));
  await peer.expect('hello');
  client.send(Buffer.from('world'));
  await peer.expect('world');
  say('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n');
  const head = await client.head();
  assert.deepEqual(head.fields['transfer-encoding'], ['chunked']);
  await client.expect('3\r\none\r\n'.slice(0, -2));
  say('3\r\ntwo\r\n0\r\n\r\n');
  await client.expect('\r\n3\r\ntwo\r\n0\r\n\r\n');
});

// --- what the origin may say badly -------------------------------------------

const OK = 'HTTP/1.1 200 OK\r\n';
const wrong = [
  ['nothing', ''],
  ['no HTTP', 'SSH-2.0-x\r\n\r\n'],
  ['another version', 'HTTP/2 200\r\n\r\n'],
  ['half a head', 'HTTP/1.1 200 OK\r\nA: b\r\n'],
  ['a blank before a colon', `${OK}A : b\r\n\r\n`],
  ['a folded field', `${OK}A: b\r\n c\r\n\r\n`],
  ['a bare LF', `${OK}A: b\nContent-Length: 0\r\n\r\n`],
  ['NUL', `${OK}A: b\0\r\n\r\n`],
  ['two lengths', `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
  ['CL and TE', `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n` +
    '0\r\n\r\n'],
  ['another coding', `${OK}Transfer-Encoding: gzip\r\n\r\n`],
  ['101', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n' +
    'Connection: Upgrade\r\n\r\n'],
  ['101 to h2c', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n' +
    'Connection: Upgrade\r\n\r\n'],
  ['many 1xx', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(20)],
  ['a long head', `${OK}${'A: bcdefgh\r\n'.repeat(2000)}\r\n`],
  ['many fields', `${OK}${'A: b\r\n'.repeat(70)}\r\n`],
];
for (const [name, text] of wrong)
  test(`W15 the origin says ${name}: 502`, async (t) => {
    const { client } = await atOrigin(t, ask('/', { 'X-Once': '1' },
      { method: 'POST' }));
    say(text);
    peer.end();
    const answer = await response(client);
    assert.equal(answer.status, 502);
    assert.match(answer.text, /server behind/);
    assert.equal(answer.fields.upgrade, undefined);
  });

const cut = [
  ['a short body', `${OK}Content-Length: 9\r\n\r\nhello`],
  ['no last chunk', `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`],
  ['a bad chunk', `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n+1\r\n` +
    'x\r\n0\r\n\r\n'],
];
for (const [name, text] of cut)
  test(`the origin gives ${name}: the client sees it`, async (t) => {
    const { client } = await atOrigin(t, ask('/'));
    say(text);
    peer.end();
    await assert.rejects(async () => {
      await response(client);
    });
  });

test('W15 a second answer is nobody\'s', async (t) => {
  const first = await answered(t, ask('/1'), `${OK}Content-Length: 1\r\n\r\na` +
    `${OK}Content-Length: 6\r\n\r\nforged`);
  assert.equal(first.text, 'a');
  drop();
  const second = await answered(t, ask('/2'),
    `${OK}Content-Length: 1\r\n\r\nb`);
  assert.equal(second.text, 'b');
});

test('an origin that is silent: 504', async (t) => {
  const client = await connect(t, port);
  client.send(Buffer.from(ask('/slow/x')));
  const answer = await response(client);
  assert.equal(answer.status, 504);
  assert.match(answer.text, /does not answer/);
});

test('an origin that is not there: 502', async (t) => {
  const answer = await once(t, port, ask('/nobody/x'));
  assert.equal(answer.status, 502);
  assert.doesNotMatch(answer.text, /nonexistent/);
});

for (const method of ['TRACE', 'CONNECT'])
  test(`${method} is refused`, async (t) => {
    const answer = await once(t, port, ask('/', {}, { method }));
    assert.ok(answer.status === 405 || answer.status === 501);
  });

test('a head without room for what is added: 431', async (t) => {
  const many = {};
  for (let i = 0; i < 63; i++)
    many[`A${i}`] = 'x';
  assert.equal((await once(t, port, ask('/', many))).status, 431);
});

test('a circle ends', async (t) => {
  const answer = await once(t, port, ask('/',
    { Via: Array(8).fill('1.1 headgate') }));
  assert.equal(answer.status, 508);
});

test('HEAD, 204 and 304 have no body', async (t) => {
  const head = await answered(t, ask('/', {}, { method: 'HEAD' }),
    `${OK}Content-Length: 9\r\nETag: "x"\r\n\r\n`, 'HEAD');
  assert.deepEqual(head.fields['content-length'], ['9']);
  const same = await answered(t, ask('/', { 'If-None-Match': '"x"' }),
    'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n');
  assert.equal(same.status, 304);
  assert.deepEqual(same.fields.etag, ['"x"']);
});

test('an early answer, and the rest of the request is not waited for',
  async (t) => {
    const { client } = await atOrigin(t, ask('/', { 'Content-Length': '99999' },
      { method: 'POST', body: 'x' }));
    say('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig');
    peer.end();
    const answer = await response(client);
    assert.equal(answer.status, 413);
    assert.equal(answer.text, 'big');
  });

test('a client that leaves takes its request along', async (t) => {
  const { client } = await atOrigin(t, ask('/'));
  say(`${OK}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n`);
  await client.head();
  client.destroy();
  await peer.eof();
});

test('a client that does not read stops the origin', async (t) => {
  const size = 64 << 20;
  const { client } = await atOrigin(t, ask('/'));
  // Bytes are counted, not kept: there are many.
  let read = 0;
  client.socket.removeAllListeners('data');
  client.socket.on('data', (data) => {
    read += data.length;
  });
  client.socket.pause();
  const before = daemon.memory();
  say(`${OK}Content-Length: ${size}\r\n\r\n`);
  const piece = Buffer.alloc(1 << 20, 0x61);
  for (let sent = 0; sent < size; sent += piece.length)
    peer.socket.write(piece);
  let blocked = 0;
  await until(() => {
    const same = peer.socket.writableLength === blocked;
    blocked = peer.socket.writableLength;
    return same && blocked < size - (1 << 20);
  }, 'the origin to be stopped');
  assert.ok(blocked > size / 2, 'most of it waits at the origin');
  assert.ok(daemon.memory() - before < 16 << 20, 'and not in the gateway');
  client.socket.resume();
  await until(() => read > size, 'all of it', 30000);
  assert.ok(read < size + 1000);
});

test('what does not fit is said at the start', async (t) => {
  for (const [keys, wrong] of [
    [{ proxy: 'ws://x/' }, /proxy: "ws:\/\/x\/" begins with none of http/],
    [{ 'proxy-ca': '/etc/hostname' }, /page: proxy-ca means nothing without/],
    [{ proxy: 'http://x', 'proxy-ca': '/etc/hostname' },
      /\[service web\] plugins: page: .*the URL asks for none/],
    [{ proxy: 'https://x', 'proxy-ca': '/nonexistent' },
      /proxy-ca: \/nonexistent: No such file/],
    [{ proxy: 'https://x', 'proxy-ca': '/etc/hostname' },
      /plugins: page: \/etc\/hostname: /],
    [{ inject: 'yes', script: 'off' }, /nothing to inject with script = off/],
  ]) {
    const { log } = await startDaemon(t, {
      'listen main': { address: '127.0.0.1:0' },
      'plugin page': {},
      'service web': { listen: 'main', path: '/*', plugins: 'page', ...keys },
    }, { started: (one) => {
      one.expectKilled = true;
      return one.process.ended.promise;
    } });
    assert.match(log, wrong);
  }
});
