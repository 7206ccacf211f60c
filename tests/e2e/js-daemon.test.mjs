// SPDX-License-Identifier: Apache-2.0
// headgate.js in Chromium through headgate itself, beside the browser's own
// class: on one shared connection, and through edge, trunk and gateway.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
  noBrowser, script, startBrowser, startPages, suiteHooks,
} from '../lib/browser.mjs';
import { startDaemon } from '../lib/daemon.mjs';
import { until } from '../lib/wait.mjs';
import { cases } from '../lib/websocket-cases.mjs';
import { startServer } from '../lib/websocket-server.mjs';

const skip = await noBrowser();

const PAGE = '<!doctype html><title>test</title>';
const run = async ([name, url, more]) => {
  const { run: runCase } = await import('/tests/lib/websocket-cases.mjs');
  return await runCase(name, { WebSocket, url, ...more });
};

// Several at once, in a page.
const open = async ([url, count]) => {
  window.sockets = Array.from({ length: count }, () => new WebSocket(url));
  window.got = [];
  await Promise.all(window.sockets.map((socket) =>
    new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onclose = reject;
      socket.onmessage = ({ data }) => window.got.push(data);
    })));
};

const EXTENSIONS =
  'x-kaazing-channels x-kaazing-ping-pong x-kaazing-idle-timeout';

async function setup(t, options = {}) {
  const server = await startServer(t);
  const pages = await startPages(t, {
    '/native.html': PAGE,
    '/ours.html': `${PAGE}<script src="/headgate.js" data-install></script>`,
    '/headgate.js': script(), ...options.files,
  });
  const service = {
    listen: 'clients', connect: `ws://127.0.0.1:${server.port}`,
    'second-handshake': 'yes', extensions: EXTENSIONS, origin: pages.url,
    ...options.service,
  };
  const daemon = options.pair ? undefined : await startDaemon(t, {
    'listen clients': { address: '127.0.0.1:0' },
    'plugin channels': {}, 'plugin pingpong': {}, 'plugin idletimeout': {},
    'service echo': { path: '/echo', ...service },
    'service refused': { path: '/refused', ...service },
    ...options.sections,
  });
  const browser = await startBrowser(t);
  return { server, pages, daemon, browser, url: daemon?.url('clients', '') };
}

for (const which of ['native', 'ours'])
  describe(`through headgate: ${which}`, { skip }, () => {
    const t = suiteHooks(after);
    let env;
    let page;
    before(async () => {
      env = await setup(t);
      page = await env.browser.newPage();
      await page.goto(`${env.pages.url}/${which}.html`);
    });
    // headgate answers a close frame with its code alone.
    const more = { many: 120, noReasons: which === 'native' };
    for (const name of Object.keys(cases))
      test(name, async () => {
        assert.equal(await page.evaluate(run, [name, env.url, more]), '');
      });
    test('120 in one tab, on how many connections', async () => {
      await page.evaluate(open, [`${env.url}/echo`, 120]);
      assert.ok(env.server.server.clients.size >= 120);
      const count = (await env.daemon.connections('websocket-in')).length;
      if (which === 'ours')
        assert.equal(count, 1);
      else
        assert.ok(count >= 120);
    });
  });

describe('tabs share a connection by a SharedWorker', { skip }, () => {
  const t = suiteHooks(after);
  let env;
  let context;
  before(async () => {
    env = await setup(t, { files: {
      '/tabs.html': `${PAGE}<script src="/headgate.js"></script>` +
        `<script>headgate.install({ share: 'tabs' })</script>`,
      '/strict.html': {
        content: `${PAGE}<script src="/headgate.js"></script>` +
          '<script src="/install.js"></script>',
        headers: { 'Content-Security-Policy':
          "default-src 'none'; script-src 'self'; worker-src 'none'; " +
          'connect-src ws: http:' },
      },
      '/install.js': "headgate.install({ share: 'tabs' });",
    } });
    context = await env.browser.newContext();
  });
  const tcp = async () => (await env.daemon.connections('websocket-in')).length;

  test('two tabs, one connection; one goes, the other stays', async () => {
    const [one, two] = [await context.newPage(), await context.newPage()];
    for (const page of [one, two]) {
      await page.goto(`${env.pages.url}/tabs.html`);
      await page.evaluate(open, [`${env.url}/echo`, 3]);
    }
    assert.equal(await tcp(), 1);
    assert.equal(env.server.server.clients.size, 6);
    for (const page of [one, two])
      await page.evaluate(() => window.sockets.forEach((socket, i) =>
        socket.send(`message ${i}`)));
    for (const page of [one, two])
      await until(async () => (await page.evaluate(() => window.got.length)) ===
        3, 'all messages');
    await one.close();
    await until(() => env.server.server.clients.size === 3,
      "the closed tab's to be closed");
    await two.evaluate(() => window.sockets[0].send('again'));
    await until(async () => (await two.evaluate(() => window.got.at(-1))) ===
      'again', 'the echo');
    await two.goto(`${env.pages.url}/native.html`);
    await until(() => env.server.server.clients.size === 0, 'all to be closed');
    await two.close();
  });

  test('the cases', async () => {
    const page = await context.newPage();
    await page.goto(`${env.pages.url}/tabs.html`);
    for (const name of Object.keys(cases))
      assert.equal(await page.evaluate(run, [name, env.url, {}]), '', name);
    assert.ok(await tcp() <= 1);
    await page.close();
  });

  test('a policy that forbids workers: by the page itself', async () => {
    const page = await context.newPage();
    await page.goto(`${env.pages.url}/strict.html`);
    await page.evaluate(open, [`${env.url}/echo`, 3]);
    assert.equal(await tcp(), 1);
    await page.close();
  });
});
