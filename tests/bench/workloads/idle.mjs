// SPDX-License-Identifier: Apache-2.0
import * as haproxy from '../haproxy.mjs';
import { startHeadgate, startTiers } from '../headgate.mjs';
import * as nginx from '../nginx.mjs';
import { valueAim } from '../report.mjs';
import { inRoundsAnew } from '../rounds.mjs';
import { DRIVER } from '../space.mjs';
import { figure, withSpread } from '../table.mjs';
import { load, startLimit } from '../tools.mjs';
import { proxySections } from './proxy.mjs';

export const title = 'Memory of idle connections';
export const text = `What a WebSocket connection adds to the memory of the
process (PSS, so without the kernel's), when it is open and nothing is sent.
headgate as an edge, whose clients travel one trunk to a gateway with the echo
plugin; as a proxy; and as the server itself. A proxy has two sockets for each
client. nginx and HAProxy have fewer connections where the limit of descriptors
allows no more.`;

const CASES = [
  { name: 'plain', count: 10000 },
  { name: 'TLS', count: 2000, tls: true },
];
const PROXIED = 9000; // two descriptors each, of at least 20,000

const ECHO = {
  'service echo': { path: '/echo', plugins: 'echo' }, 'plugin echo': {},
};

const startEdge = (scope, tls) => startTiers(scope, 'idle', {
  gateway: {
    ...ECHO,
    'service echo': { ...ECHO['service echo'], listen: 'trunks',
      extensions: 'x-kaazing-channels' },
  },
  edge: {
    'service echo': { listen: 'clients', path: '/echo',
      connect: 'trunk:gateway' },
  },
  tls,
});

const startOwn = (scope, tls) => startHeadgate(scope, 'idle-local',
  { clients: {} }, {
    ...ECHO, 'service echo': { ...ECHO['service echo'], listen: 'clients' },
  }, { tls });

const backend = async (scope) =>
  (await startLimit(scope, 'echo', {}, DRIVER)).port;

const bare = (tls) => tls ?
  { 'tls-cert': tls.certPath, 'tls-key': tls.keyPath } : {};

// Those with "twice" have two sockets for each client.
const list = (bench) => [
  { name: 'headgate edge', start: startEdge, parts: ['edge', 'gateway'] },
  { name: 'headgate proxy', twice: true, start: async (scope, tls) =>
    startHeadgate(scope, 'idle-proxy', { clients: {} },
      proxySections(await backend(scope)), { tls }) },
  { name: 'headgate echo', start: startOwn },
  { name: 'nginx', twice: true, missing: nginx.missing,
    start: async (scope, tls) => nginx.startNginx(scope,
      { backend: await backend(scope), tls }) },
  { name: 'haproxy', twice: true, missing: haproxy.missing,
    start: async (scope, tls) => haproxy.startHaproxy(scope,
      { backend: await backend(scope), tls }) },
  { name: 'limit', start: (scope, tls) =>
    startLimit(scope, 'echo', bare(tls)) },
].map((server) => ({
  ...server,
  // A process uses the same memory each time: once is enough to compare with.
  rounds: () => server.parts ? Infinity : 1,
  start: (scope, one) => server.start(scope, one.tls && bench.tls),
}));

export const run = (bench) => inRoundsAnew(bench, CASES, list(bench),
  async ({ count, tls }, started, server) => {
    const connections = server.twice ? Math.min(count, PROXIED) : count;
    const { per_connection: bytes, ...rest } = await load('idle', {
      connect: `127.0.0.1:${started.port}`, path: '/echo', connections,
      tls: tls ? 1 : undefined, pids: started.memory?.() ?? started.pids,
    });
    const [first, second] = [bytes].flat();
    return { ...rest, connections, bytes: first,
      ...server.parts ? { gateway: second } : {} };
  });

export const tables = (samples) => [{
  columns: ['case', 'server', 'connections', 'bytes for each',
    'at the gateway'],
  rows: samples.cases.flatMap((name) => samples.servers(name).map((server) => [
    name, server, figure(samples.median(name, server, 'connections')),
    withSpread(samples.spread(name, server, 'bytes')),
    samples.spread(name, server, 'gateway') ?
      withSpread(samples.spread(name, server, 'gateway')) : '',
  ])),
}];

const EDGE = 'headgate edge';

export const aims = (samples) => [
  valueAim('plain, at the edge', samples.spread('plain', EDGE, 'bytes'),
    { most: 1024, unit: 'B' }),
  valueAim('TLS, at the edge', samples.spread('TLS', EDGE, 'bytes'),
    { most: 16384, unit: 'B' }),
  valueAim('at the gateway', samples.spread('plain', EDGE, 'gateway'),
    { most: 1024, unit: 'B' }),
];

export const bars = (samples) => [{
  file: 'idle', title: 'Memory of an idle connection', unit: 'bytes', samples,
  field: 'bytes',
}];
