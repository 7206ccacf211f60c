// SPDX-License-Identifier: Apache-2.0
// The cases of websocket-cases.mjs in node: headgate.js over npm's ws, with a
// plain server and through headgate; and node's own class, where it has one.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { startDaemon } from '../lib/daemon.mjs';
import { Client, load } from '../lib/headgatejs.mjs';
import { usersText } from '../lib/users.mjs';
import { until } from '../lib/wait.mjs';
import { run, cases } from '../lib/websocket-cases.mjs';
import { startServer } from '../lib/websocket-server.mjs';

const nodes = globalThis.WebSocket;
const headgate = await load('index.mjs');
headgate.configure({ linger: 0 });

const server = await startServer(test);
const service = (path) => ({
  listen: 'clients', path, connect: `ws://127.0.0.1:${server.port}`,
  'second-handshake': 'yes', extensions: 'x-kaazing-channels' });
const daemons = {};
for (const chunk of ['16k', '0'])
  daemons[chunk] = await startDaemon(test, {
    'listen clients': { address: '127.0.0.1:0' },
    'plugin channels': { chunk },
    'service echo': service('/echo'), 'service refused': service('/refused'),
  });

const ours = { WebSocket: headgate.WebSocket };
const ways = {
  'ours, a plain server': { ...ours, url: server.url },
  'ours, through headgate': { ...ours, url: daemons['16k'].url('clients', ''),
    many: 120 },
  // No longer ones than the gateway's window.
  'ours, in base mode': { ...ours, url: daemons['0'].url('clients', ''),
    large: 40000 },
};
// Node's own knows less of the standard than browsers'.
if (nodes)
  ways["node's own, a plain server"] = { WebSocket: nodes, url: server.url };
const NODES = ['text', 'binary', 'states', 'events', 'subclasses',
  'close, by the server', 'a message, then the end', 'large messages',
  'many at once'];

// These need a browser's events and socket: in node currentTarget, microtasks
// and what ws has buffered are otherwise.
const BROWSERS = ['handlers', 'each message is a task', 'bufferedAmount'];
const OURS = Object.keys(cases).filter((name) => !BROWSERS.includes(name));

for (const [way, env] of Object.entries(ways))
  describe(way, () => {
    for (const name of env.WebSocket === nodes ? NODES : OURS)
      test(name, async () => assert.equal(await run(name, env), ''));
  });

test('a server that says nothing any more is noticed, one that lives is not',
  async (t) => {
    const daemon = await startDaemon(t, {
      'listen clients': { address: '127.0.0.1:0' },
      'plugin echo': {}, 'plugin channels': {}, 'plugin pingpong': {},
      'plugin idletimeout': { timeout: '200ms' },
      'service echo': {
        listen: 'clients', path: '/echo', plugins: 'echo',
        'second-handshake': 'yes', extensions: 'x-kaazing-channels ' +
          'x-kaazing-ping-pong x-kaazing-idle-timeout',
      },
    });
    const client = new Client(t, headgate, daemon.url('clients', '/echo'));
    await client.expect('open');
    await until(async () =>
      await daemon.counter('idletimeout', 'beats_sent') >= 5, 'five beats');
    client.ws.send('still open');
    await client.message('still open');
    process.kill(daemon.pid, 'SIGSTOP');
    await client.failed();
  });

test('auth = basic: one question for all, and new credentials for one',
  async (t) => {
    const daemon = await startDaemon(t, {
      'listen clients': { address: '127.0.0.1:0' },
      'plugin echo': {}, 'plugin channels': {},
      'plugin basic': { users: '@DIR@/users', realm: 'the gate' },
      'service echo': {
        listen: 'clients', path: '/echo', plugins: 'echo', auth: 'basic',
        'second-handshake': 'yes', extensions: 'x-kaazing-channels',
      },
    }, { files: { users: usersText(t, { joe: 'welcome' }) } });
    const asked = [];
    const joe = { username: 'joe', password: 'welcome' };
    headgate.configure({ challenge: async ({ realm, scheme, round }) => {
      asked.push([scheme, realm, round]);
      return round === 1 ? { username: 'joe', password: 'wrong' } : joe;
    } });
    t.after(() => headgate.configure({ challenge: undefined }));
    const clients = [1, 2, 3].map(() =>
      new Client(t, headgate, daemon.url('clients', '/echo')));
    for (const [i, client] of clients.entries()) {
      await client.expect('open');
      client.ws.send(`hello ${i}`);
      await client.message(`hello ${i}`);
    }
    assert.deepEqual(asked, [['Basic', 'the gate', 1],
      ['Basic', 'the gate', 2]]);
    assert.equal((await daemon.connections('websocket-in')).length, 1);
    assert.equal(await headgate.authenticate(clients[0].ws, joe), true);
    assert.equal(await headgate.authenticate(clients[0].ws,
      { ...joe, password: 'wrong' }), false);
    clients[0].ws.send('still open');
    await clients[0].message('still open');
  });
