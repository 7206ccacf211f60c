// SPDX-License-Identifier: Apache-2.0
// The embedded broker behind a trunk, when somebody does not keep up: a client
// that does not read, the trunk itself, or many that come at once.
import assert from 'node:assert/strict';
import net from 'node:net';
import { describe, test } from 'node:test';

import { STOMP, startPair } from '../lib/pair.mjs';
import { connect } from '../lib/stomp.mjs';
import { until } from '../lib/wait.mjs';
import { KEY } from '../lib/wsraw.mjs';

const LATE = 30000;
const ALL_AT_ONCE = 600;
const OPENING = 'GET /stomp HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n' +
  'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
  `Sec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Protocol: v12.stomp\r\n\r\n`;

const start = (t, workers) => startPair(t, {
  gateway: {
    headgate: { workers },
    'plugin stomp': {},
    'plugin broker': { anonymous: 'yes' },
    'service stomp': {
      listen: 'clients trunks', path: '/stomp', subprotocols: STOMP,
      plugins: 'stomp broker', share: '/topic/* scope=public', verify: 4,
      extensions: 'x-kaazing-channels x-kaazing-fanout',
    },
  },
  edge: {
    headgate: { workers },
    'plugin stomp': {},
    'service stomp': {
      listen: 'clients', path: '/stomp', plugins: 'stomp',
      connect: 'trunk:gateway', subprotocols: STOMP,
    },
  },
});

for (const workers of [1, 2])
  describe(`${workers} worker(s)`, () => {
    const join = (t, pair, where = 'edge') =>
      connect(t, pair[where].url('clients', '/stomp'));
    let number = 0;

    // Bodies are numbers, with as much behind them.
    async function publish(user, topic, count, size) {
      for (let i = 0; i < count; i++)
        user.send(topic, String(number++).padEnd(size));
      await user.sendSure('/topic/nobody', 'done');
    }

    const numbers = (sub) => sub.bodies.map(Number);

    // Each is the one before and one more.
    function checkRow(sub) {
      const all = numbers(sub);
      all.forEach((n, i) => assert.equal(n, all[0] + i));
    }

    // Those are all at one carrier.
    async function merge(pair, publisher, topic, subs) {
      await until(async () => {
        await publish(publisher, topic, 5, 20);
        await until(() => subs.every((sub) =>
          Number(sub.bodies.at(-1)) === number - 1), 'all to have all', LATE);
        return (await pair.gateway.table('flows')).some((row) =>
          row.destination === topic && row.merged === subs.length);
      }, 'all to be merged', LATE);
    }

    for (const [kind, headers] of [['of its own', { ack: 'client' }],
      ['shared', {}]])
      test(`a client that does not read, ${kind}, is cut`, async (t) => {
        const pair = await start(t, workers);
        const topic = '/topic/slow';
        const [slow, ...good] = await Promise.all([1, 2, 3, 4].map(() =>
          join(t, pair)));
        const subs = await Promise.all(good.map((user) =>
          user.subscribe(topic)));
        const publisher = await join(t, pair, 'gateway');
        const first = await slow.subscribe(topic, headers);
        await merge(pair, publisher, topic,
          kind === 'shared' ? [first, ...subs] : subs);
        slow.client.webSocket._socket.pause();
        for (let i = 0; i < 100; i++) {
          await publish(publisher, topic, 10, 8000);
          await until(() => subs.every((sub) =>
            Number(sub.bodies.at(-1)) === number - 1), 'all others', LATE);
        }
        slow.client.webSocket._socket.resume();
        assert.equal((await slow.end(LATE)).code, 1013);
        subs.forEach(checkRow);
        await Promise.all([...good, publisher].map((user) => user.leave()));
        await pair.noClients();
      });

    test('a trunk that stands still loses nothing in silence', async (t) => {
      const pair = await start(t, workers);
      const topic = '/topic/still';
      const users = await Promise.all([1, 2, 3, 4].map(() => join(t, pair)));
      const subs = await Promise.all(users.map((user) =>
        user.subscribe(topic)));
      const publisher = await join(t, pair, 'gateway');
      await merge(pair, publisher, topic, subs);
      process.kill(pair.edge.pid, 'SIGSTOP');
      await publish(publisher, topic, 60, 10000);
      process.kill(pair.edge.pid, 'SIGCONT');
      await until(() => subs.every((sub) =>
        Number(sub.bodies.at(-1)) === number - 1), 'all', LATE);
      assert.equal((await pair.gateway.table('flows'))[0].merged, 4);
      process.kill(pair.edge.pid, 'SIGSTOP');
      await publish(publisher, topic, 600, 10000);
      process.kill(pair.edge.pid, 'SIGCONT');
      // Who cannot have all is told.
      for (const user of users)
        assert.equal((await user.end(LATE)).code, 1013);
      subs.forEach(checkRow);
    });

    test('no message comes behind the end of its subscription', async (t) => {
      const pair = await start(t, workers);
      const topic = '/topic/leave';
      const publisher = await join(t, pair, 'gateway');
      const users = await Promise.all([1, 2, 3, 4].map(() => join(t, pair)));
      for (const headers of [{}, { ack: 'client' }]) {
        const subs = await Promise.all(users.map((user) =>
          user.subscribe(topic, headers)));
        process.kill(pair.edge.pid, 'SIGSTOP');
        await publish(publisher, topic, 40, 10000);
        process.kill(pair.edge.pid, 'SIGCONT');
        // What the library has no handler for any more.
        const late = users.map(() => 0);
        users.forEach(({ client }, i) => {
          client.onUnhandledMessage = () => late[i]++;
        });
        const counts = await Promise.all(subs.map(async (sub, i) => {
          await sub.unsubscribe();
          return late[i];
        }));
        await publish(publisher, topic, 5, 10);
        await Promise.all(users.map((user) =>
          user.sendSure('/topic/nobody', 'x')));
        assert.deepEqual(late, counts, 'behind the receipt');
        assert.ok(counts.every((count) => count > 0), String(counts));
      }
    });

    test(`${ALL_AT_ONCE} clients at once are all served`, async (t) => {
      const pair = await start(t, workers);
      process.kill(pair.gateway.pid, 'SIGSTOP');
      const answers = {};
      const sockets = Array.from({ length: ALL_AT_ONCE }, () => {
        const socket = net.connect(pair.edge.port('clients'), '127.0.0.1');
        socket.on('error', () => {});
        socket.once('data', (data) => {
          const [line] = data.toString('latin1').split('\r\n');
          answers[line] = (answers[line] ?? 0) + 1;
        });
        socket.write(OPENING);
        return socket;
      });
      await until(async () => (await pair.edge.table('channels')).length >=
        2 * ALL_AT_ONCE, 'all to be on their way', LATE);
      process.kill(pair.gateway.pid, 'SIGCONT');
      await until(() => Object.values(answers).reduce((sum, n) =>
        sum + n, 0) === ALL_AT_ONCE, 'all answers', LATE);
      assert.deepEqual(answers,
        { 'HTTP/1.1 101 Switching Protocols': ALL_AT_ONCE });
      for (const socket of sockets)
        socket.destroy();
      await pair.noClients();
    });
  });
