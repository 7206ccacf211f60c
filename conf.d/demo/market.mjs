// SPDX-License-Identifier: Apache-2.0
// What happens in the demo: prices are published at the gateway, viewers
// without a window watch them at the edge, and each second the edge is asked
// what crossed its trunk and what its clients got.
// node market.mjs MODULES HEADGATECTL SOCKET EDGE-PORT GATEWAY-PORT
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [modules, headgatectl, socket, edge, gateway] = process.argv.slice(2);
const require = createRequire(join(modules, 'market.js'));
const { Client } = require('@stomp/stompjs');
const WebSocket = require('ws');

const VIEWERS = 25;
const NAMES = ['barley', 'copper', 'diesel', 'lentils', 'olive oil', 'silver',
  'sugar', 'wool'];

function client(port, onConnect) {
  const made = new Client({
    webSocketFactory: () => new WebSocket(`ws://127.0.0.1:${port}/stomp`,
      ['v12.stomp']),
    connectHeaders: { login: 'guest', passcode: 'guest' },
    reconnectDelay: 1000,
  });
  made.onConnect = () => onConnect?.(made);
  made.activate();
  return made;
}

// --- prices ------------------------------------------------------------------

const market = NAMES.map((name, i) =>
  ({ name, first: 20 + 17 * i, price: 20 + 17 * i }));

function move(one) {
  one.price = Math.max(1, one.price * (1 + (Math.random() - 0.5) / 100));
  return JSON.stringify({ name: one.name,
    price: Math.round(one.price * 100) / 100,
    change: (one.price / one.first - 1) * 100 });
}

const publisher = client(gateway);
const publish = (topic, body) => publisher.connected &&
  publisher.publish({ destination: `/topic/${topic}`, body });

setInterval(() => {
  for (const one of market)
    publish('prices', move(one));
}, 1000);

for (let i = 0; i < VIEWERS; i++)
  client(edge, (viewer) => viewer.subscribe('/topic/prices', () => {}));

// --- what it costs -----------------------------------------------------------

const seen = new Map(); // by connection: what it had when it was seen last

function figures(connections) {
  const now = { ms: Date.now(), viewers: VIEWERS,
    clients: { messages: 0, bytes: 0, count: 0 },
    trunk: { messages: 0, bytes: 0 } };
  for (const one of connections) {
    if (one.kind === 'trunk-out')
      seen.set(one.name, { end: 'trunk', messages: one.messages_in,
        bytes: one.bytes_in });
    else if (one.service === 'stomp' && one.kind === 'websocket-in')
      seen.set(one.name, { end: 'clients', messages: one.messages_out,
        bytes: one.bytes_out });
    now.clients.count += one.service === 'stomp' && one.kind === 'websocket-in';
  }
  for (const { end, messages, bytes } of seen.values()) {
    now[end].messages += messages;
    now[end].bytes += bytes;
  }
  return now;
}

setInterval(() => execFile(headgatectl, ['-s', socket, '--json',
  'connections'], (error, out) => {
  if (error !== null)
    return;
  publish('figures', JSON.stringify(figures(JSON.parse(out))));
}), 1000);
