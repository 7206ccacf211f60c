// SPDX-License-Identifier: Apache-2.0
// Servers for the daemon to connect to: each connection becomes a Peer that the
// test drives.
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';

import { within } from './wait.mjs';
import { Peer, acceptOf } from './wsraw.mjs';

// options: { path } for a unix socket, { tls: { cert, key ... } } for TLS.
export async function listen(t, options = {}) {
  const sockets = new Set();
  const waiting = [];
  const arrived = [];
  const take = (socket) => {
    const peer = new Peer(socket, false);
    if (waiting.length > 0)
      waiting.shift()(peer);
    else
      arrived.push(peer);
  };
  const server = options.tls ?
    tls.createServer({ ...options.tls, allowHalfOpen: true }, take) :
    net.createServer({ allowHalfOpen: true }, take);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => {});
  server.listen(options.path ?? { host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets)
      socket.destroy();
    server.close();
  });
  return {
    port: server.address().port,
    sockets,
    // The next connection.
    next: (ms) => within(arrived.length > 0 ? arrived.shift() :
      new Promise((resolve) => waiting.push(resolve)), 'a connection', ms),
    arrived: () => arrived.length,
    close: () => server.close(),
  };
}

// Passes bytes on to "target" (a port), until it is cut or stalled.
export async function relay(t) {
  const pairs = new Set();
  const self = {
    target: undefined,
    // With RST, both ways.
    cut() {
      for (const pair of pairs)
        for (const socket of pair)
          socket.resetAndDestroy();
    },
    // Only the connection that carried the most.
    cutBusiest() {
      const [pair] = [...pairs].sort(([a], [b]) =>
        b.bytesWritten - a.bytesWritten);
      for (const socket of pair)
        socket.resetAndDestroy();
    },
    // As when the network between loses everything.
    stall() {
      for (const pair of pairs)
        for (const socket of pair)
          socket.removeAllListeners('data').pause();
    },
  };
  const server = net.createServer((socket) => {
    const other = net.connect(self.target, '127.0.0.1');
    const pair = [socket, other];
    pairs.add(pair);
    for (const [one, two] of [pair, [other, socket]]) {
      one.on('data', (data) => two.write(data));
      one.on('error', () => two.destroy());
      one.on('end', () => two.end());
      one.on('close', () => pairs.delete(pair));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    self.cut();
    server.close();
  });
  self.port = server.address().port;
  return self;
}

// A port where nothing listens (any more).
export async function closedPort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

// The answer to a WebSocket's opening request (as head() gives it).
export function accept(head, fields = {}, status = '101 Switching Protocols') {
  const key = head.fields['sec-websocket-key']?.[0];
  const all = {
    Upgrade: 'websocket', Connection: 'Upgrade',
    'Sec-WebSocket-Accept': key && acceptOf(key), ...fields,
  };
  let text = `HTTP/1.1 ${status}\r\n`;
  for (const [name, value] of Object.entries(all))
    if (value !== null)
      text += `${name}: ${value}\r\n`;
  return `${text}\r\n`;
}

export const refuse = (status, fields = {}) => accept({ fields: {} }, {
  Upgrade: null, Connection: 'close', 'Sec-WebSocket-Accept': null,
  'Content-Length': '0', ...fields,
}, status);
