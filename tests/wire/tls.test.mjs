// SPDX-License-Identifier: Apache-2.0
// W18: TLS on listeners and towards servers.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import test from 'node:test';

import { selfSigned, signedBy } from '../lib/certs.mjs';
import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { tempDir } from '../lib/process.mjs';
import { accept, listen } from '../lib/server.mjs';
import { SLOW, until } from '../lib/wait.mjs';
import { connect, open, request } from '../lib/wsraw.mjs';

const dir = tempDir(test);
const own = selfSigned(dir, 'own');
const ca = selfSigned(dir, 'ca');
const good = selfSigned(dir, 'good');
const named = selfSigned(dir, 'named', 'DNS:elsewhere.example');
const client = signedBy(dir, 'client', ca);

const trusted = await listen(test, {
  tls: { ...good, ALPNProtocols: ['stomp', 'http/1.1'] },
});
const foreign = await listen(test, { tls: own });
const misnamed = await listen(test, { tls: named });
const plain = await listen(test);

const wss = (one) => `wss://127.0.0.1:${one.port}`;
const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'listen tls': {
    address: '127.0.0.1:0', certificate: '@DIR@/own.crt',
    'certificate-key': '@DIR@/own.key',
    'handshake-timeout': `${600 * SLOW}ms`,
  },
  'listen proven': {
    address: '127.0.0.1:0', certificate: '@DIR@/own.crt',
    'certificate-key': '@DIR@/own.key', 'client-ca': '@DIR@/ca.crt',
  },
  'plugin echo': {},
  'service echo': {
    listen: 'main tls proven', path: '/echo', plugins: 'echo',
  },
  'service good': {
    listen: 'main', path: '/good', connect: wss(trusted), ca: '@DIR@/good.crt',
  },
  'service bytes': {
    listen: 'main', path: '/bytes', ca: '@DIR@/good.crt',
    connect: `tls://127.0.0.1:${trusted.port}`,
  },
  'service foreign': {
    listen: 'main', path: '/foreign', connect: wss(foreign),
    ca: '@DIR@/good.crt',
  },
  'service misnamed': {
    listen: 'main', path: '/misnamed', connect: wss(misnamed),
    ca: '@DIR@/named.crt',
  },
  'service plain': {
    listen: 'main', path: '/plain', connect: wss(plain), ca: '@DIR@/good.crt',
  },
}, { files: { ...own.files, ...ca.files, ...good.files, ...named.files } });

const secure = (name, options = {}) => ({
  port: daemon.port(name),
  tls: { ca: own.cert, servername: 'localhost', ...options },
});

for (const version of ['TLSv1.2', 'TLSv1.3'])
  test(`a client with ${version}`, async (t) => {
    const peer = await open(t, secure('tls',
      { minVersion: version, maxVersion: version }), '/echo');
    assert.equal(peer.socket.getProtocol(), version);
    peer.send(ws.text('secret'));
    await peer.expect('\x81\x06secret');
    const data = Buffer.alloc(3e6, 9);
    peer.send(ws.binary(data));
    assert.ok((await peer.message(20000)).payload.equals(data));
    peer.send(ws.close(1000));
    await peer.closeFrame(1000);
    await peer.eof();
  });

test('W10: records of one byte', async (t) => {
  const peer = await open(t, secure('tls'), '/echo');
  await peer.drip(ws.text('\u20ac\u{1f4a9}'));
  assert.equal((await peer.message()).payload.toString(), '\u20ac\u{1f4a9}');
});

for (const version of ['TLSv1', 'TLSv1.1'])
  test(`no ${version}`, async (t) => {
    await assert.rejects(connect(t, secure('tls', {
      minVersion: version, maxVersion: version,
      ciphers: 'DEFAULT@SECLEVEL=0',
    })), /protocol version|alert|disconnected|ECONNRESET/i);
  });

test('no renegotiation', async () => {
  const child = execFile('openssl', ['s_client', '-tls1_2', '-connect',
    `127.0.0.1:${daemon.port('tls')}`], { timeout: 5000 * SLOW });
  let out = '';
  child.stdout.on('data', (data) => {
    out += data;
  });
  child.stderr.on('data', (data) => {
    out += data;
  });
  await until(() => /Verify return code/.test(out), 's_client');
  child.stdin.write('R\n');
  await until(() => /no renegotiation|alert|error/i.test(
    out.slice(out.indexOf('RENEGOTIATING'))) && /RENEGOTIATING/.test(out),
  'the refusal');
  child.kill();
});

test('a client without TLS is cut off', async (t) => {
  const peer = await connect(t, daemon.port('tls'));
  peer.send(request('/echo'));
  await until(() => peer.ended, 'the end');
  assert.doesNotMatch(peer.data.toString('latin1'), /HTTP/);
});

test('W14: TLS counts as part of the handshake', async (t) => {
  const silent = await connect(t, daemon.port('tls'));
  const began = performance.now();
  await until(() => silent.ended, 'the end');
  assert.ok(performance.now() - began < 3000 * SLOW);
});

test('a client certificate is checked, if there is one', async (t) => {
  const without = await open(t, secure('proven'), '/echo');
  without.send(ws.text('x'));
  await without.expect('\x81\x01x');
  await open(t, secure('proven', client), '/echo');
  const wrong = await connect(t, secure('proven', good)).catch(() => undefined);
  wrong?.send(request('/echo'));
  await until(() => wrong === undefined || wrong.ended, 'the end');
  assert.equal(wrong?.data.length ?? 0, 0);
});

test('a server with TLS', async (t) => {
  const peer = await connect(t, daemon.port('main'));
  peer.send(request('/good'));
  const end = await trusted.next();
  assert.equal(end.socket.alpnProtocol, 'http/1.1');
  end.send(accept(await end.head()));
  assert.equal((await peer.head()).status, 101);
  peer.send(ws.text('to'));
  assert.equal((await end.message()).payload.toString(), 'to');
  end.send(ws.text('fro', { key: false }));
  await peer.expect('\x81\x03fro');
});

test('bytes over TLS', async (t) => {
  const peer = await open(t, daemon.port('main'), '/bytes');
  const end = await trusted.next();
  assert.equal(end.socket.alpnProtocol, false); // HTTP is not spoken there
  const data = Buffer.alloc(1e6, 3);
  peer.send(ws.binary(data));
  assert.ok((await end.bytes(data.length)).equals(data));
  end.send('done');
  end.end();
  assert.equal((await peer.message()).payload.toString(), 'done');
  await peer.closeFrame(1000);
});

for (const [path, why] of [['/foreign', 'is not of the CA'],
  ['/misnamed', 'has another name'], ['/plain', 'speaks no TLS']])
  test(`a server that ${why}: 502`, async (t) => {
    const peer = await connect(t, daemon.port('main'));
    peer.send(request(path));
    if (path === '/plain') {
      const end = await plain.next();
      await end.bytes(5);
      end.send('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    }
    assert.equal((await peer.head()).status, 502);
  });
