// SPDX-License-Identifier: Apache-2.0
import { FAST, startTiers } from '../headgate.mjs';
import { inRoundsAnew } from '../rounds.mjs';
import { DRIVER } from '../space.mjs';
import { figure, withSpread } from '../table.mjs';
import { load } from '../tools.mjs';

export const title = 'A long message beside short ones';
export const text = `100 connections exchange messages of 64 bytes with an echo
at the gateway, one in flight each, over an edge and one trunk; and the same
while one more connection sends messages of 100 MB there. What is compared is
the 99th percentile of the short ones' round trips. The edge is on one core, the
gateway and the load generator on the other.`;

const CASES = [
  { name: 'short messages only', big: 0 },
  { name: 'with a message of 100 MB', big: 100e6 },
];
const LONG = { 'message-max': '200m', 'fragments-max': 0 };

const start = (scope) => startTiers(scope, 'mixed', {
  gateway: {
    'service echo': { listen: 'trunks', path: '/echo', plugins: 'echo',
      extensions: 'x-kaazing-channels', ...FAST, ...LONG },
    'plugin echo': {},
  },
  edge: {
    'service echo': { listen: 'clients', path: '/echo',
      connect: 'trunk:gateway', ...FAST, ...LONG },
  },
  gatewayWrap: DRIVER,
});

export const run = (bench) => inRoundsAnew(bench, CASES,
  [{ name: 'headgate', start }], ({ big }, { port, pids }) => load('mixed', {
    connect: `127.0.0.1:${port}`, path: '/echo', connections: 100, size: 64,
    big, pids, warm: 1, seconds: Math.max(3, bench.seconds),
  }));

const [ALONE, BESIDE] = CASES.map(({ name }) => name);

export const tables = (samples) => [{
  columns: ['case', 'short ones/s', 'p50 us', 'p99 us', 'max us'],
  rows: CASES.map(({ name }) => {
    const of = (field) => samples.spread(name, 'headgate', field);
    return [name, figure(of('per_second')?.median),
      withSpread(of('p50')), withSpread(of('p99')), figure(of('max')?.median)];
  }),
}];

export function aims(samples) {
  const value = samples.ratio(BESIDE, 'headgate', 'headgate', 'p99', ALONE);
  return [{
    what: 'p99 with it / without it', value, aim: '<= 2',
    met: value && value.median <= 2,
  }];
}
