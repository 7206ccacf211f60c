// SPDX-License-Identifier: Apache-2.0
// A trunk is lost and nobody notices: every subscriber gets every message once
// and in order, or is told that some are missing (threats T18, section 4).
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { missing, startRabbitMQ } from '../lib/rabbitmq.mjs';
import { relay } from '../lib/server.mjs';
import { connect } from '../lib/stomp.mjs';
import { Topic, startTopicPair } from '../lib/topic.mjs';
import { until } from '../lib/wait.mjs';

const guest = { login: 'guest' };

describe('RabbitMQ', { skip: missing }, async () => {
  if (missing)
    return;
  const broker = await startRabbitMQ(test);

  async function start(t, subscribers, options = {}) {
    const between = await relay(t);
    const pair = await startTopicPair(t, broker.port, {
      share: '/topic/* scope=public', between, ...options,
      gateway: { verify: 4, quiet: '500ms', ...options.gateway },
    });
    const topic = await new Topic(t, pair, '/topic/resume').open(guest);
    for (let i = 0; i < subscribers; i += 10)
      await Promise.all(Array.from(
        { length: Math.min(10, subscribers - i) },
        (_, j) => topic.join(guest, `own-${i + j}`)));
    await topic.merge();
    await until(async () => {
      await topic.publish(1);
      await topic.arrived();
      return (await topic.flows())[0].merged === subscribers;
    }, 'all to be merged');
    return { pair, topic, between };
  }

  const edge = (pair, name) => pair.edge.counter('stomp', name);

  async function told(topic) {
    for (const { user } of topic.members) {
      const end = await user.end();
      assert.equal(end.code, 1012, JSON.stringify(end));
      assert.equal(user.errors.length, 1);
    }
  }

  for (const [name, act, workers] of [['cut', 'cut', 1],
    ['black-holed', 'stall', 1], ['cut', 'cut', 3]])
    test(`100 subscribers, ${workers} workers, and the trunk is ${name}`,
      async (t) => {
        const { pair, topic, between } = await start(t, 100, { workers });
        await topic.publish(20);
        between[act]();
        await until(async () => {
          await topic.publish(5);
          return pair.ups() === 2;
        }, 'another trunk', 20000);
        await topic.publish(50);
        await topic.arrived(20000);
        await until(async () => await edge(pair, 'parked') === 0,
          'nobody to wait');
        assert.equal(await edge(pair, 'resumed'), 100);
        assert.equal(await edge(pair, 'gaps'), 0);
        await topic.merge();
        await topic.publish(20);
        await topic.arrived();
        topic.checkAll();
      });

  test('again and again, under load', async (t) => {
    const { pair, topic, between } = await start(t, 20);
    for (let round = 0; round < 5; round++) {
      const ups = pair.ups();
      between.cut();
      await until(async () => {
        await topic.publish(20, 1000);
        return pair.ups() > ups && await edge(pair, 'parked') === 0;
      }, 'all to be back', 20000);
      await topic.arrived(20000);
    }
    assert.equal(await edge(pair, 'gaps'), 0);
    topic.checkAll();
  });

  test('what clients say meanwhile waits', async (t) => {
    const { pair, topic, between } = await start(t, 2, {
      trunk: { edge: { 'retry-min': '500ms', 'retry-max': '500ms' } },
    });
    const [{ user }] = topic.members;
    between.cut();
    await until(async () => await edge(pair, 'parked') > 0, 'some to wait');
    const sub = await user.subscribe('/topic/other', { id: 'other' });
    await user.sendSure('/topic/other', 'hello');
    await sub.count(1);
    assert.deepEqual(sub.bodies, ['hello']);
    assert.equal(user.closed, undefined);
  });

  test('too little is kept: all are told', async (t) => {
    const { pair, topic, between } = await start(t, 10, {
      gateway: { replay: '2k' },
      trunk: { edge: { 'retry-min': '1s', 'retry-max': '1s' } },
    });
    between.cut();
    await topic.publish(100);
    await told(topic);
    assert.equal(await edge(pair, 'gaps'), 10);
    assert.ok(await pair.gateway.counter('fanout', 'gaps') > 0);
  });

  test('another gateway is there: all are told', async (t) => {
    const { pair, topic } = await start(t, 10);
    const port = pair.gateway.port('trunks');
    await pair.gateway.kill();
    await pair.startGateway(port);
    await told(topic);
    assert.equal(await edge(pair, 'gaps'), 10);
  });

  test('no trunk comes in time: all are told', async (t) => {
    const { pair, topic } = await start(t, 3, {
      trunk: { edge: { park: '500ms' } },
    });
    await pair.gateway.kill();
    await told(topic);
    assert.equal(await edge(pair, 'gaps'), 3);
    assert.equal(await edge(pair, 'parked'), 0);
  });

  test('two connections: the other one takes over', async (t) => {
    const { pair, topic, between } = await start(t, 10, {
      trunk: { edge: { connections: '2', 'retry-min': '60s',
        'retry-max': '60s' } },
    });
    await until(() => pair.ups() === 2, 'both to be up');
    between.cutBusiest();
    await topic.publish(20);
    await topic.arrived();
    await until(async () => await edge(pair, 'parked') === 0 &&
      await edge(pair, 'resumed') > 0, 'all to be back', 2000);
    topic.checkAll();
  });

  for (const [name, act] of [
    ['has sent something without a receipt', (user) =>
      user.send('/topic/other', 'x')],
    ['has a subscription of its own', (user) =>
      user.subscribe('/queue/own', { id: 'q' })],
    ['acknowledges', (user) =>
      user.subscribe('/topic/other', { id: 'a', ack: 'client' })],
  ])
    test(`who ${name} is told`, async (t) => {
      const { topic, between } = await start(t, 2);
      const [first, second] = topic.members;
      await act(first.user);
      await topic.publish(5);
      await topic.arrived();
      between.cut();
      const end = await first.user.end();
      assert.equal(end.code, 1012);
      topic.remove(first);
      await topic.publish(5);
      await topic.arrived();
      topic.check(second);
    });

  test('what stays at the gateway goes in the end', async (t) => {
    const { pair, topic, between } = await start(t, 10, {
      trunk: { gateway: { park: '1s' }, edge: { park: '300ms',
        'retry-min': '60s', 'retry-max': '60s' } },
    });
    between.cut();
    await until(async () => (await topic.flows())[0]?.parked === 2,
      'two to stay');
    await told(topic);
    await until(async () => (await topic.flows()).length === 0,
      'no flow', 5000);
    await until(async () => (await broker.logins()).length === 1,
      'their logins to end', 10000);
    assert.equal(await pair.gateway.counter('fanout', 'parked'), 0);
  });

  test('a gateway that stops does not wait', async (t) => {
    const { pair, between } = await start(t, 3, {
      trunk: { edge: { 'retry-min': '60s', 'retry-max': '60s' } },
    });
    between.cut();
    await until(async () =>
      await pair.gateway.counter('fanout', 'parked') > 0, 'some to stay');
    for (const daemon of [pair.edge, pair.gateway]) {
      await daemon.stop();
      daemon.expectKilled = true; // it has ended
    }
  });

  test('a client can come while others wait', async (t) => {
    const { pair, topic, between } = await start(t, 3);
    between.cut();
    const user = await until(() => connect(t, pair.url('/stomp'), guest),
      'a client to get in', 20000);
    await user.leave();
    await topic.publish(5);
    await topic.arrived();
    topic.checkAll();
  });
});
