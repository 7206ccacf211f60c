// SPDX-License-Identifier: Apache-2.0
import { lwsMissing, startLws, startWs, wsMissing } from '../echoes.mjs';
import { FAST, startHeadgate } from '../headgate.mjs';
import { comparison, ratioAim } from '../report.mjs';
import { inRounds } from '../rounds.mjs';
import { load, startLimit } from '../tools.mjs';

export const title = 'Local echo';
export const text = `64 connections, binary messages, answered by the server
itself: headgate's echo plugin, a bare epoll loop (the limit; with TLS it reads
without read-ahead, as OpenSSL does by default), libwebsockets, and npm's ws.`;

const CASES = [
  { name: 'ws 64 B, 1 in flight', size: 64, depth: 1, most: 1.1 },
  { name: 'ws 4 KiB, 1 in flight', size: 4096, depth: 1, most: 1.1 },
  { name: 'ws 64 B, 16 in flight', size: 64, depth: 16, most: 1.3 },
  { name: 'wss 64 B, 1 in flight', size: 64, depth: 1, tls: 1, most: 1 },
  { name: 'wss 4 KiB, 1 in flight', size: 4096, depth: 1, tls: 1, most: 1 },
];

export const echoSections = {
  'service echo': {
    listen: 'clients', path: '/echo', plugins: 'echo', ...FAST,
  },
  'plugin echo': {},
};

const limitTls = ({ certPath, keyPath }) =>
  ({ 'tls-cert': certPath, 'tls-key': keyPath });

// Two servers each: with TLS and without.
const both = (one) => async (scope) =>
  ({ plain: await one(scope), tls: await one(scope, true) });

export function echoServers(bench, name) {
  return {
    headgate: both((scope, tls) => startHeadgate(scope,
      `${name}${tls ? '-tls' : ''}`, { clients: {} }, echoSections,
      { tls: tls && bench.tls })),
    limit: both((scope, tls) => startLimit(scope, 'echo',
      tls ? limitTls(bench.tls) : {})),
    libwebsockets: both((scope, tls) => startLws(scope, tls && bench.tls)),
    ws: both((scope, tls) => startWs(scope, tls && bench.tls)),
  };
}

export function run(bench) {
  const start = echoServers(bench, 'echo');
  const servers = [
    { name: 'headgate', start: start.headgate },
    { name: 'limit', start: start.limit },
    { name: 'libwebsockets', missing: lwsMissing, start: start.libwebsockets },
    { name: 'ws', missing: wsMissing, start: start.ws },
  ];
  return inRounds(bench, CASES, servers, ({ size, depth, tls }, started) => {
    const { port, pids } = tls ? started.tls : started.plain;
    return load('echo', { connect: `127.0.0.1:${port}`, path: '/echo', tls,
      connections: 64, size, depth, pids, ...bench.times() });
  });
}

export const tables = (samples) => [comparison(samples)];

export const aims = (samples) => CASES.map(({ name, most }) =>
  ratioAim(samples, { name, to: ['limit'], most }));

export const bars = (samples) => [{
  file: 'echo', title: 'Local echo: CPU per message',
  unit: 'us', samples, field: 'cpu_us',
}];
