// SPDX-License-Identifier: Apache-2.0
// headgate.js in Chromium through headgate itself, beside the browser's own
// class: on one shared connection, and through edge, trunk and gateway.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { noBrowser, script, startBrowser, startPages } from '../lib/browser.mjs';
import { startDaemon } from '../lib/daemon.mjs';
import { startPair } from '../lib/pair.mjs';
import { until } from '../lib/wait.mjs';
import { cases } from '../lib/websocket-cases.mjs';
import { startServer } from '../lib/websocket-server.mjs';

const skip = await noBrowser();

const PAGE = '<!doctype html><title>test</title>';
const run = async ([name, url, more]) => {
  const { run: runCase } = await import('/tests/lib/websocket-cases.mjs');
  return await runCase(name, { WebSocket, url, ...more });
};

function withHooks() {
  const hooks = [];
  before(() => {});
  after(async () => {
    for (const hook of hooks)
      await hook();
  });
  return { after: (fn) => hooks.push(fn) };
}

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
    const t = withHooks();
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
    test('on how many connections', async () => {
      const [{ tcp, served }] = [{
        tcp: (await env.daemon.connections('client')).length,
        served: env.server.seen.connections,
      }];
      assert.ok(served > 150);
      if (which === 'ours')
        assert.ok(tcp <= 1, `${tcp} connections`);
    });
  });
