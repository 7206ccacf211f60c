// SPDX-License-Identifier: Apache-2.0
// Counters of running daemons while the load generator measures.
import { setTimeout as sleep } from 'node:timers/promises';

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
 * from time to time in it: { result, per(name) }. per() is how much "name" grew
 * for each of "base", the number of published messages, from one look to the
 * last before the clients went: where some messages were under way when it was
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
  const last = samples.at(-1);
  const least = Math.max(LEAST, result.published / 2);
  const measured = samples.map((one) =>
    ({ one, count: last.get(base) - one.get(base) }))
    .filter(({ count }) => count >= least && count <= result.published);
  return {
    result,
    per: (name) => measured.length === 0 ? undefined :
      Math.min(...measured.map(({ one, count }) =>
        (last.get(name) - one.get(name)) / count)),
  };
}
