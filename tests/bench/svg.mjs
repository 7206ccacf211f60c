// SPDX-License-Identifier: Apache-2.0
// The frame of a picture: its paper and colours follow the reader's light or
// dark setting, wherever the picture is shown.
const LIGHT = {
  paper: '#ffffff', ink: '#1f2328', soft: '#656d76', grid: '#e3e6ea',
  edge: '#d0d7de',
  colours: ['#1d4ed8', '#6b7280', '#c2410c', '#0f766e', '#a21caf', '#a16207'],
};
const DARK = {
  paper: '#0d1117', ink: '#e6edf3', soft: '#9198a1', grid: '#262c34',
  edge: '#30363d',
  colours: ['#7cb0ff', '#a3abb8', '#fb9457', '#4fd1bd', '#e58df5', '#e3b341'],
};

export const COLOURS = LIGHT.colours.length;

// Written out, without variables: not all that draw pictures know those.
const theme = ({ paper, ink, soft, grid, edge, colours }) => [
  `.paper{fill:${paper};stroke:${edge}}`, `text{fill:${ink}}`,
  `.soft{fill:${soft}}`, `.grid{stroke:${grid}}`, `.axis{stroke:${soft}}`,
  `.dot{stroke:${paper}}`,
  ...colours.map((colour, i) =>
    `.stroke${i}{stroke:${colour}}.fill${i}{fill:${colour}}`),
].join('\n');

const STYLE = `
text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,
sans-serif;font-size:13px}
.title{font-size:16px;font-weight:600}
.small{font-size:12px}
.own{font-weight:600}
.end{text-anchor:end}
.middle{text-anchor:middle}
.line{fill:none;stroke-width:2;stroke-linejoin:round}
.thick{stroke-width:3.5}
.dot{stroke-width:1.5}
.range{stroke-width:1.5;opacity:.55}
${theme(LIGHT)}
@media (prefers-color-scheme:dark){
${theme(DARK)}
}`;

const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export const escape = (text) =>
  String(text).replace(/[&<>"]/g, (one) => ESCAPES[one]);

const round = (value) => typeof value === 'number' ?
  Number(value.toFixed(1)) : value;

export function element(name, attributes, text) {
  const all = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${escape(round(value))}"`).join('');
  return text === undefined ? `<${name}${all}/>` :
    `<${name}${all}>${escape(text)}</${name}>`;
}

export const text = (x, y, className, content) =>
  element('text', { x, y, class: className }, content);

export const line = (x1, y1, x2, y2, className) =>
  element('line', { x1, y1, x2, y2, class: className });

// told: what a reader gets who does not see the picture.
export function picture(width, height, title, told, parts) {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" ` +
      `height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    element('title', {}, title), element('desc', {}, told),
    `<style>${STYLE}</style>`,
    element('rect', { class: 'paper', x: 0.5, y: 0.5, width: width - 1,
      height: height - 1, rx: 8 }),
    text(20, 30, 'title', title),
    ...parts, '</svg>', '',
  ].join('\n');
}
