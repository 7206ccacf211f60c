// SPDX-License-Identifier: Apache-2.0
// A client that speaks channels refreshes its credentials: through edge, trunk
// and gateway to the broker, with one worker and with three.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { head, hex, openMux } from '../lib/channels.mjs';
import { STOMP, startPair } from '../lib/pair.mjs';
import { connect } from '../lib/stomp.mjs';
import { until } from '../lib/wait.mjs';

const TOPIC = '/topic/auth';
const basic = (pair) => `Basic ${Buffer.from(pair).toString('base64')}`;

// A client that knows nothing of fan-out: children are refused, and what is for
// them comes on the channel itself.
function withoutChildren(m) {
  const refuse = () => {
    m.controls = m.controls.filter((text) => {
      const child = text.match(/^create (0x\w{4}) parent=/);
      if (child)
        m.control(`refused ${child[1]}`);
      return !child && !/^destroy 0x\w{3}[02468ace] /.test(text);
    });
  };
  return {
    async next(pattern) {
      for (refuse(); m.controls.length === 0; refuse())
        await m.read();
      assert.match(m.controls.shift(), pattern);
    },
    async hear(id) {
      for (refuse(); !m.messages.get(id)?.length; refuse())
        await m.read();
      return m.messages.get(id).shift().payload.toString();
    },
  };
}

for (const workers of [1, 3])
  test(`workers = ${workers}`, async (t) => {
    const pair = await startPair(t, {
      gateway: {
        headgate: { workers },
        'plugin stomp': {},
        'plugin broker': { user: ['joe:welcome', 'ann:secret'] },
        'service stomp': {
          listen: 'clients trunks', path: '/stomp', subprotocols: STOMP,
          plugins: 'stomp broker', share: '/topic/* scope=public', verify: 2,
          extensions: 'x-kaazing-channels x-kaazing-fanout',
        },
      },
      edge: {
        headgate: { workers },
        'plugin stomp': {},
        'service stomp': {
          listen: 'clients', path: '/stomp', plugins: 'stomp',
          connect: 'trunk:gateway', subprotocols: STOMP,
          extensions: 'x-kaazing-channels',
        },
      },
    });
    const m = await openMux(t, pair.edge.port('clients'), '/stomp', '',
      { 'Sec-WebSocket-Protocol': 'v12.stomp' });
    const ids = [1, 3, 5];
    const ask = (id, value) => m.control(`auth ${hex(id)}`,
      head('GET /stomp HTTP/1.1', { Authorization: value }));
    const say = (id, text) => m.data(id, `${text}\0`);
    const { next: control, hear } = withoutChildren(m);
    for (const id of ids) {
      m.create(id, '/stomp', { 'Sec-WebSocket-Protocol': 'v12.stomp' });
      await control(/^created 0x\w{4}\r\nHTTP\/1\.1 101 /);
      say(id, 'CONNECT\naccept-version:1.2\nhost:x\n' +
        'login:joe\npasscode:welcome\n\n');
      assert.match(await hear(id), /^CONNECTED\n/);
      say(id, `SUBSCRIBE\nid:s\ndestination:${TOPIC}\nreceipt:r\n\n`);
      assert.match(await hear(id), /^RECEIPT\n/);
    }
    const publisher = await connect(t, pair.url('/stomp'),
      { login: 'ann', passcode: 'secret' });
    let number = 0;
    const next = new Map(ids.map((id) => [id, 0]));
    async function publish(to, count) {
      for (let i = 0; i < count; i++)
        publisher.send(TOPIC, `number ${number++}`);
      for (const id of to)
        for (let i = 0; i < count; i++)
          assert.match(await hear(id), new RegExp('^MESSAGE\n[^]*' +
            `\n\nnumber ${next.get(id)}\0$`), `${next.set(id,
            next.get(id) + 1)}`);
    }
    await publish(ids, 20);
    await until(async () => await pair.gateway.counter('fanout', 'merged') >=
      2, 'the members to be merged');

    ask(1, basic('joe:welcome'));
    await control(/^authed 0x0001\r\nHTTP\/1\.1 200 /);
    ask(3, basic('joe:guess'));
    await control(/^authed 0x0003\r\nHTTP\/1\.1 401 [^]*WWW-Authenticate: Basic/);
    await publish(ids, 20);

    // Somebody else: that channel ends, and gets nothing more. If it was the
    // one that carried the flow, another does from then on.
    ask(1, basic('ann:secret'));
    await control(/^authed 0x0001\r\nHTTP\/1\.1 403 /);
    await control(/^destroy 0x0001 code=1008/);
    m.control('destroy 0x0001 code=1008');
    await publish([3, 5], 20);
    const ended = (m.messages.get(1) ?? []).map(({ payload }) =>
      payload.toString());
    assert.ok(ended.every((text) => /^ERROR\nmessage:access refused\n/.test(text)), `${ended}`);
    ask(5, basic('joe:welcome'));
    await control(/^authed 0x0005\r\nHTTP\/1\.1 200 /);
    await publisher.leave();
  });
