// SPDX-License-Identifier: Apache-2.0
// What the runner of the measurements makes of samples: medians, ratios, tables,
// pictures, the page.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { tempDir } from '../lib/process.mjs';
import { bars } from './bars.mjs';
import { lines } from './lines.mjs';
import { readResults, writePage } from './page.mjs';
import { comparison, ratioAim, valueAim } from './report.mjs';
import { Samples, spread } from './stats.mjs';
import { figure, table, withSpread } from './table.mjs';

const sample = (server, round, cost, more = {}) =>
  ({ case: 'a & b', server, round, cpu_us: cost, per_second: 1e6 / cost,
    ...more });

// The machine is half as fast in the second round.
const SAMPLES = new Samples([
  sample('headgate', 0, 3), sample('headgate', 1, 6), sample('headgate', 2, 3),
  sample('nginx', 0, 4), sample('nginx', 1, 8), sample('nginx', 2, 5),
  sample('haproxy', 0, 9), { ...sample('haproxy', 1, 1), failed: 'it fell' },
]);

test('a spread is median, least and most of the numbers', () => {
  assert.deepEqual(spread([5, NaN, 1, undefined, 3]),
    { median: 3, min: 1, max: 5, count: 3 });
  assert.equal(spread([4, 1]).median, 2.5);
  assert.equal(spread([undefined]), undefined);
});

test('ratios are made within a round', () => {
  const { median, min, max } =
    SAMPLES.ratio('a & b', 'headgate', 'nginx', 'cpu_us');
  assert.deepEqual([median, min, max], [0.75, 0.6, 0.75]);
  assert.equal(SAMPLES.ratio('a & b', 'headgate', 'haproxy', 'cpu_us').count,
    1);
});

test('the best peer counts, and one that fails does not', () => {
  const aim = ratioAim(SAMPLES,
    { name: 'a & b', to: ['haproxy', 'nginx', 'none'], most: 0.7 });
  assert.match(aim.what, /headgate \/ nginx$/);
  assert.equal(aim.met, false);
  assert.equal(ratioAim(SAMPLES, { name: 'a & b', to: ['none'], most: 1 }).met,
    undefined);
  assert.equal(valueAim('x', spread([5]), { least: 5 }).met, true);
  assert.equal(valueAim('x', undefined, { most: 5 }).met, undefined);
});

test('figures have three digits', () => {
  assert.deepEqual([123456, 123.4, 12.34, 1.234, 0.01234, 0, NaN].map(figure),
    ['123,456', '123', '12.3', '1.23', '0.0123', '0.00', '-']);
  assert.equal(withSpread({ median: 1, min: 0.5, max: 2, count: 3 }),
    '1.00 (0.50..2.00)');
});

test('a column of numbers is set to the right', () => {
  assert.equal(table(['a', 'n', 'with unit'], [['x', '1,000', '3 B'],
    ['yy', '2 (1..3)', '-']]), [
    '| a   |        n | with unit |',
    '| --- | -------: | --------: |',
    '| x   |    1,000 |       3 B |',
    '| yy  | 2 (1..3) |         - |',
  ].join('\n'));
});

// Elements are closed in their order, and no text is taken for markup.
function checkSvg(svg) {
  const open = [];
  for (const [, end, name, own] of
    svg.matchAll(/<(\/?)([a-z]+)(?:[^<>]*?)(\/?)>/g)) {
    if (end)
      assert.equal(open.pop(), name);
    else if (!own)
      open.push(name);
  }
  assert.deepEqual(open, []);
  assert.doesNotMatch(svg, /&(?!(amp|lt|gt|quot);)/);
  assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
  assert.match(svg, /prefers-color-scheme:dark/);
}

test('pictures are well-formed, whatever names there are', () => {
  checkSvg(bars({ title: 'a < b', unit: 'us', samples: SAMPLES,
    field: 'cpu_us' }));
  const points = [[100, spread([1, 2])], [5000, spread([0.3])],
    [10000, undefined]];
  checkSvg(lines({ title: '"x" & y', x: 'n', y: 'us',
    series: [{ name: 'a<b', points }, { name: 'c', points: [] }] }));
  assert.equal(lines({ title: '', x: '', y: '', series: [] }), undefined);
  assert.equal(bars({ title: '', unit: '', samples: new Samples(),
    field: 'x' }), undefined);
});

const workload = {
  title: 'A workload', text: 'What it is.',
  tables: (samples) => [comparison(samples)],
  aims: (samples) => [ratioAim(samples,
    { name: 'a & b', to: ['nginx'], most: 0.8 })],
  bars: (samples) => [{ file: 'one', title: 'One', unit: 'us', samples,
    field: 'cpu_us' }],
};
const result = {
  date: '2026-01-01', revision: 'abc', machine: ['a machine'],
  conditions: ['quiet'], rounds: 3, seconds: 1, loadAverage: 0,
  leftOut: ['lws: not installed'], samples: SAMPLES.list,
  configurations: { one: '[headgate]' },
};

test('the page has all, and a later run leaves what it did not measure', (t) => {
  const dir = tempDir(t);
  const modules = { first: workload, second: workload };
  writePage(dir, modules, { first: result });
  writePage(dir, modules, { ...readResults(dir), second: result });
  const page = readFileSync(join(dir, 'README.md'), 'utf8');
  for (const text of ['WORKLOADS=first', 'WORKLOADS=second', 'a machine',
    'lws: not installed', 'it fell', '[headgate]', '| yes '])
    assert.ok(page.includes(text), text);
  for (const [, file] of page.matchAll(/\]\(([^)]+)\)/g))
    assert.ok(existsSync(join(dir, file)), file);
});
