// SPDX-License-Identifier: Apache-2.0
// A gateway that takes trunks: who may open one, and for whom an edge speaks.
import assert from 'node:assert/strict';
import test from 'node:test';

import { selfSigned, signedBy } from '../lib/certs.mjs';
import { openMux } from '../lib/channels.mjs';
import { startDaemon } from '../lib/daemon.mjs';
import { tempDir } from '../lib/process.mjs';
import { accept, listen } from '../lib/server.mjs';
import { until } from '../lib/wait.mjs';
import { connect, open, refused, request } from '../lib/wsraw.mjs';

const TRUNK = '/.headgate/trunk';
const SECRET = 'b5a1e2c3d4f5a6b7b5a1e2c3d4f5a6b7';
const OFFER = { 'Sec-WebSocket-Extensions': 'x-kaazing-channels' };

const dir = tempDir(test);
const own = selfSigned(dir, 'own');
const ca = selfSigned(dir, 'ca');
const edge = signedBy(dir, 'edge', ca);
const stranger = selfSigned(dir, 'stranger');
const server = await listen(test);

const tls = {
  certificate: '@DIR@/own.crt', 'certificate-key': '@DIR@/own.key',
};
const daemon = await startDaemon(test, {
  'listen secret': {
    address: ['127.0.0.1:0'], ...tls, 'edge-secret-file': '@DIR@/secret',
  },
  'listen unix': {
    address: `unix:${dir}/trunk.sock`, 'edge-secret-file': '@DIR@/secret',
  },
  'listen proven': {
    address: '127.0.0.1:0', ...tls, 'client-ca': '@DIR@/ca.crt',
    'edge-certificates': 'yes',
  },
  'listen open': { address: '127.0.0.1:0' },
  'listen plain': {
    address: '127.0.0.1:0', 'edge-secret-file': '@DIR@/secret',
  },
  'plugin channels': {},
  'plugin echo': {},
  'service trunk': {
    listen: 'secret unix proven', path: TRUNK, trunk: 'yes',
    extensions: 'x-kaazing-channels',
  },
  'service insecure': {
    listen: 'open plain', path: TRUNK, trunk: 'yes', insecure: 'yes',
    extensions: 'x-kaazing-channels',
  },
  'service echo': {
    listen: 'secret unix proven open plain', path: '/echo', plugins: 'echo',
  },
  'service up': {
    listen: 'secret unix proven open', path: '/up', origin: '*',
    connect: `ws://127.0.0.1:${server.port}`, 'connect-timeout': '3s',
  },
}, { files: { ...own.files, ...ca.files, secret: `${SECRET}\n` } });

const secure = (name, options = {}) => ({
  port: daemon.port(name),
  tls: { ca: own.cert, servername: 'localhost', ...options },
});
const bearer = { Authorization: `Bearer ${SECRET}` };

for (const [name, value] of [
  ['no secret', null],
  ['an empty one', 'Bearer '],
  ['a wrong one', `Bearer ${SECRET.slice(0, -1)}8`],
  ['one cut short', `Bearer ${SECRET.slice(0, -1)}`],
  ['one with more behind', `Bearer ${SECRET}x`],
  ['one with a line\'s end', `Bearer ${SECRET}\t.`],
  ['another scheme', `Basic ${SECRET}`],
  ['no scheme', SECRET],
  ['capitals', `Bearer ${SECRET.toUpperCase()}`],
  ['a list', `Bearer ${SECRET}, Bearer x`],
  ['it twice', [`Bearer ${SECRET}`, `Bearer ${SECRET}`]],
  ['right and wrong', [`Bearer ${SECRET}`, 'Bearer x']],
  ['wrong and right', ['Bearer x', `Bearer ${SECRET}`]],
])
  test(`a trunk with ${name}: 401`, async (t) => {
    const response = await refused(t, secure('secret'), TRUNK,
      { ...OFFER, Authorization: value });
    assert.equal(response.status, 401);
    assert.ok(response.fields['www-authenticate']);
  });

test('a trunk with the secret', async (t) => {
  for (const to of [secure('secret'), { path: `${dir}/trunk.sock` }]) {
    const m = await openMux(t, to, TRUNK, '', bearer);
    await m.created(1, '/echo');
    await m.echo(1, 'through');
    assert.match(m.peer.response.text, /max-channels=32767/);
  }
  const [row] = await daemon.connections('trunk-in');
  assert.equal(row.service, 'trunk');
});

test('insecure, where edges are known: only they', async (t) => {
  const response = await refused(t, { port: daemon.port('plain') }, TRUNK,
    OFFER);
  assert.equal(response.status, 401);
  const m = await openMux(t, daemon.port('plain'), TRUNK, '', bearer);
  await m.created(1, '/echo');
});

test('the secret is not in the log', () => {
  assert.ok(!daemon.log.includes(SECRET));
});

test('a trunk by certificate', async (t) => {
  const m = await openMux(t, secure('proven', edge), TRUNK);
  await m.created(1, '/echo');
  await m.echo(1, 'through');
  const without = await refused(t, secure('proven'), TRUNK, OFFER);
  assert.equal(without.status, 401);
  const wrong = await connect(t, secure('proven', stranger))
    .catch(() => undefined);
  wrong?.send(request(TRUNK, OFFER));
  await until(() => wrong === undefined || wrong.ended, 'the end');
  assert.equal(wrong?.data.length ?? 0, 0);
});

test('a trunk without channels is none', async (t) => {
  const peer = await connect(t, secure('secret'));
  peer.send(request(TRUNK, bearer));
  const response = await peer.head();
  if (response.status === 101)
    await peer.closeFrame(1011);
});

test('data on channel 0 of a trunk: 1008', async (t) => {
  for (const payload of ['text', Buffer.from('binary'), '']) {
    const m = await openMux(t, secure('secret'), TRUNK, '', bearer);
    m.data(0, payload);
    await m.closed(1008);
  }
});

test('no trunk within a trunk', async (t) => {
  const m = await openMux(t, secure('secret'), TRUNK, '', bearer);
  m.create(1, TRUNK, OFFER);
  await m.next(/^refused 0x0001\r\nHTTP\/1.1 404 /);
});

test('a trunk is taken on its own path only', async (t) => {
  const response = await refused(t, secure('secret'), `${TRUNK}/x`,
    { ...OFFER, ...bearer });
  assert.equal(response.status, 404);
});

// What the upstream gets of a create's head.
async function seen(m, fields) {
  m.create(1, '/up?q', fields);
  const upstream = await server.next();
  const head = await upstream.head();
  upstream.send(accept(head));
  await m.next(/^created/);
  return head;
}

test('an edge speaks for its clients', async (t) => {
  const m = await openMux(t, secure('secret'), TRUNK, '', bearer);
  const { line, fields } = await seen(m, {
    Host: 'gate.example', Origin: 'http://page.example',
    Authorization: 'Basic am9l', Cookie: 'a=b',
    Forwarded: 'for="192.0.2.1:1234";proto=wss',
  });
  assert.equal(line, 'GET /up?q HTTP/1.1');
  assert.deepEqual(fields.origin, ['http://page.example']);
  assert.deepEqual(fields.authorization, ['Basic am9l']);
  assert.deepEqual(fields.cookie, ['a=b']);
  assert.equal(fields.forwarded.length, 1);
  assert.match(fields.forwarded[0],
    /^for="192\.0\.2\.1:1234";proto=wss, for=/);
});

test('T05: without Authorization a client of an edge is nobody', async (t) => {
  const m = await openMux(t, secure('secret'), TRUNK, '', bearer);
  const { fields } = await seen(m, { Host: 'gate.example' });
  assert.equal(fields.authorization, undefined);
});

test('the origin of an edge\'s client is checked', async (t) => {
  const m = await openMux(t, secure('secret'), TRUNK, '', bearer);
  m.create(1, '/echo', { Host: 'gate.example', Origin: 'http://gate.example' });
  await m.next(/^created 0x0001/);
  m.create(3, '/echo', { Host: 'gate.example', Origin: 'http://evil.example' });
  await m.next(/^refused 0x0003\r\nHTTP\/1.1 403 /);
  m.create(5, '/echo', { Host: 'gate.example', Origin: 'null' });
  await m.next(/^refused 0x0005\r\nHTTP\/1.1 403 /);
});

test('T05: who is no edge speaks for nobody', async (t) => {
  for (const extra of [{}, { Authorization: 'Bearer guess' }]) {
    const m = await openMux(t, daemon.port('open'), TRUNK, '', extra);
    const { fields } = await seen(m, {
      Host: 'evil.example', Origin: 'http://evil.example',
      Forwarded: 'for=6.6.6.6',
    });
    assert.equal(fields.origin, undefined);
    assert.deepEqual(fields.authorization, extra.Authorization &&
      [extra.Authorization]);
    assert.deepEqual(fields.forwarded,
      [`for="127.0.0.1:${m.peer.socket.localPort}";proto=ws`]);
  }
});

test('200 channels at once, then the trunk is lost', async (t) => {
  const m = await openMux(t, secure('secret'), TRUNK, '', bearer);
  const number = (i) => Buffer.from(`number ${i}`);
  for (let i = 0; i < 200; i++)
    m.create(2 * i + 1, '/echo').data(2 * i + 1, number(i));
  for (let i = 0; i < 200; i++)
    assert.deepEqual((await m.message(2 * i + 1)).payload, number(i));
  m.peer.destroy();
  await until(async () => (await daemon.table('channels')).length === 0,
    'no channel');
});

test('other services of the listener are there', async (t) => {
  const peer = await open(t, secure('secret'), '/echo');
  await peer.silence(20);
});
