// SPDX-License-Identifier: Apache-2.0
// auth for requests that open no WebSocket: W14, W16, W20, W27.
import assert from 'node:assert/strict';
import test from 'node:test';

import { ask, once, post, response, startAnswers } from '../lib/http.mjs';
import { basic, usersText } from '../lib/users.mjs';
import { until } from '../lib/wait.mjs';
import { connect } from '../lib/wsraw.mjs';

const users = usersText(test, { joe: 'w3lc0me-joe' });
const service = (path, more = {}) => ({ listen: 'main', path,
  plugins: 'answer', ...more });
const daemon = await startAnswers(test, {
  headgate: { 'log-level': 'debug' },
  'plugin basic': { users: '@DIR@/users', realm: 'the gate' },
  'service basic': service('/basic/*', { auth: 'basic' }),
  'service quiet': service('/quiet/*', { auth: 'basic',
    'forward-credentials': 'no' }),
  'service none': service('/none/*', { auth: 'none' }),
}, ['echo', 'basic'], { users });
const port = daemon.port('main');
const joe = { Authorization: basic('joe:w3lc0me-joe') };
const wrong = { Authorization: basic('joe:wrong-joe') };

for (const [name, fields] of [['no credentials', {}],
  ['wrong ones', wrong], ['malformed ones', { Authorization: 'Basic ?' }],
  ['two', { Authorization: [joe.Authorization, joe.Authorization] }]])
  test(`W27 ${name}: the plugin does not hear of it`, async (t) => {
    const begun = await daemon.counter('answer', 'begun');
    const peer = await connect(t, port);
    peer.send(ask('/basic/x', fields) + ask('/basic/y', joe));
    const answer = await response(peer);
    assert.ok([400, 401].includes(answer.status), `${answer.status}`);
    if (answer.status === 401)
      assert.match(answer.fields['www-authenticate'][0],
        /^Basic realm="the gate"/);
    assert.ok(answer.close);
    await peer.eof();
    assert.equal(await daemon.counter('answer', 'begun'), begun);
  });

test('a HEAD that is refused has no body', async (t) => {
  const answer = await once(t, port, ask('/basic/x', {}, { method: 'HEAD' }),
    'HEAD');
  assert.equal(answer.status, 401);
  await answer.peer.eof();
});

test('each request of a connection is asked for itself', async (t) => {
  const peer = await connect(t, port);
  peer.send(ask('/basic/1', joe) + ask('/basic/2', joe) +
    post('/basic/?count', 'hello', joe) + ask('/basic/3', wrong));
  assert.equal((await response(peer)).text, 'GET /basic/1\n');
  assert.equal((await response(peer)).text, 'GET /basic/2\n');
  assert.equal((await response(peer)).text, '5\n');
  assert.equal((await response(peer)).status, 401);
  await peer.eof();
});

test('a body is asked for behind the login', async (t) => {
  const peer = await connect(t, port);
  const fields = { Expect: '100-continue', 'Content-Length': 5 };
  peer.send(ask('/basic/?count', { ...fields, ...joe }, { method: 'POST' }));
  assert.equal((await response(peer)).status, 100);
  peer.send('hello');
  assert.equal((await response(peer)).text, '5\n');
  const other = await connect(t, port);
  other.send(ask('/basic/?count', fields, { method: 'POST' }));
  assert.equal((await response(other)).status, 401);
  await other.eof();
});

for (const [path, authorization, cookie] of [
  ['/basic', joe.Authorization, 'a=b'], ['/quiet', 'none', 'none'],
  ['/none', 'none', 'none'], ['/a', joe.Authorization, 'a=b']])
  test(`W16 what of credentials goes on at ${path}`, async (t) => {
    const fields = { ...joe, Cookie: 'a=b', 'X-Other': 'c' };
    const value = async (name) => (await once(t, port,
      ask(`${path}/?field=${name}`, fields))).text;
    assert.equal(await value('Authorization'), authorization);
    assert.equal(await value('Cookie'), cookie);
    assert.equal(await value('X-Other'), 'c');
    assert.equal(await value('Host'), 'gate.example');
  });

test('who vanishes meanwhile is forgotten', async (t) => {
  for (let i = 0; i < 10; i++) {
    const peer = await connect(t, port);
    peer.send(ask('/basic/x', wrong));
    peer.destroy();
  }
  await until(async () => (await daemon.connections('http-in')).length <= 12,
    'their ends');
  assert.equal((await once(t, port, ask('/basic/x', joe))).status, 200);
});

test('W20 no secret is in the log', () => {
  assert.doesNotMatch(daemon.log, /w3lc0me|wrong-joe|am9l/);
});
