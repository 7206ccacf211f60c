// SPDX-License-Identifier: Apache-2.0
import { FAST, startHeadgate } from '../headgate.mjs';
import * as haproxy from '../haproxy.mjs';
import * as nginx from '../nginx.mjs';
import { comparison, ratioAim } from '../report.mjs';
import { inRounds } from '../rounds.mjs';
import { scoped } from '../scope.mjs';
import { DRIVER } from '../space.mjs';
import { load, startLimit } from '../tools.mjs';

export const title = 'WebSocket proxy';
export const text = `64 connections to an echo server (the bare one, on the
load generator's core) through each proxy, binary messages, each connection with
one message in flight, or sixteen. "direct" is without a proxy. nginx and
HAProxy do not look at the frames: they copy bytes.`;

const CASES = [
  { name: '64 B, 1 in flight', size: 64, depth: 1 },
  { name: '4 KiB, 1 in flight', size: 4096, depth: 1 },
  { name: '64 KiB, 1 in flight', size: 65536, depth: 1 },
  { name: '64 B, 16 in flight', size: 64, depth: 16 },
];
const PEERS = ['nginx', 'nginx 64k', 'haproxy'];
const AIMS = [0.95, 0.95, 0.9, 1];

export const proxySections = (port) => ({
  'service proxy': {
    listen: 'clients', path: '/*', connect: `ws://127.0.0.1:${port}`, ...FAST,
  },
});

export const run = (bench) => scoped(async (scope) => {
  const backend = (await startLimit(scope, 'echo', {}, DRIVER)).port;
  const servers = [
    { name: 'headgate', start: (inner) => startHeadgate(inner, 'proxy',
      { clients: {} }, proxySections(backend)) },
    { name: 'nginx', missing: nginx.missing,
      start: (inner) => nginx.startNginx(inner, { backend }) },
    { name: 'nginx 64k', missing: nginx.missing, start: (inner) =>
      nginx.startNginx(inner, { backend, large: true }) },
    { name: 'haproxy', missing: haproxy.missing,
      start: (inner) => haproxy.startHaproxy(inner, { backend }) },
    { name: 'direct', start: (inner) => startLimit(inner, 'echo') },
  ];
  return inRounds(bench, CASES, servers, ({ size, depth }, { port, pids }) =>
    load('echo', { connect: `127.0.0.1:${port}`, path: '/echo',
      connections: 64, size, depth, pids, ...bench.times() }));
}, bench.note);

export const tables = (samples) => [comparison(samples)];

export const aims = (samples) => CASES.map(({ name }, i) =>
  ratioAim(samples, { name, to: PEERS, most: AIMS[i] }));

export const bars = (samples) => [{
  file: 'proxy', title: 'WebSocket proxy: CPU per message',
  unit: 'us', samples, field: 'cpu_us',
}];
