// SPDX-License-Identifier: Apache-2.0
// Pages that know nothing of headgate, in Chromium on the library: STOMP over
// edge, trunk and gateway, credentials inside the socket, refusals, a server
// that starts anew, and pages with a strict policy.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { WebSocketServer } from 'ws';

import {
  noBrowser, script, scriptDir, startBrowser, startPages, suiteHooks,
} from '../lib/browser.mjs';
import { startDaemon } from '../lib/daemon.mjs';
import { STOMP, startPair } from '../lib/pair.mjs';
import { tempDir } from '../lib/process.mjs';
import { until } from '../lib/wait.mjs';

const skip = await noBrowser();

const INJECTED = '<script src="/headgate.js" data-install></script>';
const STRICT = { 'Content-Security-Policy': "default-src 'none'; " +
  "script-src 'self'; connect-src ws:; worker-src 'self'; " +
  "require-trusted-types-for 'script'" };

// As a page's author writes it, with stompjs as it is.
const STOMP_PAGE = (head) => `<!doctype html><html><head>${head}
<script src="/node_modules/@stomp/stompjs/bundles/stomp.umd.min.js"></script>
<script src="/app.js"></script></head><body></body></html>`;
const STOMP_APP = `
  window.got = [];
  window.state = 'new';
  const url = new URLSearchParams(location.search).get('url');
  window.client = new StompJs.Client({
    brokerURL: url, reconnectDelay: 100, heartbeatIncoming: 0,
    heartbeatOutgoing: 0,
    connectHeaders: { login: 'guest', passcode: 'guest' },
    onConnect: () => {
      window.state = 'connected';
      window.connects = (window.connects ?? 0) + 1;
      for (const topic of ['/topic/a', '/topic/b'])
        client.subscribe(topic, (message) => window.got.push(
          topic + ' ' + message.body), { receipt: topic });
      client.watchForReceipt('/topic/b', () => window.state = 'subscribed');
    },
    onStompError: ({ headers }) => window.state = headers.message,
    onWebSocketClose: ({ code }) => window.state = 'closed ' + code,
  });
  client.activate();
`;

const ECHO_APP = `
  window.log = [];
  window.start = (url, protocols) => {
    const socket = new WebSocket(url, protocols);
    socket.onopen = () => log.push('open ' + socket.protocol);
    socket.onmessage = ({ data }) => log.push(data);
    socket.onerror = () => log.push('error');
    socket.onclose = ({ code, reason, wasClean }) =>
      log.push('close ' + code + ' ' + reason + ' ' + wasClean);
    window.socket = socket;
  };
`;

// A WebSocket server whose clients log in as joe.
async function startGuarded(t) {
  const wanted = `Basic ${Buffer.from('joe:welcome').toString('base64')}`;
  const server = new WebSocketServer({
    host: '127.0.0.1', port: 0,
    verifyClient: ({ req }, done) => req.headers.authorization === wanted ?
      done(true) : done(false, 401, 'No',
        { 'WWW-Authenticate': 'Basic realm="the gate"' }),
  });
  server.on('connection', (client) =>
    client.on('message', (data) => client.send(`joe: ${data}`)));
  await once(server, 'listening');
  t.after(() => server.close());
  return server.address().port;
}

const EXTENSIONS = 'x-kaazing-channels x-kaazing-ping-pong ' +
  'x-kaazing-idle-timeout';

describe('pages', { skip }, () => {
  const t = suiteHooks(after);
  let browser;
  let pages;
  let pair;
  let guarded;

  before(async () => {
    const files = { '/headgate.js': script(), '/app.js': STOMP_APP,
      '/echo.js': ECHO_APP };
    for (const [name, head] of [['native', ''], ['ours', INJECTED]]) {
      files[`/stomp-${name}.html`] = STOMP_PAGE(head);
      files[`/strict-${name}.html`] = { content: STOMP_PAGE(head),
        headers: STRICT };
      files[`/echo-${name}.html`] =
        `<!doctype html>${head}<script src="/echo.js"></script>`;
    }
    pages = await startPages(t, files);
    guarded = await startGuarded(t);
    const client = { listen: 'clients', 'second-handshake': 'yes',
      extensions: EXTENSIONS, origin: pages.url };
    pair = await startPair(t, {
      gateway: {
        'plugin stomp': {}, 'plugin broker': { user: 'guest:guest' },
        'service stomp': {
          listen: 'clients trunks', path: '/stomp', subprotocols: STOMP,
          plugins: 'stomp broker', share: '/topic/* scope=public',
          extensions: 'x-kaazing-channels x-kaazing-fanout',
          origin: pages.url,
        },
        'service guarded': {
          listen: 'trunks', path: '/guarded', origin: pages.url,
          connect: `ws://127.0.0.1:${guarded}`,
        },
      },
      edge: {
        'plugin stomp': {}, 'plugin pingpong': {}, 'plugin idletimeout': {},
        'plugin echo': {},
        'service stomp': { ...client, path: '/stomp', plugins: 'stomp',
          connect: 'trunk:gateway', subprotocols: STOMP },
        'service guarded': { ...client, path: '/guarded',
          connect: 'trunk:gateway' },
        'service echo': { ...client, path: '/echo', plugins: 'echo' },
      },
    });
    browser = await startBrowser(t);
  });

  const visit = async (path) => {
    const page = await browser.newPage();
    await page.goto(`${pages.url}${path}`);
    return page;
  };
  const log = (page, length) => until(async () => {
    const lines = await page.evaluate(() => window.log);
    return lines.length >= length && lines;
  }, `${length} lines`);

  for (const which of ['native', 'ours'])
    for (const kind of ['stomp', 'strict'])
      test(`stompjs, ${which}${kind === 'strict' ? ', a strict policy' : ''}`,
        async () => {
          const url = encodeURIComponent(pair.url('/stomp'));
          const page = await visit(`/${kind}-${which}.html?url=${url}`);
          await page.waitForFunction(() => window.state === 'subscribed');
          await page.evaluate(() => {
            for (let i = 0; i < 50; i++)
              for (const topic of ['/topic/a', '/topic/b'])
                window.client.publish({ destination: topic,
                  body: `\u20ac ${i}` });
          });
          await page.waitForFunction(() => window.got.length === 100);
          const got = await page.evaluate(() => window.got);
          for (const topic of ['/topic/a', '/topic/b'])
            assert.deepEqual(got.filter((one) => one.startsWith(topic)),
              Array.from({ length: 50 }, (_, i) => `${topic} \u20ac ${i}`));
          assert.equal(await page.evaluate(() =>
            'headgate' in window && WebSocket === headgate.WebSocket),
          which === 'ours');
          await page.close();
        });

  test('several clients of stompjs on one connection', async () => {
    const url = encodeURIComponent(pair.url('/stomp'));
    const page = await visit(`/stomp-ours.html?url=${url}`);
    await page.waitForFunction(() => window.state === 'subscribed');
    await page.evaluate(async () => {
      window.more = [];
      for (let i = 0; i < 5; i++) {
        const client = new StompJs.Client({
          brokerURL: window.client.brokerURL,
          connectHeaders: { login: 'guest', passcode: 'guest' },
        });
        await new Promise((resolve) => {
          client.onConnect = () => {
            client.subscribe('/topic/a', ({ body }) => window.more.push(body),
              { receipt: 'r' });
            client.watchForReceipt('r', resolve);
          };
          client.activate();
        });
      }
      window.client.publish({ destination: '/topic/a', body: 'to all' });
    });
    await page.waitForFunction(() => window.more.length === 5);
    assert.equal((await pair.edge.connections('websocket-in')).length, 1);
    await page.close();
  });

  test('a user logs in inside the socket', async () => {
    const page = await visit('/echo-ours.html');
    await page.evaluate((url) => {
      window.asked = [];
      headgate.configure({ challenge: async (one) => {
        window.asked.push([one.round, one.scheme, one.realm]);
        return { username: 'joe', password: one.round === 1 ? 'wrong' :
          'welcome' };
      } });
      window.start(url);
    }, pair.url('/guarded'));
    assert.deepEqual(await log(page, 1), ['open ']);
    await page.evaluate(() => window.socket.send('hello'));
    assert.deepEqual((await log(page, 2))[1], 'joe: hello');
    assert.deepEqual(await page.evaluate(() => window.asked),
      [[1, 'Basic', 'the gate'], [2, 'Basic', 'the gate']]);
    await page.close();
  });

  test('wrong credentials, and none: as a failed connection', async () => {
    for (const answer of [{ username: 'joe', password: 'x' }, null]) {
      const page = await visit('/echo-ours.html');
      await page.evaluate(([url, value]) => {
        window.count = 0;
        headgate.configure({ challenge: () => {
          window.count++;
          return value;
        } });
        window.start(url);
      }, [pair.url('/guarded'), answer]);
      assert.deepEqual(await log(page, 2), ['error', 'close 1006  false']);
      const count = await page.evaluate(() => window.count);
      assert.ok(answer ? count > 1 && count <= 4 : count === 1, `${count}`);
      await page.close();
    }
  });

  for (const which of ['native', 'ours'])
    test(`refused, ${which}`, async () => {
      const page = await visit(`/echo-${which}.html`);
      await page.evaluate((url) => window.start(url), pair.url('/none'));
      assert.deepEqual(await log(page, 2), ['error', 'close 1006  false']);
      await page.evaluate((url) => window.start(url, 'v99.stomp'),
        pair.url('/stomp'));
      assert.deepEqual((await log(page, 4)).slice(2),
        ['error', 'close 1006  false']);
      await page.close();
    });

  test('a frozen prototype, and a page that patches what it can', async () => {
    const page = await visit('/echo-ours.html');
    await page.evaluate((url) => {
      globalThis.Blob = globalThis.TextEncoder = globalThis.URL = undefined;
      globalThis.setTimeout = () => {
        throw new Error('patched');
      };
      EventTarget.prototype.dispatchEvent = () => {
        throw new Error('patched');
      };
      EventTarget.prototype.addEventListener = () => {};
      Object.freeze(WebSocket.prototype);
      window.start(url);
    }, pair.url('/echo'));
    assert.deepEqual(await log(page, 1), ['open ']);
    await page.evaluate(() => window.socket.send('\u20ac'));
    assert.deepEqual((await log(page, 2))[1], '\u20ac');
    await page.close();
  });

  test('the library twice: the first one stays', async () => {
    const page = await visit('/echo-ours.html');
    const before_ = await page.evaluateHandle(() => WebSocket);
    await page.addScriptTag({ url: '/headgate.js' });
    assert.equal(await page.evaluate((one) => one === WebSocket &&
      one === headgate.WebSocket, before_), true);
    await page.close();
  });

  test('a classic worker, and a shared one', async () => {
    const page = await visit('/echo-native.html');
    pages.files['/worker.js'] = `importScripts('/headgate.js');
      headgate.install();
      const talk = (port, url) => {
        const socket = new WebSocket(url);
        socket.onopen = () => socket.send('from a worker');
        socket.onmessage = ({ data }) => port.postMessage(data);
      };
      globalThis.onmessage = ({ data }) => talk(globalThis, data);
      globalThis.onconnect = ({ ports: [port] }) =>
        port.onmessage = ({ data }) => talk(port, data);`;
    for (const kind of ['Worker', 'SharedWorker'])
      assert.equal(await page.evaluate(([name, url]) =>
        new Promise((resolve, reject) => {
          const worker = new globalThis[name]('/worker.js');
          const port = worker.port ?? worker;
          worker.onerror = ({ message }) => reject(new Error(message));
          port.onmessage = ({ data }) => resolve(data);
          port.postMessage(url);
        }), [kind, pair.url('/echo')]), 'from a worker');
    await page.close();
  });

  test('all from headgate: a page, the library put into it, sockets', async () => {
    const root = tempDir(t);
    writeFileSync(join(root, 'index.html'), `<!doctype html><head>
      <script src="echo.js"></script></head>`);
    writeFileSync(join(root, 'echo.js'), ECHO_APP);
    const daemon = await startDaemon(t, {
      'listen clients': { address: '127.0.0.1:0' },
      'plugin page': { root, 'script-dir': scriptDir, inject: 'yes' },
      'plugin echo': {}, 'plugin channels': {}, 'plugin pingpong': {},
      'service page': { listen: 'clients', path: '/*', plugins: 'page' },
      'service echo': { listen: 'clients', path: '/echo', plugins: 'echo',
        'second-handshake': 'yes',
        extensions: 'x-kaazing-channels x-kaazing-ping-pong' },
    });
    const page = await browser.newPage();
    await page.goto(daemon.url('clients', '/', 'http'));
    await page.evaluate(() => {
      window.start('/echo');
      window.start('/echo');
    });
    assert.deepEqual(await log(page, 2), ['open ', 'open ']);
    await page.evaluate(() => window.socket.send('hello'));
    assert.equal((await log(page, 3))[2], 'hello');
    assert.equal((await daemon.connections('websocket-in')).length, 1);
    // Just the halves of what the services allow.
    const text = await page.evaluate(async () =>
      (await fetch('/.headgate/headgate.js')).text());
    assert.equal(text.includes("name: 'x-kaazing-ping-pong'"), true);
    assert.equal(text.includes("name: 'x-kaazing-idle-timeout'"), false);
    await page.close();
  });

  // Last: it ends the edge.
  test('the server starts anew: the page hears of it, and comes back',
    async () => {
      const url = encodeURIComponent(pair.url('/stomp'));
      const page = await visit(`/stomp-ours.html?url=${url}`);
      await page.waitForFunction(() => window.state === 'subscribed');
      const port = pair.edge.port('clients');
      await pair.edge.stop();
      pair.edge.expectKilled = true;
      await page.waitForFunction(() => window.state.startsWith('closed'));
      const again = await startDaemon(t, {
        'listen clients': { address: `127.0.0.1:${port}` },
        'plugin stomp': {}, 'plugin broker': { user: 'guest:guest' },
        'plugin channels': {},
        'service stomp': {
          listen: 'clients', path: '/stomp', subprotocols: STOMP,
          plugins: 'stomp broker', 'second-handshake': 'yes',
          extensions: 'x-kaazing-channels', origin: pages.url,
        },
      });
      await page.waitForFunction(() => window.connects === 2 &&
        window.state === 'subscribed');
      await page.evaluate(() => window.client.publish(
        { destination: '/topic/a', body: 'anew' }));
      await page.waitForFunction(() => window.got.includes('/topic/a anew'));
      assert.equal((await again.connections('websocket-in')).length, 1);
      await page.close();
    });
});
