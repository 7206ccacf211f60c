// SPDX-License-Identifier: Apache-2.0
// Figures as text, and tables that read well as they are and as Markdown.

// Three digits that mean something, and no more.
export function figure(value) {
  if (value === undefined || !Number.isFinite(value))
    return '-';
  const size = Math.abs(value);
  if (size >= 1000)
    return Math.round(value).toLocaleString('en-US');
  if (size >= 100)
    return value.toFixed(0);
  if (size >= 10)
    return value.toFixed(1);
  if (size >= 0.1 || size === 0)
    return value.toFixed(2);
  return value.toFixed(4);
}

export const withSpread = (one) => one === undefined ? '-' :
  one.count < 2 ? figure(one.median) :
    `${figure(one.median)} (${figure(one.min)}..${figure(one.max)})`;

const isNumber = (text) =>
  /^([-\d.,]+( \([^)]*\))?( [^\s\d]\S*)?)?$/.test(text);

// columns: names; rows: lists of texts. A column of numbers is set to the
// right.
export function table(columns, rows) {
  const all = [columns, ...rows].map((row) => row.map(String));
  const widths = columns.map((_, i) =>
    Math.max(3, ...all.map((row) => row[i].length)));
  const right = columns.map((_, i) => i > 0 && rows.length > 0 &&
    rows.every((row) => isNumber(String(row[i]))));
  const line = (row) => `| ${row.map((text, i) => right[i] ?
    text.padStart(widths[i]) : text.padEnd(widths[i])).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => right[i] ?
    `${'-'.repeat(width - 1)}:` : '-'.repeat(width)).join(' | ')} |`;
  return [line(all[0]), rule, ...all.slice(1).map(line)].join('\n');
}
