// SPDX-License-Identifier: Apache-2.0
// Counters of running daemons while the load generator measures.
import { setTimeout as sleep } from 'node:timers/promises';

import { until } from '../lib/wait.mjs';
import { resultOf, startLoad } from './tools.mjs';

const EVERY = 200; // milliseconds
const LEAST = 20; // messages that a quotient is made of

// The counters of a daemon, by "PLUGIN COUNTER".
export async function counters(daemon) {
  const rows = await daemon.table('counters');
  return new Map(rows.map(({ plugin, counter, value }) =>
    [`${plugin} ${counter}`, value]));
}

/*
 * A run of the load generator, with what read() returns, a Map of numbers, seen
 * from time to time in it, and once at its end when all has been delivered:
 * { result, per(name) }. per() is how much "name" grew for each of "base", the
 * number of published messages, at most: where some were under way when it was
 * read, it is a little less.
 */
export async function loadCounting(read, base, mode, options) {
  const proc = startLoad(mode, options);
  const samples = [];
  while (proc.alive) {
    // A daemon that is busy may let a reader of its tables wait in vain.
    const values = await read().catch(() => undefined);
    if (values)
      samples.push(values);
    await sleep(EVERY);
  }
  if (proc.end.code !== 0)
    throw new Error(`load ${mode}: ${proc.tail(1)}`);
  const result = resultOf(proc);
  const final = await until(read, 'the counters');
  const measured = samples.map((one) =>
    ({ one, count: final.get(base) - one.get(base) }))
    .filter(({ count }) => count >= LEAST && count <= result.published);
  return {
    result,
    per: (name) => measured.length === 0 ? undefined :
      Math.min(...measured.map(({ one, count }) =>
        (final.get(name) - one.get(name)) / count)),
  };
}
