// SPDX-License-Identifier: Apache-2.0
import { lwsMissing } from '../echoes.mjs';
import * as haproxy from '../haproxy.mjs';
import { startHeadgate } from '../headgate.mjs';
import * as nginx from '../nginx.mjs';
import { comparison, ratioAim } from '../report.mjs';
import { inRounds } from '../rounds.mjs';
import { scoped } from '../scope.mjs';
import { DRIVER } from '../space.mjs';
import { load, startLimit } from '../tools.mjs';
import { echoServers } from './echo.mjs';
import { proxySections } from './proxy.mjs';

export const title = 'New connections';
export const text = `TCP connection, TLS 1.3 handshake (P-256, never resumed)
where it says so, upgrade, close frames both ways; 32 at a time. "proxied" goes
on to the bare echo server.`;

const CASES = [
  { name: 'proxied', proxied: true },
  { name: 'proxied, TLS', proxied: true, tls: 1 },
  { name: 'local' },
  { name: 'local, TLS', tls: 1 },
];

export const run = (bench) => scoped(async (scope) => {
  const backend = (await startLimit(scope, 'echo', {}, DRIVER)).port;
  const local = echoServers(bench, 'connect');
  const both = (one) => async (inner) =>
    ({ plain: await one(inner), tls: await one(inner, bench.tls) });
  const proxied = {
    headgate: both((inner, tls) => startHeadgate(inner, 'connect-proxy',
      { clients: {} }, proxySections(backend), { tls })),
    nginx: both((inner, tls) => nginx.startNginx(inner, { backend, tls })),
    haproxy: both((inner, tls) =>
      haproxy.startHaproxy(inner, { backend, tls })),
  };
  const servers = [
    { name: 'headgate', start: async (inner) => ({
      local: await local.headgate(inner),
      proxied: await proxied.headgate(inner),
    }) },
    ...[['nginx', nginx.missing], ['haproxy', haproxy.missing]].map(
      ([name, missing]) => ({
        name, missing, rounds: (one) => one.proxied ? Infinity : 0,
        start: async (inner) => ({ proxied: await proxied[name](inner) }),
      })),
    ...[['limit'], ['libwebsockets', lwsMissing]].map(([name, missing]) => ({
      name, missing, rounds: (one) => one.proxied ? 0 : Infinity,
      start: async (inner) => ({ local: await local[name](inner) }),
    })),
  ];
  return inRounds(bench, CASES, servers, (one, started) => {
    const { [one.tls ? 'tls' : 'plain']: { port, pids } } =
      one.proxied ? started.proxied : started.local;
    return load('connect', { connect: `127.0.0.1:${port}`, path: '/echo',
      tls: one.tls, connections: 32, pids, ...bench.times() });
  });
}, bench.note);

export const tables = (samples) => [comparison(samples,
  { columns: ['per_second', 'cpu_us'] })];

const PROXIES = ['nginx', 'haproxy'];

export const aims = (samples) => [
  ratioAim(samples, { name: 'proxied', to: PROXIES, most: 0.7 }),
  ratioAim(samples, { name: 'proxied, TLS', to: PROXIES, most: 0.85 }),
  ratioAim(samples, { name: 'local', to: ['limit'], most: 1.1 }),
  ratioAim(samples, { name: 'local, TLS', to: ['limit'], most: 1.1 }),
];
