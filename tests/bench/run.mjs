// SPDX-License-Identifier: Apache-2.0
// "make bench": measures headgate, its peers and the limit, prints tables and
// writes doc/performance. Nothing here passes or fails.
//   run.mjs [WORKLOADS="NAME ..."] [ROUNDS=N] [SECONDS=N] [OUT=FOLDER]
// By default all, 3, 2 for each measurement, and doc/performance.
import os from 'node:os';
import { join } from 'node:path';

import { selfSigned } from '../lib/certs.mjs';
import { tempDir } from '../lib/process.mjs';
import { configurations } from './headgate.mjs';
import { describe } from './machine.mjs';
import { aimTable, readResults, writePage } from './page.mjs';
import { Scope, scoped } from './scope.mjs';
import { enter } from './space.mjs';
import { Samples } from './stats.mjs';
import { figure, table } from './table.mjs';
import { missing } from './tools.mjs';
import { names, workloads } from './workloads.mjs';

const top = process.env.top_srcdir ?? '.';
const asked = Object.fromEntries(process.argv.slice(2)
  .map((word) => word.split('=')));
const out = asked.OUT || join(top, 'doc/performance');
const rounds = Number(asked.ROUNDS || 3);
const seconds = Number(asked.SECONDS || 2);
const say = (text) => process.stderr.write(`${text}\n`);

function wanted() {
  const some = (asked.WORKLOADS ?? '').split(/[\s,]+/).filter(Boolean);
  const unknown = some.filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw new Error(`no workload ${unknown.join(', ')}; there are: ` +
      names.join(' '));
  return some.length > 0 ? some : names;
}

function progress(what, sample, ms) {
  const cost = sample.failed ?? (sample.cpu_us !== undefined ?
    `${figure(sample.cpu_us)} us CPU` : '');
  say(`  ${what}: ${cost} [${(ms / 1000).toFixed(1)} s]`);
}

// What a workload is given; see rounds.mjs for who uses what.
const benchFor = (tls, leftOut) => ({
  rounds, seconds, tls, progress, note: say,
  times: () => ({ warm: 0.3, seconds }),
  scope: () => new Scope(say),
  leftOut: (name, why) => {
    leftOut.push(`${name}: ${why}`);
    say(`  left out: ${name}: ${why}`);
  },
});

async function runOne(name, tls, machine) {
  const workload = workloads[name];
  const begin = Date.now();
  const leftOut = [];
  const [loadAverage] = os.loadavg();
  configurations.clear();
  say(`== ${name}`);
  const samples = await workload.run(benchFor(tls, leftOut));
  console.log(`\n== ${name}: ${workload.title}\n`);
  for (const { columns, rows } of workload.tables(new Samples(samples)))
    console.log(`${table(columns, rows)}\n`);
  console.log(`${aimTable(workload.aims(new Samples(samples)))}\n`);
  say(`== ${name}: ${((Date.now() - begin) / 1000).toFixed(0)} s`);
  return { ...machine, loadAverage, rounds, seconds, leftOut, samples,
    configurations: Object.fromEntries(configurations) };
}

async function main() {
  const list = wanted();
  if (missing.length > 0)
    throw new Error(`not built: ${missing.join(', ')}; use make bench`);
  await scoped(async (scope) => {
    const tls = selfSigned(tempDir(scope), 'own');
    const results = readResults(out);
    const machine = describe(top);
    for (const name of list) {
      try {
        results[name] = await runOne(name, tls, machine);
      } catch (error) {
        say(`${name} was not measured: ${error.stack}`);
        continue;
      }
      writePage(out, workloads, results);
    }
    say(`written: ${out}/README.md`);
  }, say);
}

if (!await enter()) {
  try {
    await main();
  } catch (error) {
    say(`bench: ${error.message}`);
    process.exitCode = 1;
  }
}
