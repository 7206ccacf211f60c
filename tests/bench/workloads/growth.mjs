// SPDX-License-Identifier: Apache-2.0
import { comparison, valueAim } from '../report.mjs';
import { inRounds } from '../rounds.mjs';
import { spread } from '../stats.mjs';
import { gatewayAlone, limit } from '../stomp.mjs';
import { fanLoad, sound } from './fanout.mjs';

export const title = 'Cost as subscribers grow';
export const text = `As "Fan-out", 128 B and 64 in flight, for N from 100 to
10,000. What grows for the limit grows in the kernel.`;

const COUNTS = [100, 300, 1000, 3000, 10000];
const CASES = COUNTS.map((count) =>
  ({ name: `N=${count}`, count, size: 128, depth: 64 }));
const SERVERS = ['headgate', 'limit'];

export const run = (bench) => inRounds(bench, CASES,
  [gatewayAlone('fanout'), limit], (one, started, server) =>
    sound(fanLoad(bench, one, server, started)));

export const tables = (samples) => [comparison(samples)];

// In one round, the dearest of all N to the cheapest.
export function flatAim(samples, cases, server) {
  const rounds = new Map();
  for (const { name } of cases)
    for (const { round, cpu_us: cost } of samples.of(name, server))
      rounds.set(round, [...rounds.get(round) ?? [], cost]);
  const value = spread([...rounds.values()]
    .filter((costs) => costs.length === cases.length)
    .map((costs) => Math.max(...costs) / Math.min(...costs)));
  return valueAim(`${server}: dearest N / cheapest N`, value, { most: 1.2 });
}

export const aims = (samples) => [
  flatAim(samples, CASES, 'headgate'),
  { ...flatAim(samples, CASES, 'limit'), aim: 'for scale', met: undefined },
];

export const lines = (samples) => [{
  file: 'growth', title: 'Fan-out, 128 B, 64 in flight',
  x: 'subscribers', y: 'CPU us per delivered message',
  series: SERVERS.map((server) => ({
    name: server,
    points: CASES.map(({ name, count }) =>
      [count, samples.spread(name, server, 'cpu_us')]),
  })),
}];
