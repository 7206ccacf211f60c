// SPDX-License-Identifier: Apache-2.0
// A page as anybody would write it: @stomp/stompjs, and new WebSocket behind it.
// It knows nothing of headgate.
'use strict';

const $ = (id) => document.getElementById(id);
const KEPT = 60; // points of a line

function line(element, values, top, height, width = 240) {
  const step = width / (KEPT - 1);
  const from = KEPT - values.length; // the newest is at the right
  element.setAttribute('points', values.map((value, i) =>
    `${((from + i) * step).toFixed(1)},` +
    `${(height - 2 - (value / (top || 1)) * (height - 4)).toFixed(1)}`)
    .join(' '));
}

function size(bytes) {
  const units = ['B', 'kB', 'MB', 'GB'];
  let unit = 0;
  for (; bytes >= 1000 && unit < units.length - 1; unit++)
    bytes /= 1000;
  return `${bytes.toFixed(unit === 0 || bytes >= 100 ? 0 : 1)} ${units[unit]}`;
}

const number = (value) => value.toLocaleString('en');

// --- prices ----------------------------------------------------------------

const rows = new Map();

function row(name) {
  if (rows.has(name))
    return rows.get(name);
  const tr = $('board').insertRow();
  const cells = [0, 1, 2, 3].map(() => tr.insertCell());
  cells[0].textContent = name;
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('viewBox', '0 0 240 24');
  svg.setAttribute('preserveAspectRatio', 'none');
  const curve = svg.appendChild(document.createElementNS(space, 'polyline'));
  cells[3].append(svg);
  const made = { price: cells[1], change: cells[2], curve, values: [] };
  rows.set(name, made);
  return made;
}

function price({ name, price: value, change }) {
  const { price: cell, change: changed, curve, values } = row(name);
  cell.textContent = value.toFixed(2);
  changed.textContent = `${change >= 0 ? '+' : '\u2212'}` +
    `${Math.abs(change).toFixed(2)} %`;
  changed.className = change >= 0 ? 'up' : 'down';
  values.push(value);
  if (values.length > KEPT)
    values.shift();
  const low = Math.min(...values);
  line(curve, values.map((one) => one - low), Math.max(...values) - low, 24);
}

// --- chat ------------------------------------------------------------------

function said({ name, text }) {
  const item = document.createElement('li');
  const who = document.createElement('b');
  who.textContent = `${name} `;
  item.append(who, text);
  $('said').append(item);
  while ($('said').children.length > 100)
    $('said').firstChild.remove();
  item.scrollIntoView({ block: 'nearest' });
}

// --- what it costs ---------------------------------------------------------

const rates = { clients: [], trunk: [] };
let last;

function figures(now) {
  for (const end of ['clients', 'trunk']) {
    $(`${end}-bytes`).textContent = size(now[end].bytes);
    $(`${end}-messages`).textContent = number(now[end].messages);
    if (last !== undefined && now[end].bytes >= last[end].bytes)
      rates[end].push((now[end].bytes - last[end].bytes) /
        Math.max(0.1, (now.ms - last.ms) / 1000));
    if (rates[end].length > KEPT)
      rates[end].shift();
  }
  last = now;
  $('clients-count').textContent = number(now.clients.count);
  const share = now.clients.bytes > 0 ?
    1 - now.trunk.bytes / now.clients.bytes : 0;
  $('saving').textContent = `${Math.max(0, share * 100).toFixed(1)} %`;
  const top = Math.max(...rates.clients, ...rates.trunk, 1);
  line($('rate-clients'), rates.clients, top, 60);
  line($('rate-trunk'), rates.trunk, top, 60);
  $('how').textContent = `${now.viewers} viewers without a window watch the ` +
    'same prices. Open more tabs: what clients got grows with each, the ' +
    'trunk does not.';
}

// --- the connection --------------------------------------------------------

function state(text, open) {
  $('state').textContent = text;
  $('state').className = open ? 'open' : '';
  document.body.classList.toggle('live', open);
}

function begin() {
  const client = new StompJs.Client({
    brokerURL: `${location.protocol.replace('http', 'ws')}//` +
      `${location.host}/stomp`,
    reconnectDelay: 1000,
  });
  const on = (topic, what) => client.subscribe(`/topic/${topic}`,
    (message) => what(JSON.parse(message.body)));
  client.onConnect = () => {
    state(window.headgate === undefined ? 'connected' :
      'connected by headgate.js', true);
    on('prices', price);
    on('chat', said);
    on('figures', figures);
  };
  client.onWebSocketClose = () => state('connecting again', false);
  $('say').addEventListener('submit', (event) => {
    event.preventDefault();
    if (!client.connected || $('text').value === '')
      return;
    client.publish({ destination: '/topic/chat', body: JSON.stringify({
      name: $('name').value || 'somebody', text: $('text').value }) });
    $('text').value = '';
  });
  client.activate();
}

if (window.StompJs === undefined)
  state('npm\u2019s @stomp/stompjs is missing: see ./bootstrap run', false);
else
  begin();
