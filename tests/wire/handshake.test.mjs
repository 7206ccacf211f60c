// SPDX-License-Identifier: Apache-2.0
// W13, W15: the opening handshake's fields, one wrong at a time.
import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from '../lib/daemon.mjs';
import { ACCEPT, acceptOf, connect, request } from '../lib/wsraw.mjs';
import * as ws from '../lib/frame.mjs';

const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'plugin echo': {},
  'service echo': { listen: 'main', path: '/echo', plugins: 'echo' },
  'service tree': { listen: 'main', path: '/tree/*', plugins: 'echo' },
  'service leaf': {
    listen: 'main', path: '/tree/leaf', plugins: 'echo', subprotocols: 'leaf',
  },
});

const field = (name, value) => ({ fields: { [name]: value } });
const KEY = 'Sec-WebSocket-Key';
const VERSION = 'Sec-WebSocket-Version';

// A good request is changed by { path, method, version, fields }.
const rows = [
  ['as it should be', {}, 101],
  ['a query', { path: '/echo?a=b&c' }, 101],
  ['an empty query', { path: '/echo?' }, 101],
  ['a path below', { path: '/tree/any/where' }, 101],
  ['no Host but another field', field('Host', null), 400],
  ['two Hosts', field('Host', ['a.example', 'a.example']), 400],
  ['no such path', { path: '/nothing' }, 404],
  ['the root', { path: '/' }, 404],
  ['a longer path', { path: '/echo/' }, 404],
  ['a shorter path', { path: '/ech' }, 404],
  ['a path in capitals', { path: '/ECHO' }, 404],
  ['an encoded path', { path: '/%65cho' }, 404],
  ['two slashes', { path: '//echo' }, 404],
  ['dots in the path', { path: '/tree/../echo/../x' }, [101, 404]],
  ['the path that * stands behind', { path: '/tree' }, 404],

  ['POST', { method: 'POST' }, 405],
  ['HEAD', { method: 'HEAD' }, 405],
  ['PUT', { method: 'PUT' }, 405],
  ['OPTIONS', { method: 'OPTIONS' }, 405],
  ['TRACE', { method: 'TRACE' }, 405],
  ['CONNECT with a path', { method: 'CONNECT' }, 405],
  ['small letters', { method: 'get' }, 405],
  ['a method nobody knows', { method: 'GETX' }, 405],
  ['no method', { method: '' }, 400],
  ['a method that is no token', { method: 'G(T' }, 400],

  ['HTTP/1.0', { version: 'HTTP/1.0' }, [400, 505]],
  ['HTTP/0.9', { version: 'HTTP/0.9' }, [400, 505]],
  ['HTTP/1.2', { version: 'HTTP/1.2' }, [400, 505]],
  ['HTTP/2.0', { version: 'HTTP/2.0' }, [400, 505]],
  ['HTTP/1.10', { version: 'HTTP/1.10' }, 400],
  ['HTTP/11', { version: 'HTTP/11' }, 400],
  ['http/1.1', { version: 'http/1.1' }, 400],
  ['a blank behind the version', { version: 'HTTP/1.1 ' }, 400],
  ['no version', { version: '' }, 400],

  ['no Upgrade', field('Upgrade', null), [400, 426]],
  ['WebSocket', field('Upgrade', 'WebSocket'), 101],
  ['WEBSOCKET', field('Upgrade', 'WEBSOCKET'), 101],
  ['h2c', field('Upgrade', 'h2c'), 400],
  ['websocket and h2c', field('Upgrade', 'websocket, h2c'), 400],
  ['h2c and websocket', field('Upgrade', 'h2c, websocket'), 400],
  ['websocket twice', field('Upgrade', ['websocket', 'websocket']), 400],
  ['websocket and h2c in two lines',
    field('Upgrade', ['websocket', 'h2c']), 400],
  ['websocket/13', field('Upgrade', 'websocket/13'), 400],
  ['websockets', field('Upgrade', 'websockets'), 400],
  ['web', field('Upgrade', 'web'), 400],
  ['an empty Upgrade', field('Upgrade', ''), 400],

  ['upgrade', field('Connection', 'upgrade'), 101],
  ['keep-alive, Upgrade', field('Connection', 'keep-alive, Upgrade'), 101],
  ['Upgrade,keep-alive', field('Connection', 'Upgrade,keep-alive'), 101],
  ['Upgrade in a second line',
    field('Connection', ['keep-alive', 'Upgrade']), 101],
  ['no Connection', field('Connection', null), 400],
  ['keep-alive only', field('Connection', 'keep-alive'), 400],
  ['close', field('Connection', 'close'), 400],
  ['Upgraded', field('Connection', 'Upgraded'), 400],
  ['xUpgrade', field('Connection', 'xUpgrade'), 400],
  ['two words', field('Connection', 'keep-alive Upgrade'), 400],
  ['an empty Connection', field('Connection', ''), 400],

  ['version 13 with blanks', field(VERSION, '  13\t'), 101],
  ['no version of the protocol', field(VERSION, null), [400, 426]],
  ['version 0', field(VERSION, '0'), 426],
  ['version 7', field(VERSION, '7'), 426],
  ['version 8', field(VERSION, '8'), 426],
  ['version 12', field(VERSION, '12'), 426],
  ['version 14', field(VERSION, '14'), 426],
  ['version 255', field(VERSION, '255'), 426],
  ['versions 13, 8', field(VERSION, '13, 8'), [400, 426]],
  ['versions 8, 13', field(VERSION, '8, 13'), [400, 426]],
  ['version 13 twice', field(VERSION, ['13', '13']), 400],
  ['versions 13 and 8 in two lines', field(VERSION, ['13', '8']), 400],
  ['version 013', field(VERSION, '013'), [400, 426]],
  ['version +13', field(VERSION, '+13'), [400, 426]],
  ['version 13.0', field(VERSION, '13.0'), [400, 426]],
  ['an empty version', field(VERSION, ''), [400, 426]],

  ['no key', field(KEY, null), 400],
  ['two keys', field(KEY, ['dGhlIHNhbXBsZSBub25jZQ==',
    'dGhlIHNhbXBsZSBub25jZQ==']), 400],
  ['an empty key', field(KEY, ''), 400],
  ['15 bytes', field(KEY, Buffer.alloc(15, 1).toString('base64')), 400],
  ['17 bytes', field(KEY, Buffer.alloc(17, 1).toString('base64')), 400],
  ['32 bytes', field(KEY, Buffer.alloc(32, 1).toString('base64')), 400],
  ['16 bytes without padding', field(KEY, 'dGhlIHNhbXBsZSBub25jZQ'), 400],
  ['one sign of padding', field(KEY, 'dGhlIHNhbXBsZSBub25jZQ='), 400],
  ['three signs', field(KEY, 'dGhlIHNhbXBsZSBub25jZ==='), 400],
  ['padding in front', field(KEY, '==dGhlIHNhbXBsZSBub25jZQ'), 400],
  ['a key in base64url', field(KEY, 'dGhl-HNhbXBsZSBub25jZQ=='), 400],
  ['a blank in the key', field(KEY, 'dGhl HNhbXBsZSBub25jZQ=='), 400],
  ['quotes around the key', field(KEY, '"dGhlIHNhbXBsZSBub25jZQ=="'), 400],
  ['a key and more', field(KEY, 'dGhlIHNhbXBsZSBub25jZQ==, x'), 400],
  ['a key of 4 KiB', field(KEY, 'A'.repeat(4096)), 400],

  ['Content-Length 0', field('Content-Length', '0'), 101],
  ['Content-Length 5', field('Content-Length', '5'), 400],
  ['Content-Length +1', field('Content-Length', '+1'), 400],
  ['Content-Length -1', field('Content-Length', '-1'), 400],
  ['Content-Length 0x0', field('Content-Length', '0x0'), 400],
  ['an empty Content-Length', field('Content-Length', ''), 400],
  ['Content-Length 0, 0', field('Content-Length', '0, 0'), 400],
  ['Content-Length of 2^64',
    field('Content-Length', '18446744073709551616'), 400],
  ['two Content-Lengths', field('Content-Length', ['0', '0']), 400],
  ['chunked', field('Transfer-Encoding', 'chunked'), 400],
  ['identity', field('Transfer-Encoding', 'identity'), 400],
  ['both kinds of length', { fields: { 'Content-Length': '0',
    'Transfer-Encoding': 'chunked' } }, 400],

  ['an absolute target', { path: 'http://gate.example/echo' }, 400],
  ['only a host', { path: 'gate.example:80' }, 400],
  ['a star', { path: '*' }, 400],
  ['an empty target', { path: '' }, 400],
  ['a fragment', { path: '/echo#x' }, 400],
  ['a blank in the target', { path: '/echo x' }, 400],
  ['a tab in the target', { path: '/echo\tx' }, 400],
  ['a byte over 127 in the target', { path: '/ech\u00f6' }, 400],
  ['NUL in the target', { path: '/echo\0' }, 400],
  ['ESC in the target', { path: '/echo\x1b[2J' }, 400],
];

// A refusal says its length, and then the connection ends.
async function checkRefusal(peer, response) {
  const [length] = response.fields['content-length'];
  await peer.bytes(Number(length));
  assert.match(response.fields.connection[0], /close/i);
  assert.equal(response.fields['sec-websocket-accept'], undefined);
  if (response.status === 426)
    assert.deepEqual(response.fields['sec-websocket-version'], ['13']);
  if (response.status === 405)
    assert.deepEqual(response.fields.allow, ['GET']);
  await peer.eof();
}

for (const [name, what, wanted] of rows) {
  const statuses = [wanted].flat();
  test(`${name}: ${statuses.join(' or ')}`, async (t) => {
    const peer = await connect(t, daemon.port('main'));
    const head = request(what.path ?? '/echo', what.fields, what);
    peer.send(Buffer.from(head, 'latin1'));
    const response = await peer.head();
    assert.ok(statuses.includes(response.status), response.text);
    if (response.status !== 101) {
      await checkRefusal(peer, response);
      return;
    }
    assert.deepEqual(response.fields['sec-websocket-accept'], [ACCEPT]);
    assert.deepEqual(Object.keys(response.fields),
      ['upgrade', 'connection', 'sec-websocket-accept']);
    peer.send(ws.text('x', { key: [1, 2, 3, 4] }));
    await peer.expect([0x81, 1, 0x78]);
  });
}

test('the accept is that of the key', async (t) => {
  for (let i = 0; i < 20; i++) {
    const key = Buffer.alloc(16, i * 13).toString('base64');
    const peer = await connect(t, daemon.port('main'));
    peer.send(request('/echo', { [KEY]: key }));
    const response = await peer.head();
    assert.deepEqual(response.fields['sec-websocket-accept'], [acceptOf(key)]);
  }
});

test('the longest path that fits has the service', async (t) => {
  for (const [path, answer] of [['/tree/leaf', ['leaf']],
    ['/tree/leaf/x', undefined], ['/tree/lea', undefined]]) {
    const peer = await connect(t, daemon.port('main'));
    peer.send(request(path, { 'Sec-WebSocket-Protocol': 'leaf' }));
    const response = await peer.head();
    assert.equal(response.status, 101);
    assert.deepEqual(response.fields['sec-websocket-protocol'], answer, path);
  }
});
