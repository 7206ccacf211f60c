// SPDX-License-Identifier: Apache-2.0
// Debian's Chromium, without a window, and a server of pages for it.
import { accessSync, constants, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { join, resolve } from 'node:path';

import { tempDir } from './process.mjs';

const CHROMIUM = process.env.HEADGATE_CHROMIUM ?? '/usr/bin/chromium';
const top = process.env.top_srcdir ?? '.';
const built = process.env.top_builddir ?? '.';

// Why there is none, or undefined.
export async function noBrowser() {
  try {
    accessSync(CHROMIUM, constants.X_OK);
    await import('playwright-core');
    return undefined;
  } catch (error) {
    return `no Chromium or playwright-core: ${error.message.split('\n')[0]}`;
  }
}

// For a suite: its hooks, to be run behind it, one after the other.
export function suiteHooks(after) {
  const hooks = [];
  after(async () => {
    const errors = [];
    for (const hook of hooks)
      try {
        await hook();
      } catch (error) {
        errors.push(error);
      }
    if (errors.length > 0)
      throw errors[0];
  });
  return { after: (fn) => hooks.push(fn) };
}

export async function startBrowser(t) {
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update',
      '--disable-sync', '--disable-dev-shm-usage'],
    env: { ...process.env, HOME: tempDir(t) },
  });
  t.after(() => browser.close());
  return browser;
}

export const scriptDir = resolve(built, 'plugins/page/js/dist');

// The library as it is served: with its halves behind it.
export const script = (halves = ['channels', 'pingpong', 'idletimeout']) =>
  ['headgate', ...halves].map((name) =>
    readFileSync(join(scriptDir, `${name}.js`), 'utf8')).join('\n');

const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript',
  mjs: 'text/javascript' };

/*
 * files: path to content, or { content, headers }. Below /tests/lib/ and
 * /node_modules/ the files of those folders.
 */
export async function startPages(t, files) {
  const find = (path) => {
    if (path in files)
      return typeof files[path] === 'object' ? files[path] :
        { content: files[path] };
    if (path.includes('..'))
      return undefined;
    if (path.startsWith('/tests/lib/'))
      return { content: readFileSync(join(top, path)) };
    if (path.startsWith('/node_modules/'))
      return { content: readFileSync(join(process.env.HEADGATE_NODE_MODULES,
        path.slice('/node_modules/'.length))) };
    return undefined;
  };
  const server = createServer((request, response) => {
    const path = request.url.replace(/\?.*/, '');
    const file = find(path);
    if (!file) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': TYPES[path.split('.').at(-1)] ??
      TYPES.html, ...file.headers });
    response.end(file.content);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${server.address().port}`, files };
}
