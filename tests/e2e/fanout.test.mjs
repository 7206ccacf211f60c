// SPDX-License-Identifier: Apache-2.0
// One copy: 200 subscribers with five logins of one topic of RabbitMQ.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { missing, startRabbitMQ } from '../lib/rabbitmq.mjs';
import { commonLength } from '../lib/stomp.mjs';
import { Topic, startTopicPair } from '../lib/topic.mjs';
import { until } from '../lib/wait.mjs';

const LOGINS = ['ann', 'bob', 'cleo', 'dora', 'emil'];
const SUBSCRIBERS = 200;
const COUNT = 400;
const SIZE = 1000; // bytes of a body
const LABEL = 3; // in chunk mode
const HEADER = 4; // of a WebSocket frame of that size
const SLACK = 64 << 10;

describe('RabbitMQ', { skip: missing }, async () => {
  if (missing)
    return;
  const broker = await startRabbitMQ(test,
    Object.fromEntries(LOGINS.map((login) => [login, {}])));

  for (const [scope, copies] of [['public', 1], ['credential', 5]])
    test(`${SUBSCRIBERS} subscribers, scope=${scope}`, async (t) => {
      const pair = await startTopicPair(t, broker.port,
        { share: `/topic/* scope=${scope}` });
      const topic = await new Topic(t, pair, `/topic/${scope}`)
        .open({ login: 'ann' });
      for (let i = 0; i < SUBSCRIBERS; i += 20)
        await Promise.all(Array.from({ length: 20 }, (_, j) => topic.join(
          { login: LOGINS[j % 5] }, `${LOGINS[j % 5]}-${i + j}`)));
      await topic.merge(copies);

      const messages = await topic.sentMessages();
      const bytes = await pair.trunkBytes();
      await topic.publish(COUNT, SIZE);
      await topic.arrived(30000);
      const sent = await topic.sentMessages() - messages;
      assert.equal(sent, COUNT * copies, 'messages on the trunk');

      const { messages: got } = topic.members[0].sub;
      const least = COUNT * copies *
        (commonLength(got.at(-1)) + LABEL + HEADER);
      let after;
      await until(async () => {
        after = await pair.trunkBytes();
        return after.sent - bytes.sent >= least;
      }, 'the kernel to have counted all');
      const most = 1.05 * least + SLACK;
      const grown = after.sent - bytes.sent + after.received - bytes.received;
      t.diagnostic(`${grown} bytes on the trunk, ${most} allowed, ` +
        `${least} in messages`);
      assert.ok(grown <= most, `${grown} bytes, not ${most}`);

      topic.checkAll();
      const [row] = await topic.flows();
      assert.equal(row.mismatches, 0);
      await Promise.all([topic.publisher, ...topic.members.map(({ user }) =>
        user)].map((user) => user.leave()));
      await pair.noClients();
    });

  test('the edge holds no login of its own at the broker', async (t) => {
    const pair = await startTopicPair(t, broker.port,
      { share: '/topic/* scope=public' });
    const topic = await new Topic(t, pair, '/topic/logins')
      .open({ login: 'ann' });
    await Promise.all(LOGINS.map((login) => topic.join({ login })));
    await topic.merge();
    assert.deepEqual(await broker.logins(), ['ann', ...LOGINS]);
  });
});
