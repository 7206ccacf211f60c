// SPDX-License-Identifier: Apache-2.0
// Bodies of 10 MB through RabbitMQ, over a trunk in chunk mode and without
// channels, while small messages pass.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';

import { missing, startRabbitMQ } from '../lib/rabbitmq.mjs';
import { connect } from '../lib/stomp.mjs';
import { startTopicPair } from '../lib/topic.mjs';
import { until } from '../lib/wait.mjs';

const BODY = randomBytes(10 << 20); // has NUL in it
const LATE = 60000;

describe('RabbitMQ', { skip: missing }, async () => {
  if (missing)
    return;
  const broker = await startRabbitMQ(test, { ann: {}, bob: {} });
  const pair = await startTopicPair(test, broker.port, {
    share: '/topic/shared.* scope=public', gateway: { verify: 2 },
  });
  const join = (t, where) => connect(t,
    pair[where].url('clients', '/stomp'), { login: 'ann' });

  const same = (message) =>
    assert.ok(Buffer.from(message.binaryBody).equals(BODY), 'the same bytes');

  for (const from of ['edge', 'gateway'])
    for (const to of ['edge', 'gateway'])
      for (const kind of ['topic', 'queue'])
        test(`10 MB by a ${kind}, from ${from} to ${to}`, async (t) => {
          const [sender, receiver] = [await join(t, from), await join(t, to)];
          const destination = `/${kind}/large-${from}-${to}`;
          const sub = await receiver.subscribe(destination,
            kind === 'queue' ? { ack: 'client' } : {});
          sender.send(destination, BODY);
          sender.send(destination, 'behind it');
          await sub.count(2, LATE);
          same(sub.messages[0]);
          assert.equal(sub.bodies[1], 'behind it');
          if (kind === 'queue')
            sub.messages[1].ack();
          await receiver.leave();
          assert.deepEqual(receiver.errors, []);
        });

  test('10 MB for three who share a topic', async (t) => {
    const users = await Promise.all([1, 2, 3].map(() => join(t, 'edge')));
    const destination = '/topic/shared.large';
    const subs = await Promise.all(users.map((user) =>
      user.subscribe(destination)));
    const sender = await join(t, 'gateway');
    const merged = () => pair.gateway.counter('fanout', 'merged');
    let count = 0;
    await until(async () => {
      sender.send(destination, `number ${++count}`);
      await Promise.all(subs.map((sub) => sub.count(count)));
      return await merged() === 3;
    }, 'all to be merged');
    const before = await pair.trunkBytes();
    sender.send(destination, BODY);
    sender.send(destination, 'behind it');
    for (const sub of subs) {
      await sub.count(count + 2, LATE);
      same(sub.messages.at(-2));
      assert.equal(sub.bodies.at(-1), 'behind it');
    }
    const after = await pair.trunkBytes();
    t.diagnostic(`${after.sent - before.sent} bytes on the trunk, ` +
      `${await merged()} are merged`);
  });

  test('small ones are not held up by a large one', async (t) => {
    const [a, b, c] = [await join(t, 'edge'), await join(t, 'edge'),
      await join(t, 'edge')];
    const large = await a.subscribe('/topic/large.slow');
    const small = await b.subscribe('/topic/small');
    c.send('/topic/large.slow', BODY);
    let sent = 0;
    while (large.messages.length === 0 || sent < 50) {
      b.send('/topic/small', String(sent));
      await small.count(++sent, LATE);
      assert.ok(sent < 100000);
    }
    await large.count(1, LATE);
    same(large.messages[0]);
  });

  test('memory is given back', async () => {
    await pair.noClients();
    for (const daemon of [pair.edge, pair.gateway])
      assert.ok(daemon.memory() < 400 << 20, `${daemon.memory()} bytes`);
  });
});
