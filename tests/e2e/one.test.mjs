// SPDX-License-Identifier: Apache-2.0
// upstream = one: 100 subscribers with three logins live on one subscription
// at RabbitMQ, whoever has it, and whatever becomes of that one. Covers B06.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { missing, startRabbitMQ } from '../lib/rabbitmq.mjs';
import { Topic, startTopicPair } from '../lib/topic.mjs';
import { until } from '../lib/wait.mjs';

const LOGINS = ['ann', 'bob', 'cleo'];
const SUBSCRIBERS = 100;
const TIMES = 8; // that the feeder goes
// So that the one that feeds can be told, and what its loss does.
const ONE = 'upstream=one standby=0';

describe('RabbitMQ', { skip: missing }, async () => {
  if (missing)
    return;
  const broker = await startRabbitMQ(test, Object.fromEntries(
    [...LOGINS, 'pub'].map((login) => [login, {}])));

  function pairOf(t, share) {
    return startTopicPair(t, broker.port, {
      share, gateway: { verify: 4, quiet: '500ms' },
    });
  }

  // As RabbitMQ counts them.
  async function consumers() {
    const text = await broker.ctl('list_consumers', 'queue_name', '--silent');
    return text.split('\n').filter((line) => line !== '').length;
  }

  async function join(topic, count) {
    for (let i = 0; i < count; i += 20)
      await Promise.all(Array.from({ length: Math.min(20, count - i) },
        (_, j) => topic.join({ login: LOGINS[(i + j) % 3] },
          `${LOGINS[(i + j) % 3]}-${i + j}`)));
  }

  async function rested(topic, flows = 1, each = 1) {
    await until(async () => {
      const rows = await topic.flows();
      return rows.length === flows &&
        rows.every((row) => row.subscriptions === each &&
          row.feeding === each);
    }, `${each} subscription(s) for each flow`, 30000).catch(async (error) => {
      throw new Error(`${error.message}: ${JSON.stringify(
        await topic.flows())}`, { cause: error });
    });
  }

  // The names of clients' channels at the gateway.
  async function channels(pair) {
    const rows = await pair.gateway.table('channels');
    return rows.filter(({ path }) => path === '/stomp').map(({ name }) => name);
  }

  // One after the other, so that it is known which channel is whose.
  async function merged(t, pair, name, count = SUBSCRIBERS, each = 1) {
    const topic = await new Topic(t, pair, `/topic/${name}`)
      .open({ login: 'pub' });
    const known = new Set(await channels(pair));
    for (let i = 0; i < count; i++) {
      const member = await topic.join({ login: LOGINS[i % 3] });
      member.login = LOGINS[i % 3];
      [member.channel] = (await channels(pair)).filter((one) =>
        !known.has(one));
      known.add(member.channel);
    }
    await topic.merge();
    await rested(topic, 1, each);
    return topic;
  }

  // Whose subscription the flow lives on; undefined between two.
  async function feeder(topic) {
    const [row] = await topic.flows();
    return topic.members.find(({ channel }) => channel === row.feeder);
  }

  // Another than that one.
  async function feederAfter(topic, before) {
    let now;
    await until(async () => {
      now = await feeder(topic);
      return now !== undefined && now !== before;
    }, 'another feeder', 20000);
    return now;
  }

  async function loaded(topic, act) {
    let going = true;
    const publishing = (async () => {
      while (going) {
        await topic.publish(20);
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    try {
      await act();
    } finally {
      going = false;
      await publishing;
    }
    await topic.arrived(30000);
    topic.checkAll();
  }

  const leave = {
    async unsubscribes({ sub }) {
      await sub.unsubscribe();
    },
    async disconnects({ user }) {
      await user.leave();
    },
    async vanishes({ user }) {
      user.vanish();
      await user.end();
    },
  };

  test('one subscription for all, one for each login', async (t) => {
    for (const [scope, flows] of [['public', 1], ['credential', 3]]) {
      const pair = await pairOf(t, `/topic/* scope=${scope} ${ONE}`);
      const topic = await new Topic(t, pair, `/topic/${scope}`)
        .open({ login: 'pub' });
      await join(topic, SUBSCRIBERS);
      await topic.merge(flows);
      await rested(topic, flows);
      assert.equal(await consumers(), flows);
      assert.equal((await broker.logins()).length, SUBSCRIBERS + 1);
      const before = await pair.gateway.counter('fanout', 'copies');
      await topic.publish(200);
      await topic.arrived();
      topic.checkAll();
      assert.equal(await pair.gateway.counter('fanout', 'copies') - before,
        200 * flows);
      await Promise.all([topic.publisher, ...topic.members.map(({ user }) =>
        user)].map((user) => user.leave()));
      await until(async () => await consumers() === 0, 'no consumer', 20000);
    }
  });

  for (const [name, go] of Object.entries(leave))
    test(`the feeder ${name}, again and again, under load`, async (t) => {
      const pair = await pairOf(t, `/topic/* scope=public ${ONE}`);
      const topic = await merged(t, pair, `feeder-${name}`);
      await loaded(topic, async () => {
        let member = await feederAfter(topic);
        for (let i = 0; i < TIMES; i++) {
          topic.remove(member);
          await go(member);
          const { from, sub } = member;
          assert.deepEqual(sub.bodies, topic.published.slice(from,
            from + sub.messages.length), 'in order up to its end');
          member = await feederAfter(topic, member);
        }
      });
      await rested(topic);
      const [row] = await topic.flows();
      assert.ok(row.takeovers >= TIMES);
      assert.equal(row.mismatches, 0);
      assert.equal(await pair.gateway.counter('fanout', 'gaps'), 0);
      await until(async () =>
        await pair.gateway.counter('stomp', 'orphans') === 0, 'no orphan');
      assert.equal(await consumers(), 1);
      assert.equal(await pair.gateway.counter('stomp',
        'unknown_subscription'), 0);
    });

  // The broker ends the feeder's own session: what it does not like is asked
  // of it.
  function offend({ user }) {
    user.send('/exchange/nowhere.at.all/x', 'x');
    return user.end();
  }

  test('the broker ends the feeder; another stands by', async (t) => {
    const pair = await pairOf(t, '/topic/* scope=public upstream=one');
    const topic = await merged(t, pair, 'standby', 40, 2);
    await loaded(topic, async () => {
      let member = await feederAfter(topic);
      for (let i = 0; i < TIMES; i++) {
        topic.remove(member);
        await offend(member);
        assert.equal(member.user.errors.length, 1);
        member = await feederAfter(topic, member);
        await rested(topic, 1, 2);
      }
    });
    assert.equal(await pair.gateway.counter('fanout', 'gaps'), 0);
    const [row] = await topic.flows();
    assert.equal(row.members, 40 - TIMES);
    assert.equal(row.mismatches, 0);
  });

  test('the broker ends the only one: all are told', async (t) => {
    const pair = await pairOf(t, `/topic/* scope=public ${ONE}`);
    const topic = await merged(t, pair, 'alone', 20);
    const member = await feederAfter(topic);
    await offend(member);
    topic.remove(member);
    const ends = await Promise.all(topic.members.map(({ user }) =>
      user.end()));
    assert.ok(ends.every(({ code }) => code === 1012), JSON.stringify(ends));
    for (const { user } of topic.members)
      assert.match(user.errors[0].headers.message, /channel has ended/);
    assert.equal(await pair.gateway.counter('fanout', 'gaps'), 19);
    await until(async () => (await topic.flows()).length === 0, 'no flow');
  });

  test('a right that was taken away', async (t) => {
    const pair = await pairOf(t, `/topic/* scope=public ${ONE} recheck=4s`);
    const topic = await merged(t, pair, 'revoked', 60);
    const out = topic.members.filter(({ login }) => login === 'cleo');
    const now = Date.now();
    await loaded(topic, async () => {
      await broker.ctl('set_permissions', 'cleo', '.*', '.*', '^$');
      for (const member of out)
        topic.remove(member);
      await Promise.all(out.map(({ user }) => user.end(20000)));
    });
    t.diagnostic(`out after ${Date.now() - now} ms, recheck is 4000 ms`);
    for (const { user, sub, from } of out) {
      assert.match(user.errors[0].body, /access.*refused|refused/i);
      assert.deepEqual(sub.bodies, topic.published.slice(from,
        from + sub.messages.length));
    }
    assert.equal(await pair.gateway.counter('fanout', 'gaps'), 0);
    assert.equal(await pair.gateway.counter('fanout', 'refused'),
      out.length);
    await broker.ctl('set_permissions', 'cleo', '.*', '.*', '.*');
    // The others go on being asked, and nobody minds.
    const before = await pair.gateway.counter('fanout', 'rechecks');
    await loaded(topic, () => until(async () =>
      await pair.gateway.counter('fanout', 'rechecks') > before + 80,
    'all to be asked twice', 30000));
    await topic.merge();
    await rested(topic);
  });

  test('the same id again while the first is kept', async (t) => {
    const pair = await pairOf(t, `/topic/* scope=public ${ONE}`);
    const topic = await merged(t, pair, 'again', 10);
    await loaded(topic, async () => {
      for (let i = 0; i < 4; i++) {
        const member = await feederAfter(topic);
        topic.remove(member);
        await member.sub.unsubscribe();
        const sub = await member.user.subscribe(topic.destination,
          { id: member.id });
        await sub.unsubscribe();
        const other = await member.user.subscribe('/topic/nothing.here',
          { id: member.id });
        assert.equal(other.messages.length, 0);
        await feederAfter(topic, member);
      }
    });
    assert.equal(await pair.gateway.counter('fanout', 'gaps'), 0);
  });
});
