// SPDX-License-Identifier: Apache-2.0
// Real servers behind the page plugin, and a real client in front: node's, and
// nginx where it is installed; over TLS too.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once as happens } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

import { selfSigned } from '../lib/certs.mjs';
import { startDaemon } from '../lib/daemon.mjs';
import { Process, tempDir } from '../lib/process.mjs';
import { until } from '../lib/wait.mjs';

const PAGE = '<!doctype html><html><head><title>x</title></head><p>hello';
const ELEMENT = '<script src="/.headgate/headgate.js" data-install></script>';
const hash = (data) => createHash('sha256').update(data).digest('hex');

async function serve(t, server) {
  server.listen({ host: '127.0.0.1', port: 0 });
  await happens(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return server.address().port;
}

function start(t, keys, files = {}) {
  return startDaemon(t, {
    headgate: { workers: 2 },
    'listen main': { address: '127.0.0.1:0' },
    'plugin page': { inject: 'yes' },
    'service web': { listen: 'main', path: '/*', plugins: 'page', ...keys },
  }, { files });
}

// Says what it got; /gzip, /chunks and the like answer in their own ways.
function talk(request, response) {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    if (request.url === '/gzip')
      response.writeHead(200, { 'Content-Encoding': 'gzip',
        'Content-Type': 'text/plain' }).end(gzipSync('packed'));
    else if (request.url === '/page')
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(PAGE);
    else
      response.writeHead(200, { 'Content-Type': 'application/octet-stream',
        'X-Method': request.method, 'X-Length': body.length,
        'X-Hash': hash(body) }).end(body);
  });
}

test('node: many requests at once, with bodies of all sizes', async (t) => {
  let connections = 0;
  const server = http.createServer(talk);
  server.on('connection', () => connections++);
  const daemon = await start(t,
    { proxy: `http://127.0.0.1:${await serve(t, server)}`,
      'http-body-max': '4m' });
  const url = daemon.url('main', '/', 'http');
  const sizes = [0, 1, 100, 16383, 16384, 65536, 300000, 2 << 20];
  for (let round = 0; round < 4; round++)
    await Promise.all(sizes.map(async (size) => {
      const body = randomBytes(size);
      const got = await fetch(`${url}${size}`, { method: 'POST', body });
      assert.equal(got.status, 200);
      assert.equal(got.headers.get('x-hash'), hash(body));
      assert.equal(hash(Buffer.from(await got.arrayBuffer())), hash(body));
    }));
  assert.ok(connections <= 2 * sizes.length * 2, `${connections} connections`);
  // A body whose length nobody knows.
  const stream = new ReadableStream({
    async start(controller) {
      for (let i = 0; i < 100; i++)
        controller.enqueue(new TextEncoder().encode(`piece ${i}\n`));
      controller.close();
    },
  });
  const got = await fetch(url, { method: 'PUT', body: stream, duplex: 'half' });
  assert.equal(got.headers.get('x-method'), 'PUT');
  assert.match(await got.text(), /piece 99\n$/);
});

test('node: few connections are kept of many', async (t) => {
  let waiting = [];
  const server = http.createServer((request, response) => {
    // All are there before the first is answered.
    waiting.push(response);
    if (waiting.length === 200)
      for (const one of waiting)
        one.end('ok');
  });
  const daemon = await start(t,
    { proxy: `http://127.0.0.1:${await serve(t, server)}` });
  const before = daemon.descriptors();
  const agent = new http.Agent({ keepAlive: false });
  const get = () => new Promise((resolve, reject) => {
    http.get(daemon.url('main', '/', 'http'), { agent }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    }).on('error', reject);
  });
  const statuses = await Promise.all(Array.from({ length: 200 }, get));
  assert.ok(statuses.every((status) => status === 200));
  waiting = [];
  const kept = promisify(server.getConnections.bind(server));
  await until(async () => await kept() <= 2 * 16, 'the others to be closed');
  await until(() => daemon.descriptors() <= before + 2 * 16,
    'their descriptors to be closed');
});

test('node: packed, paged, and started again', async (t) => {
  let server = http.createServer(talk);
  const port = await serve(t, server);
  const daemon = await start(t, { proxy: `http://127.0.0.1:${port}` });
  const url = daemon.url('main', '', 'http');
  const packed = await fetch(`${url}/gzip`, { headers: { Accept: 'text/plain' } });
  assert.equal(await packed.text(), 'packed');
  const page = await fetch(`${url}/page`);
  assert.equal((await page.text()).replace(ELEMENT, ''), PAGE);
  server.closeAllConnections();
  server.close();
  await until(async () => (await fetch(`${url}/page`)).status === 502,
    'the origin to be gone');
  server = http.createServer(talk);
  server.listen({ host: '127.0.0.1', port });
  await happens(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  assert.equal((await fetch(`${url}/page`)).status, 200);
});

test('TLS: the origin must be who it should be', async (t) => {
  const dir = tempDir(t);
  const right = selfSigned(dir, 'right');
  const other = selfSigned(dir, 'other');
  const named = selfSigned(dir, 'named', 'DNS:elsewhere.example');
  const files = { ...right.files, ...other.files, ...named.files };
  for (const [own, ca, status] of [[right, 'right', 200], [right, 'other', 502],
    [right, undefined, 502], [named, 'named', 502]]) {
    const server = https.createServer({ cert: own.cert, key: own.key }, talk);
    server.on('tlsClientError', () => {});
    const daemon = await start(t, {
      proxy: `https://127.0.0.1:${await serve(t, server)}`,
      ...(ca ? { 'proxy-ca': `@DIR@/${ca}.crt` } : {}),
    }, files);
    for (let i = 0; i < 3; i++) {
      const got = await fetch(daemon.url('main', '/page', 'http'));
      assert.equal(got.status, status, `${ca}`);
      const text = await got.text();
      if (status === 200)
        assert.equal(text.replace(ELEMENT, ''), PAGE);
    }
  }
});

test('a unix socket', async (t) => {
  const path = join(tempDir(t), 'origin.sock');
  const server = http.createServer(talk);
  server.listen({ path });
  await happens(server, 'listening');
  t.after(() => server.close());
  const daemon = await start(t, { proxy: `http+unix:${path}` });
  const got = await fetch(daemon.url('main', '/page', 'http'));
  assert.equal((await got.text()).replace(ELEMENT, ''), PAGE);
  server.closeAllConnections();
});

// --- nginx -------------------------------------------------------------------

function nginxIsThere() {
  try {
    execFileSync('nginx', ['-v'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

const CONF = (dir) => `daemon off; master_process off; pid ${dir}/pid;
error_log stderr warn; worker_processes 1;
events { worker_connections 256; }
http {
  access_log off; client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi; scgi_temp_path ${dir}/scgi;
  types { text/html html; application/octet-stream bin; }
  gzip on; gzip_min_length 1; gzip_types *; gzip_proxied any;
  server {
    listen unix:${dir}/sock; root ${dir}/www;
    absolute_redirect off;
    location /post { return 200 "$request_method $http_x_a $remote_user"; }
  }
}
`;

test('nginx', { skip: nginxIsThere() ? false : 'nginx is not installed' },
  async (t) => {
    const dir = tempDir(t);
    mkdirSync(join(dir, 'www/folder'), { recursive: true });
    writeFileSync(join(dir, 'www/page.html'), PAGE.padEnd(4000, ' x'));
    const data = randomBytes(5 << 20);
    writeFileSync(join(dir, 'www/data.bin'), data);
    writeFileSync(join(dir, 'nginx.conf'), CONF(dir));
    const proc = new Process('nginx', ['-p', dir, '-c',
      join(dir, 'nginx.conf')], {});
    t.after(() => proc.kill('SIGTERM'));
    const daemon = await start(t, { proxy: `http+unix:${dir}/sock` });
    const url = daemon.url('main', '', 'http');
    const html = { Accept: 'text/html' };
    await until(async () => (await fetch(`${url}/page.html`)).status === 200,
      'nginx');
    // Not compressed where the script goes in, compressed where it does not.
    const page = await fetch(`${url}/page.html`, { headers: html });
    assert.equal(page.headers.get('content-encoding'), null);
    assert.match(page.headers.get('etag'), /^W\/"/);
    assert.equal((await page.text()).replace(ELEMENT, ''),
      PAGE.padEnd(4000, ' x'));
    const same = await fetch(`${url}/page.html`,
      { headers: { ...html, 'If-None-Match': page.headers.get('etag') } });
    assert.equal(same.status, 304);
    const bytes = await fetch(`${url}/data.bin`,
      { headers: { Accept: 'application/octet-stream' } });
    assert.equal(bytes.headers.get('content-encoding'), 'gzip');
    assert.equal(hash(Buffer.from(await bytes.arrayBuffer())), hash(data));
    const part = await fetch(`${url}/data.bin`, { headers: {
      Range: 'bytes=100-299', 'Accept-Encoding': 'identity' } });
    assert.equal(part.status, 206);
    assert.deepEqual(Buffer.from(await part.arrayBuffer()),
      data.subarray(100, 300));
    const moved = await fetch(`${url}/folder`, { redirect: 'manual' });
    assert.equal(moved.status, 301);
    assert.equal(moved.headers.get('location'), '/folder/');
    const posted = await fetch(`${url}/post`,
      { method: 'POST', body: 'x'.repeat(10000), headers: { 'X-A': 'b' } });
    assert.equal(await posted.text(), 'POST b ');
    assert.equal((await fetch(`${url}/missing`)).status, 404);
  });
