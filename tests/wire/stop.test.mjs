// SPDX-License-Identifier: Apache-2.0
// What a daemon that stops says, to whom and when; and what an edge does whose
// gateway stops.
import assert from 'node:assert/strict';
import test from 'node:test';

import { Mux, head, hex, openMux } from '../lib/channels.mjs';
import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { accept, listen } from '../lib/server.mjs';
import { SLOW, until, within } from '../lib/wait.mjs';
import { connect, open, request } from '../lib/wsraw.mjs';

const TRUNK = '/.headgate/trunk';
const DRAIN = 'drain odd=0xffff even=0xffff\r\n\r\n';
const CODE = 'code=1012 reason=draining';

// A gateway, with the times of its end.
function startGateway(t, times) {
  return startDaemon(t, {
    headgate: times,
    'listen main': { address: '127.0.0.1:0' },
    'plugin channels': {},
    'plugin echo': {},
    'service trunk': {
      listen: 'main', path: TRUNK, trunk: 'yes', insecure: 'yes',
      extensions: 'x-kaazing-channels',
    },
    'service echo': {
      listen: 'main', path: '/echo', plugins: 'echo',
      extensions: 'x-kaazing-channels',
    },
  });
}

const signal = (daemon, name = 'SIGTERM') => process.kill(daemon.pid, name);

// It ends by itself, with 0; how long that took, in ms.
async function ends(daemon, since) {
  daemon.expectKilled = true; // stop() has nothing more to do
  const end = await within(daemon.process.ended.promise, 'its end', 20000);
  assert.deepEqual(end, { code: 0, signal: null }, daemon.process.tail());
  return performance.now() - since;
}

const refuses = (port) => new Promise((resolve) => {
  connect({ after: () => {} }, port).then((peer) => {
    peer.destroy();
    resolve(false);
  }, () => resolve(true));
});

for (const offer of ['', 'chunk=4096'])
  test(`a trunk is drained (${offer || 'base mode'})`, async (t) => {
    const daemon = await startGateway(t, { 'drain-time': '2s' });
    const port = daemon.port('main');
    const m = await openMux(t, port, TRUNK, offer);
    await m.created(1, '/echo');
    await m.created(3, '/echo');
    const began = performance.now();
    signal(daemon);
    assert.equal(await m.next(), DRAIN);
    await until(() => refuses(port), 'no more connections');
    // What was under way is served; it is refused from the second one on.
    await m.created(5, '/echo');
    await m.echo(3, 'still there');
    assert.equal(await m.next(), 'drain odd=0x0005 even=0x0000\r\n\r\n');
    m.create(7, '/echo');
    for (const id of [1, 3, 5]) {
      let text = await m.next();
      if (/^refused 0x0007\r\nHTTP\/1.1 503 /.test(text)) {
        m.control('destroy 0x0007 code=1000');
        text = await m.next();
      }
      assert.equal(text, `destroy ${hex(id)} ${CODE}\r\n\r\n`);
      // What it still has to say arrives.
      m.data(id, 'last');
      m.control(`destroy ${hex(id)} code=1012`);
    }
    assert.equal(await m.closed(1001), 'drained');
    m.peer.send(ws.close(1001));
    await ends(daemon, began);
  });

test('a client with channels of its own is drained too', async (t) => {
  const daemon = await startGateway(t, { 'drain-time': '1s' });
  const m = await openMux(t, daemon.port('main'), '/echo');
  await m.created(1, '/echo');
  signal(daemon);
  assert.equal(await m.next(), DRAIN);
  assert.equal(await m.next(), 'drain odd=0x0001 even=0x0000\r\n\r\n');
  assert.equal(await m.next(), `destroy 0x0001 ${CODE}\r\n\r\n`);
  await m.echo(0, 'channel 0 is the connection');
  m.control('destroy 0x0001 code=1012');
  await m.closed(1001);
  m.peer.send(ws.close(1001));
  await ends(daemon, 0);
});

test('plain clients are closed one after the other', async (t) => {
  const daemon = await startGateway(t, { 'drain-time': '2s' });
  const peers = [];
  for (let i = 0; i < 30; i++)
    peers.push(await open(t, daemon.port('main'), '/echo'));
  const began = performance.now();
  signal(daemon);
  const times = await Promise.all(peers.map(async (peer) => {
    assert.equal(await peer.closeFrame(1001), 'the server is stopping');
    peer.send(ws.close(1001));
    return performance.now() - began;
  }));
  times.sort((a, b) => a - b);
  assert.ok(times[0] < 500 * SLOW, `the first after ${times[0]}`);
  assert.ok(times.at(-1) - times[0] > 400, `all at once: ${times}`);
  assert.ok(times.at(-1) < 2000 * SLOW, `the last after ${times.at(-1)}`);
  await ends(daemon, began);
});

test('with drain-time = 0 all are closed at once', async (t) => {
  const daemon = await startGateway(t, {});
  const peer = await open(t, daemon.port('main'), '/echo');
  const m = await openMux(t, daemon.port('main'), TRUNK);
  await m.created(1, '/echo');
  signal(daemon, 'SIGINT');
  await peer.closeFrame(1001);
  assert.equal(await m.closed(1001), 'the server is stopping');
  peer.send(ws.close(1001));
  m.peer.send(ws.close(1001));
  await ends(daemon, 0);
});

test('a client that does not answer is cut behind the stop-timeout',
  async (t) => {
    const daemon = await startGateway(t, {
      'drain-time': '200ms', 'stop-timeout': '500ms',
    });
    const peer = await open(t, daemon.port('main'), '/echo');
    const m = await openMux(t, daemon.port('main'), TRUNK);
    await m.created(1, '/echo');
    const began = performance.now();
    signal(daemon);
    await peer.closeFrame(1001);
    // The trunk does not answer either: its time is over then.
    assert.equal(await m.closed(1001), 'the server is stopping');
    const took = await ends(daemon, began);
    assert.ok(took >= 650 && took < 3000 * SLOW, `after ${took} ms`);
  });

test('a second signal ends it at once', async (t) => {
  const daemon = await startGateway(t, {
    'drain-time': '60s', 'stop-timeout': '60s',
  });
  const m = await openMux(t, daemon.port('main'), TRUNK);
  await m.created(1, '/echo');
  const began = performance.now();
  signal(daemon);
  assert.equal(await m.next(), DRAIN);
  signal(daemon);
  // Even so it is told.
  await m.closed(1001);
  const took = await ends(daemon, began);
  assert.ok(took < 3000 * SLOW, `after ${took} ms`);
});

test('nobody there: it ends at once', async (t) => {
  const daemon = await startGateway(t, { 'drain-time': '60s' });
  const began = performance.now();
  signal(daemon);
  assert.ok(await ends(daemon, began) < 3000 * SLOW);
});

// --- an edge: the test is the gateway ----------------------------------------

const ANSWER = {
  'Sec-WebSocket-Extensions': 'x-kaazing-channels; window=65536',
};

function startEdge(t, port, times) {
  return startDaemon(t, {
    headgate: times,
    'listen main': { address: '127.0.0.1:0' },
    'trunk gateway': {
      connect: `ws://127.0.0.1:${port}${TRUNK}`, insecure: 'yes',
      'retry-min': '20ms', 'retry-max': '50ms',
    },
    'plugin channels': {},
    'service any': { listen: 'main', path: '/any', connect: 'trunk:gateway' },
  });
}

async function trunk(gateway) {
  const peer = await gateway.next();
  peer.send(accept(await peer.head(), ANSWER));
  return new Mux(peer);
}

const isUp = (daemon, count) => until(() => daemon.log.split('\n').filter(
  (line) => /trunk gateway to .* is up/.test(line)).length >= count,
'the trunk to be up');

async function client(t, daemon, m) {
  const peer = await connect(t, daemon.port('main'));
  peer.send(request('/any'));
  const id = parseInt((await m.next(/^create 0x/)).match(/0x(\w{4})/)[1], 16);
  m.control(`created ${hex(id)}`, head('HTTP/1.1 101 Fine'));
  assert.equal((await peer.head()).status, 101);
  return { peer, id };
}

test('an edge that stops: its clients end, then its trunk', async (t) => {
  const gateway = await listen(t);
  const daemon = await startEdge(t, gateway.port, { 'drain-time': '1s' });
  const m = await trunk(gateway);
  await isUp(daemon, 1);
  const one = await client(t, daemon, m);
  const two = await client(t, daemon, m);
  const began = performance.now();
  signal(daemon);
  const clients = [one, two].map(async ({ peer }) => {
    await peer.closeFrame(1001);
    peer.send(ws.close(1001));
  });
  assert.equal(await m.next(), DRAIN);
  const ended = new Set();
  while (ended.size < 2) {
    const text = await m.next();
    if (text === 'drain odd=0x0003 even=0x0000\r\n\r\n')
      continue;
    ended.add(text.match(/^destroy (0x0001|0x0003) code=1001\r\n\r\n$/)[1]);
  }
  await Promise.all(clients);
  // It waits for the gateway's part.
  for (const id of ended)
    m.control(`destroy ${id} code=1001`);
  assert.equal(await m.closed(1001), 'drained');
  m.peer.send(ws.close(1001, '', { key: false }));
  await ends(daemon, began);
});

test('an edge without clients has nothing to say', async (t) => {
  const gateway = await listen(t);
  const daemon = await startEdge(t, gateway.port, { 'drain-time': '60s' });
  const m = await trunk(gateway);
  await isUp(daemon, 1);
  signal(daemon);
  assert.equal(await m.closed(1001), 'drained');
  assert.equal(m.controls.length, 0);
  m.peer.send(ws.close(1001, '', { key: false }));
  await ends(daemon, 0);
});

test('an edge whose gateway drains goes on over another trunk', async (t) => {
  const gateway = await listen(t);
  const daemon = await startEdge(t, gateway.port, {});
  const old = await trunk(gateway);
  await isUp(daemon, 1);
  const one = await client(t, daemon, old);
  const two = await client(t, daemon, old);
  old.control('drain odd=0xffff even=0xffff');
  const next = await trunk(gateway);
  await isUp(daemon, 2);
  const three = await client(t, daemon, next);
  assert.equal(three.id, 1);
  // Those that it had are served.
  old.control('drain odd=0x0003 even=0x0000');
  one.peer.send(ws.text('up'));
  assert.equal((await old.message(one.id)).payload.toString(), 'up');
  old.data(two.id, 'down');
  assert.equal((await two.peer.message()).payload.toString(), 'down');
  // Until the gateway ends them, one by one, and the rest with the connection.
  old.control(`destroy ${hex(one.id)} ${CODE}`);
  await one.peer.closeFrame(1012);
  one.peer.send(ws.close(1012));
  await old.next(new RegExp(`^destroy ${hex(one.id)} code=`));
  old.peer.send(ws.close(1001, '', { key: false }));
  await two.peer.closeFrame(1012);
  next.data(three.id, 'still there');
  assert.equal((await three.peer.message()).payload.toString(), 'still there');
  assert.equal(await daemon.status('trunk gateway up'), 1);
});

test('a gateway that drains each trunk does not collect them', async (t) => {
  const gateway = await listen(t);
  const daemon = await startEdge(t, gateway.port, {});
  const muxes = [];
  for (let i = 0; i < 8; i++) {
    const m = await trunk(gateway);
    await isUp(daemon, i + 1);
    m.control('drain odd=0xffff even=0xffff');
    muxes.push(m);
  }
  // Four are kept; the others were closed when one more came.
  for (const m of muxes.slice(0, 3)) {
    await m.closed(1001);
    m.peer.send(ws.close(1001, '', { key: false }));
  }
  await until(async () => (await daemon.connections('trunk-out')).length <= 6,
    'the old ones to be gone');
});
