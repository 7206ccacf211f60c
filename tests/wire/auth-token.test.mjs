// SPDX-License-Identifier: Apache-2.0
// auth = token: which tokens are accepted, from where, and until when. W20 W28.
import assert from 'node:assert/strict';
import { test as nodeTest } from 'node:test';

import { head, hex, openMux } from '../lib/channels.mjs';
import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { accept, listen } from '../lib/server.mjs';
import { SKIP, b64url, keyPair, now, token } from '../lib/tokens.mjs';
import { connect, open, request } from '../lib/wsraw.mjs';

const test = (name, fn) => nodeTest(name, { skip: SKIP }, fn);
test.after = nodeTest.after;

const SECRET = 'a secret of more than 32 bytes, for HS256';
const OTHER = 'another secret of more than 32 bytes, HS256';
const rsa = keyPair('rsa', { modulusLength: 2048 });
const rsa2 = keyPair('rsa', { modulusLength: 2048 });
const ec = keyPair('ec', { namedCurve: 'P-256' });
const ec2 = keyPair('ec', { namedCurve: 'P-256' });

const server = SKIP ? null : await listen(nodeTest);
const service = (path, keys) => ({ listen: 'main', path, plugins: 'echo',
  auth: 'token', extensions: 'x-kaazing-channels', ...keys });
const hs = (keys) => ({ algorithm: 'HS256', key: '@DIR@/secret', ...keys });
const daemon = SKIP ? null : await startDaemon(nodeTest, {
  headgate: { workers: 2, 'log-level': 'debug' },
  'listen main': { address: '127.0.0.1:0' },
  'plugin channels': {},
  'plugin echo': {},
  'plugin token': { skew: '5s' },
  'service hs': service('/hs', hs()),
  'service rs': service('/rs', { algorithm: 'RS256', key: '@DIR@/rsa.pem' }),
  'service es': service('/es', { algorithm: 'ES256',
    key: ['one @DIR@/ec.pem', 'two @DIR@/ec2.pem'] }),
  'service strict': service('/strict', hs({ audience: 'prices',
    issuer: 'https://issuer.example', identity: 'email' })),
  'service endless': service('/endless', hs({ endless: 'yes' })),
  'service short': service('/short', hs({ skew: '0' })),
  'service cookie': service('/cookie', hs({ source: 'cookie sid' })),
  'service any': service('/any', hs({
    source: ['query token', 'cookie sid', 'header'] })),
  'service server': { listen: 'main', path: '/server', auth: 'token',
    ...hs({ source: 'query token' }), connect: `ws://127.0.0.1:${server.port}` },
  'service until': service('/until', { ...hs({ skew: '0' }), plugins: '',
    connect: `ws://127.0.0.1:${server.port}` }),
}, { files: { secret: `${SECRET}\n`, 'rsa.pem': rsa.pem, 'ec.pem': ec.pem,
  'ec2.pem': ec2.pem } });
const port = daemon?.port('main');

const claims = (more = {}) => ({ sub: 'joe', exp: now() + 600, ...more });
const good = (more) => token(claims(more), SECRET);

async function answer(t, target, fields = {}) {
  const peer = await connect(t, port);
  peer.send(request(target, fields));
  const response = await peer.head();
  if (response.status !== 101) {
    await peer.bytes(Number(response.fields['content-length'][0]));
    await peer.eof();
  }
  return response;
}

const bearer = (value) => ({ Authorization: `Bearer ${value}` });

// name, path, token, whether it is accepted
const tokens = SKIP ? [] : [
  ['HS256', '/hs', good(), true],
  ['RS256', '/rs', token(claims(), rsa.privateKey, { alg: 'RS256' }), true],
  ['ES256, the first key', '/es', token(claims(), ec.privateKey,
    { alg: 'ES256', kid: 'one' }), true],
  ['ES256, the second key', '/es', token(claims(), ec2.privateKey,
    { alg: 'ES256', kid: 'two' }), true],
  ['another kid than its key', '/es', token(claims(), ec.privateKey,
    { alg: 'ES256', kid: 'two' }), false],
  ['a kid of none', '/es', token(claims(), ec.privateKey,
    { alg: 'ES256', kid: 'three' }), false],
  ['no kid where keys have one', '/es', token(claims(), ec.privateKey,
    { alg: 'ES256' }), false],
  ['a kid where the key has none', '/hs', token(claims(), SECRET,
    { kid: 'x' }), true],
  ['a kid like a path', '/es', token(claims(), ec.privateKey,
    { alg: 'ES256', kid: '../../etc/passwd' }), false],
  ['a kid that is no text', '/es', token(claims(), ec.privateKey,
    { alg: 'ES256', kid: 1 }), false],
  ['another secret', '/hs', token(claims(), OTHER), false],
  ['another RSA key', '/rs', token(claims(), rsa2.privateKey,
    { alg: 'RS256' }), false],
  ['none', '/hs', token(claims(), '', { alg: 'none' }), false],
  ['None', '/hs', token(claims(), '', { alg: 'None' }, 'none'), false],
  ['none, signed', '/hs', token(claims(), SECRET, { alg: 'none' }, 'HS256'),
    false],
  ['none for RS256', '/rs', token(claims(), '', { alg: 'none' }), false],
  ['no algorithm', '/hs', token(claims(), SECRET, '{"typ":"JWT"}'), false],
  ['HS512', '/hs', token(claims(), SECRET, { alg: 'HS512' }), false],
  ['HS384, called HS256', '/hs', token(claims(), SECRET, {}, 'HS384'), false],
  ['RS512', '/rs', token(claims(), rsa.privateKey, { alg: 'RS512' }), false],
  ['the public key as the secret', '/rs', token(claims(), rsa.pem), false],
  ['the same, called RS256', '/rs', token(claims(), rsa.pem,
    { alg: 'RS256' }, 'HS256'), false],
  ['ES256 for RS256', '/rs', token(claims(), ec.privateKey,
    { alg: 'ES256' }), false],
  ['no signature', '/hs', good().replace(/[^.]*$/, ''), false],
  ['half a signature', '/hs', good().slice(0, -20), false],
  ['other claims', '/hs', [good().split('.')[0], b64url(JSON.stringify(
    claims({ sub: 'ann' }))), good().split('.')[2]].join('.'), false],
  ['two parts', '/hs', good().split('.').slice(0, 2).join('.'), false],
  ['four parts', '/hs', `${good()}.x`, false],
  ['five parts', '/hs', `${good()}.x.y`, false],
  ['dots', '/hs', '..', false],
  ['no base64', '/hs', `${good()}=`, false],
  ['junk', '/hs', 'aaaa.bbbb.cccc', false],
  ['no JSON', '/hs', token('{"sub":"joe"', SECRET), false],
  ['an array', '/hs', token('["sub","joe"]', SECRET), false],
  ['deep', '/hs', token(`{"sub":${'['.repeat(2500)}${']'.repeat(2500)}}`,
    SECRET), false],
  ['critical', '/hs', token(claims(), SECRET, { crit: ['exp'], exp: 1 }),
    false],
  ['expired', '/hs', good({ exp: now() - 60 }), false],
  ['expired within the skew', '/hs', good({ exp: now() - 2 }), true],
  ['expired, no skew', '/short', good({ exp: now() - 2 }), false],
  ['no exp', '/hs', token({ sub: 'joe' }, SECRET), false],
  ['no exp, where that is fine', '/endless', token({ sub: 'joe' }, SECRET),
    true],
  ['exp 0', '/endless', good({ exp: 0 }), false],
  ['exp -1', '/hs', good({ exp: -1 }), false],
  ['exp as text', '/hs', good({ exp: `${now() + 600}` }), false],
  ['exp null', '/endless', good({ exp: null }), false],
  ['exp with a fraction', '/hs', good({ exp: now() + 600.5 }), true],
  ['exp far away', '/hs', good({ exp: 253402300799 }), true],
  ['exp 1e300', '/hs', token('{"sub":"joe","exp":1e300}', SECRET), false],
  ['nbf in the past', '/hs', good({ nbf: now() - 60 }), true],
  ['nbf in the future', '/hs', good({ nbf: now() + 60 }), false],
  ['nbf within the skew', '/hs', good({ nbf: now() + 3 }), true],
  ['nbf as text', '/hs', good({ nbf: 'now' }), false],
  ['aud where none is known', '/hs', good({ aud: 'prices' }), false],
  ['no sub', '/hs', token({ exp: now() + 600 }, SECRET), false],
  ['sub empty', '/hs', good({ sub: '' }), false],
  ['sub a number', '/hs', good({ sub: 7 }), false],
  ['sub with NUL', '/hs', good({ sub: 'joe\0ann' }), false],
  ['sub with LF', '/hs', good({ sub: 'joe\nann' }), false],
  ['sub of 512', '/hs', good({ sub: 'j'.repeat(512) }), true],
  ['sub of 513', '/hs', good({ sub: 'j'.repeat(513) }), false],
  ...[['prices', true], [['x', 'prices'], true], [[], false], ['Prices', false],
    ['price', false], [['x'], false], [null, false], [undefined, false],
    [{ prices: 1 }, false]].map(([aud, fine]) =>
    [`aud ${JSON.stringify(aud)}`, '/strict', good({ email: 'joe@x', aud,
      iss: 'https://issuer.example' }), fine]),
  ['another iss', '/strict', good({ email: 'joe@x', aud: 'prices',
    iss: 'https://issuer.example.evil' }), false],
  ['no iss', '/strict', good({ email: 'joe@x', aud: 'prices' }), false],
  ['no email', '/strict', good({ aud: 'prices',
    iss: 'https://issuer.example' }), false],
];

for (const [name, path, value, fine] of tokens)
  test(`${name}: ${fine}`, async (t) => {
    const response = await answer(t, path, bearer(value));
    if (fine)
      assert.equal(response.status, 101);
    else {
      assert.equal(response.status, 401);
      assert.match(response.fields['www-authenticate'][0],
        /^Bearer realm="headgate", error="invalid_token"/);
    }
  });

test('an expired one is told so', async (t) => {
  const response = await answer(t, '/hs', bearer(good({ exp: now() - 60 })));
  assert.deepEqual(response.fields['www-authenticate'], ['Bearer ' +
    'realm="headgate", error="invalid_token", ' +
    'error_description="it has expired"']);
});

// --- where it is --------------------------------------------------------------

const sources = SKIP ? [] : [
  ['/hs', {}, 'absent'],
  ['/hs', { Authorization: `bearer ${good()}` }, true],
  ['/hs', { Authorization: `Bearer  ${good()}` }, true],
  ['/hs', { Authorization: `Bearer${good()}` }, 'absent'],
  ['/hs', { Authorization: `Basic ${good()}` }, 'absent'],
  ['/hs', { Authorization: 'Bearer' }, false],
  ['/hs', { Authorization: `Bearer ${good()} x` }, false],
  ['/hs', { Authorization: `Bearer ${good()}, Bearer ${good()}` }, false],
  ['/hs', { Authorization: [`Bearer ${good()}`, `Bearer ${good()}`] }, false],
  ['/hs', { Cookie: `sid=${good()}` }, 'absent'],
  [`/hs?token=${SKIP ? '' : good()}`, {}, 'absent'],
  ['/cookie', { Cookie: `sid=${good()}` }, true],
  ['/cookie', { Cookie: `a=b; sid=${good()}; c=d` }, true],
  ['/cookie', { Cookie: ['a=b', `sid=${good()}`] }, true],
  ['/cookie', { Cookie: `a=b;sid=${good()}` }, true],
  ['/cookie', { Cookie: `sid=${good()}; sid=${good()}` }, false],
  ['/cookie', { Cookie: `SID=${good()}` }, 'absent'],
  ['/cookie', { Cookie: `xsid=${good()}; sidx=1` }, 'absent'],
  ['/cookie', { Cookie: `sid="${good()}"` }, false],
  ['/cookie', { Cookie: 'sid=' }, 'absent'],
  ['/cookie', bearer(good()), 'absent'],
  [`/any?token=${good()}`, {}, true],
  [`/any?a=b&token=${good()}&c=d`, {}, true],
  [`/any?token=${good()}&token=${good()}`, {}, false],
  [`/any?token=x`, bearer(good()), false],
  ['/any', { Cookie: `sid=${good()}` }, true],
  ['/any', bearer(good()), true],
  ['/any', {}, 'absent'],
];

for (const [index, [target, fields, fine]] of sources.entries())
  test(`source ${index}: ${fine}`, async (t) => {
    const response = await answer(t, target, fields);
    assert.equal(response.status, fine === true ? 101 : 401);
    if (fine === true)
      return;
    const challenge = response.fields['www-authenticate'][0];
    if (fine === 'absent')
      assert.equal(challenge, 'Bearer realm="headgate"');
    else
      assert.match(challenge, /error="invalid_token"/);
  });

for (const [query, seen] of [['token=T', '/server'], ['a=b&token=T',
  '/server?a=b'], ['token=T&a=b', '/server?a=b'], ['a&token=T&b=token=x&',
  '/server?a&b=token=x&']])
  test(`the server does not see the token of ?${query}`, async (t) => {
    const peer = await connect(t, port);
    peer.send(request(`/server?${query.replace('T', good())}`));
    const upstream = await server.next();
    const asked = await upstream.head();
    assert.equal(asked.line, `GET ${seen} HTTP/1.1`);
    assert.ok(!asked.text.includes(good().split('.')[0]));
    upstream.send(accept(asked));
    assert.equal((await peer.head()).status, 101);
  });

// --- until when -----------------------------------------------------------------

test('a connection ends with its token', async (t) => {
  const peer = await open(t, port, '/short', bearer(good({ exp: now() + 2 })));
  const close = await peer.frame();
  assert.equal(close.opcode, ws.OP.CLOSE);
  assert.equal(close.payload.readUInt16BE(0), 1008);
  assert.equal(close.payload.subarray(2).toString(), 'the login has expired');
});

// Who was let in until then may have more to say, and no wish to end.
async function upstream() {
  const peer = await server.next();
  peer.send(accept(await peer.head()));
  return { peer, says: async (text) =>
    assert.equal((await peer.message()).payload.toString(), text) };
}

test('B06: the server hears nothing from whose login has ended', async (t) => {
  const opening = open(t, port, '/until', bearer(good({ exp: now() + 2 })));
  const { peer, says } = await upstream();
  const client = await opening;
  client.send(ws.text('in time'));
  await says('in time');
  await client.closeFrame(1008);
  client.send(ws.text('too late'));
  await peer.closeFrame(1008);
});

for (const [name, value] of [['whose login has ended', null],
  ['who turns out to be another', 'ann']])
  test(`B06: the server hears nothing from a channel of ${name}`, async (t) => {
    const opening = openMux(t, port, '/until', '', bearer(good()));
    await upstream();
    const m = await opening;
    m.create(1, '/until', bearer(good(value ? {} : { exp: now() + 2 })));
    const { peer, says } = await upstream();
    await m.next(/^created 0x0001/);
    m.data(1, 'in time');
    await says('in time');
    if (value) {
      m.control('auth 0x0001', head('GET / HTTP/1.1',
        bearer(good({ sub: value }))));
      await m.next(/^authed 0x0001\r\nHTTP\/1\.1 403 /);
    }
    await m.next(/^destroy 0x0001 code=1008/);
    m.data(1, 'too late');
    await peer.closeFrame(1008);
  });

test('B06: nor on channel 0', async (t) => {
  const opening = openMux(t, port, '/until', 'window=256', bearer(good()));
  const { peer, says } = await upstream();
  const m = await opening;
  m.data(0, 'in time');
  await says('in time');
  // The answer stands behind what there is no credit for.
  peer.send(Buffer.concat(Array(4).fill(
    ws.text('x'.repeat(100), { key: false }))));
  await m.message(0);
  await m.message(0);
  m.control('auth 0x0000', head('GET / HTTP/1.1',
    bearer(good({ sub: 'ann' }))));
  m.data(0, 'too late');
  m.control('credit 0x0000 bytes=10000');
  await m.next(/^authed 0x0000\r\nHTTP\/1\.1 403 /);
  await m.closed(1008);
  await peer.closeFrame(1008);
});

test('a login that ends before the server has answered: 401', async (t) => {
  const soon = () => bearer(good({ exp: now() + 2 }));
  const plain = await connect(t, port);
  plain.send(request('/until', soon()));
  const first = await server.next();
  await first.head();
  assert.equal((await plain.head()).status, 401);
  plain.socket.destroy();
  await first.eof();
  const opening = openMux(t, port, '/until', '', bearer(good()));
  await upstream();
  const m = await opening;
  m.create(1, '/until', soon());
  const second = await server.next();
  await second.head();
  assert.match(await m.next(), /^refused 0x0001\r\nHTTP\/1\.1 401 /);
  m.control('destroy 0x0001 code=1000');
  await second.eof();
});

for (const offer of ['', 'chunk=4096'])
  test(`that channel alone, unless renewed (${offer || 'base mode'})`,
    async (t) => {
      const m = await openMux(t, port, '/short', offer, bearer(good()));
      const ask = (id, value) => m.control(`auth ${hex(id)}`,
        head('GET /short HTTP/1.1', bearer(value)));
      // The one that is renewed would have ended first.
      await m.created(1, '/short', bearer(good({ exp: now() + 2 })));
      await m.created(3, '/short', bearer(good({ exp: now() + 3 })));
      await m.created(5, '/short', bearer(good({ exp: now() + 3,
        sub: 'ann' })));
      ask(1, good({ exp: now() + 600 }));
      assert.equal(await m.next(), 'authed 0x0001\r\nHTTP/1.1 200 OK\r\n\r\n');
      ask(3, good({ exp: now() - 1 }));
      assert.match(await m.next(), /^authed 0x0003\r\nHTTP\/1\.1 401 [^]*expired/);
      ask(3, token(claims(), OTHER));
      assert.match(await m.next(), /^authed 0x0003\r\nHTTP\/1\.1 401 [^]*invalid/);
      const ended = [await m.next(), await m.next()].sort();
      for (const [i, id] of [3, 5].entries()) {
        assert.equal(ended[i], `destroy ${hex(id)} code=1008 ` +
          'reason=the%20login%20has%20expired\r\n\r\n');
        m.control(`destroy ${hex(id)} code=1008`);
      }
      await m.echo(1, 'goes on');
      await m.echo(0, 'goes on');
      // A create without a token of its own has the connection's.
      await m.created(7, '/short');
      ask(7, good({ sub: 'ann' }));
      assert.match(await m.next(), /^authed 0x0007\r\nHTTP\/1\.1 403 /);
      assert.match(await m.next(), /^destroy 0x0007 code=1008/);
      m.control('destroy 0x0007 code=1008');
      await m.echo(1, 'goes on');
    });

test('what a channel inherits is what the connection last showed', async (t) => {
  const m = await openMux(t, port, '/short', '', bearer(good({
    exp: now() + 2 })));
  m.control('auth 0x0000', head('GET /short HTTP/1.1', bearer(good())));
  assert.match(await m.next(), /^authed 0x0000\r\nHTTP\/1\.1 200 /);
  await m.created(1, '/short', bearer(good({ exp: now() + 2 })));
  assert.match(await m.next(), /^destroy 0x0001 code=1008/);
  m.control('destroy 0x0001 code=1008');
  // The first token has expired by now.
  await m.created(3, '/short');
  await m.echo(3, 'hello');
  await m.echo(0, 'hello');
});

test('channel 0 ends with all behind it', async (t) => {
  const m = await openMux(t, port, '/short', '', bearer(good({
    exp: now() + 2 })));
  await m.created(1, '/short', bearer(good()));
  assert.equal(await m.closed(1008), 'the login has expired');
});

test('W20: no token is in the log', async () => {
  await daemon.line(/token: hs: refused: it has expired/);
  assert.doesNotMatch(daemon.log, /eyJ/);
});
