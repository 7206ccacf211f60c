// SPDX-License-Identifier: Apache-2.0
// Cost against N, both axes logarithmic: a line for each server, whose name
// stands at its end, with the spread of the rounds at each point.
import { COLOURS, element, line, picture, text } from './svg.mjs';
import { figure } from './table.mjs';

const WIDTH = 760;
const HEIGHT = 430;
const AREA = { left: 64, right: WIDTH - 150, top: 66, bottom: HEIGHT - 56 };
const LABEL = 17; // height of a name

// From a round number below to one above; few decades have ticks between.
function axis(values, from, to) {
  const low = Math.log10(Math.min(...values));
  const high = Math.log10(Math.max(...values));
  const steps = high - low < 2.2 ? [1, 2, 5] : [1];
  const ticks = [];
  for (let power = Math.floor(low) - 1; power <= Math.ceil(high) + 1; power++)
    for (const step of steps)
      ticks.push(step * 10 ** power);
  const first = ticks.findLast((tick) => Math.log10(tick) <= low + 1e-9);
  const last = ticks.find((tick) => Math.log10(tick) >= high - 1e-9);
  const [begin, end] = [Math.log10(first), Math.log10(last)];
  const span = end - begin || 1;
  return {
    ticks: ticks.filter((tick) => tick >= first && tick <= last),
    at: (value) => from + (Math.log10(value) - begin) / span * (to - from),
  };
}

// Names at the ends of lines, moved apart where lines end close together.
function spreadOut(labels) {
  labels.sort((a, b) => a.y - b.y);
  for (let pass = 0; pass < 50; pass++)
    for (let i = 1; i < labels.length; i++) {
      const over = LABEL - (labels[i].y - labels[i - 1].y);
      if (over > 0) {
        labels[i].y += over / 2;
        labels[i - 1].y -= over / 2;
      }
    }
  return labels;
}

function grid(xs, ys, { x, y }) {
  return [
    ...ys.ticks.flatMap((tick) => [
      line(AREA.left, ys.at(tick), AREA.right, ys.at(tick), 'grid'),
      text(AREA.left - 8, ys.at(tick) + 4, 'end soft small',
        tick >= 1000 ? figure(tick) : String(Number(tick.toPrecision(2)))),
    ]),
    ...xs.ticks.flatMap((tick) => [
      line(xs.at(tick), AREA.top, xs.at(tick), AREA.bottom, 'grid'),
      text(xs.at(tick), AREA.bottom + 18, 'middle soft small',
        tick.toLocaleString('en-US')),
    ]),
    line(AREA.left, AREA.bottom, AREA.right, AREA.bottom, 'axis'),
    text((AREA.left + AREA.right) / 2, AREA.bottom + 40, 'middle soft', x),
    text(20, AREA.top - 14, 'soft', y),
  ];
}

function one({ name, points }, i, xs, ys) {
  const colour = i % COLOURS;
  const own = i === 0 ? ' thick' : '';
  return [
    element('polyline', { class: `line stroke${colour}${own}`, points: points
      .map(([x, { median }]) =>
        `${xs.at(x).toFixed(1)},${ys.at(median).toFixed(1)}`).join(' ') }),
    ...points.flatMap(([x, { median, min, max }]) => [
      line(xs.at(x), ys.at(min), xs.at(x), ys.at(max), `range stroke${colour}`),
      `<g><title>${name}, ${x}: ${figure(median)}</title>` + element('circle',
        { class: `dot fill${colour}`, cx: xs.at(x), cy: ys.at(median), r: 4 }) +
        '</g>',
    ]),
  ];
}

// series: [{ name, points: [[x, spread]] }], the first one is ours.
export function lines({ title, x, y, series }) {
  const known = series.map((each) => ({ ...each, points: each.points
    .filter(([, value]) => value !== undefined && value.min > 0) }))
    .filter(({ points }) => points.length > 0);
  if (known.length === 0)
    return undefined;
  const all = known.flatMap(({ points }) => points);
  const xs = axis(all.map(([value]) => value), AREA.left + 12, AREA.right - 12);
  const ys = axis(all.flatMap(([, { min, max }]) => [min, max]), AREA.bottom,
    AREA.top);
  const labels = spreadOut(known.map(({ name, points }, i) => ({
    name, i, y: ys.at(points.at(-1)[1].median) + 4,
    x: xs.at(points.at(-1)[0]) + 12,
  })));
  const told = known.map(({ name, points }) => `${name}: ${points.map(
    ([value, { median }]) => `${value}: ${figure(median)}`).join(', ')}`);
  return picture(WIDTH, HEIGHT, title, `${y}. ${told.join('. ')}`, [
    ...grid(xs, ys, { x, y }),
    ...known.map((each, i) => one(each, i, xs, ys)).reverse().flat(),
    ...labels.map(({ name, i, x: at, y: down }) => text(at, down,
      `fill${i % COLOURS}${i === 0 ? ' own' : ''}`, name)),
  ]);
}
