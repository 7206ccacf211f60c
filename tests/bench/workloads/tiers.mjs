// SPDX-License-Identifier: Apache-2.0
import { counters, loadCounting } from '../counters.mjs';
import { comparison, ratioAim, valueAim } from '../report.mjs';
import { inRounds } from '../rounds.mjs';
import { STOMP, gatewayAlone, startStompTiers } from '../stomp.mjs';
import { figure } from '../table.mjs';
import { sound, times } from './fanout.mjs';
import { flatAim } from './growth.mjs';

export const title = 'Edge, trunk and gateway';
export const text = `As "Fan-out", through an edge and one trunk to the gateway
with the embedded broker, against the same gateway alone. CPU is that of both
processes, on one core. "On the trunk" is the number of messages that the
gateway sent to the edge for one published message, by the counters; where some
were under way when those were read, it is a little less.`;

const CASES = [100, 1000, 10000].map((count) => ({
  name: `N=${count}, 128 B, 64 in flight`, count, size: 128, depth: 64,
}));
const TIERS = 'edge + gateway';
const ONE = 'headgate';
const PUBLISHED = 'broker messages-in';

async function measure(bench, { count, size, depth }, started, server) {
  const daemon = server.counted(started);
  const { result, per } = await loadCounting(() => counters(daemon), PUBLISHED,
    'fanout', { connect: `127.0.0.1:${started.port}`, connections: count, size, depth,
      pids: started.pids, 'warm-messages': 100, ...server.speak,
      ...times(bench, count) });
  const checked = await sound(result);
  if (server.name !== TIERS)
    return checked;
  return { ...checked, trunk: per('channels data_messages_sent') };
}

export function run(bench) {
  const servers = [
    { ...gatewayAlone('fanout'), counted: ({ daemon }) => daemon },
    { name: TIERS, speak: STOMP, counted: ({ gateway }) => gateway.daemon,
      start: (scope) => startStompTiers(scope, 'tiers') },
  ];
  return inRounds(bench, CASES, servers, (one, started, server) =>
    measure(bench, one, started, server));
}

export function tables(samples) {
  const { columns, rows } = comparison(samples, { own: TIERS });
  return [{
    columns: [...columns, 'on the trunk'],
    rows: rows.map((row) => [...row, row[1] === TIERS ?
      figure(samples.median(row[0], TIERS, 'trunk')) : '']),
  }];
}

export const lines = (samples) => [{
  file: 'tiers', title: 'Through edge and trunk, 128 B, 64 in flight',
  x: 'subscribers', y: 'CPU us per delivered message, all processes',
  series: [TIERS, ONE].map((server) => ({
    name: server,
    points: CASES.map(({ name, count }) =>
      [count, samples.spread(name, server, 'cpu_us')]),
  })),
}];

export const aims = (samples) => [...CASES.flatMap(({ name }) => [
  ratioAim(samples, { name, to: [ONE], own: TIERS, most: 1.3 }),
  valueAim(`${name}: trunk messages for one published`,
    samples.spread(name, TIERS, 'trunk'), { most: 1.005 }),
]), flatAim(samples, CASES, TIERS)];
