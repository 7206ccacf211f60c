// SPDX-License-Identifier: Apache-2.0
// permessage-deflate with Chromium: its own WebSocket, and headgate.js with many
// channels on a connection that the browser compresses.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';

import { noBrowser, scriptDir, startBrowser, suiteHooks }
  from '../lib/browser.mjs';
import { startDaemon } from '../lib/daemon.mjs';
import { tempDir } from '../lib/process.mjs';

const without = await noBrowser();

suite('compression in a browser', { skip: without ?? false }, async () => {
  const t = suiteHooks(after);
  const root = tempDir(t);
  writeFileSync(join(root, 'native.html'), '<!doctype html><title>n</title>');
  writeFileSync(join(root, 'ours.html'), '<!doctype html><head>' +
    '<script src="/.headgate/headgate.js" data-install></script></head>');
  const daemon = await startDaemon(t, {
    'listen clients': { address: '127.0.0.1:0' },
    'plugin page': { root, 'script-dir': scriptDir },
    'plugin echo': {}, 'plugin channels': {}, 'plugin pingpong': {},
    'plugin deflate': { 'min-size': 0, 'inflated-max': '4m' },
    'service page': { listen: 'clients', path: '/*', plugins: 'page' },
    'service echo': { listen: 'clients', path: '/echo', plugins: 'echo',
      'second-handshake': 'yes', 'message-max': '4m',
      extensions: 'permessage-deflate x-kaazing-channels x-kaazing-ping-pong' },
    'service keep': { listen: 'clients', path: '/keep', plugins: 'echo',
      'message-max': '4m', 'deflate.context-takeover': 'yes',
      extensions: 'permessage-deflate' },
  });
  const browser = await startBrowser(t);

  // Sends each message on each of so many sockets; what came back wrong.
  async function round(file, path, sockets) {
    const page = await browser.newPage();
    await page.goto(daemon.url('clients', `/${file}.html`, 'http'));
    const result = await page.evaluate(async ([target, count]) => {
      const random = crypto.getRandomValues(new Uint8Array(50000));
      const messages = ['', 'hello', '\u20ac'.repeat(3000),
        'a price '.repeat(20000), new Uint8Array(0), random,
        new Uint8Array(1000000)];
      const same = (a, b) => typeof a === 'string' ? a === b :
        a.length === b.byteLength &&
        a.every((byte, i) => byte === new Uint8Array(b)[i]);
      const one = () => new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://${location.host}${target}`);
        let got = 0;
        socket.binaryType = 'arraybuffer';
        socket.onopen = () => messages.forEach((m) => socket.send(m));
        socket.onclose = ({ code, reason }) =>
          reject(new Error(`closed: ${code} ${reason}`));
        socket.onmessage = ({ data }) => {
          if (!same(messages[got], data))
            reject(new Error(`message ${got} came back otherwise`));
          if (++got < messages.length)
            return;
          socket.onclose = () => resolve(socket.extensions);
          socket.close(1000);
        };
      });
      return Promise.all(Array.from({ length: count }, one));
    }, [path, sockets]);
    await page.close();
    return result;
  }

  for (const path of ['/echo', '/keep'])
    test(`the browser's own WebSocket, ${path}`, async () => {
      const [extensions] = await round('native', path, 1);
      assert.match(extensions, /^permessage-deflate/);
      assert.equal(/no_context_takeover/.test(extensions), path === '/echo');
      const from = await daemon.counter('deflate', 'bytes_packed_from');
      const to = await daemon.counter('deflate', 'bytes_packed_to');
      assert.ok(to < from / 5, `${from} bytes became ${to}`);
    });

  test('channels of headgate.js on a compressed connection', async () => {
    const before = await daemon.counter('deflate', 'messages_unpacked');
    await round('ours', '/echo', 8);
    assert.ok(await daemon.counter('deflate', 'messages_unpacked') >
      before + 8 * 4);
  });
});
