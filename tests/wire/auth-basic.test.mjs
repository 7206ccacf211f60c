// SPDX-License-Identifier: Apache-2.0
// auth = basic: who may open a WebSocket or a channel, and what a server behind
// it is told. W14 W16 W20 W27 W28.
import assert from 'node:assert/strict';
import { appendFileSync, chmodSync, readFileSync, statSync, writeFileSync,
  renameSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { head, hex, openMux } from '../lib/channels.mjs';
import { startDaemon } from '../lib/daemon.mjs';
import { accept, listen } from '../lib/server.mjs';
import { basic, passwd, usersText } from '../lib/users.mjs';
import { until } from '../lib/wait.mjs';
import { connect, open, request } from '../lib/wsraw.mjs';

const PASSWORDS = { joe: 'w3lc0me-joe', ann: 's3cret-ann', 'jürgen': 'pässwörd' };
const users = usersText(test, PASSWORDS);
const server = await listen(test);
const sections = {
  headgate: { workers: 2, 'log-level': 'debug' },
  'listen main': { address: '127.0.0.1:0' },
  'plugin channels': {},
  'plugin echo': {},
  'plugin basic': { users: '@DIR@/users', realm: 'the gate' },
  'service echo': {
    listen: 'main', path: '/echo', plugins: 'echo', auth: 'basic',
    'connect-timeout': '20s',
    extensions: 'x-kaazing-channels',
  },
  'service page': {
    listen: 'main', path: '/page', plugins: 'echo', realm: 'for pages',
    auth: 'application-basic', extensions: 'x-kaazing-channels',
  },
  'service other': {
    listen: 'main', path: '/other', plugins: 'echo', auth: 'basic',
    users: '@DIR@/others', extensions: 'x-kaazing-channels',
  },
  'service server': {
    listen: 'main', path: '/server', auth: 'basic', origin: '*',
    connect: `ws://127.0.0.1:${server.port}`,
  },
  'service quiet': {
    listen: 'main', path: '/quiet', auth: 'basic',
    'forward-credentials': 'no',
    connect: `ws://127.0.0.1:${server.port}`,
  },
  'service none': {
    listen: 'main', path: '/none', auth: 'none',
    connect: `ws://127.0.0.1:${server.port}`,
  },
};
const daemon = await startDaemon(test, sections, { files: { users,
  others: usersText(test, { joe: 'other-file' }) } });
const file = join(daemon.dir, 'users');
const port = daemon.port('main');
const CHALLENGE = ['Basic realm="the gate", charset="UTF-8"'];

async function answer(t, path, fields = {}) {
  const peer = await connect(t, port);
  peer.send(request(path, fields));
  const response = await peer.head(20000); // hashes take long
  if (response.status !== 101) {
    await peer.bytes(Number(response.fields['content-length'][0]));
    await peer.eof();
  }
  return { peer, response };
}

const login = async (t, pair, path = '/echo') => (await answer(t, path,
  { Authorization: basic(pair) })).response.status;

const b64 = (text) => Buffer.from(text).toString('base64');

// Authorization, status of /echo, of /page.
const rows = [
  [null, 401, 401],
  [basic('joe:w3lc0me-joe'), 101, 101],
  [basic('ann:s3cret-ann'), 101, 101],
  [basic('jürgen:pässwörd'), 101, 101],
  [basic('joe:w3lc0me-joe', 'basic'), 101, 101],
  [basic('joe:w3lc0me-joe', 'BASIC '), 101, 101],
  [basic('joe:w3lc0me-joe', 'Application Basic'), 401, 101],
  [basic('joe:wrong', 'Application Basic'), 401, 401],
  [basic('joe:w3lc0me-joe', 'Application'), 401, 401],
  [basic('joe:w3lc0me-jo'), 401, 401],
  [basic('joe:w3lc0me-joe '), 401, 401],
  [basic('joe:W3lc0me-joe'), 401, 401],
  [basic('joe:s3cret-ann'), 401, 401],
  [basic('joe:'), 401, 401],
  [basic(':w3lc0me-joe'), 401, 401],
  [basic(':'), 401, 401],
  [basic('joe'), 401, 401],
  [basic(''), 401, 401],
  [basic('JOE:w3lc0me-joe'), 401, 401],
  [basic('nobody:w3lc0me-joe'), 401, 401],
  [basic('joe:w3lc0me-joe\0'), 401, 401],
  [basic('joe\0:w3lc0me-joe'), 401, 401],
  [basic('joe\n:w3lc0me-joe'), 401, 401],
  [basic(`joe:${'x'.repeat(500)}`), 401, 401],
  [basic(`joe:${'x'.repeat(501)}`), 401, 401],
  [basic(`${'j'.repeat(257)}:x`), 401, 401],
  [basic(`${'j'.repeat(5000)}:x`), 401, 401],
  [`Basic ${b64('joe:w3lc0me-joe')}=`, 401, 401],
  [`Basic ${b64('joe:w3lc0me-joe').slice(0, -1)}`, 401, 401],
  [`Basic ${b64('joe:w3lc0me-joe')} x`, 401, 401],
  [`Basic ${b64('joe:w3lc0me-joe')}, Basic ${b64('joe:w3lc0me-joe')}`, 401, 401],
  [`Basic${b64('joe:w3lc0me-joe')}`, 401, 401],
  [`Basic "${b64('joe:w3lc0me-joe')}"`, 401, 401],
  [`Basic joe:w3lc0me-joe`, 401, 401],
  ['Basic', 401, 401],
  [`Bearer ${b64('joe:w3lc0me-joe')}`, 401, 401],
  [`Digest username="joe"`, 401, 401],
  [[basic('joe:w3lc0me-joe'), basic('joe:w3lc0me-joe')], 401, 401],
  [[basic('joe:w3lc0me-joe'), basic('ann:s3cret-ann')], 401, 401],
];

for (const [index, [value, echo, page]] of rows.entries())
  test(`row ${index} is ${echo}, ${page}`, async (t) => {
    const fields = { Authorization: value };
    const one = (await answer(t, '/echo', fields)).response;
    assert.equal(one.status, echo);
    assert.deepEqual(one.fields['www-authenticate'],
      echo === 101 ? undefined : CHALLENGE);
    const other = (await answer(t, '/page', fields)).response;
    assert.equal(other.status, page);
    assert.deepEqual(other.fields['www-authenticate'], page === 101 ?
      undefined : ['Application Basic realm="for pages"']);
  });

test('all other checks come first', async (t) => {
  const fields = { Authorization: basic('joe:w3lc0me-joe') };
  assert.equal((await answer(t, '/none-such', fields)).response.status, 404);
  assert.equal((await answer(t, '/echo', { ...fields,
    Origin: 'http://evil.example' })).response.status, 403);
  assert.equal((await answer(t, '/echo', { Origin: 'http://evil.example' }))
    .response.status, 403);
});

test('a file of its own for a service', async (t) => {
  assert.equal(await login(t, 'joe:other-file', '/other'), 101);
  assert.equal(await login(t, 'joe:w3lc0me-joe', '/other'), 401);
  assert.equal(await login(t, 'joe:other-file'), 401);
});

test('W27: nothing is dialled for who is not accepted', async (t) => {
  assert.equal(await login(t, 'joe:wrong', '/server'), 401);
  assert.equal(await login(t, 'nobody:wrong', '/quiet'), 401);
  const peer = await connect(t, port);
  peer.send(request('/server', { Authorization: basic('ann:s3cret-ann') }));
  const upstream = await server.next();
  const asked = await upstream.head();
  assert.match(asked.line, /^GET \/server /);
  assert.deepEqual(asked.fields.authorization, [basic('ann:s3cret-ann')]);
  upstream.send(accept(asked));
  assert.equal((await peer.head()).status, 101);
});

for (const [path, pair] of [['/quiet', 'joe:w3lc0me-joe'],
  ['/none', 'whoever:whatever']])
  test(`${path} hands no credentials on`, async (t) => {
    const peer = await connect(t, port);
    peer.send(request(path, { Authorization: basic(pair),
      Cookie: 'session=c00kie' }));
    const upstream = await server.next();
    const asked = await upstream.head();
    assert.equal(asked.fields.authorization, undefined);
    assert.equal(asked.fields.cookie, undefined);
    upstream.send(accept(asked));
    assert.equal((await peer.head()).status, 101);
  });

// --- channels -----------------------------------------------------------------

for (const offer of ['', 'chunk=4096'])
  test(`each channel has its own login (${offer || 'base mode'})`, async (t) => {
    const m = await openMux(t, port, '/echo', offer,
      { Authorization: basic('joe:w3lc0me-joe') });
    const create = (id, path, pair) => m.create(id, path,
      pair ? { Authorization: basic(pair) } : {});
    create(1, '/echo'); // joe's, as the connection is
    await m.next(/^created 0x0001\r\nHTTP\/1.1 101 /);
    create(3, '/echo', 'ann:s3cret-ann');
    await m.next(/^created 0x0003\r\nHTTP\/1.1 101 /);
    create(5, '/echo', 'ann:wrong');
    assert.equal(await m.next(), 'refused 0x0005\r\n' +
      `HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: ${CHALLENGE}\r\n\r\n`);
    create(7, '/other'); // the file is another
    assert.match(await m.next(), /^refused 0x0007\r\nHTTP\/1.1 401 /);
    create(9, '/other', 'joe:other-file');
    await m.next(/^created 0x0009\r\nHTTP\/1.1 101 /);
    for (const id of [0, 1, 3, 9])
      await m.echo(id, 'hello');
  });

test('with nothing behind channel 0 each logs in by itself', async (t) => {
  const m = await openMux(t, port, '/echo', 'root=none; chunk=4096');
  const create = (id, fields) => m.create(id, '/echo', fields);
  create(1, {});
  assert.match(await m.next(), /^refused 0x0001\r\nHTTP\/1\.1 401 /);
  create(3, { Authorization: basic('joe:wrong') });
  assert.match(await m.next(), /^refused 0x0003\r\nHTTP\/1\.1 401 /);
  create(5, { Authorization: basic('joe:w3lc0me-joe') });
  await m.next(/^created 0x0005\r\nHTTP\/1\.1 101 /);
  create(7, {}); // nobody has what another channel has shown
  assert.match(await m.next(), /^refused 0x0007\r\nHTTP\/1\.1 401 /);
  await m.echo(5, 'hello');
  m.control('auth 0x0000', head('GET /echo HTTP/1.1',
    { Authorization: basic('joe:w3lc0me-joe') }));
  assert.match(await m.next(), /^authed 0x0000\r\nHTTP\/1\.1 401 /);
  m.data(0, 'hello');
  await m.closed(1008);
});

test('data behind a create waits for the login', async (t) => {
  const m = await openMux(t, port, '/echo', '',
    { Authorization: basic('joe:w3lc0me-joe') });
  m.create(1, '/echo', { Authorization: basic('ann:s3cret-ann') });
  m.data(1, 'early');
  m.create(3, '/echo', { Authorization: basic('ann:wrong') });
  m.data(3, 'for nobody');
  await m.next(/^created 0x0001/);
  assert.equal((await m.message(1)).payload.toString(), 'early');
  await m.next(/^refused 0x0003/);
  assert.equal(m.messages.get(3), undefined);
});

test('new credentials of a live channel', async (t) => {
  const m = await openMux(t, port, '/echo', '',
    { Authorization: basic('joe:w3lc0me-joe') });
  await m.created(1, '/echo', { Authorization: basic('ann:s3cret-ann') });
  const ask = (id, fields) => m.control(`auth ${hex(id)}`,
    head('GET /echo HTTP/1.1', fields));
  for (const [id, pair] of [[0, 'joe:w3lc0me-joe'], [1, 'ann:s3cret-ann']]) {
    ask(id, { Authorization: basic(pair) });
    assert.equal(await m.next(), `authed ${hex(id)}\r\nHTTP/1.1 200 OK\r\n\r\n`);
  }
  ask(1, { Authorization: basic('ann:wrong') });
  assert.equal(await m.next(), 'authed 0x0001\r\n' +
    `HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: ${CHALLENGE}\r\n\r\n`);
  ask(1, {});
  assert.match(await m.next(), /^authed 0x0001\r\nHTTP\/1.1 401 /);
  await m.echo(1, 'goes on');
  // Somebody else, though his password is right: that channel alone.
  ask(1, { Authorization: basic('joe:w3lc0me-joe') });
  assert.equal(await m.next(), 'authed 0x0001\r\nHTTP/1.1 403 Forbidden\r\n\r\n');
  assert.equal(await m.next(),
    'destroy 0x0001 code=1008 reason=credentials%20refused\r\n\r\n');
  m.control('destroy 0x0001 code=1008');
  await m.echo(0, 'goes on');
  ask(0, { Authorization: basic('ann:s3cret-ann') });
  assert.match(await m.next(), /^authed 0x0000\r\nHTTP\/1.1 403 /);
  assert.equal(await m.closed(1008), 'credentials refused');
});

// --- many, and those that leave -------------------------------------------------

test('clients that leave during their login', async (t) => {
  for (let i = 0; i < 20; i++) {
    const peer = await connect(t, port);
    peer.send(request('/echo', { Authorization: basic(`joe:guess ${i}`) }));
    peer.socket.resetAndDestroy();
  }
  assert.equal(await login(t, 'joe:w3lc0me-joe'), 101);
});

test('a known password does not wait behind those who guess', async (t) => {
  const guesses = [];
  for (let i = 0; i < 10; i++)
    guesses.push(login(t, `nobody:guess ${i}`));
  assert.equal(await login(t, 'joe:w3lc0me-joe'), 101);
  assert.ok(await daemon.counter('basic', 'known') > 0);
  assert.deepEqual(new Set(await Promise.all(guesses)), new Set([401]));
});

// --- the file changes -------------------------------------------------------------

test('headgatectl passwd, while the daemon runs', async (t) => {
  const before = statSync(file).ino;
  passwd(file, 'new', 'brand-new');
  assert.notEqual(statSync(file).ino, before, 'replaced, not changed in place');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(await login(t, 'new:brand-new'), 101);
  assert.equal(await login(t, 'joe:w3lc0me-joe'), 101);
  passwd(file, 'new', 'newer');
  assert.equal(await login(t, 'new:brand-new'), 401);
  assert.equal(await login(t, 'new:newer'), 101);
  passwd(file, 'new', '', ['--delete']);
  assert.equal(await login(t, 'new:newer'), 401);
  assert.equal(await login(t, 'joe:w3lc0me-joe'), 101);
  assert.throws(() => passwd(file, 'new', '', ['--delete']), /no such user/);
  assert.throws(() => passwd(file, 'a:b', 'x'), /a name has/);
  assert.throws(() => passwd(file, '#a', 'x'), /a name has/);
  assert.throws(() => passwd(file, 'a', ''), /empty/);
  assert.throws(() => passwd(file, 'a', 'x'.repeat(501)), /too long/);
});

test('a malformed file leaves the users that there were', async (t) => {
  const text = readFileSync(file, 'utf8');
  for (const line of ['nothing', 'x:', ':x', 'x:$1$abc$def',
    'x:plain', 'joe:$6$rounds=1000$a$b\njoe:$6$rounds=1000$a$b']) {
    const count = daemon.process.lines.length;
    appendFileSync(file, `${line}\n`);
    assert.equal(await login(t, 'joe:w3lc0me-joe'), 101);
    await until(() => daemon.process.lines.slice(count).some((one) =>
      /basic: .*users.*: /.test(one)), `a line of the log about ${line}`);
    writeFileSync(`${file}.new`, text, { mode: 0o600 });
    renameSync(`${file}.new`, file);
    assert.equal(await login(t, 'joe:w3lc0me-joe'), 101);
  }
});

test('a file that all may read, or that is gone, lets nobody in', async (t) => {
  const count = daemon.process.lines.length;
  chmodSync(file, 0o644);
  assert.equal(await login(t, 'joe:w3lc0me-joe'), 401);
  assert.equal(await login(t, 'joe:w3lc0me-joe'), 401);
  await until(() => daemon.process.lines.slice(count).filter((one) =>
    /users: everybody may read it/.test(one)).length === 1, 'one line of it');
  chmodSync(file, 0o600);
  assert.equal(await login(t, 'joe:w3lc0me-joe'), 101);
  renameSync(file, `${file}.away`);
  assert.equal(await login(t, 'joe:w3lc0me-joe'), 401);
  renameSync(`${file}.away`, file);
  assert.equal(await login(t, 'joe:w3lc0me-joe'), 101);
});

test('comments and blank lines', async (t) => {
  const text = readFileSync(file, 'utf8');
  writeFileSync(`${file}.new`, `# users\n\n${text}\n#x:y\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  assert.equal(await login(t, 'joe:w3lc0me-joe'), 101);
  passwd(file, 'more', 'more-more');
  assert.match(readFileSync(file, 'utf8'), /^# users\n\njoe:/);
  assert.equal(await login(t, 'more:more-more'), 101);
});

test('W20: no secret is in the log, at any level', async (t) => {
  const peer = await open(t, port, '/echo',
    { Authorization: basic('joe:w3lc0me-joe') });
  assert.equal(peer.response.status, 101);
  await daemon.line(/logged in by basic/);
  for (const [name, password] of Object.entries(PASSWORDS)) {
    assert.ok(!daemon.log.includes(password));
    assert.ok(!daemon.log.includes(b64(`${name}:${password}`)));
  }
  for (const word of ['guess', 'wrong', 'c00kie', 'brand-new', '$y$', 'Basic ',
    b64('ann:wrong')])
    assert.ok(!daemon.log.includes(word), word);
});
