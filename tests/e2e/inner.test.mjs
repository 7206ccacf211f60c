// SPDX-License-Identifier: Apache-2.0
// Second handshakes at an edge, where the service is behind a trunk.
import assert from 'node:assert/strict';
import test from 'node:test';

import { Mux } from '../lib/channels.mjs';
import * as ws from '../lib/frame.mjs';
import { PROTOCOL, ask, innerHead, innerRequest, openInner, openOuter } from
  '../lib/inner.mjs';
import { startPair } from '../lib/pair.mjs';
import { accept, listen, refuse } from '../lib/server.mjs';
import { SLOW, until } from '../lib/wait.mjs';
import { connect, request } from '../lib/wsraw.mjs';

const STOMP = 'v12.stomp';
const server = await listen(test);
const edgeService = (path) => ({
  listen: 'clients', path, connect: 'trunk:gateway', 'second-handshake': 'yes',
  extensions: 'x-kaazing-channels x-kaazing-ping-pong',
});
const pair = await startPair(test, {
  gateway: {
    headgate: { workers: 2 },
    'plugin echo': {},
    'plugin stomp': {},
    'plugin broker': { user: 'joe:welcome' },
    'service echo': {
      listen: 'clients trunks', path: '/echo', plugins: 'echo',
    },
    'service up': {
      listen: 'trunks', path: '/up', connect: `ws://127.0.0.1:${server.port}`,
    },
    'service stomp': {
      listen: 'trunks', path: '/stomp', subprotocols: STOMP,
      extensions: 'x-kaazing-fanout', plugins: 'stomp broker',
      share: '/topic/* scope=public',
    },
  },
  edge: {
    headgate: { workers: 2 },
    'plugin pingpong': {},
    'plugin stomp': {},
    'service echo': edgeService('/echo'),
    'service up': edgeService('/up'),
    'service stomp': { ...edgeService('/stomp'), plugins: 'stomp' },
    'service slow': {
      ...edgeService('/slow'), 'second-handshake-timeout': `${500 * SLOW}ms`,
    },
  },
});
const port = () => pair.edge.port('clients');
const EXTENSIONS = 'Sec-WebSocket-Extensions';

test('a challenge of a server behind the trunk is one inside', async (t) => {
  const peer = await openOuter(t, port(), '/up');
  peer.send(ws.binary(innerRequest('/up')));
  const first = await server.next();
  await first.head();
  first.send(refuse('401 No', { 'WWW-Authenticate': 'Application Basic x' }));
  const challenge = await innerHead(peer);
  assert.equal(challenge.status, 401);
  assert.deepEqual(challenge.fields['www-authenticate'],
    ['Application Basic x']);
  peer.send(ws.binary(innerRequest('/up', { Authorization: 'Basic y' })));
  const second = await server.next();
  const head = await second.head();
  assert.deepEqual(head.fields.authorization, ['Basic y']);
  second.send(accept(head));
  assert.equal((await innerHead(peer)).status, 101);
  peer.send(ws.text('hi'));
  assert.equal((await second.message()).payload.toString(), 'hi');
  second.send(ws.close(4001, 'enough', { key: false }));
  assert.equal(await peer.closeFrame(4001), 'enough');
});

test('a redirect of a server behind the trunk', async (t) => {
  const peer = await openOuter(t, port(), '/up');
  peer.send(ws.binary(innerRequest('/up')));
  const first = await server.next();
  await first.head();
  first.send(refuse('307 No', { Location: 'wss://other.example/up' }));
  const head = await innerHead(peer);
  assert.equal(head.status, 307);
  assert.deepEqual(head.fields.location, ['wss://other.example/up']);
  await peer.closeFrame(1000);
});

test('channels of one page are channels of the trunk', async (t) => {
  const peer = await openInner(t, port(), '/echo',
    { [EXTENSIONS]: 'x-kaazing-channels', Authorization: 'Basic page' });
  const m = new Mux(peer);
  m.create(1, '/echo');
  m.create(3, '/up', { Authorization: 'Basic own' });
  m.create(5, '/stomp', { 'Sec-WebSocket-Protocol': STOMP });
  const one = await server.next();
  const head = await one.head();
  assert.deepEqual(head.fields.authorization, ['Basic own']);
  one.send(accept(head));
  const answers = [await m.next(), await m.next(), await m.next()].join('');
  for (const id of [1, 3, 5])
    assert.match(answers, new RegExp(`created 0x000${id}\r\nHTTP/1.1 101`));
  await m.echo(0, 'nought');
  await m.echo(1, 'one');
  m.data(3, 'three');
  assert.equal((await one.message()).payload.toString(), 'three');
  m.data(5, 'CONNECT\naccept-version:1.2\nhost:x\nlogin:joe\n' +
    'passcode:welcome\n\n\0');
  assert.match((await m.message(5)).payload.toString(), /^CONNECTED\n/);
  m.control('destroy 0x0001 code=4005');
  await m.next(/^destroy 0x0001 /);
  await m.echo(0, 'still there');
});

// The next message of a channel or of a subscription of it, which comes on a
// child of the channel.
async function delivered(m, id) {
  m.children ??= new Map();
  for (;;) {
    while (m.controls.length > 0) {
      const child = m.controls.shift().match(/^create (0x\w+) parent=(0x\w+)/);
      if (child) {
        m.children.set(Number(child[2]), Number(child[1]));
        m.control(`created ${child[1]}`);
      }
    }
    for (const from of [id, m.children.get(id)])
      if (m.messages.get(from)?.length)
        return m.messages.get(from).shift().payload.toString();
    await m.read();
  }
}

const subscribe = async (m, id) => {
  m.create(id, '/stomp', { 'Sec-WebSocket-Protocol': STOMP });
  m.data(id, 'CONNECT\naccept-version:1.2\nhost:x\nlogin:joe\n' +
    'passcode:welcome\n\n\0');
  assert.match(await delivered(m, id), /^CONNECTED\n/);
  m.data(id, `SUBSCRIBE\nid:s${id}\ndestination:/topic/a\nreceipt:r\n\n\0`);
  assert.match(await delivered(m, id), /^RECEIPT\n/);
};

test('channels of pages share what crosses the trunk', async (t) => {
  const pages = [];
  for (let i = 0; i < 3; i++) {
    const peer = await openInner(t, port(), '/stomp',
      { [EXTENSIONS]: 'x-kaazing-channels' });
    const m = new Mux(peer);
    await subscribe(m, 1);
    await subscribe(m, 3);
    pages.push(m);
  }
  await until(async () => (await pair.gateway.table('flows')).some((row) =>
    row.members === 6), 'six members of a flow');
  pages[0].data(1, 'SEND\ndestination:/topic/a\n\nprice\0');
  for (const m of pages)
    for (const id of [1, 3]) {
      const text = await delivered(m, id);
      assert.match(text, new RegExp(`^MESSAGE\n(.*\n)*subscription:s${id}\n`));
      assert.match(text, /\n\nprice\0$/);
    }
});

// W14: slow ones cost a good one nothing.
test('W14: 400 that do not go on, and a good one', { timeout: 120000 },
  async (t) => {
    const count = 400;
    const slow = [];
    const text = request('/slow', { 'Sec-WebSocket-Protocol': PROTOCOL });
    for (let i = 0; i < count; i += 50)
      slow.push(...await Promise.all(Array.from({ length: 50 }, async () => {
        const peer = await connect(t, port());
        peer.send(text, ws.binary('GET /slow HT', { fin: false }));
        return peer;
      })));
    const peer = await openInner(t, port(), '/echo');
    peer.send(ws.text('quick'));
    assert.equal((await peer.message()).payload.toString(), 'quick');
    for (const one of slow) {
      await one.head();
      assert.equal((await innerHead(one)).status, 408);
      one.destroy();
    }
    assert.equal((await ask(await openOuter(t, port(), '/echo'),
      '/echo')).status, 101);
  });

test('W11: the trunk goes while one is being decided', async (t) => {
  const peer = await openOuter(t, port(), '/up');
  peer.send(ws.binary(innerRequest('/up')));
  const upstream = await server.next();
  await upstream.head();
  await pair.gateway.kill();
  const head = await innerHead(peer);
  assert.ok([502, 503].includes(head.status), head.line);
  await peer.closeFrame(1011);
  const other = await openOuter(t, port(), '/up');
  assert.equal((await ask(other, '/up')).status, 503);
  await other.closeFrame(1011);
  peer.send(ws.close(1011));
  await peer.eof();
});
