// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

import { openMux } from '../../lib/channels.mjs';
import { startTiers } from '../headgate.mjs';
import { valueAim } from '../report.mjs';
import { inRoundsAnew } from '../rounds.mjs';
import { figure, withSpread } from '../table.mjs';

export const title = 'Memory of idle channels';
export const text = `100,000 channels in four native clients' connections to an
edge, from there over four trunks to a gateway with the echo plugin: what each
channel adds to the memory (PSS) of either process. At the edge there are two
ends for each channel: the client's and the trunk's.`;

const GROUPS = [1, 2, 3, 4];
const EACH = 25000;
const UNDER_WAY = 200; // creates
const CASE = `${(GROUPS.length * EACH).toLocaleString('en-US')} channels`;
const ALL_IDS = { 'max-channels': 32767 };

const start = (scope) => startTiers(scope, 'channels', {
  trunks: GROUPS.map((n) => `line${n}`),
  gateway: {
    'service echo': { listen: 'trunks', path: '/*', plugins: 'echo',
      extensions: 'x-kaazing-channels' },
    'plugin echo': {},
  },
  edge: Object.fromEntries(GROUPS.map((n) => [`service echo${n}`, {
    listen: 'clients', path: `/echo${n}`, connect: `trunk:line${n}`,
    extensions: 'x-kaazing-channels', ...ALL_IDS, 'control-rate': 0,
  }])),
});

const pss = (pid) => 1024 * Number(
  readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').match(/^Pss:\s+(\d+)/m)[1]);

async function open(mux, path) {
  for (let i = 0; i < EACH + UNDER_WAY; i++) {
    if (i < EACH)
      mux.create(1 + 2 * i, path);
    if (i >= UNDER_WAY)
      await mux.next(/^created /, 30000);
  }
}

async function measure(bench, { edge, gateway, port }) {
  const scope = bench.scope();
  try {
    const muxes = [];
    for (const n of GROUPS)
      muxes.push(await openMux(scope, { port }, `/echo${n}`));
    const before = [pss(edge.pid), pss(gateway.pid)];
    const begin = Date.now();
    for (const [i, mux] of muxes.entries())
      await open(mux, `/echo${GROUPS[i]}`);
    const seconds = (Date.now() - begin) / 1000;
    const count = GROUPS.length * EACH;
    const per = (pid, i) => (pss(pid) - before[i]) / count;
    const memory = { edge: per(edge.pid, 0), gateway: per(gateway.pid, 1) };
    await muxes[0].echo(1, 'still there');
    return { ...memory, seconds };
  } finally {
    await scope.end();
  }
}

export const run = (bench) => inRoundsAnew(bench,
  [{ name: CASE }], [{ name: 'headgate', start }],
  (one, started) => measure(bench, started));

const of = (samples, field) => samples.spread(CASE, 'headgate', field);

export const tables = (samples) => [{
  columns: ['case', 'bytes at the edge', 'bytes at the gateway',
    'seconds to open'],
  rows: [[CASE, withSpread(of(samples, 'edge')),
    withSpread(of(samples, 'gateway')),
    figure(of(samples, 'seconds')?.median)]],
}];

export const aims = (samples) => [
  valueAim('at the gateway', of(samples, 'gateway'), { most: 768, unit: 'B' }),
  valueAim('at the edge, for one of the two ends',
    half(of(samples, 'edge')), { most: 768, unit: 'B' }),
];

function half(one) {
  return one && { ...one, median: one.median / 2, min: one.min / 2,
    max: one.max / 2 };
}
