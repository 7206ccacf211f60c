// SPDX-License-Identifier: Apache-2.0
// Many subscribers of one topic, by edge and trunk to RabbitMQ, and what each
// must have got.
import assert from 'node:assert/strict';

import { STOMP, startPair } from './pair.mjs';
import { connect } from './stomp.mjs';
import { until } from './wait.mjs';

// options: share (of the gateway's service), gateway and edge (keys of their
// services), trunk (gateway and edge: of its ends), channels (of the plugin, at both), between (see startPair), workers (of each).
export function startTopicPair(t, port, options) {
  const plugins = {
    'plugin stomp': {}, 'plugin channels': options.channels ?? {},
    headgate: { workers: String(options.workers ?? 1) },
  };
  return startPair(t, {
    between: options.between,
    gateway: {
      ...plugins,
      'trunk keys': options.trunk?.gateway,
      'service stomp': {
        listen: 'clients trunks', path: '/stomp', subprotocols: STOMP,
        plugins: 'stomp', connect: `tcp://127.0.0.1:${port}`,
        extensions: 'x-kaazing-channels x-kaazing-fanout',
        share: options.share, ...options.gateway,
      },
    },
    edge: {
      ...plugins,
      'trunk gateway': options.trunk?.edge,
      'service stomp': {
        listen: 'clients', path: '/stomp', plugins: 'stomp',
        connect: 'trunk:gateway', subprotocols: STOMP, ...options.edge,
      },
    },
  });
}

export class Topic {
  constructor(t, pair, destination) {
    this.t = t;
    this.pair = pair;
    this.destination = destination;
    this.published = []; // bodies
    this.members = []; // { user, sub, from }
  }

  // One more subscriber: it must get what is published from here on.
  async join(options, id = `own-${this.members.length}`) {
    const user = await connect(this.t, this.pair.url('/stomp'), options);
    const sub = await user.subscribe(this.destination, { id });
    const member = { user, sub, id, from: this.published.length };
    this.members.push(member);
    return member;
  }

  // Who publishes comes straight to the gateway, and so not over the trunk.
  async open(options) {
    this.publisher = await connect(this.t,
      this.pair.gateway.url('clients', '/stomp'), options);
    return this;
  }

  async publish(count, size = 40) {
    for (let i = 0; i < count; i++) {
      const body = `${this.published.length} ${'.'.repeat(size)}`;
      this.published.push(body);
      this.publisher.send(this.destination, body, { 'x-number': String(i) });
    }
    await this.publisher.sendSure('/topic/nobody.listens', 'done');
  }

  remove(member) {
    this.members.splice(this.members.indexOf(member), 1);
  }

  wanted(member) {
    return this.published.length - member.from;
  }

  // All that was published is at all who must get it.
  async arrived(ms) {
    const late = () => this.members.filter((member) =>
      member.sub.messages.length < this.wanted(member));
    await until(() => late().length === 0, 'all messages', ms)
      .catch((error) => {
        const one = late()[0];
        throw new Error(`${error.message}: ${late().length} lack some; ` +
          `${one.id} has ${one.sub.messages.length} of ${this.wanted(one)}, ` +
          `closed ${JSON.stringify(one.user.closed)}`);
      });
  }

  // Each message once, in order, with the member's own headers.
  check(member) {
    const { sub, id, from } = member;
    assert.deepEqual(sub.bodies, this.published.slice(from), id);
    const ids = new Set();
    for (const { headers } of sub.messages) {
      assert.equal(headers.subscription, id);
      assert.equal(headers.destination, this.destination);
      assert.equal(headers.ack, undefined);
      ids.add(headers['message-id']);
    }
    assert.equal(ids.size, sub.messages.length, 'message-ids differ');
    assert.deepEqual(member.user.errors, []);
    assert.equal(member.user.closed, undefined);
  }

  checkAll() {
    for (const member of this.members)
      this.check(member);
  }

  async flows() {
    const rows = await this.pair.gateway.table('flows');
    return rows.filter((row) => row.destination === this.destination);
  }

  // Publishes until all are merged, in that many flows of one copy each.
  async merge(flows = 1, ms = 30000) {
    await until(async () => {
      const before = await this.sentMessages();
      await this.publish(5);
      await this.arrived();
      const copies = (await this.sentMessages() - before) / 5;
      const rows = await this.flows();
      const merged = rows.reduce((sum, row) => sum + row.merged, 0);
      return rows.length === flows && merged === this.members.length &&
        copies === flows;
    }, `all to be merged in ${flows} flow(s)`, ms).catch(async (error) => {
      throw new Error(`${error.message}: ${JSON.stringify(await this.flows())}`,
        { cause: error });
    });
  }

  // Data messages of the gateway on all trunks.
  async sentMessages() {
    return this.pair.gateway.counter('channels', 'data_messages_sent');
  }
}
