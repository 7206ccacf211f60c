// SPDX-License-Identifier: Apache-2.0
// Tables and aims that most workloads have.
import { figure, withSpread } from './table.mjs';

export const OWN = 'headgate';

const COLUMNS = {
  per_second: { title: 'per second' },
  cpu_us: { title: 'CPU us each', spread: true },
  p50: { title: 'p50 us' },
  p99: { title: 'p99 us' },
};

/*
 * One row for each case and server: the figures, and headgate's ratio to that
 * server by "field", round by round.
 */
export function comparison(samples, { field = 'cpu_us', own = OWN,
  columns = ['per_second', 'cpu_us', 'p50', 'p99'], titles = {} } = {}) {
  const rows = [];
  for (const name of samples.cases)
    for (const server of samples.servers(name)) {
      const values = columns.map((column) => {
        const one = samples.spread(name, server, column);
        return COLUMNS[column]?.spread ? withSpread(one) : figure(one?.median);
      });
      rows.push([name, server, ...values, server === own ? '' :
        withSpread(samples.ratio(name, own, server, field))]);
    }
  return {
    columns: ['case', 'server', ...columns.map((column) =>
      titles[column] ?? COLUMNS[column]?.title ?? column),
    `${own} / it`],
    rows,
  };
}

/*
 * What is aimed at: { what, value (see spread()), aim, met, unit }. to: servers
 * of which the best one counts; they must have been there.
 */
export function ratioAim(samples, { name, to, most, field = 'cpu_us',
  own = OWN, what }) {
  const best = samples.best(name, to, field);
  const value = best && samples.ratio(name, own, best, field);
  return {
    what: what ?? `${name}: ${own} / ${best ?? to.join(' or ')}`,
    value, aim: `<= ${most}`,
    met: value === undefined ? undefined : value.median <= most,
  };
}

export function valueAim(what, value, { most, least, unit = '' }) {
  const aim = most !== undefined ? `<= ${figure(most)}` :
    `>= ${figure(least)}`;
  return {
    what, value, aim: `${aim}${unit && ` ${unit}`}`, unit,
    met: value === undefined ? undefined :
      most !== undefined ? value.median <= most : value.median >= least,
  };
}

// An aim may be without its figure, as the peer is not there, and a figure
// without an aim, for scale.
export const metText = ({ value, met }) => value === undefined ?
  'not measured' : met === undefined ? '' : met ? 'yes' : '**no**';
