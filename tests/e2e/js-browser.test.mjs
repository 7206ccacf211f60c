// SPDX-License-Identifier: Apache-2.0
// headgate.js and the browser's own class side by side in Chromium, on the same
// cases: in pages and in workers, with a plain server.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
  noBrowser, script, startBrowser, startPages, suiteHooks,
} from '../lib/browser.mjs';
import { cases } from '../lib/websocket-cases.mjs';
import { startServer } from '../lib/websocket-server.mjs';

const skip = await noBrowser();

const PAGE = '<!doctype html><title>test</title>';
const WITH = `${PAGE}<script src="/headgate.js" data-install></script>`;
const WORKER = `
  import { run } from '/tests/lib/websocket-cases.mjs';
  onmessage = async ({ data: { name, url } }) =>
    postMessage(await run(name, { WebSocket, url }));
`;
const inPage = async ([name, url]) => {
  const { run } = await import('/tests/lib/websocket-cases.mjs');
  return await run(name, { WebSocket, url });
};
const inWorker = ([name, url, file]) => new Promise((resolve) => {
  window.worker ??= new Worker(file, { type: 'module' });
  window.worker.onmessage = ({ data }) => resolve(data);
  window.worker.onerror = ({ message }) => resolve(message);
  window.worker.postMessage({ name, url });
});

describe('the class in Chromium', { skip }, () => {
  let browser;
  let pages;
  let server;
  const t = suiteHooks(after);

  before(async () => {
    server = await startServer(t);
    pages = await startPages(t, {
      '/native.html': PAGE, '/ours.html': WITH, '/headgate.js': script(),
      '/worker-native.mjs': WORKER,
      '/worker-ours.mjs': `import '/headgate.js'; import '/install.mjs';
        ${WORKER}`,
      '/install.mjs': 'headgate.install();',
    });
    browser = await startBrowser(t);
  });

  for (const which of ['native', 'ours'])
    for (const [place, how] of [['page', inPage], ['worker', inWorker]])
      describe(`${which}, in a ${place}`, () => {
        let page;
        before(async () => {
          page = await browser.newPage();
          await page.goto(`${pages.url}/${place === 'page' ? which :
            'native'}.html`);
        });
        after(() => page.close());
        for (const name of Object.keys(cases))
          test(name, async () => {
            assert.equal(await page.evaluate(how, [name, server.url,
              `/worker-${which}.mjs`]), '');
          });
      });
});
