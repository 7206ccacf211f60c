// SPDX-License-Identifier: Apache-2.0
// W29 in Chromium: a page with the script in it is the page without it but for
// the element, which runs before all others; and where a policy is said to let
// it run, it does.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import test from 'node:test';

import { noBrowser, startBrowser } from '../lib/browser.mjs';
import { startDaemon } from '../lib/daemon.mjs';

const skip = await noBrowser();
const LIBRARY = 'window.order = ["library"];';
const OWN = '<script>(window.order ??= []).push("page")</script>';

// The order of what may stand in a page, well formed or not.
const pages = [
  '<!doctype html><html><head><title>x</title></head><body>a</body></html>',
  '<!DOCTYPE HTML>\n<HTML>\n<HEAD>\n<TITLE>x</TITLE></HEAD><BODY>a</BODY>',
  '<html><head><title>quirks</title></head><body>a',
  '<!doctype html><title>no head</title><p>a',
  '<!doctype html><p>no head, no title',
  'text alone',
  ' \n <p>blanks in front',
  '\ufeff<!doctype html><head><title>mark</title>',
  '<!-- <head> --><!doctype html><head><title>x</title>',
  '<!doctype html><!-- > <head> -- > --><html><!-- --><head><p>a',
  '<!doctype html><!--><head><title>x</title><!-- -->',
  '<!doctype html><!---><head><title>x</title>',
  '<!doctype html><!-- a --!><head><title>x</title>',
  '<!doctype html><!-- <!-- --><head><title>x</title>',
  '<!doctype html><head data-a="a>b" data-b=\'<body>\' data-c=d/><title>x',
  '<!doctype html><head data-a=b"><title>x</title>',
  '<!doctype html><head "><title>x</title>"><p>a',
  '<!doctype html><head =">"><title>x</title>',
  '<!doctype html><html lang="a>b" data-x=\'<head>\'><head><title>x',
  '<!doctype html><header><p>a</header>',
  '<!doctype html><head-er>a</head-er>',
  '<!doctype html><heading>a',
  '<!doctype html><title><head></title><p>a',
  '<!doctype html><style>/*<head>*/</style><p>a',
  '<!doctype html><textarea><head></textarea>',
  '<!doctype html><template><head></template><p>a',
  '<!doctype html><noscript><head></noscript><p>a',
  '<!doctype html><script>"<head>"</script><p>a',
  '<!doctype html><body class=a><p>a',
  '<!doctype html><html><body><p>a',
  '<!doctype html></head><p>a',
  '<!doctype html></body><p>a',
  '<!doctype html></html><p>a',
  '<!doctype html></br><head><p>a',
  '<!doctype html></p><head><title>x</title>',
  '<!doctype html></ x><head><title>x</title>',
  '<!doctype html></3><head><title>x</title>',
  '<!doctype html></><head><title>x</title>',
  '<?xml version="1.0"?><!doctype html><head><title>x</title>',
  '<!foo><!doctype html><head><title>x</title>',
  '<!doctype html "a><head><title>x</title>',
  '<!doctype html PUBLIC "-//W3C//DTD HTML 4.01//EN"><head><title>x',
  '<!doctype html><![CDATA[ x ]]><head><title>x</title>',
  '<!doctype html><html><html lang=a><head><head id=b><title>x</title>',
  '<!doctype html>< head><p>a',
  '<!doctype html><3<head>',
  '<!doctype html>&lt;<head>',
  '<!doctype html><meta charset=utf-8><title>\u00e4</title>',
  '<!doctype html><head><base href="/other/"><title>x</title>',
  '<!doctype html><frameset><frame></frameset>',
  '<!doctype html><svg><title>x</title></svg>',
  '<!doctype html><head><script>document.write("<p>a")</script>',
  '<!doctype html><!-- never closed <head>',
  '<!doctype html><head data-a="never closed>',
];

// Policies; %P is the port. What is right for Chromium and for the plugin.
const policies = [
  "default-src 'self' 'unsafe-inline'", "script-src 'self'",
  "Script-Src 'SELF'", 'script-src *', 'script-src http:', 'script-src https:',
  'script-src 127.0.0.1:%P', 'script-src 127.0.0.1:*', 'script-src 127.0.0.1',
  'script-src http://127.0.0.1:%P', 'script-src http://127.0.0.1:%P/',
  'script-src http://127.0.0.1:%P/.headgate/',
  'script-src http://127.0.0.1:%P/.headgate/headgate.js',
  'script-src http://127.0.0.1:%P/.headgate',
  'script-src http://127.0.0.1:%P/other/', 'script-src http://*:%P',
  'script-src localhost:%P', 'script-src *.0.0.1:%P', "script-src 'none'",
  'script-src', "script-src 'self' 'none'", "default-src 'none'",
  "default-src 'none'; script-src 'self'",
  "default-src 'self'; script-src 'none'",
  "script-src 'none'; script-src-elem 'self'",
  "script-src 'self'; script-src-elem 'none'",
  "script-src 'none'; script-src 'self'", "script-src-attr 'none'",
  "script-src 'nonce-abc'", "script-src 'nonce-abd'", "script-src 'nonce-ABC'",
  "script-src 'nonce-abc' 'strict-dynamic'",
  "script-src 'strict-dynamic' 'self' http:", "script-src 'strict-dynamic'",
  "script-src 'sha256-AAAA='", "script-src 'sha256-AAAA=' 'self'",
  "script-src 'unsafe-inline'", "script-src 'self', script-src 'none'",
  "script-src 'self', script-src 'nonce-abc'",
  "script-src 'nonce-abc', script-src 'nonce-abd'", 'sandbox',
  'sandbox allow-scripts', "sandbox allow-scripts; script-src 'self'",
  "img-src 'none'", '',
];

async function start(t) {
  let content;
  const server = http.createServer((request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8',
      ...content.fields });
    response.end(content.page);
  });
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = `http://127.0.0.1:${server.address().port}`;
  const daemon = await startDaemon(t, {
    'listen main': { address: '127.0.0.1:0' },
    'plugin page': { inject: 'yes', 'script-dir': '@DIR@/js' },
    'service web': { listen: 'main', path: '/*', plugins: 'page',
      proxy: origin },
  }, { files: { 'js/headgate.js': LIBRARY } });
  const browser = await startBrowser(t);
  return {
    browser, daemon, origin, port: daemon.port('main'),
    set: (page, fields) => (content = { page, fields }),
  };
}

// What a page became. The library's own elements are taken out of it.
const look = () => {
  const own = [...document.querySelectorAll('script')].filter((one) =>
    one.getAttribute('src') === '/.headgate/headgate.js');
  for (const one of own)
    one.remove();
  return {
    count: own.length,
    first: own[0]?.nonce ?? '',
    mode: document.compatMode,
    charset: document.characterSet,
    tree: document.documentElement.outerHTML,
    doctype: document.doctype?.name,
    order: window.order,
  };
};

async function visit(tab, url) {
  await tab.goto(url, { waitUntil: 'load' });
  return tab.evaluate(look);
}

test('pages: the same tree but for the element', { skip }, async (t) => {
  const { browser, origin, port, set } = await start(t);
  const tab = await browser.newPage();
  let count = 0;
  for (const page of pages) {
    set(page + (page.includes('never closed') ? '' : OWN), {});
    const before = await visit(tab, `${origin}/x`);
    const after = await visit(tab, `http://127.0.0.1:${port}/x`);
    for (const key of ['mode', 'charset', 'doctype', 'tree'])
      assert.equal(after[key], before[key], `${key} of ${page}`);
    count += after.count;
    if (after.count === 0)
      assert.match(page, /never closed/);
    else
      assert.equal(after.order?.[0], 'library', page);
    if (before.order)
      assert.deepEqual(after.order, ['library', ...before.order], page);
  }
  assert.equal(count, pages.length - 2);
});

test('policies: where it is put in, it runs', { skip }, async (t) => {
  const { browser, daemon, port, set } = await start(t);
  const tab = await browser.newPage();
  const page = '<!doctype html><head><script nonce=abc>1</script><p>a';
  const left = [];
  for (const text of policies) {
    const policy = text.replaceAll('%P', String(port));
    set(page, policy ? { 'Content-Security-Policy': policy } : {});
    const url = `http://127.0.0.1:${port}/x`;
    const got = await (await fetch(url)).text();
    const put = got.includes('headgate.js');
    await tab.goto(url, { waitUntil: 'load' });
    const runs = await tab.evaluate(() => window.order?.[0] === 'library')
      .catch(() => false);
    assert.equal(runs, put, `${policy}: put in ${put}, runs ${runs}`);
    if (!put)
      left.push(policy);
  }
  // The other way round: what was left alone would not have run.
  for (const policy of left) {
    set(page.replace('<script', '<script src="/.headgate/headgate.js" ' +
      'nonce="abc"></script><script'), { 'Content-Security-Policy': policy });
    await tab.goto(`http://127.0.0.1:${port}/x`, { waitUntil: 'load' });
    const runs = await tab.evaluate(() => window.order?.[0] === 'library')
      .catch(() => false);
    assert.equal(runs, false, `${policy} would have let it run`);
  }
  assert.ok(left.length > 10 && left.length < policies.length - 10);
  // The browser asks for an icon of each too.
  assert.ok(await daemon.counter('page', 'not-injected-policy') >=
    2 * left.length);
});
