// SPDX-License-Identifier: Apache-2.0
// auth inside of the second handshake: a challenge is answered on the open
// connection, and what is logged in there holds for the channels behind. W16.
import assert from 'node:assert/strict';
import test from 'node:test';

import { Mux } from '../lib/channels.mjs';
import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { ask, innerHead, innerRequest, openInner, openOuter } from
  '../lib/inner.mjs';
import { accept, listen } from '../lib/server.mjs';
import { basic, usersText } from '../lib/users.mjs';

const server = await listen(test);
const daemon = await startDaemon(test, {
  headgate: { workers: 2, 'log-level': 'debug' },
  'listen main': { address: '127.0.0.1:0' },
  'plugin channels': {},
  'plugin echo': {},
  'plugin basic': { users: '@DIR@/users' },
  'service echo': {
    listen: 'main', path: '/echo', plugins: 'echo', auth: 'application-basic',
    'second-handshake': 'yes', extensions: 'x-kaazing-channels',
  },
  'service up': {
    listen: 'main', path: '/up', auth: 'basic', 'second-handshake': 'yes',
    connect: `ws://127.0.0.1:${server.port}`,
  },
}, { files: { users: usersText(test, { joe: 'w3lc0me', ann: 's3cret' }) } });
const port = daemon.port('main');
const CHALLENGE = ['Application Basic realm="headgate"'];
const as = (pair) => ({ Authorization: basic(pair) });

async function closed(peer, code) {
  await peer.closeFrame(code);
  peer.send(ws.close(code));
  await peer.eof();
}

test('401, wrong, right, 101 on one connection', async (t) => {
  const peer = await openOuter(t, port, '/echo');
  for (const fields of [{}, as('joe:wrong')]) {
    const response = await ask(peer, '/echo', fields);
    assert.equal(response.status, 401);
    assert.deepEqual(response.fields['www-authenticate'], CHALLENGE);
  }
  assert.equal((await ask(peer, '/echo', as('joe:w3lc0me'))).status, 101);
  peer.send(ws.text('hello'));
  assert.equal((await peer.message()).payload.toString(), 'hello');
});

test('the fourth is the last: 403', async (t) => {
  const peer = await openOuter(t, port, '/echo');
  for (let i = 0; i < 3; i++)
    assert.equal((await ask(peer, '/echo', as(`joe:${i}`))).status, 401);
  assert.equal((await ask(peer, '/echo', as('joe:3'))).status, 403);
  await closed(peer, 1008);
});

test('frames behind the request wait for the login', async (t) => {
  const peer = await openOuter(t, port, '/echo');
  peer.send(ws.binary(innerRequest('/echo', as('joe:w3lc0me'))),
    ws.text('early'));
  assert.equal((await innerHead(peer)).status, 101);
  assert.equal((await peer.message()).payload.toString(), 'early');
});

test('the outer credentials are not those of the inner request', async (t) => {
  const peer = await openOuter(t, port, '/echo', as('joe:w3lc0me'));
  assert.equal((await ask(peer, '/echo')).status, 401);
  assert.equal((await ask(peer, '/echo', as('ann:s3cret'))).status, 101);
});

test('W27: the server hears nothing before, and then who it is', async (t) => {
  const peer = await openOuter(t, port, '/up');
  assert.equal((await ask(peer, '/up', as('joe:wrong'))).status, 401);
  peer.send(ws.binary(innerRequest('/up', as('joe:w3lc0me'))));
  const upstream = await server.next();
  const asked = await upstream.head();
  assert.deepEqual(asked.fields.authorization, [basic('joe:w3lc0me')]);
  upstream.send(accept(asked));
  assert.equal((await innerHead(peer)).status, 101);
  assert.equal(server.arrived(), 0);
});

test('channels inherit what was logged in inside', async (t) => {
  const peer = await openInner(t, port, '/echo', { ...as('joe:w3lc0me'),
    'Sec-WebSocket-Extensions': 'x-kaazing-channels' });
  const m = new Mux(peer);
  await m.created(1, '/echo');
  m.create(3, '/echo', as('ann:wrong'));
  assert.match(await m.next(), /^refused 0x0003\r\nHTTP\/1\.1 401 /);
  await m.created(5, '/echo', as('ann:s3cret'));
  for (const id of [0, 1, 5])
    await m.echo(id, 'hello');
});

test('clients that leave during their login', async (t) => {
  for (let i = 0; i < 10; i++) {
    const peer = await openOuter(t, port, '/echo');
    peer.send(ws.binary(innerRequest('/echo', as(`joe:guess ${i}`))));
    peer.socket.resetAndDestroy();
  }
  const peer = await openInner(t, port, '/echo', as('joe:w3lc0me'));
  assert.equal(peer.inner.status, 101);
});
