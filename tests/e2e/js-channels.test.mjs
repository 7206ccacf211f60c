// SPDX-License-Identifier: Apache-2.0
// headgate.js and x-kaazing-channels, byte by byte: several WebSockets on one
// connection, with a server that says right and wrong things.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LAST, Mux, TEXT, head, hex } from '../lib/channels.mjs';
import * as ws from '../lib/frame.mjs';
import {
  Client, SWITCH, inner, load, outer, say, scripted,
} from '../lib/headgatejs.mjs';
import { until } from '../lib/wait.mjs';

// The library's timers, as it takes what it needs when it is loaded.
const timers = new Map();
const { setTimeout, clearTimeout } = globalThis;
globalThis.setTimeout = (fn, ms) => {
  const id = setTimeout(fn, ms);
  timers.set(id, ms);
  return id;
};
globalThis.clearTimeout = (id) => {
  timers.delete(id);
  clearTimeout(id);
};
const headgate = await load('index.mjs');
Object.assign(globalThis, { setTimeout, clearTimeout });

const CREATED = head('HTTP/1.1 101 Switching Protocols');
const created = (id, fields = {}) => `created ${hex(id)}\r\n` +
  `${head('HTTP/1.1 101 Switching Protocols', fields)}\r\n`;

// A connection that carries channels. answer: its parameters.
async function carry(server, path, answer) {
  const peer = await outer(server, path);
  peer.inner = await inner(peer);
  say(peer, `${SWITCH}Sec-WebSocket-Extensions: x-kaazing-channels; ${answer}` +
    '\r\n\r\n');
  const mux = new Mux(peer, /chunk=/.test(answer));
  // Of the acceptor's side.
  mux.make = (id, fields) => mux.raw(created(id, fields));
  return mux;
}

const CHUNK = 'root=none; chunk=16384';
const BASE = 'root=none; window=65536';

async function start(t, answer = CHUNK, options = {}) {
  headgate.configure({ challenge: undefined, share: true, linger: 5000,
    ...options });
  const server = await scripted(t);
  const url = `ws://127.0.0.1:${server.port}`;
  const open = (path, protocols) =>
    new Client(t, headgate, url + path, protocols);
  const first = open('/a');
  const mux = await carry(server, '/a', answer);
  await mux.next(`create 0x0001\r\n${head('GET /a HTTP/1.1')}\r\n`);
  mux.make(1);
  await first.expect('open');
  return { server, url, open, first, mux };
}

// Another WebSocket on the same connection.
async function another(setup, id, path = '/b') {
  const client = setup.open(path);
  await setup.mux.next(`create ${hex(id)}\r\n${head(`GET ${path} HTTP/1.1`)}` +
    '\r\n');
  setup.mux.make(id);
  await client.expect('open');
  return client;
}

test('what is offered', async (t) => {
  const { mux } = await start(t);
  assert.equal(mux.peer.inner, 'GET /a HTTP/1.1\r\nSec-WebSocket-Extensions: ' +
    'x-kaazing-channels; window=262144; max-channels=4096; chunk=65536; ' +
    'root=none, x-kaazing-idle-timeout, x-kaazing-ping-pong\r\n\r\n');
});

for (const [mode, answer] of [['chunk mode', CHUNK], ['base mode', BASE]])
  test(`${mode}: three on one connection, byte by byte`, async (t) => {
    const setup = await start(t, answer);
    const { mux, first, server } = setup;
    const second = setup.open('/b?x', ['one', 'two']);
    const third = setup.open('/c');
    await mux.next('create 0x0003\r\nGET /b?x HTTP/1.1\r\n' +
      'Sec-WebSocket-Protocol: one, two\r\n\r\n');
    await mux.next('create 0x0005\r\nGET /c HTTP/1.1\r\n\r\n');
    mux.make(5).make(3, { 'Sec-WebSocket-Protocol': 'two' });
    await third.expect('open');
    await second.expect('open');
    assert.deepEqual([second.ws.protocol, third.ws.protocol], ['two', '']);
    second.ws.send('hello');
    const label = mux.chunk ? '0003c0' : '0003';
    const { opcode, payload } = await mux.peer.message();
    assert.equal(opcode, mux.chunk ? ws.OP.BINARY : ws.OP.TEXT);
    assert.equal(payload.toString('hex'),
      `${label}${Buffer.from('hello').toString('hex')}`);
    // T04: what a page sends never gets onto the control channel.
    first.ws.send(new Uint8Array([0xff, 0xff, 0x80, 1]));
    assert.equal((await mux.peer.message()).payload.toString('hex'),
      mux.chunk ? '000180ffff8001' : '0001ffff8001');
    first.ws.send(new Blob(['in a blob']));
    assert.equal((await mux.message(1)).payload.toString(), 'in a blob');
    mux.data(3, '\u20ac').data(1, Buffer.from([0xff, 0xff])).data(5, '');
    await second.message('\u20ac');
    await first.message(Buffer.from([0xff, 0xff]));
    await third.message('');
    assert.equal(server.arrived(), 0);

    second.ws.close(4001, 'b\u20ac');
    await mux.next('destroy 0x0003 code=4001 reason=b%E2%82%AC\r\n\r\n');
    mux.data(3, 'late').control('destroy 0x0003 code=4001 reason=b%E2%82%AC');
    await second.closed(4001, 'b\u20ac');
    mux.data(1, 'goes on');
    await first.message('goes on');
    mux.control('destroy 0x0005 code=4002 reason=why');
    await third.closed(4002, 'why');
    await mux.next('destroy 0x0005 code=4002\r\n\r\n');
    first.ws.close();
    await mux.next('destroy 0x0001 code=1000\r\n\r\n');
    mux.control('destroy 0x0001 code=1000');
    await first.closed(1005, '');
  });

test('without channels in the answer, each has its own', async (t) => {
  headgate.configure({ share: true });
  const server = await scripted(t);
  const url = `ws://127.0.0.1:${server.port}/`;
  const clients = [1, 2, 3].map(() => new Client(t, headgate, url));
  const first = await outer(server, '/');
  await inner(first);
  assert.equal(server.arrived(), 0, 'others wait for what the first learns');
  say(first, `${SWITCH}\r\n`);
  await clients[0].expect('open');
  for (const client of clients.slice(1)) {
    const peer = await outer(server, '/');
    await inner(peer);
    say(peer, `${SWITCH}\r\n`);
    await client.expect('open');
  }
});

test('share: false', async (t) => {
  headgate.configure({ share: false });
  const server = await scripted(t);
  const url = `ws://127.0.0.1:${server.port}/`;
  const clients = [1, 2].map(() => new Client(t, headgate, url));
  for (const client of clients) {
    const peer = await outer(server, '/');
    assert.doesNotMatch(await inner(peer), /root=/);
    say(peer, `${SWITCH}Sec-WebSocket-Extensions: x-kaazing-channels; ` +
      'chunk=16384\r\n\r\n');
    await client.expect('open');
    // On 0x0000, with its children.
    const mux = new Mux(peer, true);
    client.ws.send('x');
    assert.equal((await mux.message(0)).payload.toString(), 'x');
    mux.control('create 0x0002 parent=0x0000');
    await mux.next('created 0x0002\r\n\r\n');
    mux.data(2, 'of a child').data(0, 'own');
    await client.message('of a child');
    await client.message('own');
    client.ws.close(4000, 'x');
    assert.equal(await peer.closeFrame(4000), 'x');
    peer.send(ws.close(4000, 'x', { key: false })).end();
    await client.closed(4000, 'x');
  }
});

test('a user is asked once, and all wait for it', async (t) => {
  let answer;
  let asked = 0;
  headgate.configure({ share: true, challenge: () => {
    asked++;
    return new Promise((resolve) => {
      answer = resolve;
    });
  } });
  const server = await scripted(t);
  const url = `ws://127.0.0.1:${server.port}/`;
  const clients = [1, 2].map(() => new Client(t, headgate, url));
  const waits = () => [...timers.values()].filter((ms) =>
    ms > 4000 && ms <= 5000).length;
  const peer = await outer(server, '/');
  await inner(peer);
  const some = waits();
  assert.ok(some >= 1);
  say(peer, 'HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\n\r\n');
  await until(() => asked === 1, 'the question');
  clients.push(new Client(t, headgate, url));
  assert.equal(waits(), some - 1, 'nobody waits for a time only');
  answer('Basic x');
  await inner(peer, /Authorization: Basic x/);
  say(peer, `${SWITCH}Sec-WebSocket-Extensions: x-kaazing-channels; ${CHUNK}` +
    '\r\n\r\n');
  const mux = new Mux(peer, true);
  for (const [i, client] of clients.entries()) {
    await mux.next(/^create/);
    mux.raw(created(2 * i + 1));
    await client.expect('open');
  }
  assert.deepEqual([server.arrived(), asked], [0, 1]);
});

test('those that wait are created when the first is open', async (t) => {
  headgate.configure({ share: true, challenge: undefined });
  const server = await scripted(t);
  const url = `ws://127.0.0.1:${server.port}/`;
  const clients = Array.from({ length: 40 }, (_, i) =>
    new Client(t, headgate, url + i));
  const mux = await carry(server, '/0', CHUNK);
  // Not more than eight before the server has accepted one.
  for (let i = 0; i < 8; i++)
    await mux.next(`create ${hex(2 * i + 1)}\r\nGET /${i} HTTP/1.1\r\n\r\n`);
  mux.make(1);
  await clients[0].expect('open');
  for (let i = 8; i < 40; i++)
    await mux.next(`create ${hex(2 * i + 1)}\r\nGET /${i} HTTP/1.1\r\n\r\n`);
  for (let i = 1; i < 40; i++) {
    mux.make(2 * i + 1);
    await clients[i].expect('open');
  }
  assert.equal(server.arrived(), 0);
});

test('refused: error and 1006, and only that one', async (t) => {
  const setup = await start(t);
  const { mux, first } = setup;
  for (const [i, answer] of ['HTTP/1.1 403 Forbidden\r\n',
    'HTTP/1.1 404 Not Found\r\n', 'HTTP/1.1 503 Busy\r\n', ''].entries()) {
    const id = 3 + 2 * i;
    const client = setup.open('/x');
    await mux.next(/^create/);
    mux.control(`refused ${hex(id)}`, answer);
    await client.failed();
    await mux.next(`destroy ${hex(id)} code=1000\r\n\r\n`);
  }
  mux.data(1, 'still here');
  await first.message('still here');
});

test('no subprotocol, or another one: it fails', async (t) => {
  const setup = await start(t);
  const { mux, first } = setup;
  for (const [id, fields] of [[3, {}], [5, { 'Sec-WebSocket-Protocol': 'x' }],
    [7, { 'Sec-WebSocket-Extensions': 'x-other' }]]) {
    const client = setup.open('/b', id === 7 ? [] : 'one');
    await mux.next(/^create/);
    mux.make(id, fields);
    await client.failed();
    await mux.next(new RegExp(`^abort ${hex(id)} code=1002`));
    mux.control(`destroy ${hex(id)} code=1002`);
  }
  mux.data(1, 'x');
  await first.message('x');
});

test('401 for a channel: its own credentials', async (t) => {
  const asked = [];
  const setup = await start(t, CHUNK, { challenge: ({ url, realm }) => {
    asked.push([url.replace(/.*:\d+/, ''), realm]);
    return `Bearer ${asked.length}`;
  } });
  const { mux } = setup;
  const client = setup.open('/b', 'one');
  await mux.next(/^create 0x0003/);
  mux.control('refused 0x0003', 'HTTP/1.1 401 No\r\n' +
    'WWW-Authenticate: Bearer realm="b"\r\n');
  await mux.next('destroy 0x0003 code=1000\r\n\r\n');
  await mux.next('create 0x0005\r\nGET /b HTTP/1.1\r\n' +
    'Authorization: Bearer 1\r\nSec-WebSocket-Protocol: one\r\n\r\n');
  mux.control('refused 0x0005', 'HTTP/1.1 401 No\r\n');
  await mux.next('destroy 0x0005 code=1000\r\n\r\n');
  await mux.next(/^create 0x0007[^]*Authorization: Bearer 2/);
  mux.make(7, { 'Sec-WebSocket-Protocol': 'one' });
  await client.expect('open');
  assert.deepEqual(asked, [['/b', 'b'], ['/b', '']]);
});

test('new credentials for an open one', async (t) => {
  const setup = await start(t);
  const { mux, first } = setup;
  for (const [status, wanted] of [[200, true], [401, false], [403, false]]) {
    const answer = headgate.authenticate(first.ws, `Bearer ${status}`);
    await mux.next('auth 0x0001\r\nGET /a HTTP/1.1\r\n' +
      `Authorization: Bearer ${status}\r\n\r\n`);
    await assert.rejects(headgate.authenticate(first.ws, 'x'));
    mux.control('authed 0x0001', `HTTP/1.1 ${status} x\r\n`);
    assert.equal(await answer, wanted);
  }
  mux.control('destroy 0x0001 code=1008');
  await first.closed(1008, '');
  await assert.rejects(headgate.authenticate(first.ws, 'x'),
    { name: 'InvalidStateError' });
});

test('chunk mode: long messages in pieces, by turns', async (t) => {
  const setup = await start(t, 'root=none; chunk=4096; window=200000');
  const { mux, first } = setup;
  const second = await another(setup, 3);
  const data = Buffer.alloc(100000, 'x');
  first.ws.send(data);
  second.ws.send('\u20ac'.repeat(5000));
  const got = await mux.message(1);
  assert.deepEqual([got.pieces, got.text, got.payload.equals(data)],
    [25, false, true]);
  const text = await mux.message(3);
  assert.deepEqual([text.pieces, text.text, text.payload.toString()],
    [4, true, '\u20ac'.repeat(5000)]);
  // In pieces that are cut within a character, between those of another.
  const euro = Buffer.from('\u20ac');
  mux.data(1, euro.subarray(0, 1), { flags: TEXT })
    .data(3, Buffer.from([1]), { flags: 0 })
    .data(1, euro.subarray(1), { flags: TEXT })
    .data(3, Buffer.from([2]), { flags: LAST })
    .data(1, '', { flags: TEXT | LAST });
  await second.message(Buffer.from([1, 2]));
  await first.message('\u20ac');
});

test("credit: a sender stops at its channel's", async (t) => {
  const setup = await start(t, 'root=none; chunk=4096; window=5000');
  const { mux, first } = setup;
  const second = await another(setup, 3);
  first.ws.send(new Uint8Array(20000));
  second.ws.send('passes');
  assert.equal((await mux.message(3)).payload.toString(), 'passes');
  const size = () => mux.pieces.get(1).reduce((sum, one) =>
    sum + one.length, 0);
  assert.equal(size(), 4096, 'what is left of the credit is too little');
  assert.equal(first.ws.bufferedAmount, 20000 - 4096);
  mux.control('credit 0x0001 bytes=10000').control('credit 0x0001 bytes=1');
  await until(async () => {
    await mux.read();
    return size() > 9000;
  }, 'more');
  assert.equal(size(), 10000 - 3 * 16);
  mux.control('credit 0x0001 bytes=30000');
  assert.equal((await mux.message(1)).payload.length, 20000);
});

test("credit: and at the connection's", async (t) => {
  const setup = await start(t, 'root=none; chunk=65536; window=3000000');
  const { mux, first } = setup;
  const second = await another(setup, 3);
  first.ws.send(new Uint8Array(1500000));
  second.ws.send(new Uint8Array(1500000));
  const size = () => [1, 3].map((id) => (mux.pieces.get(id) ?? []).reduce(
    (sum, one) => sum + one.length + 16, 0));
  const sum = () => size()[0] + size()[1];
  await until(async () => {
    await mux.read();
    return sum() > (1 << 20) - 2048;
  }, 'all that may be');
  await mux.peer.silence(50);
  assert.ok(sum() <= 1 << 20);
  mux.control('credit 0xffff bytes=4000000');
  assert.equal((await mux.message(3)).payload.length, 1500000);
  assert.equal((await mux.message(1)).payload.length, 1500000);
});

test('credit: given at half the window, and in the end', async (t) => {
  const { mux, first } = await start(t);
  const half = Buffer.alloc(60000);
  for (let i = 0; i < 3; i++) {
    mux.data(1, half);
    await first.message(half);
  }
  await mux.credited(1, 262144 + 3 * 60016);
  mux.data(1, 'x');
  await first.message('x');
  await mux.credited(1, 262144 + 3 * 60016 + 17);
  for (let i = 0; i < 10; i++) {
    mux.data(1, half);
    await first.message(half);
  }
  await mux.credited(0xffff, 1048576 + 9 * 60016);
});

test('credit: given also for half a message', async (t) => {
  const setup = await start(t);
  const { mux, first } = setup;
  const second = await another(setup, 3);
  for (let i = 0; i < 6; i++)
    mux.data(3, Buffer.alloc(65536), { flags: 0 });
  await mux.credited(3, 262144 + 3 * 65552);
  mux.data(3, '', { flags: LAST });
  await second.message(Buffer.alloc(6 * 65536));
  mux.data(1, 'x');
  await first.message('x');
});

test('base mode: longer than the window ends it with 1009', async (t) => {
  const setup = await start(t, BASE);
  const { mux, first } = setup;
  const second = await another(setup, 3);
  first.ws.send(new Uint8Array(65520));
  assert.equal((await mux.message(1)).payload.length, 65520);
  first.ws.send('x');
  second.ws.send(new Uint8Array(65521));
  await mux.next(/^abort 0x0003 code=1009/);
  await second.expect('error');
  await second.closed(1009, '', false);
  mux.control('destroy 0x0003 code=1009');
  mux.control('credit 0x0001 bytes=131072');
  assert.equal((await mux.message(1)).payload.toString(), 'x');
});

test('ids go round, in base mode text ids only', async (t) => {
  const setup = await start(t, BASE);
  const { mux } = setup;
  let id = 1;
  for (let i = 0; i < 200; i++) {
    do
      id += 2;
    while ((id & 0x8080) !== 0);
    const client = await another(setup, id);
    client.ws.close();
    await mux.next(`destroy ${hex(id)} code=1000\r\n\r\n`);
    mux.control(`destroy ${hex(id)} code=1000`);
    await client.closed(1005, '');
  }
  assert.ok(id > 0x300);
});

test('the ids are used up: another connection', async (t) => {
  const setup = await start(t, 'root=none; chunk=4096; max-channels=2');
  const { server, mux, first } = setup;
  await another(setup, 3);
  const third = setup.open('/c');
  const second = await carry(server, '/c', CHUNK);
  await second.next('create 0x0001\r\nGET /c HTTP/1.1\r\n\r\n');
  second.make(1);
  await third.expect('open');
  // When there is room on the first again, it is used.
  first.ws.close();
  await mux.next(/^destroy 0x0001/);
  mux.control('destroy 0x0001 code=1000');
  await first.closed(1005, '');
  await another(setup, 5);
});

test('drain: new ones go elsewhere, none is lost', async (t) => {
  const setup = await start(t);
  const { server, mux, first } = setup;
  const crossing = setup.open('/x');
  await mux.next(/^create 0x0003/);
  mux.control('drain odd=0xffff even=0xffff')
    .control('drain odd=0x0001 even=0x0000')
    .control('refused 0x0003', 'HTTP/1.1 503 Busy\r\n');
  const other = await carry(server, '/x', CHUNK);
  await other.next(/^create 0x0001\r\nGET \/x/);
  other.make(1);
  await crossing.expect('open');
  mux.control('destroy 0x0001 code=1012 reason=draining');
  await first.closed(1012, 'draining');
  await mux.next('destroy 0x0003 code=1000\r\n\r\n');
  await mux.next('destroy 0x0001 code=1012\r\n\r\n');
  await mux.closed(1000);
});

test('the connection is lost: each hears of it, none comes back', async (t) => {
  const setup = await start(t);
  const { server, mux, first } = setup;
  const second = await another(setup, 3);
  mux.peer.destroy();
  for (const client of [first, second]) {
    let event = await client.event();
    if (event.type === 'error')
      event = await client.event();
    assert.deepEqual([event.type, event.code, event.wasClean],
      ['close', 1006, false]);
  }
  assert.equal(server.arrived(), 0);
});

test('a create that meets the end of the connection is made anew', async (t) => {
  const setup = await start(t);
  const { server, mux, first } = setup;
  const client = setup.open('/b');
  await mux.next(/^create 0x0003/);
  mux.peer.send(ws.close(1001, '', { key: false })).end();
  await first.closed(1001, '');
  const other = await carry(server, '/b', CHUNK);
  await other.next(/^create 0x0001\r\nGET \/b/);
  other.make(1);
  await client.expect('open');
  // Not for ever.
  const last = setup.open('/c');
  let next = other;
  for (let i = 0; i < 4; i++) {
    await next.next(/^create/);
    next.peer.send(ws.close(1001, '', { key: false })).end();
    if (i < 3)
      next = await carry(server, '/c', CHUNK);
  }
  await last.failed();
  assert.equal(server.arrived(), 0);
});

test('nobody creates on a connection that is being closed', async (t) => {
  const setup = await start(t, CHUNK, { linger: 0 });
  const { server, mux, first } = setup;
  first.ws.close();
  await mux.next(/^destroy/);
  mux.control('destroy 0x0001 code=1000');
  await first.closed(1005, '');
  await mux.closed(1000);
  const client = setup.open('/b');
  const other = await carry(server, '/b', CHUNK);
  await other.next(/^create 0x0001/);
  other.make(1);
  await client.expect('open');
});

test('the connection is closed: each has its code', async (t) => {
  const setup = await start(t);
  const { mux, first } = setup;
  const second = await another(setup, 3);
  mux.peer.send(ws.close(1001, 'bye', { key: false })).end();
  await first.closed(1001, 'bye');
  await second.closed(1001, 'bye');
});

test('nobody uses it any more: it is closed after a while', async (t) => {
  const setup = await start(t, CHUNK, { linger: 10 });
  const { mux, first } = setup;
  first.ws.close();
  await mux.next(/^destroy/);
  mux.control('destroy 0x0001 code=1000');
  await first.closed(1005, '');
  await mux.closed(1000);
});

test('closed by the page before it is created', async (t) => {
  const setup = await start(t);
  const { mux } = setup;
  const client = setup.open('/b');
  await mux.next(/^create 0x0003/);
  client.ws.close();
  await client.failed();
  await mux.next(/^abort 0x0003 code=1000/);
  mux.make(3).data(3, 'x').control('destroy 0x0003 code=1000');
  const other = setup.open('/c');
  await mux.next(/^create 0x0005/);
  other.ws.close();
  await other.failed();
  await mux.next(/^abort 0x0005/);
  mux.control('refused 0x0005', 'HTTP/1.1 404 x\r\n');
  await another(setup, 7);
});

test('abort by the server', async (t) => {
  const setup = await start(t);
  const { mux, first } = setup;
  mux.data(1, 'half', { flags: 0 }).control('abort 0x0001 code=1011 reason=x');
  await first.closed(1011, 'x');
  await mux.next('destroy 0x0001 code=1011\r\n\r\n');
});

test('children: their messages are their parent\'s', async (t) => {
  const setup = await start(t, BASE);
  const { mux, first } = setup;
  mux.control('create 0x0002 parent=0x0001', 'X-Stomp-Subscription: 1\r\n');
  await mux.next('created 0x0002\r\n\r\n');
  mux.data(2, 'one').data(1, 'two');
  await first.message('one');
  await first.message('two');
  mux.control('migrate 0x0002 to=0x0004 at=1');
  await mux.next('migrated 0x0002 to=0x0004 at=0\r\n\r\n');
  mux.data(4, 'three');
  await first.message('three');
  mux.control('destroy 0x0004 code=1000');
  await mux.next('destroy 0x0004 code=1000\r\n\r\n');
  mux.control('create 0x0006 parent=0x0001');
  await mux.next('created 0x0006\r\n\r\n');
  first.ws.close();
  await mux.next(/^destroy 0x0001/);
  mux.control('destroy 0x0006 code=1001').control('destroy 0x0001 code=1000');
  await mux.next('destroy 0x0006 code=1001\r\n\r\n');
  await first.closed(1005, '');
  // Of one that has ended: refused.
  mux.control('create 0x0008 parent=0x0001');
  await mux.next('refused 0x0008\r\n\r\n');
  mux.data(8, 'dropped').control('destroy 0x0008 code=1000');
  await another(setup, 3);
});

test('what is not known, or late, is ignored', async (t) => {
  const setup = await start(t);
  const { mux, first } = setup;
  mux.control('place? 0x0001').control('whatever? 0x0001 x=y')
    .control('error reason=x').control('credit 0x0001 bytes=5 new=1');
  const second = await another(setup, 3);
  second.ws.close();
  await mux.next(/^destroy 0x0003/);
  mux.control('destroy 0x0003 code=1000');
  await second.closed(1005, '');
  mux.control('destroy 0x0003 code=1000').control('abort 0x0003 code=1000')
    .control('credit 0x0003 bytes=99999999').data(3, 'late');
  mux.data(1, 'fine');
  await first.message('fine');
});

const WRONG = {
  'control-syntax': {
    'no CRLF': (mux) => mux.raw('credit 0x0001 bytes=1'),
    'an unknown verb': (mux) => mux.control('hello 0x0001'),
    'a verb of initiators': (mux) => mux.control('auth 0x0001',
      'GET / HTTP/1.1\r\n'),
    'a merge, which was not negotiated': (mux) => mux.control(
      'merge 0x0002 with=0x0004 at=0 seq=0'),
    'no id': (mux) => mux.control('destroy code=1000'),
    'two ids': (mux) => mux.control('destroy 0x0001 0x0001 code=1000'),
    'an id in capitals': (mux) => mux.control('destroy 0x000A code=1000'),
    'a parameter twice': (mux) => mux.control(
      'credit 0x0001 bytes=1 bytes=1'),
    'no parameter': (mux) => mux.control('credit 0x0001'),
    'a number that is none': (mux) => mux.control('credit 0x0001 bytes=1x'),
    'two blanks': (mux) => mux.control('credit  0x0001 bytes=1'),
    'a head where none is': (mux) => mux.control('credit 0x0001 bytes=1',
      'A: b\r\n'),
    'too long': (mux) => mux.control('drain odd=0x0001 even=0x0000 ' +
      `x=${'y'.repeat(12300)}`),
    'a flag byte': (mux) => mux.raw('drain odd=0x0001 even=0x0000\r\n\r\n',
      { flags: 0 }),
    '__proto__': (mux) => mux.control('__proto__ 0x0001'),
    'constructor': (mux) => mux.control('constructor 0x0001'),
  },
  'label': {
    'a message of two bytes': (mux) => mux.peer.send(
      ws.binary('ab', { key: false })),
    'an empty one': (mux) => mux.peer.send(ws.binary('', { key: false })),
    'text in chunk mode': (mux) => mux.peer.send(
      ws.text('\0\u0001\u0040hello', { key: false })),
  },
  'data-on-unknown': {
    'data on an id that never was': (mux) => mux.data(9, 'x'),
    "on the acceptor's": (mux) => mux.data(2, 'x'),
  },
  'flags': {
    'unknown bits': (mux) => mux.data(1, 'x', { flags: 0x81 }),
    'a reserved bit': (mux) => mux.data(1, 'x', { flags: LAST | 0x20 }),
    'text becomes binary': (mux) => mux.data(1, 'x', { flags: TEXT })
      .data(1, 'x', { flags: LAST }),
  },
  'piece-too-long': {
    'a piece': (mux) => mux.data(1, Buffer.alloc(65537)),
  },
  'destroy-within-message': {
    'destroy': (mux) => mux.data(1, 'x', { flags: 0 })
      .control('destroy 0x0001 code=1000'),
  },
  'bad-code': {
    'the code 1006': (mux) => mux.control('destroy 0x0001 code=1006'),
    'the code 999': (mux) => mux.control('abort 0x0001 code=999'),
    'the code 5000': (mux) => mux.control('abort 0x0001 code=5000'),
  },
  'create-of-wrong-id': {
    'an odd id': (mux) => mux.control('create 0x0003 parent=0x0001'),
    'a reserved one': (mux) => mux.control('create 0x0000 parent=0x0001'),
    'a live one': (mux) => mux.control('create 0x0002 parent=0x0001')
      .control('create 0x0002 parent=0x0001'),
  },
  'create-of-wrong-parent': {
    'a parent that never was': (mux) =>
      mux.control('create 0x0002 parent=0x0009'),
  },
  'unknown-id': {
    'destroy of none': (mux) => mux.control('destroy 0x0009 code=1000'),
    'created for none': (mux) => mux.control('created 0x0009', CREATED),
  },
  'reserved-id': {
    'destroy of 0x0000': (mux) => mux.control('destroy 0x0000 code=1000'),
    'abort of 0xffff': (mux) => mux.control('abort 0xffff code=1000'),
  },
  'answer-without-question': {
    'created twice': (mux) => mux.make(1),
    'refused behind created': (mux) => mux.control('refused 0x0001'),
  },
  'authed-unasked': {
    'authed': (mux) => mux.control('authed 0x0001', 'HTTP/1.1 200 x\r\n'),
  },
  'migrate': {
    'of mine': (mux) => mux.control('migrate 0x0001 to=0x0002 at=0'),
    'a wrong count': (mux) => mux.control('create 0x0002 parent=0x0001')
      .control('migrate 0x0002 to=0x0004 at=1'),
    'onto a live one': (mux) => mux.control('create 0x0002 parent=0x0001')
      .control('migrate 0x0002 to=0x0002 at=0'),
  },
  'children-still-open': {
    'destroy': (mux) => mux.control('create 0x0002 parent=0x0001')
      .control('destroy 0x0001 code=1000'),
  },
};

for (const [token, all] of Object.entries(WRONG))
  for (const [name, act] of Object.entries(all))
    test(`${token}, closed by 4002: ${name}`, async (t) => {
      const setup = await start(t);
      const { mux, first } = setup;
      const second = await another(setup, 3);
      act(mux);
      const text = await until(async () => {
        const one = await mux.next();
        return one.startsWith('error') && one;
      }, 'an error');
      assert.match(text, new RegExp(`^error reason=${token}\\b`));
      await mux.closed(4002);
      await first.failed();
      await second.failed();
    });

test('data on 0x0000, where nothing is: closed by 4008', async (t) => {
  const { mux, first } = await start(t);
  mux.data(0, 'x');
  await first.failed();
  await mux.closed(4008);
});

test("data behind the server's own end: closed by 4002", async (t) => {
  const setup = await start(t, 'root=none; chunk=4096; window=5000');
  const { mux, first } = setup;
  const second = await another(setup, 3);
  first.ws.send(new Uint8Array(20000));
  mux.control('destroy 0x0001 code=1000');
  await first.closed(1000, '');
  // It still answers, when there is credit for what stands before.
  mux.data(1, 'x');
  await mux.next('error reason=data-after-end id=0x0001\r\n\r\n');
  await second.failed();
  await mux.closed(4002);
});

test("the page's data goes before the answer to the end", async (t) => {
  const setup = await start(t, 'root=none; chunk=4096; window=5000');
  const { mux, first } = setup;
  first.ws.send(new Uint8Array(20000));
  mux.control('destroy 0x0001 code=1000');
  await first.closed(1000, '');
  mux.control('credit 0x0001 bytes=30000');
  assert.equal((await mux.message(1)).payload.length, 20000);
  await mux.next('destroy 0x0001 code=1000\r\n\r\n');
});

for (const answer of ['window=0', 'window=x', 'chunk=100', 'root=other',
  'extensions=x-other', 'max-channels=-1', 'window=1; window=2'])
  test(`wrong parameters: ${answer}`, async (t) => {
    headgate.configure({ share: true });
    const server = await scripted(t);
    const client = new Client(t, headgate, `ws://127.0.0.1:${server.port}/`);
    const peer = await outer(server, '/');
    await inner(peer);
    say(peer, `${SWITCH}Sec-WebSocket-Extensions: x-kaazing-channels; ` +
      `${answer}\r\n\r\n`);
    await client.failed();
    await peer.closeFrame(4002);
  });

test('text that is not UTF-8 ends its channel', async (t) => {
  const setup = await start(t);
  const { mux, first } = setup;
  const second = await another(setup, 3);
  mux.data(3, Buffer.from([0xff]), { flags: LAST | TEXT });
  await second.failed();
  await mux.next(/^abort 0x0003 code=1007/);
  mux.data(1, 'x');
  await first.message('x');
});

test('ping-pong: pings are answered, marks are escaped', async (t) => {
  headgate.configure({ share: false });
  const server = await scripted(t);
  const client = new Client(t, headgate, `ws://127.0.0.1:${server.port}/`);
  const peer = await outer(server, '/');
  await inner(peer, /x-kaazing-ping-pong/);
  say(peer, `${SWITCH}Sec-WebSocket-Extensions: x-kaazing-ping-pong; ` +
    '01010102\r\n\r\n');
  await client.expect('open');
  const MARK = '\x01\x01\x01\x02';
  const text = (data) => peer.send(ws.text(data, { key: false }));
  text(`${MARK}\x09\x00`);
  assert.equal((await peer.message()).payload.toString(), `${MARK}\x0a\x00`);
  text(MARK);
  text(`${MARK}\x09\x00`);
  await client.message(`${MARK}\x09\x00`);
  text(`${MARK}\x0a\x00`);
  text('x');
  await client.message('x');
  client.ws.send(`${MARK} own`);
  assert.equal((await peer.message()).payload.toString(), MARK);
  assert.equal((await peer.message()).payload.toString(), `${MARK} own`);
  client.ws.send(Buffer.from(MARK));
  assert.equal((await peer.message()).opcode, ws.OP.BINARY);
  text(`${MARK}z`);
  await client.failed();
  await peer.closeFrame(4002);
});

test('idle-timeout: silence ends it, any message does not', async (t) => {
  headgate.configure({ share: false });
  const server = await scripted(t);
  const client = new Client(t, headgate, `ws://127.0.0.1:${server.port}/`);
  const peer = await outer(server, '/');
  await inner(peer, /x-kaazing-idle-timeout/);
  say(peer, `${SWITCH}Sec-WebSocket-Extensions: x-kaazing-ping-pong; ` +
    '01010102, x-kaazing-idle-timeout; timeout=2000\r\n\r\n');
  await client.expect('open');
  for (let i = 0; i < 5; i++) {
    peer.send(ws.text('\x01\x01\x01\x02\x0a\x00', { key: false }));
    await peer.silence(500);
  }
  await client.failed();
  await peer.closeFrame(4008);
});

test('idle-timeout: nothing can be said without ping-pong', async (t) => {
  headgate.configure({ share: false });
  const server = await scripted(t);
  const client = new Client(t, headgate, `ws://127.0.0.1:${server.port}/`);
  const peer = await outer(server, '/');
  await inner(peer);
  say(peer, `${SWITCH}Sec-WebSocket-Extensions: x-kaazing-idle-timeout; ` +
    'timeout=20\r\n\r\n');
  await client.expect('open');
  await peer.silence(200);
  client.ws.send('still open');
  assert.equal((await peer.message()).payload.toString(), 'still open');
});
