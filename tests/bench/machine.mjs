// SPDX-License-Identifier: Apache-2.0
// On what it was measured, in words.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';

import { ownNetwork, pinned } from './space.mjs';

function read(path) {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function said(command, ...args) {
  try {
    return execFileSync(command, args,
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  } catch {
    return '';
  }
}

function system() {
  return read('/etc/os-release').match(/^PRETTY_NAME="?([^"\n]*)/m)?.[1] ??
    os.type();
}

const PACKAGES = ['nginx-light', 'libnginx-mod-nchan', 'haproxy',
  'rabbitmq-server', 'libwebsockets-dev', 'libevent-dev', 'libssl3'];

// By package, without Debian's part.
function versions() {
  const text = said('dpkg-query', '-W', '-f', '${Package} ${Version}\n',
    ...PACKAGES);
  return text.split('\n').filter((line) => line.includes(' '))
    .map((line) => line.replace(/ \d+:/, ' ').replace(/-[^-]*$/, '')
      .replace(/\+.*$/, ''));
}

export function describe(top) {
  const [cpu] = os.cpus();
  const gib = (os.totalmem() / 2 ** 30).toFixed(0);
  const congestion = read('/proc/sys/net/ipv4/tcp_congestion_control');
  return {
    date: new Date().toISOString().slice(0, 10),
    revision: said('git', '-C', top, 'describe', '--always', '--dirty'),
    machine: [
      `${os.cpus().length} x ${cpu?.model.trim() ?? 'CPU'}, ${gib} GiB`,
      `${system()}, Linux ${os.release()}`,
      `node ${process.versions.node}`,
      ...versions(),
    ],
    conditions: [
      pinned ? 'servers on CPU 0, load generator and backends on CPU 1' :
        'NOT pinned to cores: there is only one, or no taskset',
      ownNetwork ? 'own network namespace with nothing but loopback' :
        'NOT in a network namespace of its own (needs root and unshare)',
      ...congestion ? [`TCP ${congestion}`] : [],
    ],
  };
}
