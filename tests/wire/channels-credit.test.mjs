// SPDX-License-Identifier: Apache-2.0
// Credit, both ways, and messages that are larger than it.
import assert from 'node:assert/strict';
import test from 'node:test';

import { openMux } from '../lib/channels.mjs';
import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { accept, listen } from '../lib/server.mjs';

const CHARGE = 16;
const WINDOW = 65536;
const CONN_WINDOW = 1 << 20;

const server = await listen(test);
const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'plugin echo': {},
  'plugin channels': {},
  'service ch': {
    listen: 'main', path: '/ch', plugins: 'echo',
    extensions: 'x-kaazing-channels',
  },
  'service up': {
    listen: 'main', path: '/up', connect: `ws://127.0.0.1:${server.port}`,
  },
});

const mux = (t, offer) => openMux(t, daemon.port('main'), '/ch', offer);

async function upstream(m, id) {
  m.create(id, '/up');
  const end = await server.next();
  end.send(accept(await end.head()));
  await m.next(/^created/);
  return end;
}

test('credit is given when half the window was used', async (t) => {
  const m = await mux(t);
  await m.created(1, '/ch');
  const size = 8192 - CHARGE;
  for (let i = 0; i < 5; i++)
    m.data(1, Buffer.alloc(size));
  await m.credited(1, WINDOW + WINDOW / 2);
  assert.ok(m.credit.get(1) <= WINDOW + 5 * 8192);
});

test('and whenever nothing is stored any more', async (t) => {
  const m = await mux(t);
  await m.created(1, '/ch');
  m.data(1, 'x');
  await m.credited(1, WINDOW + CHARGE + 1);
  assert.equal(m.credit.get(1), WINDOW + CHARGE + 1);
});

test('channel 0 has a window too', async (t) => {
  const m = await mux(t);
  m.data(0, Buffer.alloc(1000));
  await m.credited(0, WINDOW + CHARGE + 1000);
  assert.equal(m.credit.get(0), WINDOW + CHARGE + 1000);
});

test('with credit a channel carries any amount', async (t) => {
  const m = await mux(t);
  await m.created(1, '/ch');
  let sent = 0;
  m.credit.set(1, WINDOW);
  for (let i = 0; i < 100; i++) {
    const charge = 30000 + CHARGE;
    await m.credited(1, sent + charge);
    m.data(1, Buffer.alloc(30000, i));
    sent += charge;
    const back = await m.message(1);
    assert.equal(back.payload[0], i);
    m.control(`credit 0x0001 bytes=${sent + WINDOW}`);
    m.control(`credit 0xffff bytes=${sent + CONN_WINDOW}`);
  }
});

test('more than a channel\'s window ends that channel', async (t) => {
  const m = await mux(t);
  const end = await upstream(m, 1);
  end.socket.pause();
  // The server does not read, so there is no credit: but what the sockets
  // between take in was passed on.
  for (let i = 0; i < 400 && m.controls.length === 0; i++) {
    m.data(1, Buffer.alloc(65000));
    await m.echo(0, 'x');
  }
  await m.next(/^abort 0x0001 code=1008/);
  m.control('destroy 0x0001 code=1000');
  await m.echo(0, 'the others live on');
});

test('what comes back waits for our credit', async (t) => {
  const m = await mux(t, 'window=20000');
  await m.created(1, '/ch');
  for (let i = 0; i < 3; i++)
    m.data(1, Buffer.alloc(9000, i));
  for (let i = 0; i < 2; i++)
    assert.equal((await m.message(1)).payload[0], i);
  await m.echo(0, 'a third would be too much, others pass');
  assert.equal(m.messages.get(1).length, 0);
  m.control(`credit 0x0001 bytes=${3 * (9000 + CHARGE) - 1}`);
  await m.echo(0, 'one byte is missing');
  assert.equal(m.messages.get(1).length, 0);
  m.control(`credit 0x0001 bytes=${3 * (9000 + CHARGE)}`);
  assert.equal((await m.message(1)).payload[0], 2);
});

test('less credit than before is ignored', async (t) => {
  const m = await mux(t, 'window=20000');
  await m.created(1, '/ch');
  m.control('credit 0x0001 bytes=40000').control('credit 0x0001 bytes=1');
  for (let i = 0; i < 4; i++)
    m.data(1, Buffer.alloc(9000, i));
  for (let i = 0; i < 4; i++)
    assert.equal((await m.message(1)).payload[0], i);
});

test('a message longer than our window ends its channel: 1009', async (t) => {
  const m = await mux(t, 'window=5000');
  await m.created(1, '/ch');
  const end = await upstream(m, 3);
  end.send(ws.binary(Buffer.alloc(5000 - CHARGE), { key: false }));
  assert.equal((await m.message(3)).payload.length, 5000 - CHARGE);
  m.control('credit 0x0003 bytes=10000');
  end.send(ws.binary(Buffer.alloc(5000 - CHARGE + 1), { key: false }));
  await m.next(/^(abort|destroy) 0x0003 code=1009/);
  await m.echo(1, 'the other lives on');
});

test('a channel that waits for credit stops its server', async (t) => {
  const m = await mux(t);
  await m.created(1, '/ch');
  const end = await upstream(m, 3);
  const before = daemon.memory();
  const message = ws.binary(Buffer.alloc(65000), { key: false });
  let sent = 0;
  while (sent < 1000 && end.socket.writableLength < 4 << 20) {
    end.send(message);
    if (++sent % 10 === 0)
      await m.echo(1, 'the other is not slower');
  }
  assert.ok(sent < 1000, `${sent} messages went into nothing`);
  assert.ok(daemon.memory() - before < 8 << 20, 'memory grew');
  assert.ok((m.messages.get(3)?.length ?? 0) <= 1, 'within the window');
});

test('migrate keeps all that a channel has', async (t) => {
  const m = await mux(t);
  await m.created(0x81, '/ch');
  await m.echo(0x81, Buffer.from('1'));
  await m.echo(0x81, Buffer.from('2'));
  m.control('migrate 0x0081 to=0x0001 at=2');
  await m.next(/^migrated 0x0081 to=0x0001 at=2\r\n\r\n$/);
  await m.echo(1, 'text is fine now');
  m.control('destroy 0x0001 code=1000');
  await m.next(/^destroy 0x0001/);
  await m.created(0x81, '/ch');
});
