// SPDX-License-Identifier: Apache-2.0
// A gateway or an edge is stopped under load: each client is told, nobody is
// cut, and until then nobody misses anything.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import WebSocket from 'ws';

import { STOMP, startPair } from '../lib/pair.mjs';
import { relay } from '../lib/server.mjs';
import { connect } from '../lib/stomp.mjs';
import { until, within } from '../lib/wait.mjs';

const ECHOES = 40;
const SUBSCRIBERS = 10;
const TOPIC = '/topic/stop';

const start = (t, between) => startPair(t, {
  between,
  gateway: {
    headgate: { workers: 2, 'drain-time': '2s' },
    'plugin echo': {},
    'plugin stomp': {},
    'plugin broker': { anonymous: 'yes' },
    'service echo': {
      listen: 'clients trunks', path: '/echo', plugins: 'echo',
    },
    'service stomp': {
      listen: 'clients trunks', path: '/stomp', subprotocols: STOMP,
      plugins: 'stomp broker', share: '/topic/* scope=public', verify: 4,
      extensions: 'x-kaazing-channels x-kaazing-fanout',
    },
  },
  edge: {
    headgate: { workers: 2, 'drain-time': '2s' },
    'plugin stomp': {},
    'service echo': {
      listen: 'clients', path: '/echo', connect: 'trunk:gateway',
    },
    'service stomp': {
      listen: 'clients', path: '/stomp', plugins: 'stomp',
      connect: 'trunk:gateway', subprotocols: STOMP,
    },
  },
});

// A client that has one message more on its way for each that comes back.
async function echo(t, url) {
  const ws = new WebSocket(url);
  t.after(() => ws.terminate());
  await within(once(ws, 'open'), 'the WebSocket to open');
  const self = { ws, got: 0 };
  let sent = 0;
  const more = () => ws.readyState === WebSocket.OPEN && ws.send(`${sent++}`);
  ws.on('message', (data) => {
    assert.equal(data.toString(), `${self.got++}`);
    more();
  });
  self.closed = new Promise((resolve) => ws.on('close', (code, reason) =>
    resolve({ code, reason: reason.toString() })));
  more();
  more();
  return self;
}

// All of them, at work; the publisher comes straight to "where".
async function load(t, pair, where) {
  const echoes = [];
  for (let i = 0; i < ECHOES; i++)
    echoes.push(await echo(t, pair.url('/echo')));
  const users = [];
  for (let i = 0; i < SUBSCRIBERS; i++) {
    const user = await connect(t, pair.url('/stomp'));
    users.push({ user, sub: await user.subscribe(TOPIC) });
  }
  const publisher = await connect(t, where);
  let number = 0;
  const timer = setInterval(() => {
    if (publisher.closed === undefined)
      publisher.send(TOPIC, `${number++}`);
  }, 4);
  const quiet = () => clearInterval(timer);
  t.after(quiet);
  await until(async () => await pair.gateway.counter('fanout', 'merged') >=
    SUBSCRIBERS - 1, 'the members to be merged');
  await Promise.all(users.map(({ sub }) => sub.count(50)));
  return { echoes, users, publisher, quiet };
}

async function told({ echoes, users }, code) {
  for (const one of echoes) {
    const end = await within(one.closed, 'its end', 10000);
    assert.match(String(end.code), code, JSON.stringify(end));
    assert.ok(one.got > 0);
  }
  for (const { user, sub } of users) {
    const end = await user.end(10000);
    assert.match(String(end.code), code, JSON.stringify(end));
    // From its first message to its end, all.
    const first = Number(sub.bodies[0]);
    assert.deepEqual(sub.bodies, sub.bodies.map((_, i) => `${first + i}`));
  }
}

async function stops(daemon) {
  daemon.expectKilled = true;
  process.kill(daemon.pid, 'SIGTERM');
  const end = await within(daemon.process.ended.promise, 'its end', 20000);
  assert.deepEqual(end, { code: 0, signal: null }, daemon.process.tail());
}

test('the gateway is stopped under load', async (t) => {
  const pair = await start(t);
  const clients = await load(t, pair,
    pair.gateway.url('clients', '/stomp'));
  await Promise.all([told(clients, /1001|1012/), stops(pair.gateway)]);
  assert.match(String((await clients.publisher.end()).code), /1001/);
  assert.doesNotMatch(pair.edge.log, /1006|the way to the server was lost/);
});

test('the edge is stopped under load', async (t) => {
  const pair = await start(t);
  const clients = await load(t, pair,
    pair.gateway.url('clients', '/stomp'));
  await Promise.all([told(clients, /1001/), stops(pair.edge)]);
  clients.quiet();
  await clients.publisher.leave();
  await until(async () => (await pair.gateway.table('connections')).length ===
    0, 'nothing to be left of them');
});

// As behind an address that leads to one of several.
test('another gateway listens already: clients go on there', async (t) => {
  const between = await relay(t);
  const pair = await start(t, between);
  const old = pair.gateway;
  const clients = [];
  for (let i = 0; i < 10; i++)
    clients.push(await echo(t, pair.url('/echo')));
  await pair.startGateway();
  between.target = pair.gateway.port('trunks');
  const ups = pair.ups();
  const ends = Promise.all(clients.map(({ closed }) => closed));
  const stopped = stops(old);
  await until(() => pair.ups() > ups, 'a trunk to the other one');
  // As one that reconnects does, while the old ones still end.
  const next = await echo(t, pair.url('/echo'));
  for (const { code } of await within(ends, 'their ends', 10000))
    assert.match(String(code), /1001|1012/);
  await stopped;
  const { got } = next;
  await until(() => next.got > got + 10, 'the new one to go on');
  assert.equal(next.ws.readyState, WebSocket.OPEN);
});
