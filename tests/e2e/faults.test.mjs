// SPDX-License-Identifier: Apache-2.0
// What dies, hangs or talks nonsense, and what its clients are told: RabbitMQ
// behind the gateway, and the daemons themselves.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { missing, startRabbitMQ } from '../lib/rabbitmq.mjs';
import { relay } from '../lib/server.mjs';
import { connect } from '../lib/stomp.mjs';
import { Topic, startTopicPair } from '../lib/topic.mjs';
import { SLOW, until } from '../lib/wait.mjs';

const SUBSCRIBERS = 10;
const guest = { login: 'guest' };

describe('RabbitMQ', { skip: missing }, async () => {
  if (missing)
    return;
  const broker = await startRabbitMQ(test);

  async function start(t, options = {}) {
    // Nobody waits for another trunk: see resume.test.mjs.
    const pair = await startTopicPair(t, broker.port, {
      share: '/topic/* scope=public',
      trunk: { gateway: { park: '0' }, edge: { park: '0' } }, ...options,
      gateway: { verify: 4, ...options.gateway },
    });
    const topic = await new Topic(t, pair, '/topic/faults').open(guest);
    for (let i = 0; i < SUBSCRIBERS; i++)
      await topic.join(guest);
    await topic.merge();
    return { pair, topic };
  }

  // All clients are told so within that time: by ERROR, then by a close code.
  async function told(topic, code, ms) {
    const began = performance.now();
    for (const { user } of topic.members) {
      const end = await user.end();
      assert.match(String(end.code), code, JSON.stringify(end));
      assert.equal(user.errors.length, 1);
    }
    const took = performance.now() - began;
    assert.ok(took < ms * SLOW, `after ${took} ms`);
  }

  // What a client can do that comes after it.
  async function worksAgain(t, pair) {
    const user = await until(() => connect(t, pair.url('/stomp'), guest),
      'a client to get in again', 20000);
    const sub = await user.subscribe('/topic/again');
    user.send('/topic/again', 'again');
    await sub.count(1);
    await user.leave();
  }

  for (const [name, act] of [
    ['is killed', (pair) => pair.gateway.kill()],
    ['stops', async (pair) => {
      pair.gateway.expectKilled = true;
      await pair.gateway.process.kill('SIGTERM');
    }],
  ])
    test(`the gateway ${name}`, async (t) => {
      const { pair, topic } = await start(t);
      const port = pair.gateway.port('trunks');
      const telling = told(topic, name === 'stops' ? /1001|1012/ : /1012/,
        1000);
      await act(pair);
      await telling;
      await assert.rejects(connect(t, pair.url('/stomp'), guest), /503/);
      await until(async () => (await broker.logins()).length === 0,
        'no login at the broker');
      await pair.startGateway(port);
      await worksAgain(t, pair);
    });

  test('the gateway hangs', async (t) => {
    const { pair, topic } = await start(t);
    process.kill(pair.gateway.pid, 'SIGSTOP');
    await told(topic, /1012/, 4500);
    process.kill(pair.gateway.pid, 'SIGCONT');
    await worksAgain(t, pair);
  });

  for (const [name, act, ms] of [['is cut', 'cut', 1000],
    ['loses everything', 'stall', 4500]])
    test(`the trunk ${name}`, async (t) => {
      const between = await relay(t);
      const { pair, topic } = await start(t, { between });
      between[act]();
      await told(topic, /1012/, ms);
      await worksAgain(t, pair);
      await until(async () => (await broker.logins()).length === 1,
        'the members\' logins to end');
    });

  test('the edge is killed: another edge\'s clients lose nothing',
    async (t) => {
      const { pair, topic } = await start(t);
      const first = pair.edge;
      const lost = topic.members.splice(0);
      await pair.startEdge();
      for (let i = 0; i < SUBSCRIBERS; i++)
        await topic.join(guest);
      await until(async () => {
        await topic.publish(5);
        await topic.arrived();
        const [flow] = await topic.flows();
        return flow.merged === 2 * SUBSCRIBERS && flow.carriers === 2;
      }, 'all to be merged on two trunks');
      await first.kill();
      await topic.publish(50);
      await topic.arrived();
      topic.checkAll();
      for (const { user } of lost)
        assert.equal((await user.end()).code, 1006);
      await until(async () => (await topic.flows())[0].members === SUBSCRIBERS,
        'the lost members to leave', 4000);
      await until(async () => (await broker.logins()).length ===
        SUBSCRIBERS + 1, 'their logins to end');
      await topic.merge();
    });

  test('the broker is killed', async (t) => {
    const { pair, topic } = await start(t);
    const telling = told(topic, /1012/, 1000);
    await broker.kill();
    await telling;
    assert.equal(pair.ups(), 1, 'the trunk does not notice');
    await assert.rejects(connect(t, pair.url('/stomp'), guest), /502/);
    await until(async () => (await pair.gateway.table('flows')).length === 0,
      'no flow');
    await broker.start();
    await worksAgain(t, pair);
  });

  test('the broker hangs', async (t) => {
    const { pair, topic } = await start(t, { gateway: {
      'upstream-heart-beat': '500,500', 'connect-timeout': '2s',
    } });
    t.after(() => broker.signal('SIGCONT'));
    broker.signal('SIGSTOP');
    await told(topic, /1012/, 3000);
    const late = await connect(t, pair.url('/stomp'), guest)
      .catch((error) => error);
    assert.ok(late instanceof Error, 'nobody gets in');
    broker.signal('SIGCONT');
    await worksAgain(t, pair);
  });
});
