// SPDX-License-Identifier: Apache-2.0
// stompjs through edge and trunk to RabbitMQ: what is not shared.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { STOMP, startPair } from '../lib/pair.mjs';
import { missing, startRabbitMQ } from '../lib/rabbitmq.mjs';
import { connect } from '../lib/stomp.mjs';
import { until } from '../lib/wait.mjs';
import { connect as tcp } from '../lib/wsraw.mjs';

describe('RabbitMQ', { skip: missing }, async () => {
  if (missing)
    return;
  const broker = await startRabbitMQ(test, {
    guest: {}, joe: { password: 'welcome', topicRead: '^open\\.' },
  });
  const pair = await startPair(test, {
    gateway: {
      'plugin stomp': {},
      'service stomp': {
        listen: 'clients trunks', path: '/stomp', subprotocols: STOMP,
        plugins: 'stomp', connect: `tcp://127.0.0.1:${broker.port}`,
        extensions: 'x-kaazing-channels x-kaazing-fanout',
        share: '/topic/* scope=public', verify: 4,
      },
    },
    edge: {
      'listen bytes': {
        address: '127.0.0.1:0', protocol: 'tcp', service: 'stomp',
      },
      'plugin stomp': { 'heart-beat': '0,0' },
      'service stomp': {
        listen: 'clients', path: '/stomp', plugins: 'stomp',
        connect: 'trunk:gateway', subprotocols: STOMP,
      },
    },
  });
  const guest = { login: 'guest' };
  const join = (t, options = guest) =>
    connect(t, pair.url('/stomp'), options);

  for (const version of ['1.0', '1.1', '1.2'])
    test(`version ${version}`, async (t) => {
      const user = await join(t, { ...guest, version });
      assert.equal(user.connected.version, version);
      const sub = await user.subscribe('/topic/version');
      user.send('/topic/version', version);
      await sub.count(1);
      assert.equal(sub.bodies[0], version);
      await user.leave();
    });

  test('each client has its own login', async (t) => {
    await join(t, { login: 'joe', passcode: 'welcome' });
    await join(t);
    assert.deepEqual(await broker.logins(), ['guest', 'joe']);
  });

  test('a wrong passcode is the broker\'s ERROR', async (t) => {
    await assert.rejects(join(t, { login: 'guest', passcode: 'wrong' }),
      /ERROR: Bad CONNECT/);
    await assert.rejects(join(t, { login: 'nobody', passcode: 'x' }),
      /ERROR: Bad CONNECT/);
  });

  test('bodies with NUL, and of all bytes', async (t) => {
    const user = await join(t);
    const sub = await user.subscribe('/topic/bytes');
    const all = Uint8Array.from({ length: 1024 }, (_, i) => i);
    user.send('/topic/bytes', all);
    user.send('/topic/bytes', '\0\0nul \0 inside\0');
    user.send('/topic/bytes', '');
    await sub.count(3);
    assert.deepEqual([...sub.messages[0].binaryBody], [...all]);
    assert.equal(sub.messages[1].body, '\0\0nul \0 inside\0');
    assert.equal(sub.messages[2].body, '');
  });

  test('special characters in headers', async (t) => {
    const user = await join(t);
    const sub = await user.subscribe('/topic/special');
    const own = { a: 'b:c', e: 'line\nend \\ back', 'content-type': 'x/y' };
    user.send('/topic/special', 'x', own);
    await sub.count(1);
    for (const [name, value] of Object.entries(own))
      assert.equal(sub.messages[0].headers[name], value);
  });

  test('transactions', async (t) => {
    const user = await join(t);
    const sub = await user.subscribe('/topic/transaction');
    const kept = user.client.begin();
    const lost = user.client.begin();
    user.send('/topic/transaction', 'in one', { transaction: kept.id });
    user.send('/topic/transaction', 'in another', { transaction: lost.id });
    await user.sendSure('/topic/transaction', 'outside');
    kept.commit();
    lost.abort();
    await user.sendSure('/topic/transaction', 'behind');
    await sub.count(3);
    assert.deepEqual(sub.bodies, ['outside', 'in one', 'behind']);
  });

  for (const version of ['1.1', '1.2'])
    test(`acknowledgement by the client, ${version}`, async (t) => {
      const queue = `/queue/ack-${version}`;
      const user = await join(t, { ...guest, version });
      const sub = await user.subscribe(queue, { ack: 'client-individual' });
      for (let i = 0; i < 3; i++)
        user.send(queue, String(i));
      await sub.count(3);
      sub.messages[0].ack();
      sub.messages[1].nack({ requeue: 'false' });
      await user.sendSure('/topic/none', 'so they have arrived');
      user.vanish();
      const other = await join(t, { ...guest, version });
      const again = await other.subscribe(queue, { ack: 'client' });
      await again.count(1);
      assert.equal(again.bodies[0], '2');
      assert.equal(again.messages[0].headers.redelivered, 'true');
      again.messages[0].ack();
      await other.leave();
    });

  test('queues are never merged', async (t) => {
    const users = await Promise.all([join(t), join(t), join(t)]);
    const subs = await Promise.all(users.map((user) =>
      user.subscribe('/queue/shared-by-nobody')));
    const merges = await pair.gateway.counter('fanout', 'merged');
    for (let i = 0; i < 90; i++)
      users[0].send('/queue/shared-by-nobody', `same ${i}`);
    const got = () => subs.flatMap((sub) => sub.bodies);
    await until(() => got().length >= 90, 'all messages');
    assert.equal(new Set(got()).size, 90);
    assert.equal(await pair.gateway.counter('fanout', 'merged'), merges);
    const flows = await pair.gateway.table('flows');
    assert.ok(!flows.some((flow) => flow.destination.startsWith('/queue')));
  });

  test('subscriptions that the client acknowledges are never merged',
    async (t) => {
      const users = await Promise.all([join(t), join(t)]);
      const subs = await Promise.all(users.map((user) =>
        user.subscribe('/topic/acked', { ack: 'client' })));
      for (let i = 0; i < 20; i++)
        users[0].send('/topic/acked', `same ${i}`);
      for (const sub of subs) {
        await sub.count(20);
        for (const message of sub.messages)
          message.ack();
      }
      const flows = await pair.gateway.table('flows');
      assert.ok(!flows.some((flow) => flow.destination === '/topic/acked'));
    });

  test('T05: who is refused gets an ERROR and no message, ever', async (t) => {
    const good = await join(t);
    const sub = await good.subscribe('/topic/closed.x');
    const joe = await join(t, { login: 'joe', passcode: 'welcome' });
    const bad = joe.subscribeNow('/topic/closed.x');
    for (let i = 0; i < 50; i++)
      good.send('/topic/closed.x', `for guest ${i}`);
    await sub.count(50);
    await joe.end();
    assert.equal(joe.errors.length, 1);
    assert.equal(bad.messages.length, 0);
    assert.equal(sub.messages.length, 50);
  });

  test('clients that speak STOMP over TCP, and one over WebSocket',
    async (t) => {
      const clients = [];
      for (const id of ['a', 'b']) {
        const client = await tcp(t, pair.edge.port('bytes'));
        client.send('CONNECT\naccept-version:1.2\nhost:/\nlogin:guest\n' +
          'passcode:guest\n\n\0');
        assert.match(String(await client.upTo('\0')),
          /^CONNECTED\n(.*\n)*version:1.2\n/);
        client.send(`SUBSCRIBE\nid:${id}\nreceipt:r\n` +
          'destination:/topic/bytes.too\n\n\0');
        await client.expect('RECEIPT\nreceipt-id:r\n\n\0');
        clients.push([id, client]);
      }
      const user = await join(t);
      const sub = await user.subscribe('/topic/bytes.too');
      for (let i = 0; i < 30; i++) {
        const body = `\0${100 + i}`;
        clients[0][1].send('SEND\ndestination:/topic/bytes.too\n' +
          `content-length:4\n\n${body}\0`);
        for (const [id, client] of clients) {
          const head = String(await client.upTo('\n\n'));
          assert.match(head, /^MESSAGE\n/);
          assert.ok(head.includes(`\nsubscription:${id}\n`), head);
          await client.expect(`${body}\0`);
        }
        await sub.count(i + 1);
      }
      for (const [, client] of clients) {
        client.send('DISCONNECT\nreceipt:bye\n\n\0');
        await client.expect('RECEIPT\nreceipt-id:bye\n\n\0');
        await client.eof();
      }
    });

  test('UNSUBSCRIBE: nothing comes behind its receipt', async (t) => {
    const user = await join(t);
    const sub = await user.subscribe('/topic/leave');
    await user.sendSure('/topic/leave', '1');
    await sub.unsubscribe();
    assert.deepEqual(sub.bodies, ['1']);
    for (let i = 0; i < 10; i++)
      await user.sendSure('/topic/leave', 'too late');
    assert.deepEqual(sub.bodies, ['1']);
  });

  test('no client is left, here or there', async () => {
    await pair.noClients();
    await until(async () => (await broker.logins()).length === 0,
      'no connection at the broker');
  });
});
