// SPDX-License-Identifier: Apache-2.0
// HTTP as exact bytes: requests as text, responses with their framing.
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startDaemon } from './daemon.mjs';
import { atEnd } from './process.mjs';
import { connect } from './wsraw.mjs';

const top = process.env.top_builddir ?? '.';
const PLUGINS = process.env.HEADGATE_PLUGIN_DIR ?? join(top, 'plugins/all');

// A daemon with tests/lib/answer.c at /a/*, echo at /echo, and what is added.
export function startAnswers(t, sections = {}, plugins = ['echo'],
  files = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'headgate-plugins-'));
  atEnd(() => rmSync(dir, { recursive: true, force: true }));
  copyFileSync(join(top, 'tests/lib/.libs/answer.so'), join(dir, 'answer.so'));
  for (const name of plugins)
    copyFileSync(join(PLUGINS, `${name}.so`), join(dir, `${name}.so`));
  return startDaemon(t, {
    'listen main': { address: '127.0.0.1:0' },
    'plugin answer': {},
    'service answer': { listen: 'main', path: '/a/*', plugins: 'answer' },
    'plugin echo': {},
    'service echo': { listen: 'main', path: '/echo', plugins: 'echo' },
    ...sections,
  }, { args: ['--plugin-dir', dir], files });
}

// A request's text. fields: as for wsraw's request().
export function ask(target, fields = {}, { method = 'GET', body = '',
  version = 'HTTP/1.1' } = {}) {
  let head = `${method} ${target} ${version}\r\n`;
  for (const [name, value] of Object.entries({ Host: 'gate.example',
    ...fields }))
    for (const one of value === null ? [] : [value].flat())
      head += `${name}: ${one}\r\n`;
  return `${head}\r\n${body}`;
}

export const post = (target, body, fields = {}) => ask(target, {
  'Content-Length': String(Buffer.byteLength(body)), ...fields,
}, { method: 'POST', body });

export const chunk = (text, extension = '') =>
  `${Buffer.byteLength(text).toString(16)}${extension}\r\n${text}\r\n`;

export const chunked = (target, pieces, fields = {}) => ask(target, {
  'Transfer-Encoding': 'chunked', ...fields,
}, { method: 'POST', body: `${pieces.map((one) => chunk(one)).join('')}` +
  '0\r\n\r\n' });

async function chunkedBody(peer, ms) {
  const parts = [];
  for (;;) {
    const line = (await peer.upTo('\r\n', ms)).toString('latin1');
    assert.match(line, /^[0-9a-f]+\r\n$/, 'a chunk\'s size alone');
    const size = parseInt(line, 16);
    parts.push(await peer.bytes(size, ms));
    await peer.expect('\r\n', ms);
    if (size === 0)
      return Buffer.concat(parts);
  }
}

async function restBody(peer) {
  const parts = [];
  for (;;) {
    try {
      parts.push(await peer.bytes(1));
    } catch (error) {
      assert.match(error.message, /ended/);
      return Buffer.concat(parts);
    }
  }
}

// The next response. method: what it answers.
export async function response(peer, method = 'GET', ms = undefined) {
  const head = await peer.head(ms);
  const { fields, status } = head;
  const length = fields['content-length'];
  const coding = fields['transfer-encoding'];
  assert.ok(Number.isInteger(status), head.text);
  assert.ok(status < 200 || status >= 400 || fields.date?.length === 1,
    'a Date');
  assert.ok(!(length && coding), 'one framing');
  head.close = fields.connection?.[0] === 'close';
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) {
    head.body = Buffer.alloc(0);
  } else if (coding) {
    assert.deepEqual(coding, ['chunked']);
    head.body = await chunkedBody(peer, ms);
  } else if (length) {
    head.body = await peer.bytes(Number(length[0]), ms);
  } else {
    assert.ok(head.close, 'a body without an end');
    head.body = await restBody(peer);
  }
  head.text = head.body.toString('latin1');
  return head;
}

// One request on a connection of its own.
export async function once(t, port, text, method = 'GET') {
  const peer = await connect(t, port);
  peer.send(Buffer.from(text, 'latin1'));
  const answer = await response(peer, method);
  answer.peer = peer;
  return answer;
}
