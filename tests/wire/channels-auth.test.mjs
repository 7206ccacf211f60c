// SPDX-License-Identifier: Apache-2.0
// New credentials for a live channel, byte by byte: asked of a gateway whose
// broker knows them, of one where nobody does, and of an edge, which passes
// them on (the test is its gateway then).
import assert from 'node:assert/strict';
import test from 'node:test';

import { Mux, head, hex, openMux } from '../lib/channels.mjs';
import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { accept, listen } from '../lib/server.mjs';
import { SLOW } from '../lib/wait.mjs';

const TRUNK = '/.headgate/trunk';
const gateway = await listen(test);
const daemon = await startDaemon(test, {
  headgate: { workers: 2 },
  'listen main': { address: '127.0.0.1:0' },
  'plugin channels': {},
  'plugin echo': {},
  'plugin broker': { user: ['joe:welcome', 'ann:secret'], anonymous: 'yes' },
  'service trunk': {
    listen: 'main', path: TRUNK, trunk: 'yes', insecure: 'yes',
    extensions: 'x-kaazing-channels',
  },
  'service echo': {
    listen: 'main', path: '/echo', plugins: 'echo',
    extensions: 'x-kaazing-channels',
  },
  'service broker': {
    listen: 'main', path: '/broker', plugins: 'broker',
    extensions: 'x-kaazing-channels',
  },
});
const edge = await startDaemon(test, {
  headgate: { workers: 2 },
  'listen main': { address: '127.0.0.1:0' },
  'trunk gateway': {
    'ping-interval': 0, // this gateway answers no ping while it is not read
    connect: `ws://127.0.0.1:${gateway.port}${TRUNK}`, insecure: 'yes',
    'connect-timeout': `${1000 * SLOW}ms`,
  },
  'plugin channels': {},
  'service any': {
    listen: 'main', path: '/any', connect: 'trunk:gateway', origin: '*',
    extensions: 'x-kaazing-channels',
  },
});

const basic = (pair) => `Basic ${Buffer.from(pair).toString('base64')}`;
const ask = (m, id, value, fields = {}) => m.control(`auth ${hex(id)}`,
  head('GET /x HTTP/1.1', { Authorization: value, ...fields }));

// A session of the broker on that channel.
async function login(m, id, login = '') {
  m.data(id, `CONNECT\naccept-version:1.2\n${login}\n\0`);
  assert.match((await m.message(id)).payload.toString(), /^CONNECTED\n/);
}

for (const offer of ['', 'chunk=4096']) {
  const mode = offer || 'base mode';
  test(`200, 401 and 403 (${mode})`, async (t) => {
    const m = await openMux(t, daemon.port('main'), TRUNK, offer);
    for (const id of [1, 3]) {
      await m.created(id, '/broker');
      await login(m, id, 'login:joe\npasscode:welcome\n');
    }
    ask(m, 1, basic('joe:welcome'));
    assert.equal(await m.next(), 'authed 0x0001\r\nHTTP/1.1 200 OK\r\n\r\n');
    ask(m, 1, basic('joe:wrong'));
    assert.equal(await m.next(), 'authed 0x0001\r\n' +
      'HTTP/1.1 401 Unauthorized\r\n' +
      'WWW-Authenticate: Basic realm="broker", charset="UTF-8"\r\n\r\n');
    // The session goes on with what it has.
    m.data(1, 'SUBSCRIBE\nid:1\ndestination:/topic/x\nreceipt:1\n\n\0');
    assert.match((await m.message(1)).payload.toString(), /^RECEIPT/);
    ask(m, 1, basic('ann:secret'));
    assert.equal(await m.next(),
      'authed 0x0001\r\nHTTP/1.1 403 Forbidden\r\n\r\n');
    assert.equal(await m.next(),
      'destroy 0x0001 code=1008 reason=credentials%20refused\r\n\r\n');
    m.control('destroy 0x0001 code=1008');
    // That channel alone.
    m.data(3, 'SEND\ndestination:/topic/x\nreceipt:2\n\n\0');
    assert.match((await m.message(3)).payload.toString(), /^RECEIPT/);
  });

  test(`where nobody knows them: 401 (${mode})`, async (t) => {
    const m = await openMux(t, daemon.port('main'), '/echo', offer);
    await m.created(1, '/echo');
    for (const id of [0, 1]) {
      ask(m, id, basic('joe:welcome'));
      assert.equal(await m.next(),
        `authed ${hex(id)}\r\nHTTP/1.1 401 Unauthorized\r\n\r\n`);
      await m.echo(id, 'goes on');
    }
  });
}

test('403 on channel 0 ends the connection, with all behind', async (t) => {
  const m = await openMux(t, daemon.port('main'), '/broker');
  await login(m, 0, 'login:joe\npasscode:welcome\n');
  ask(m, 0, basic('ann:secret'));
  assert.match(await m.next(), /^authed 0x0000\r\nHTTP\/1.1 403 /);
  assert.equal(await m.closed(1008), 'credentials refused');
});

test('the secret is not in the log', () => {
  assert.ok(!daemon.log.includes(basic('ann:secret').slice(6)));
  assert.match(daemon.log, /new credentials: 200/);
});

// --- by an edge ---------------------------------------------------------------

const peer = await gateway.next();
peer.send(accept(await peer.head(), {
  'Sec-WebSocket-Extensions': 'x-kaazing-channels; window=65536',
}));
const trunk = new Mux(peer);
await edge.line(/trunk gateway to .* is up/);

// The channel that the edge begins next is accepted; what was before ends.
async function accepted() {
  for (;;) {
    const text = await trunk.next(/^(create|destroy|abort) 0x/);
    const id = text.match(/0x\w{4}/)[0];
    if (text.startsWith('create ')) {
      trunk.control(`created ${id}`, head('HTTP/1.1 101 Fine'));
      accepted.text = text;
      return id;
    }
    trunk.control(`destroy ${id} code=1000`);
  }
}

// A client's connection with many channels, and one channel in it.
async function client(t) {
  const opening = openMux(t, edge.port('main'), '/any', '', {
    Host: 'gate.example',
  });
  await accepted();
  const m = await opening;
  m.create(1, '/any?q', { Origin: 'http://page.example',
    Authorization: basic('joe:old'), Cookie: 'old=1' });
  const id = await accepted();
  await m.next(/^created 0x0001/);
  return { m, id };
}

test('an edge passes them on, and the answer back', async (t) => {
  const { m, id } = await client(t);
  m.data(1, 'before');
  ask(m, 1, basic('joe:new'), { Cookie: 'new=1', Origin: 'http://evil.example',
    Forwarded: 'for=6.6.6.6', 'X-Evil': 'x' });
  assert.equal((await trunk.message(parseInt(id, 16))).payload.toString(),
    'before');
  const text = await trunk.next();
  const forwarded = `for="127.0.0.1:${m.peer.socket.localPort}";proto=ws`;
  assert.equal(text, `auth ${id}\r\nGET /any?q HTTP/1.1\r\n` +
    'Host: gate.example\r\n' +
    `Authorization: ${basic('joe:new')}\r\nCookie: new=1\r\n` +
    `Forwarded: ${forwarded}\r\n\r\n`);
  m.data(1, 'behind');
  assert.equal((await trunk.message(parseInt(id, 16))).payload.toString(),
    'behind');
  trunk.data(parseInt(id, 16), 'data');
  trunk.control(`authed ${id}`, head('HTTP/1.1 200 Fine', { 'X-Own': 'y' }));
  assert.equal((await m.message(1)).payload.toString(), 'data');
  assert.equal(await m.next(),
    'authed 0x0001\r\nHTTP/1.1 200 Fine\r\nX-Own: y\r\n\r\n');
  ask(m, 1, basic('joe:newer'));
  await trunk.next(new RegExp(`^auth ${id}\r\n`));
  trunk.control(`authed ${id}`, head('HTTP/1.1 401 No',
    { 'WWW-Authenticate': 'Basic' }));
  await m.next(/^authed 0x0001\r\nHTTP\/1.1 401 No\r\nWWW-Authenticate: Basic/);
  ask(m, 1, basic('ann:new'));
  await trunk.next(new RegExp(`^auth ${id}\r\n`));
  trunk.control(`authed ${id}`, head('HTTP/1.1 403 No'));
  trunk.control(`destroy ${id} code=1008`);
  await m.next(/^authed 0x0001\r\nHTTP\/1.1 403 No\r\n/);
  await m.next(/^destroy 0x0001 code=1008/);
  m.control('destroy 0x0001 code=1008');
  await trunk.next(new RegExp(`^destroy ${id} code=1008`));
});

test('a gateway that does not answer: 401, and its late one is none',
  async (t) => {
    const { m, id } = await client(t);
    ask(m, 1, basic('joe:new'));
    await trunk.next(new RegExp(`^auth ${id}\r\n`));
    const began = performance.now();
    await m.next(/^authed 0x0001\r\nHTTP\/1.1 401 /, 10000);
    assert.ok(performance.now() - began > 1000, 'too early');
    // Another is not asked while the first one is open.
    ask(m, 1, basic('joe:second'));
    await m.next(/^authed 0x0001\r\nHTTP\/1.1 401 /);
    trunk.control(`authed ${id}`, head('HTTP/1.1 200 Fine'));
    // Until the edge has had that answer: it and data keep their order.
    trunk.data(parseInt(id, 16), 'x');
    await m.message(1);
    ask(m, 1, basic('joe:third'));
    const text = await trunk.next();
    assert.match(text, new RegExp(`^auth ${id}\r\n`));
    assert.ok(text.includes(basic('joe:third')));
    trunk.control(`authed ${id}`, head('HTTP/1.1 200 Fine'));
    await m.next(/^authed 0x0001\r\nHTTP\/1.1 200 /);
    assert.equal(m.controls.length, 0);
  });

test('what a channel inherits is what the gateway last accepted', async (t) => {
  const opening = openMux(t, edge.port('main'), '/any', '',
    { Authorization: basic('joe:old'), Cookie: 'old=1' });
  const root = await accepted();
  const m = await opening;
  let id = 1;
  for (const [value, answer, seen] of [
    ['joe:bad', ['HTTP/1.1 401 No', { 'WWW-Authenticate': 'Basic' }], 'joe:old'],
    ['joe:new', ['HTTP/1.1 200 Fine'], 'joe:new'],
    ['joe:worse', ['HTTP/1.1 401 No'], 'joe:new'],
    ['joe:newer', ['HTTP/1.1 200 Fine'], 'joe:newer']]) {
    ask(m, 0, basic(value));
    await trunk.next(new RegExp(`^auth ${root}\r\n`));
    trunk.control(`authed ${root}`, head(...answer));
    await m.next(/^authed 0x0000\r\n/);
    m.create(id, '/any');
    await accepted();
    await m.next(/^created /);
    assert.ok(accepted.text.includes(`Authorization: ${basic(seen)}\r\n`),
      accepted.text);
    id += 2;
  }
});

test('a client that leaves while it is asked', async (t) => {
  const { m, id } = await client(t);
  ask(m, 1, basic('joe:new'));
  await trunk.next(new RegExp(`^auth ${id}\r\n`));
  m.peer.send(ws.close(1000));
  trunk.control(`authed ${id}`, head('HTTP/1.1 200 Fine'));
  let text;
  do {
    text = await trunk.next(/^destroy/);
    trunk.control(`destroy ${text.match(/0x\w{4}/)[0]} code=1000`);
  } while (!text.startsWith(`destroy ${id} `));
  const { m: next } = await client(t);
  ask(next, 1, basic('joe:new'));
  await trunk.next(/^auth /);
});
