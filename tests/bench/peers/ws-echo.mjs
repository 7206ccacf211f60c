// SPDX-License-Identifier: Apache-2.0
// An echo server by npm's ws, to be compared with; also wss.
//   ws-echo.mjs [CERTIFICATE KEY]     prints "listening PORT"
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';

import { WebSocketServer } from 'ws';

const [cert, key] = process.argv.slice(2).map((path) => readFileSync(path));
const server = cert ? https.createServer({ cert, key }) : http.createServer();
const sockets = new WebSocketServer({
  server, perMessageDeflate: false, maxPayload: 1 << 28,
});
sockets.on('connection', (socket) => {
  socket.on('message', (data, isBinary) =>
    socket.send(data, { binary: isBinary }));
  socket.on('error', () => {});
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () =>
  console.log(`listening ${server.address().port}`));
