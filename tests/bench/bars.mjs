// SPDX-License-Identifier: Apache-2.0
// Bars for the servers of each case; each case has a scale of its own.
import { element, line, picture, text } from './svg.mjs';
import { figure } from './table.mjs';

const WIDTH = 760;
const LEFT = 150;
const RIGHT = WIDTH - 190;
const TOP = 62;
const BAR = 20;
const HEAD = 30;
const GAP = 14;

function group(unit, name, rows, top) {
  const most = Math.max(...rows.map(({ value }) => value.max));
  const at = (value) => LEFT + value / most * (RIGHT - LEFT);
  const parts = [text(20, top + 18, 'own', name)];
  rows.forEach(({ server, value }, i) => {
    const y = top + HEAD + i * BAR;
    const ours = server.startsWith('headgate');
    const own = ours ? ' own' : '';
    parts.push(
      text(LEFT - 10, y + 13, `end small${own}`, server),
      element('rect', { class: ours ? 'fill0' : 'fill1', x: LEFT, y: y + 2, rx: 2,
        width: Math.max(1, at(value.median) - LEFT), height: BAR - 6 }),
      line(at(value.min), y + BAR / 2 - 1, at(value.max), y + BAR / 2 - 1,
        'axis'),
      text(at(Math.max(value.median, value.max)) + 8, y + 13, `small${own}`,
        `${figure(value.median)} ${unit}`));
  });
  return parts;
}

// Of a field of the samples, the lower the better.
export function bars({ title, unit, samples, field }) {
  const groups = samples.cases.map((name) => ({
    name, rows: samples.servers(name)
      .map((server) => ({ server, value: samples.spread(name, server, field) }))
      .filter(({ value }) => value !== undefined),
  })).filter(({ rows }) => rows.length > 0);
  if (groups.length === 0)
    return undefined;
  const parts = [];
  let top = TOP;
  for (const { name, rows } of groups) {
    parts.push(...group(unit, name, rows, top));
    top += HEAD + rows.length * BAR + GAP;
  }
  parts.push(text(20, 50, 'soft small', 'median, least and most of the ' +
    'rounds; each group has a scale of its own; shorter is better'));
  const told = groups.map(({ name, rows }) => `${name}: ${rows.map(
    ({ server, value }) => `${server} ${figure(value.median)}`).join(', ')}`);
  return picture(WIDTH, top + 6, title, `${unit}. ${told.join('. ')}`, parts);
}
