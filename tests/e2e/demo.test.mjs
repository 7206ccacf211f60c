// SPDX-License-Identifier: Apache-2.0
// What a new user runs first: ./bootstrap run. An edge and a gateway come up
// from conf.d/demo, answer at /echo and /stomp, and end with Ctrl-C.
import assert from 'node:assert/strict';
import net from 'node:net';
import { join } from 'node:path';
import test from 'node:test';

import { noBrowser, startBrowser } from '../lib/browser.mjs';
import { OP, text } from '../lib/frame.mjs';
import { Process } from '../lib/process.mjs';
import { connect } from '../lib/stomp.mjs';
import { within } from '../lib/wait.mjs';
import { open } from '../lib/wsraw.mjs';

const source = process.env.top_srcdir ?? '.';
const build = process.env.top_builddir ?? join(source, 'build');

function listen(port) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

// A port that is free together with those ten and eleven above it.
async function freeBase() {
  for (;;) {
    const first = await listen(0);
    const base = first.address().port;
    const others = base + 11 > 65535 ? [null] :
      [await listen(base + 10), await listen(base + 11)];
    for (const server of [first, ...others])
      server?.close();
    if (others.every((server) => server !== null))
      return base;
  }
}

// Its page, in two tabs of a browser that knows nothing of headgate.
async function look(t, url) {
  const browser = await startBrowser(t);
  const open = async () => {
    const page = await browser.newPage();
    const errors = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith(url) && !request.url().startsWith('data:'))
        errors.push(`asks elsewhere: ${request.url()}`);
    });
    await page.goto(url);
    await page.locator('#state.open').waitFor();
    return { page, errors };
  };
  const tabs = [await open(), await open()];
  assert.equal(await tabs[0].page.textContent('#state'),
    'connected by headgate.js');
  await tabs[0].page.locator('#board tr').nth(7).waitFor();
  await tabs[0].page.fill('#name', 'ann');
  await tabs[0].page.fill('#text', 'hello <b>all</b>');
  await tabs[0].page.click('#say button');
  for (const { page } of tabs)
    await page.locator('#said li', { hasText: 'ann hello <b>all</b>' })
      .waitFor();
  // Its viewers, and these tabs, get far more than what crosses the trunk.
  await tabs[1].page.waitForFunction(() =>
    parseFloat(document.getElementById('saving').textContent) > 50);
  assert.deepEqual(tabs.flatMap(({ errors }) => errors), []);
  await browser.close();
}

test('./bootstrap run', async (t) => {
  const base = await freeBase();
  const env = { ...process.env, HEADGATE_BUILD: build,
    HEADGATE_PORT: String(base) };
  for (const name of ['MAKEFLAGS', 'MFLAGS', 'MAKELEVEL'])
    delete env[name];
  const demo = new Process(join(source, 'bootstrap'), ['run'], { env });
  t.after(() => demo.kill('SIGKILL'));
  await demo.line(new RegExp('^ready: edge http://127\\.0\\.0\\.1:' +
    `${base}/ gateway http://127\\.0\\.0\\.1:${base + 10}/$`), 30000);

  for (const port of [base, base + 10]) {
    const peer = await open(t, port, '/echo');
    peer.send(text('hello'));
    const frame = await peer.frame();
    assert.equal(frame.opcode, OP.TEXT);
    assert.equal(frame.payload.toString(), 'hello');
    peer.destroy();

    const url = `ws://127.0.0.1:${port}/stomp`;
    for (const login of [{ login: 'guest', passcode: 'guest' }, {}]) {
      const client = await connect(t, url, login);
      const sub = await client.subscribe('/topic/demo');
      client.send('/topic/demo', 'a price');
      await sub.count(1);
      assert.equal(sub.bodies[0], 'a price');
      await client.leave();
    }
  }

  const without = await noBrowser();
  if (without === undefined)
    await look(t, `http://127.0.0.1:${base}/`);
  else
    t.diagnostic(`the page is not looked at: ${without}`);

  demo.child.kill('SIGINT');
  const end = await within(demo.ended.promise, 'the demo to stop', 10000);
  assert.deepEqual(end, { code: 0, signal: null }, demo.tail());
});
