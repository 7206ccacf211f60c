// SPDX-License-Identifier: Apache-2.0
// W29: the script in pages of an origin and of a folder: the same bytes but for
// the element, and not a byte more where it must not be.
import assert from 'node:assert/strict';
import { once as happens } from 'node:events';
import http from 'node:http';
import test from 'node:test';
import { gzipSync } from 'node:zlib';

import { startDaemon } from '../lib/daemon.mjs';
import { ask, once } from '../lib/http.mjs';
import { connect } from '../lib/wsraw.mjs';

const ELEMENT = '<script src="/.headgate/headgate.js" data-install></script>';
const PAGE = '<!doctype html><html><head>@<title>x</title></head><p>hello';
const mark = (text, element = ELEMENT) => text.replace('@', element);

// What the origin answers next: status, fields, and its body in pieces.
let answer;
let asked;
const server = http.createServer(async (request, response) => {
  asked = request;
  response.writeHead(answer.status ?? 200, { ...answer.fields });
  for (const piece of answer.pieces) {
    if (piece instanceof Promise)
      await piece;
    else
      response.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  response.end();
});
server.listen({ host: '127.0.0.1', port: 0 });
await happens(server, 'listening');
test.after(() => server.close());

const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'plugin page': { inject: 'yes' },
  'service proxied': {
    listen: 'main', path: '/*', plugins: 'page',
    proxy: `http://127.0.0.1:${server.address().port}`,
  },
  'service files': {
    listen: 'main', path: '/files/*', plugins: 'page', root: '@DIR@/root',
  },
  'service both': {
    listen: 'main', path: '/both/*', plugins: 'page', root: '@DIR@/root',
    proxy: `http://127.0.0.1:${server.address().port}`,
  },
}, {
  files: {
    'root/index.html': mark(PAGE, ''),
    'root/present.html': mark(PAGE),
    'root/data.json': '{"a":1}',
    'root/large.html': mark(PAGE, '') + 'x'.repeat(300000),
    'root/wide.html': Buffer.from(mark(PAGE, ''), 'utf16le'),
    'root/empty.html': '',
  },
});
const port = daemon.port('main');

async function get(t, fields, pieces, options = {}) {
  answer = { fields, pieces, status: options.status };
  const got = await once(t, port, ask(options.path ?? '/',
    options.request ?? {}, { method: options.method ?? 'GET' }),
  options.method);
  got.peer.destroy();
  return got;
}

const HTML = { 'Content-Type': 'text/html; charset=utf-8' };

async function counts(name, run) {
  const before = await daemon.counter('page', name);
  const result = await run();
  assert.equal(await daemon.counter('page', name), before + 1, name);
  return result;
}

test('a page, its head, and what the origin is asked', async (t) => {
  const body = mark(PAGE, '');
  const got = await counts('injected', () => get(t, {
    ...HTML, 'Content-Length': body.length, ETag: '"abc"', Vary: 'Cookie',
    'Accept-Ranges': 'bytes', 'Last-Modified': 'Thu, 01 Jan 1970 00:00:00 GMT',
  }, [body], { request: { 'Accept-Encoding': 'gzip, br' } }));
  assert.equal(got.text, mark(PAGE));
  assert.equal(asked.headers['accept-encoding'], 'identity');
  assert.deepEqual(got.fields.etag, ['W/"abc"']);
  assert.deepEqual(got.fields.vary, ['Cookie']);
  assert.deepEqual(got.fields['transfer-encoding'], ['chunked']);
  for (const name of ['content-length', 'accept-ranges', 'last-modified'])
    assert.equal(got.fields[name], undefined, name);
});

test('HEAD says what GET would', async (t) => {
  const fields = { ...HTML, 'Content-Length': 60, ETag: '"abc"' };
  const got = await get(t, fields, [], { method: 'HEAD' });
  assert.deepEqual(got.fields.etag, ['W/"abc"']);
  assert.equal(got.fields['content-length'], undefined);
  const other = await get(t, { ...fields, 'Content-Type': 'text/css' }, [],
    { method: 'HEAD' });
  assert.deepEqual(other.fields.etag, ['"abc"']);
  assert.deepEqual(other.fields['content-length'], ['60']);
});

test('what wants no page may come packed', async (t) => {
  await get(t, { 'Content-Type': 'text/css' }, ['x'],
    { request: { Accept: 'text/css', 'Accept-Encoding': 'gzip' } });
  assert.equal(asked.headers['accept-encoding'], 'gzip');
  await get(t, { 'Content-Type': 'text/css' }, ['x'],
    { request: { Accept: 'text/html, */*', 'Accept-Encoding': 'gzip' } });
  assert.equal(asked.headers['accept-encoding'], 'identity');
});

test('pieces of one byte', async (t) => {
  const got = await get(t, HTML, [...mark(PAGE, '')]);
  assert.equal(got.text, mark(PAGE));
});

test('an origin that pauses does not keep the page back', async (t) => {
  let go;
  answer = { fields: HTML, pieces: [mark(PAGE, ''),
    new Promise((resolve) => (go = resolve)), 'the rest'] };
  const client = await connect(t, port);
  client.send(ask('/'));
  await client.head();
  assert.match((await client.upTo('<p>hello')).toString(), /headgate.js/);
  go();
  await client.upTo('the rest');
});

test('pages around the window', async (t) => {
  for (const size of [65535, 65536, 65537, 200000]) {
    const page = mark(PAGE, '').padEnd(size, 'x');
    const pieces = page.match(/[^]{1,7000}/g);
    const got = await get(t, HTML, pieces);
    assert.equal(got.text.length, page.length + ELEMENT.length);
    assert.equal(got.text.replace(ELEMENT, ''), page);
  }
});

const left = [
  ['place', HTML, '<!doctype html>'],
  ['place', HTML, `<!-- ${'x'.repeat(70000)} -->${mark(PAGE, '')}`],
  ['present', HTML, mark(PAGE)],
  ['present', HTML, '<p><script async src=/.headgate/headgate.js?x></script>'],
  ['charset', { 'Content-Type': 'text/html; charset=utf-16' }, PAGE],
  ['charset', { 'Content-Type': 'text/html;charset="iso-2022-jp"' }, PAGE],
  ['charset', HTML, Buffer.from(PAGE, 'utf16le')],
  ['encoding', { ...HTML, 'Content-Encoding': 'gzip' }, gzipSync(PAGE)],
  ['encoding', { ...HTML, 'Content-Encoding': 'x, identity' }, PAGE],
  ['attachment', { ...HTML, 'Content-Disposition': 'attachment' }, PAGE],
  ['attachment', { ...HTML, 'Content-Disposition': 'Attachment; filename=x' },
    PAGE],
  ['partial', { ...HTML, 'Content-Range': 'bytes 0-9/100' }, PAGE],
  ['no-transform', { ...HTML, 'Cache-Control': 'public, no-transform' }, PAGE],
  ['no-transform', { ...HTML, 'Content-MD5': 'x' }, PAGE],
  ['policy', { ...HTML, 'Content-Security-Policy': "script-src 'none'" }, PAGE],
  ['policy', { ...HTML, 'Content-Security-Policy': ["default-src 'self'",
    'script-src https:'] }, PAGE],
  ['policy', { ...HTML, 'Content-Security-Policy': "script-src 'nonce-abc'" },
    PAGE],
  ['policy', { ...HTML, 'Content-Security-Policy': "script-src 'nonce-abc'" },
    '<head><script nonce=abd></script>'],
];
for (const [reason, fields, body] of left)
  test(`left alone, ${reason}: ${JSON.stringify(fields)}`, async (t) => {
    const got = await counts(`not-injected-${reason}`,
      () => get(t, fields, [body]));
    assert.deepEqual(got.body, Buffer.from(body));
  });

for (const status of [201, 404, 500])
  test(`left alone: ${status}`, async (t) => {
    const got = await counts('not-injected-partial',
      () => get(t, { ...HTML, ETag: '"a"' }, [PAGE], { status }));
    assert.equal(got.text, PAGE);
    assert.deepEqual(got.fields.etag, ['"a"']);
  });

for (const type of ['text/plain', 'application/xhtml+xml', 'text/htmlx',
  'text/html+x', 'application/json', 'image/svg+xml', undefined])
  test(`left alone and not counted: ${type}`, async (t) => {
    const got = await get(t, type ? { 'Content-Type': type } : {}, [PAGE]);
    assert.equal(got.text, PAGE);
  });

for (const type of ['text/html', 'TEXT/HTML', 'text/html;charset=UTF-8',
  'text/html; charset="windows-1252"', 'text/html ; charset=Shift_JIS'])
  test(`a page: ${type}`, async (t) => {
    const got = await get(t, { 'Content-Type': type }, [mark(PAGE, '')]);
    assert.equal(got.text, mark(PAGE));
  });

const policies = [
  ["script-src 'self'", PAGE, ELEMENT],
  [["default-src 'none'; script-src 'self'", "img-src 'none'"], PAGE, ELEMENT],
  ["script-src http://gate.example", PAGE, ELEMENT],
  ["script-src 'nonce-abc'", '<head>@<script nonce="abc">x</script>',
    ELEMENT.replace(' data', ' nonce="abc" data')],
  ["script-src 'strict-dynamic' 'nonce-abc' https:",
    '<head>@<script nonce=abd></script><script nonce=\'abc\'>x</script>',
    ELEMENT.replace(' data', ' nonce="abc" data')],
];
for (const [policy, page, element] of policies)
  test(`a policy that allows it: ${policy}`, async (t) => {
    const got = await get(t, { ...HTML, 'Content-Security-Policy': policy },
      [mark(page, '')]);
    assert.equal(got.text, mark(page, element));
    assert.deepEqual(got.fields['content-security-policy'],
      [policy].flat());
  });

// --- files -------------------------------------------------------------------

test('a file: the script, the length, a weak tag, no ranges', async (t) => {
  const got = await counts('injected',
    () => get(t, {}, [], { path: '/files/' }));
  assert.equal(got.text, mark(PAGE));
  assert.deepEqual(got.fields['content-length'], [String(mark(PAGE).length)]);
  assert.match(got.fields.etag[0], /^W\/"/);
  assert.equal(got.fields['accept-ranges'], undefined);
  const head = await get(t, {}, [], { path: '/files/', method: 'HEAD' });
  for (const name of ['content-length', 'etag', 'content-type'])
    assert.deepEqual(head.fields[name], got.fields[name]);
  const same = await get(t, {}, [], { path: '/files/',
    request: { 'If-None-Match': got.fields.etag[0] } });
  assert.equal(same.status, 304);
  const part = await get(t, {}, [], { path: '/files/',
    request: { Range: 'bytes=0-3' } });
  assert.equal(part.status, 200);
  assert.equal(part.text, mark(PAGE));
});

test('a large file', async (t) => {
  const got = await get(t, {}, [], { path: '/files/large.html' });
  assert.equal(got.text, mark(PAGE) + 'x'.repeat(300000));
});

for (const [name, body, reason] of [
  ['present.html', mark(PAGE), 'present'],
  ['wide.html', Buffer.from(mark(PAGE, ''), 'utf16le'), 'charset'],
  ['empty.html', '', 'place']])
  test(`a file that is left alone: ${name}`, async (t) => {
    const got = await counts(`not-injected-${reason}`,
      () => get(t, {}, [], { path: `/files/${name}` }));
    assert.deepEqual(got.body, Buffer.from(body));
    assert.deepEqual(got.fields['accept-ranges'], ['bytes']);
  });

test('what is not below root, the origin has', async (t) => {
  const file = await get(t, {}, [], { path: '/both/data.json' });
  assert.equal(file.text, '{"a":1}');
  const other = await get(t, HTML, [mark(PAGE, '')], { path: '/both/other' });
  assert.equal(other.text, mark(PAGE));
  assert.equal(asked.url, '/both/other');
  const posted = await get(t, {}, ['ok'],
    { path: '/both/data.json', method: 'POST' });
  assert.equal(posted.text, 'ok');
});
