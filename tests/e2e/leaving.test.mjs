// SPDX-License-Identifier: Apache-2.0
// Subscribers of one flow that come late and leave in every way: the others
// lose nothing, get nothing twice, and are merged on.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { missing, startRabbitMQ } from '../lib/rabbitmq.mjs';
import { Topic, startTopicPair } from '../lib/topic.mjs';
import { until } from '../lib/wait.mjs';

const SUBSCRIBERS = 30;

describe('RabbitMQ', { skip: missing }, async () => {
  if (missing)
    return;
  const broker = await startRabbitMQ(test, { ann: {}, bob: {} });
  const pair = await startTopicPair(test, broker.port,
    { share: '/topic/* scope=public', gateway: { verify: 4 } });

  async function merged(t, name) {
    const topic = await new Topic(t, pair, `/topic/${name}`)
      .open({ login: 'ann' });
    for (let i = 0; i < SUBSCRIBERS; i++)
      await topic.join({ login: i % 2 ? 'ann' : 'bob' });
    await topic.merge();
    return topic;
  }

  // While act goes on, messages come; behind it, one copy is sent again.
  async function during(topic, act) {
    let going = true;
    const publishing = (async () => {
      while (going)
        await topic.publish(3);
    })();
    await act();
    going = false;
    await publishing;
    await topic.arrived();
    topic.checkAll();
    await topic.merge();
    const before = await topic.sentMessages();
    await topic.publish(20);
    await topic.arrived();
    assert.equal(await topic.sentMessages() - before, 20);
    topic.checkAll();
  }

  const ways = {
    async unsubscribes(topic, member) {
      topic.remove(member);
      await member.sub.unsubscribe();
      const { length } = member.sub.messages;
      const from = topic.published.slice(member.from, member.from + length);
      assert.deepEqual(member.sub.bodies, from, 'all up to its leave');
      await topic.publish(5);
      assert.equal(member.sub.messages.length, length, 'and nothing behind');
    },
    async disconnects(topic, member) {
      topic.remove(member);
      await member.user.leave();
    },
    async vanishes(topic, member) {
      topic.remove(member);
      member.user.vanish();
      await member.user.end();
    },
  };

  for (const [name, leave] of Object.entries(ways)) {
    test(`a member ${name}`, async (t) => {
      const topic = await merged(t, `member-${name}`);
      await during(topic, () => leave(topic, topic.members[17]));
    });

    test(`the oldest, and so the carrier, ${name}`, async (t) => {
      const topic = await merged(t, `carrier-${name}`);
      await during(topic, async () => {
        for (let i = 0; i < 5; i++)
          await leave(topic, topic.members[0]);
      });
    });

    test(`all but one: each ${name}`, async (t) => {
      const topic = await merged(t, `most-${name}`);
      await during(topic, async () => {
        while (topic.members.length > 1)
          await leave(topic, topic.members[topic.members.length >> 1]);
      });
    });
  }

  test('late ones join', async (t) => {
    const topic = await merged(t, 'late');
    await topic.publish(10);
    await topic.arrived();
    for (let i = 0; i < 10; i++) {
      await topic.join({ login: 'bob' });
      await topic.publish(3);
    }
    await topic.arrived();
    topic.checkAll();
    await topic.merge();
  });

  test('all go, and others come', async (t) => {
    const topic = await merged(t, 'again');
    await Promise.all(topic.members.map(({ user }) => user.leave()));
    await until(async () => (await topic.flows()).length === 0, 'no flow');
    topic.members = [];
    for (let i = 0; i < 5; i++)
      await topic.join({ login: 'ann' });
    await topic.merge();
    topic.checkAll();
  });

  test('two subscriptions of one client', async (t) => {
    const topic = await merged(t, 'twice');
    const [{ user }] = topic.members;
    const sub = await user.subscribe(topic.destination, { id: 'second' });
    topic.members.push({ user, sub, id: 'second',
      from: topic.published.length });
    await topic.merge();
    await topic.publish(10);
    await topic.arrived();
    topic.checkAll();
  });

  test('a client that does not read stops nobody', async (t) => {
    const topic = await merged(t, 'slow');
    const slow = topic.members[3];
    topic.remove(slow);
    slow.user.client.webSocket._socket.pause();
    for (let i = 0; i < 40; i++) {
      await topic.publish(10, 10000);
      await topic.arrived(20000);
    }
    topic.checkAll();
    slow.user.client.webSocket._socket.resume();
  });

  test('no client is left, here or there', async () => {
    await pair.noClients();
    await until(async () => (await broker.logins()).length === 0,
      'no connection at the broker');
  });
});
