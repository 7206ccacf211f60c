// SPDX-License-Identifier: Apache-2.0
import { inRoundsAnew } from '../rounds.mjs';
import { startHeadgate } from '../headgate.mjs';
import { onCpu } from '../space.mjs';
import { STOMP, brokerSections } from '../stomp.mjs';
import { figure, withSpread } from '../table.mjs';
import { load } from '../tools.mjs';
import { sound } from './fanout.mjs';

export const title = 'Workers';
export const text = `As "Fan-out" with one worker and with two. Nothing is pinned
here: where there are two cores only, the load generator needs a part of them,
and "the servers' cores" says how many the daemon had.`;

const CASES = [
  { name: 'N=1000, 128 B, 1 in flight', count: 1000, size: 128, depth: 1 },
  { name: 'N=1000, 128 B, 64 in flight', count: 1000, size: 128, depth: 64 },
  { name: 'N=1000, 1 KiB, 64 in flight', count: 1000, size: 1024, depth: 64 },
];

const server = (workers) => ({
  name: `workers = ${workers}`,
  start: (scope) => startHeadgate(scope, `workers-${workers}`, { clients: {} },
    brokerSections(), { workers, wrap: onCpu('all') }),
});

export const run = (bench) => inRoundsAnew(bench, CASES,
  [server(1), server(2)], async ({ count, size, depth }, { port, pids }) => {
    const result = await sound(load('fanout', {
      connect: `127.0.0.1:${port}`, connections: count, size, depth, pids,
      ...STOMP, ...bench.times(),
    }, { wrap: onCpu('all') }));
    return {
      ...result, cores: result.cpu_seconds / result.seconds,
      loadCores: result.load_cpu_seconds / result.seconds,
    };
  });

export const tables = (samples) => [{
  columns: ['case', 'server', 'delivered/s', 'CPU us each',
    'the servers\' cores', 'the load generator\'s', 'times one worker'],
  rows: samples.cases.flatMap((name) => samples.servers(name).map((one) => {
    const of = (field) => samples.spread(name, one, field);
    return [name, one, figure(of('per_second')?.median),
      withSpread(of('cpu_us')), figure(of('cores')?.median),
      figure(of('loadCores')?.median), one === 'workers = 1' ? '' : withSpread(
        samples.ratio(name, one, 'workers = 1', 'per_second'))];
  })),
}];

export function aims(samples) {
  return CASES.map(({ name }) => {
    const value = samples.ratio(name, 'workers = 2', 'workers = 1',
      'per_second');
    return { what: `${name}: delivered/s of two workers / one`, value,
      aim: '>= 1.7', met: value && value.median >= 1.7 };
  });
}
