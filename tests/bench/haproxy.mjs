// SPDX-License-Identifier: Apache-2.0
// HAProxy as a WebSocket proxy, one thread.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Process, tempDir } from '../lib/process.mjs';
import { freePort, serves } from './ports.mjs';
import { SERVER } from './space.mjs';

const BIN = ['/usr/sbin/haproxy', '/usr/bin/haproxy'].find(existsSync);

export const missing = BIN ? false : 'haproxy is not installed';

const config = (port, { backend, pem }) => `
global
  nbthread 1
  maxconn 9900
defaults
  mode http
  timeout connect 10s
  timeout client 1h
  timeout server 1h
  timeout tunnel 1h
frontend clients
  bind 127.0.0.1:${port} backlog 4096${pem ? ` ssl crt ${pem} ` +
    'ssl-min-ver TLSv1.3 no-tls-tickets' : ''}
  default_backend server
backend server
  server one 127.0.0.1:${backend}
`;

// options: backend (a port); tls (see tests/lib/certs.mjs).
export async function startHaproxy(scope, { backend, tls }) {
  let proc;
  scope.after(() => proc?.kill('SIGTERM'));
  const dir = tempDir(scope, 'haproxy');
  const port = await freePort();
  const pem = tls && join(dir, 'both.pem');
  if (tls)
    writeFileSync(pem, tls.cert + tls.key, { mode: 0o600 });
  const file = join(dir, 'haproxy.cfg');
  writeFileSync(file, config(port, { backend, pem }));
  const [command, ...args] = [...SERVER, BIN, '-db', '-f', file];
  proc = new Process(command, args);
  await serves(proc, port);
  return { pid: proc.pid, pids: [proc.pid], port, process: proc };
}
