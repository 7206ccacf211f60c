// SPDX-License-Identifier: Apache-2.0
// A flow's messages for many clients that asked for permessage-deflate: packed
// once at the edge, and each client's copy is its own.
import assert from 'node:assert/strict';
import test from 'node:test';

import { STOMP, startPair } from '../lib/pair.mjs';
import { connect } from '../lib/stomp.mjs';
import { until } from '../lib/wait.mjs';

const CLIENTS = 20;
const MESSAGES = 50;

const { edge, gateway } = await startPair(test, {
  gateway: {
    'plugin stomp': {},
    'plugin broker': { anonymous: 'yes' },
    'service stomp': {
      listen: 'clients trunks', path: '/stomp', subprotocols: STOMP,
      plugins: 'stomp broker', share: '/topic/* scope=public',
      extensions: 'x-kaazing-channels x-kaazing-fanout', verify: 4,
    },
  },
  edge: {
    'plugin stomp': {},
    'plugin deflate': {},
    'service stomp': {
      listen: 'clients', path: '/stomp', plugins: 'stomp',
      connect: 'trunk:gateway', subprotocols: STOMP,
      extensions: 'permessage-deflate',
    },
  },
});

const url = edge.url('clients', '/stomp');

// Half of them name their subscription alike, as clients do.
test('each gets each message, packed for several at once', async (t) => {
  const packed = { ws: { perMessageDeflate: true } };
  const users = await Promise.all(Array.from({ length: CLIENTS },
    () => connect(t, url, packed)));
  const subs = await Promise.all(users.map((user, i) =>
    user.subscribe('/topic/prices',
      { id: i % 2 === 0 ? 'same' : `own-${i}` })));
  for (const user of users)
    assert.match(user.client.webSocket.extensions, /permessage-deflate/);
  const bodies = Array.from({ length: MESSAGES }, (_, i) =>
    `${i} ` + 'a price that is long enough to be worth it '.repeat(30 + i));
  for (const body of bodies)
    await users[0].sendSure('/topic/prices', body);
  for (const [i, sub] of subs.entries()) {
    await sub.count(MESSAGES);
    assert.deepEqual(sub.bodies, bodies);
    for (const { headers } of sub.messages)
      assert.equal(headers.subscription, i % 2 === 0 ? 'same' : `own-${i}`);
  }
  const all = CLIENTS * MESSAGES;
  await until(async () =>
    await edge.counter('deflate', 'messages_packed') >= all, 'the counter');
  // For all but the first, whatever their subscriptions are called.
  const once = await edge.counter('deflate', 'messages_packed_once');
  assert.ok(once >= MESSAGES * (CLIENTS - 2) * 0.8, `once: ${once}`);
  assert.equal(await gateway.counter('broker', 'messages-in'), MESSAGES);
});
