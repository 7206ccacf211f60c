// SPDX-License-Identifier: Apache-2.0
// Measuring in rounds: in each, every server once in every case, so that what
// changes on the machine changes for all of them.
import { scoped } from './scope.mjs';

// A server of a workload: { name, missing, start(scope), rounds }, where missing
// is a text when it cannot be had, and rounds says of a case in how many it takes
// part, if not in all.
const takesPart = (server, one, round) =>
  round < (server.rounds?.(one) ?? Infinity);

function present(servers, bench) {
  return servers.filter((server) => {
    if (server.missing)
      bench.leftOut(server.name, server.missing);
    return !server.missing;
  });
}

async function measure(bench, server, one, round, started, run) {
  const sample = { case: one.name, server: server.name, round };
  const begin = Date.now();
  try {
    if (started instanceof Error)
      throw started;
    Object.assign(sample, await run(one, started, server, round));
    if (sample.trouble)
      bench.note(`${server.name}, ${one.name}: ${sample.trouble}`);
  } catch (error) {
    sample.failed = error.message.replaceAll(/\s+/g, ' ').slice(0, 300);
    bench.note(`${server.name}, ${one.name}: ${error.message}`);
  }
  bench.progress(`${round + 1}: ${one.name}: ${server.name}`, sample,
    Date.now() - begin);
  return sample;
}

const startIn = (scope, server) => Promise.resolve()
  .then(() => server.start(scope))
  .catch((error) => error);

// In the second round the order is turned round.
function* order(bench, cases, servers) {
  for (let round = 0; round < bench.rounds; round++) {
    const turn = (list) => round % 2 ? [...list].reverse() : list;
    for (const one of turn(cases))
      for (const server of turn(servers))
        if (takesPart(server, one, round))
          yield { round, one, server };
  }
}

// One start of each server for all rounds. run(case, started, server) returns
// the figures.
export function inRounds(bench, cases, all, run) {
  return scoped(async (scope) => {
    const samples = [];
    const started = new Map();
    const servers = present(all, bench);
    for (const server of servers)
      started.set(server, await startIn(scope, server));
    for (const { round, one, server } of order(bench, cases, servers))
      samples.push(await measure(bench, server, one, round,
        started.get(server), run));
    return samples;
  }, bench.note);
}

// A new server for each measurement, where an earlier one would show.
export async function inRoundsAnew(bench, cases, all, run) {
  const samples = [];
  for (const { round, one, server } of order(bench, cases,
    present(all, bench)))
    samples.push(await scoped(async (scope) => measure(bench, server, one,
      round, await startIn(scope, { ...server,
        start: (inner) => server.start(inner, one) }), run), bench.note));
  return samples;
}
