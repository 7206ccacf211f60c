// SPDX-License-Identifier: Apache-2.0
// stompjs through edge and trunk to the broker in the gateway.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { STOMP, startPair } from '../lib/pair.mjs';
import { connect } from '../lib/stomp.mjs';
import { SLOW, until } from '../lib/wait.mjs';

const pair = await startPair(test, {
  gateway: {
    headgate: { workers: 2 },
    'plugin stomp': {},
    'plugin broker': {
      user: ['guest:guest', 'joe:welcome', 'ann:secret'], anonymous: 'yes',
      deny: ['joe /topic/secret.*', '- /topic/secret.*'],
    },
    'service stomp': {
      listen: 'clients trunks', path: '/stomp', subprotocols: STOMP,
      plugins: 'stomp broker', share: '/topic/* scope=public',
      extensions: 'x-kaazing-channels x-kaazing-fanout',
      'heart-beat': '200,200', verify: 4,
    },
  },
  edge: {
    headgate: { workers: 2 },
    'plugin stomp': { 'heart-beat': '300,300' },
    'service stomp': {
      listen: 'clients', path: '/stomp', plugins: 'stomp',
      connect: 'trunk:gateway', subprotocols: STOMP,
    },
  },
});

// The same for all who come by the edge and who come straight.
for (const [way, daemon] of [['by the edge', 'edge'],
  ['straight', 'gateway']])
  describe(way, () => {
    const join = (t, options) =>
      connect(t, pair[daemon].url('clients', '/stomp'), options);

    for (const version of ['1.0', '1.1', '1.2'])
      test(`version ${version}`, async (t) => {
        const user = await join(t, { version });
        assert.equal(user.client.webSocket.protocol, `v${version.replace('.',
          '')}.stomp`);
        assert.equal(user.connected.version ?? '1.0', version);
        const topic = `/topic/version.${way}.${version}`.replace(' ', '.');
        const sub = await user.subscribe(topic, { id: 'mine' });
        user.send(topic, 'hello', { 'x-own': 'value' });
        await sub.count(1);
        const [message] = sub.messages;
        assert.equal(message.body, 'hello');
        assert.equal(message.headers.subscription, 'mine');
        assert.equal(message.headers.destination, topic);
        assert.equal(message.headers['x-own'], 'value');
        assert.ok(message.headers['message-id']);
        await user.leave();
        assert.deepEqual(user.errors, []);
      });

    test('special characters in headers', async (t) => {
      const user = await join(t);
      const sub = await user.subscribe('/queue/special');
      const own = { a: 'b:c:d', e: 'line\nend \\ back', empty: '',
        'ä': 'ö' };
      user.send('/queue/special', 'x', own);
      await sub.count(1);
      for (const [name, value] of Object.entries(own))
        assert.equal(sub.messages[0].headers[name], value);
      await sub.unsubscribe();
    });

    test('bodies of all bytes', async (t) => {
      const user = await join(t);
      const sub = await user.subscribe(`/topic/bytes.${daemon}`);
      const all = Uint8Array.from({ length: 256 }, (_, i) => i);
      user.send(`/topic/bytes.${daemon}`, all);
      user.send(`/topic/bytes.${daemon}`, 'nul \0 inside');
      user.send(`/topic/bytes.${daemon}`, '');
      await sub.count(3);
      assert.deepEqual([...sub.messages[0].binaryBody], [...all]);
      assert.equal(sub.messages[1].body, 'nul \0 inside');
      assert.equal(sub.messages[2].body, '');
    });

    test('a receipt comes behind what it stands for', async (t) => {
      const user = await join(t);
      const sub = await user.subscribe(`/topic/order.${daemon}`);
      for (let i = 0; i < 100; i++)
        user.send(`/topic/order.${daemon}`, String(i));
      await user.sendSure(`/topic/order.${daemon}`, '100');
      await sub.unsubscribe();
      assert.deepEqual(sub.bodies, Array.from({ length: 101 }, (_, i) =>
        String(i)));
      await user.sendSure(`/topic/order.${daemon}`, 'nobody');
      assert.equal(sub.messages.length, 101);
    });

    test('subscriptions of one client are told apart', async (t) => {
      const user = await join(t);
      const [a, b] = [await user.subscribe(`/topic/two.${daemon}`),
        await user.subscribe(`/topic/two.${daemon}`)];
      user.send(`/topic/two.${daemon}`, 'x');
      await a.count(1);
      await b.count(1);
      assert.notEqual(a.messages[0].headers.subscription,
        b.messages[0].headers.subscription);
      await a.unsubscribe();
      await user.sendSure(`/topic/two.${daemon}`, 'y');
      await b.count(2);
      assert.equal(a.messages.length, 1);
    });

    test('a queue\'s message goes to one', async (t) => {
      const users = [await join(t), await join(t), await join(t)];
      const queue = `/queue/one.${daemon}`;
      const subs = await Promise.all(users.map((user) =>
        user.subscribe(queue)));
      for (let i = 0; i < 60; i++)
        users[0].send(queue, String(i));
      const got = () => subs.flatMap((sub) => sub.bodies);
      await until(() => got().length === 60, 'all messages');
      assert.equal(new Set(got()).size, 60);
      assert.ok(subs.every((sub) => sub.messages.length > 0));
    });

    test('a queue keeps what nobody takes', async (t) => {
      const user = await join(t);
      await user.sendSure(`/queue/keep.${daemon}`, 'kept');
      await user.leave();
      const other = await join(t);
      const sub = await other.subscribe(`/queue/keep.${daemon}`);
      await sub.count(1);
      assert.equal(sub.bodies[0], 'kept');
    });

    test('acknowledgement by the client, and NACK', async (t) => {
      const queue = `/queue/ack.${daemon}`;
      const user = await join(t);
      const sub = await user.subscribe(queue, { ack: 'client-individual' });
      for (let i = 0; i < 3; i++)
        user.send(queue, String(i));
      await sub.count(3);
      sub.messages[0].ack();
      sub.messages[1].nack();
      await until(() => sub.messages.length === 4, 'the refused one again');
      assert.equal(sub.messages[3].body, '1');
      assert.equal(sub.messages[3].headers.redelivered, 'true');
      sub.messages[3].ack();
      user.vanish();
      const other = await join(t);
      const again = await other.subscribe(queue, { ack: 'client' });
      await again.count(1);
      assert.equal(again.bodies[0], '2');
      again.messages[0].ack();
      await other.leave();
    });

    test('transactions', async (t) => {
      const topic = `/topic/transaction.${daemon}`;
      const user = await join(t);
      const sub = await user.subscribe(topic);
      const kept = user.client.begin();
      const lost = user.client.begin();
      user.send(topic, 'in one', { transaction: kept.id });
      user.send(topic, 'in another', { transaction: lost.id });
      await user.sendSure(topic, 'outside');
      kept.commit();
      lost.abort();
      await user.sendSure(topic, 'behind');
      await sub.count(3);
      assert.deepEqual(sub.bodies, ['outside', 'in one', 'behind']);
    });

    for (const [name, act, code] of [
      ['a transaction that is not open', (user) =>
        user.send('/topic/x', 'y', { transaction: 'none' }), 1002],
      ['a destination of no kind', (user) => user.send('nowhere', 'x'),
        [1002, 1008]],
      ['a selector', (user) => user.subscribeNow('/topic/x',
        { selector: 'a = 1' }), [1002, 1008]],
      ['a second CONNECT', (user) => user.client.webSocket.send(
        'CONNECT\naccept-version:1.2\nhost:x\n\n\0'), 1002],
      ['a command nobody knows', (user) => user.client.webSocket.send(
        'NONSENSE\n\n\0'), 1002],
      ['SEND without a destination', (user) => user.client.webSocket.send(
        'SEND\n\nx\0'), 1002],
    ])
      test(`${name} is an ERROR`, async (t) => {
        const user = await join(t);
        const bystander = await join(t);
        const sub = await bystander.subscribe(`/topic/by.${daemon}`);
        act(user);
        const end = await user.end();
        assert.ok([code].flat().includes(end.code), JSON.stringify(end));
        assert.equal(user.errors.length, 1);
        bystander.send(`/topic/by.${daemon}`, 'not touched');
        await sub.count(1);
      });

    for (const [name, options] of [
      ['a wrong passcode', { login: 'joe', passcode: 'wrong' }],
      ['an unknown login', { login: 'nobody', passcode: 'x' }],
    ])
      test(`${name} is an ERROR`, (t) => assert.rejects(join(t, options),
        /ERROR/));

    test('who may not subscribe gets an ERROR and nothing else', async (t) => {
      const ann = await join(t, { login: 'ann', passcode: 'secret' });
      const good = await ann.subscribe('/topic/secret.x');
      const joe = await join(t, { login: 'joe', passcode: 'welcome' });
      const bad = joe.subscribeNow('/topic/secret.x');
      for (let i = 0; i < 20; i++)
        ann.send('/topic/secret.x', `for ann ${i}`);
      await good.count(20);
      await joe.end();
      assert.equal(joe.errors.length, 1);
      assert.equal(bad.messages.length, 0);
    });

    test('heart-beats of the hop', async (t) => {
      const user = await join(t, { beats: [200, 200] });
      const beats = daemon === 'edge' ? '300,300' : '200,200';
      assert.equal(user.connected['heart-beat'], beats);
      let count = 0;
      user.client.webSocket.addEventListener('message', ({ data }) => {
        count += Buffer.from(data).toString() === '\n' ? 1 : 0;
      });
      await until(() => count >= 4, 'four heart-beats');
      assert.ok(user.client.connected);
      assert.equal(user.closed, undefined);
    });

    test('a client without the beats that it promised is cut', async (t) => {
      const user = await join(t, { beats: [100, 0] });
      const { send } = user.client.webSocket;
      user.client.webSocket.send = function silent(data) {
        if (data !== '\n')
          send.call(this, data);
      };
      const end = await user.end(5000 * SLOW);
      assert.equal(end.code, 1002);
    });
  });

test('no client is left', () => pair.noClients());
