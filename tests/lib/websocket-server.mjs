// SPDX-License-Identifier: Apache-2.0
// The server of websocket-cases.mjs: a plain WebSocket server that does what
// it is told.
//   "close CODE [REASON]"  closes so      "drop"  ends the TCP connection
//   any other message comes back          /refused is answered with 403
import { once } from 'node:events';
import { WebSocketServer } from 'ws';

function choose(offered) {
  if (offered.has('refuse-me'))
    return false;
  return [...offered].filter((name) => name !== 'x-kaazing-handshake').at(-1) ??
    false;
}

export async function startServer(t) {
  const server = new WebSocketServer({
    host: '127.0.0.1', port: 0, handleProtocols: choose,
    maxPayload: 1 << 28,
    verifyClient: ({ req }, done) =>
      req.url.startsWith('/refused') ? done(false, 403) : done(true),
  });
  const seen = { connections: 0, requests: [] };
  server.on('connection', (client, request) => {
    seen.connections++;
    seen.requests.push(request);
    client.on('error', () => {});
    client.on('message', (data, isBinary) => {
      const text = isBinary ? '' : data.toString();
      const [, code, , reason] = /^close (\d+)( (.*))?$/.exec(text) ?? [];
      if (code)
        client.close(Number(code), reason);
      else if (text === 'drop')
        client.terminate();
      else
        client.send(data, { binary: isBinary });
    });
  });
  await once(server, 'listening');
  t.after(() => {
    for (const client of server.clients)
      client.terminate();
    server.close();
  });
  return { ...seen, seen, port: server.address().port, server,
    url: `ws://127.0.0.1:${server.address().port}` };
}
