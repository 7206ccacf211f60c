// SPDX-License-Identifier: Apache-2.0
// nginx: as a WebSocket proxy, and with nchan for publish and subscribe.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Process, atEnd, tempDir } from '../lib/process.mjs';
import { until } from '../lib/wait.mjs';
import { freePort, serves } from './ports.mjs';
import { SERVER } from './space.mjs';

const NCHAN = '/usr/lib/nginx/modules/ngx_nchan_module.so';
const BIN = ['/usr/sbin/nginx', '/usr/bin/nginx'].find(existsSync);

export const missing = BIN ? false : 'nginx is not installed';
export const nchanMissing = missing || (existsSync(NCHAN) ? false :
  'nchan (libnginx-mod-nchan) is not installed');

const LARGE = `
    proxy_buffer_size 64k;
    proxy_buffers 8 64k;
    proxy_busy_buffers_size 128k;`;

const proxyLocation = (port, large) => `
  location / {
    proxy_pass http://127.0.0.1:${port};
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection upgrade;
    proxy_set_header Host $host;
    proxy_read_timeout 1h;
    proxy_send_timeout 1h;${large ? LARGE : ''}
  }`;

const NCHAN_LOCATIONS = `
  location = /publish {
    nchan_publisher websocket;
    nchan_channel_id bench;
    nchan_message_buffer_length 1000;
  }
  location = /subscribe {
    nchan_subscriber websocket;
    nchan_channel_id bench;
    nchan_subscriber_first_message newest;
  }`;

function config(dir, port, { backend, large, nchan, tls }) {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(dir, name)};`).join('\n');
  const secure = tls ? `
  ssl_certificate ${tls.certPath};
  ssl_certificate_key ${tls.keyPath};
  ssl_protocols TLSv1.3;
  ssl_session_tickets off;` : '';
  return `${nchan ? `load_module ${NCHAN};` : ''}
daemon off;
${process.getuid() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${join(dir, 'pid')};
error_log ${join(dir, 'error.log')} error;
worker_rlimit_nofile 20000;
events { worker_connections 19900; }
http {
access_log off;
tcp_nodelay on;
${temp}
server {
  listen 127.0.0.1:${port}${tls ? ' ssl' : ''} backlog=4096;${secure}
${nchan ? NCHAN_LOCATIONS : proxyLocation(backend, large)}
}
}
`;
}

const children = (pid) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
    .filter(Boolean).map(Number);

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it is gone
  }
}

// options: backend (a port) with large (64 KiB buffers), or nchan; tls (see
// tests/lib/certs.mjs).
export async function startNginx(scope, options) {
  let proc;
  scope.after(() => proc?.kill('SIGTERM'));
  const dir = tempDir(scope, 'nginx');
  const port = await freePort();
  const file = join(dir, 'nginx.conf');
  writeFileSync(file, config(dir, port, options));
  const [command, ...args] = [...SERVER, BIN, '-p', dir, '-c', file,
    '-e', join(dir, 'error.log')];
  proc = new Process(command, args);
  await serves(proc, port);
  const worker = await until(() => children(proc.pid)[0], 'a worker of nginx');
  // It outlives a master that is killed.
  scope.after(atEnd(() => kill(worker)));
  return {
    pid: proc.pid, pids: [proc.pid], port, process: proc,
    memory: () => [worker], // where the connections are
  };
}
