// SPDX-License-Identifier: Apache-2.0
// doc/performance: the page, its pictures, and the samples that both are made
// of. A run of some workloads replaces those and leaves the others.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { bars } from './bars.mjs';
import { lines } from './lines.mjs';
import { metText } from './report.mjs';
import { Samples } from './stats.mjs';
import { table, withSpread } from './table.mjs';

const RESULTS = 'results.json';

export function readResults(dir) {
  try {
    return JSON.parse(readFileSync(join(dir, RESULTS), 'utf8'));
  } catch {
    return {};
  }
}

const tidy = (text) => text.replaceAll(/\s+/g, ' ').trim();

function wrap(text) {
  const out = [''];
  for (const word of tidy(text).split(' ')) {
    const last = out.at(-1);
    if (last && last.length + 1 + word.length > 80)
      out.push(word);
    else
      out[out.length - 1] = last ? `${last} ${word}` : word;
  }
  return out.join('\n');
}

export const aimTable = (aims) => table(
  ['figure', 'median (least..most)', 'aim', 'met'],
  aims.map(({ what, value, aim, unit, met }) => [what,
    `${withSpread(value)}${value && unit ? ` ${unit}` : ''}`, aim,
    metText({ value, met })]));

export function pictures(workload, samples) {
  const made = [
    ...(workload.lines?.(samples) ?? []).map((one) => [one, lines(one)]),
    ...(workload.bars?.(samples) ?? []).map((one) => [one, bars(one)]),
  ];
  return made.filter(([, svg]) => svg !== undefined)
    .map(([{ file, title }, svg]) => ({ file: `${file}.svg`, title, svg }));
}

function failures(samples) {
  const rows = samples.failures().map((one) => `- ${one.server}, ` +
    `${one.case}, round ${one.round + 1}: ${one.failed ?? one.trouble}`);
  return rows.length ? `\nWhat went wrong:\n\n${rows.join('\n')}\n` : '';
}

function section(name, workload, result) {
  const samples = new Samples(result.samples);
  const shown = pictures(workload, samples);
  const left = result.leftOut.map((line) => `- left out: ${line}`).join('\n');
  return [
    `## ${workload.title}`, '', wrap(workload.text), '',
    ...workload.tables(samples).flatMap(({ columns, rows }) =>
      [table(columns, rows), '']),
    ...shown.flatMap(({ file, title }) => [`![${title}](${file})`, '']),
    ...left ? [left, ''] : [],
    ...failures(samples) ? [failures(samples).trim(), ''] : [],
    `\`make bench WORKLOADS=${name}\`: ${result.rounds} round` +
      `${result.rounds === 1 ? '' : 's'} of ${result.seconds} s, ` +
      `${result.date}, ${result.revision}, load average before it ` +
      `${result.loadAverage?.toFixed(2) ?? 'unknown'}`, '',
  ].join('\n');
}

function summary(entries) {
  const rows = entries.flatMap(([, workload, result]) =>
    workload.aims(new Samples(result.samples))
      .map(({ what, value, aim, unit, met }) => [workload.title, what,
        `${withSpread(value)}${value && unit ? ` ${unit}` : ''}`, aim,
        metText({ value, met })]));
  return table(['workload', 'figure', 'median (least..most)', 'aim', 'met'],
    rows);
}

// Machines on which it was measured, with their conditions: mostly one.
function machines(entries) {
  const known = new Map();
  for (const [name, , { machine, conditions }] of entries) {
    const text = [...machine, ...conditions].map((line) => `- ${line}`)
      .join('\n');
    known.set(text, [...known.get(text) ?? [], name]);
  }
  return [...known].map(([text, names]) => known.size === 1 ? text :
    `For ${names.join(', ')}:\n\n${text}`).join('\n\n');
}

function configurations(entries) {
  const all = new Map(entries.flatMap(([, , { configurations: texts }]) =>
    Object.entries(texts ?? {})));
  return [...all].map(([name, text]) =>
    `<details><summary>${name}</summary>\n\n\`\`\`\n${text}\n\`\`\`\n\n` +
    '</details>').join('\n\n');
}

const INTRODUCTION = `What a message, a connection and a channel cost in
headgate, beside what other servers of Debian and npm need for the same, and
beside the least that the kernel allows ("limit", "direct": bare epoll loops
that do nothing but the system calls). All of this page is written by \`make
bench\`.`;

const HOW = `The server runs on one core and the load generator, with what
stands behind a proxy, on another; the network is loopback in a namespace of its
own. The main figure is **CPU**: microseconds of user and system time of all
processes of the server for each message (or delivery, or connection). It says
more than throughput, which here is limited by the load generator too. In each
round every server is measured once in every case; **ratios** are made within a
round, and the table shows the median of the rounds with the least and the
most, so that what changes on the machine changes for both sides of a ratio.
Below 1 headgate needs less. Percentiles are of round trips, or from a publish to
a delivery, on a machine whose cores are full.`;

const REPEAT = `On Debian 12, as root, on an otherwise quiet machine:

    ./bootstrap bench                            # installs the peers, too
    make bench                                   # in a build folder
    make bench WORKLOADS="proxy echo"            # some of them
    make bench ROUNDS=5 SECONDS=4 OUT=/tmp/out   # longer, written elsewhere

The folder has the samples in \`results.json\`; a run of some workloads replaces
those and leaves the others. A peer that is not installed is left out. Without
root there is no network of its own; with one core nothing is pinned; the page
says so.`;

// modules: by name, all workloads in their order.
export function writePage(dir, modules, results) {
  const entries = Object.entries(modules)
    .filter(([name]) => results[name])
    .map(([name, workload]) => [name, workload, results[name]]);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, RESULTS), `${JSON.stringify(results)}\n`);
  for (const [, workload, result] of entries)
    for (const { file, svg } of pictures(workload,
      new Samples(result.samples)))
      writeFileSync(join(dir, file), svg);
  const shown = entries.map((entry) => section(...entry)).join('\n');
  writeFileSync(join(dir, 'README.md'), [
    '# Performance', '', wrap(INTRODUCTION), '',
    '## What is aimed at, and what is reached', '', summary(entries), '',
    '## How it is measured', '', wrap(HOW), '', machines(entries), '',
    '## To repeat it', '', REPEAT, '', shown,
    '## How headgate was configured', '',
    wrap(`Capital names stand for ports, /DIR for a folder of the run.`), '',
    configurations(entries), '',
  ].join('\n'));
}
