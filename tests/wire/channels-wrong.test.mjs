// SPDX-License-Identifier: Apache-2.0
// T01-T03: labels, ids and control messages that are wrong, each on its own.
import assert from 'node:assert/strict';
import test from 'node:test';

import { openMux } from '../lib/channels.mjs';
import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { listen } from '../lib/server.mjs';
import { until } from '../lib/wait.mjs';

const server = await listen(test);
const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'plugin echo': {},
  'plugin channels': {},
  'service ch': {
    listen: 'main', path: '/ch', plugins: 'echo',
    extensions: 'x-kaazing-channels', 'close-timeout': '1s',
  },
  'service up': {
    listen: 'main', path: '/up', connect: `ws://127.0.0.1:${server.port}`,
    'connect-timeout': '3s', 'close-timeout': '1s',
  },
});

const mux = (t, offer) => openMux(t, daemon.port('main'), '/ch', offer);
const CREATE = 'GET /ch HTTP/1.1\r\n';
const long = (size) => `X: ${'y'.repeat(size)}\r\n`;

// Channel 0x0001 is open. The whole text of a control message, and whether it
// is an error or is ignored.
const grammar = [
  ['', 1002], ['\r\n', 1002], ['\r\n\r\n', 1002],
  ['credit 0x0001 bytes=1', 1002],
  ['credit 0x0001 bytes=1\r\n', 1002],
  ['credit 0x0001 bytes=1\n\n', 1002],
  ['credit 0x0001 bytes=1\r\n\r\nx', 1002],
  ['credit 0x0001 bytes=1\r\n\r\n\r\n', 1002],
  ['credit 0x0001 bytes=1\r\nX: y\r\n\r\n', 1002],
  ['credit 0x0001 bytes=1\r\n\r\n', 'ignored'],
  ['credit 0x0001 bytes=18446744073709551615\r\n\r\n', 'ignored'],
  ['credit 0x0001 bytes=18446744073709551616\r\n\r\n', 1002],
  ['credit 0x0001 bytes=-1\r\n\r\n', 1002],
  ['credit 0x0001 bytes=+1\r\n\r\n', 1002],
  ['credit 0x0001 bytes=0x10\r\n\r\n', 1002],
  ['credit 0x0001 bytes=\r\n\r\n', 1002],
  ['credit 0x0001 bytes\r\n\r\n', 1002],
  ['credit 0x0001\r\n\r\n', 1002],
  ['credit bytes=1\r\n\r\n', 1002],
  ['credit 0x0001 0x0003 bytes=1\r\n\r\n', 1002],
  ['credit 0x0001 bytes=1 bytes=1\r\n\r\n', 1002],
  ['credit 0x0001 bytes=1 x=1 x=1\r\n\r\n', 1002],
  ['credit 0x0001 bytes=1 unknown=1\r\n\r\n', 'ignored'],
  ['credit 0x0001 bytes=1 un-known=a%20b,c~d\r\n\r\n', 'ignored'],
  ['credit 0x0001 bytes=1 x=%2\r\n\r\n', 1002],
  ['credit 0x0001 bytes=1 x=%zz\r\n\r\n', 1002],
  ['credit 0x0001 bytes=1 x=a;b\r\n\r\n', 1002],
  ['credit 0x0001 bytes=1 X=1\r\n\r\n', 1002],
  ['credit 0x0001 bytes=1 x1=1\r\n\r\n', 1002],
  ['credit 0x0001 bytes=1 =1\r\n\r\n', 1002],
  ['credit  0x0001 bytes=1\r\n\r\n', 1002],
  [' credit 0x0001 bytes=1\r\n\r\n', 1002],
  ['credit 0x0001 bytes=1 \r\n\r\n', 1002],
  ['credit\t0x0001 bytes=1\r\n\r\n', 1002],
  ['credit bytes=1 0x0001\r\n\r\n', 1002],
  ['credit 0x1 bytes=1\r\n\r\n', 1002],
  ['credit 0x00001 bytes=1\r\n\r\n', 1002],
  ['credit 0X0001 bytes=1\r\n\r\n', 1002],
  ['credit 0x000A bytes=1\r\n\r\n', 1002],
  ['credit 0001 bytes=1\r\n\r\n', 1002],
  ['Credit 0x0001 bytes=1\r\n\r\n', 1002],
  ['credit 0x0001 bytes=1\0\r\n\r\n', 1002],
  ['unknown\r\n\r\n', 1002],
  ['unknown 0x0001\r\n\r\n', 1002],
  ['unknown?\r\n\r\n', 'ignored'],
  ['unknown? 0x0001 a=b\r\n\r\n', 'ignored'],
  ['unknown? 0x0001 a=b\r\nX: y\r\n\r\n', 'ignored'],
  ['unknown? a=b a=b\r\n\r\n', 1002],
  ['unknown?? 0x0001\r\n\r\n', 1002],
  ['?\r\n\r\n', 1002],
  ['un-known? 0x0001\r\n\r\n', 1002],
  ['destroy? 0x0001 code=1000\r\n\r\n', 'ignored'],
  [`credit 0x0001 bytes=1 x=${'y'.repeat(12288)}\r\n\r\n`, 1002],
  [`unknown? x=${'y'.repeat(12000)}\r\n\r\n`, 'ignored'],
  ['error reason=because%20of id=0x0001\r\n\r\n', 'ignored'],
  ['error reason=%1b%5b31m%0d%0aevil\r\n\r\n', 'ignored'],
  ['error\r\n\r\n', 1002],
];

// Lines with the rest of the message, channel 0x0001 being open.
const rules = [
  ['create 0x0000', CREATE, 1002], ['create 0xffff', CREATE, 1002],
  ['create 0x0002', CREATE, 1002], ['create 0xfffe', CREATE, 1002],
  ['create 0x0001', CREATE, 1002], ['create', CREATE, 1002],
  ['create 0x0003', '', 1002],
  ['create 0x0003', 'GET /ch\r\n', 1002],
  ['create 0x0003', 'GET /ch HTTP/1.0\r\n', 1002],
  ['create 0x0003', `${CREATE}X: a\nY: b\r\n`, 1002],
  ['create 0x0003', `${CREATE} folded\r\n`, 1002],
  ['create 0x0003', `${CREATE}X : y\r\n`, 1002],
  ['create 0x0003', `${CREATE}X: \0\r\n`, 1002],
  ['create 0x0003', `${CREATE}${'X: y\r\n'.repeat(65)}`, 1002],
  ['create 0x0003', `${CREATE}${long(8192)}`, 1002],
  ['create 0x0003', 'HTTP/1.1 200 OK\r\n', 1002],
  ['create 0x0003 parent=0xffff', '', 1002],
  ['create 0x0003 parent=0x0005', '', 1002],
  ['create 0x0003 parent=0x0003', '', 1002],
  ['create 0x0003 parent=1', '', 1002],
  ['created 0x0001', 'HTTP/1.1 101 x\r\n', 1002],
  ['created 0x0002', 'HTTP/1.1 101 x\r\n', 1002],
  ['refused 0x0001', 'HTTP/1.1 404 x\r\n', 1002],
  ['refused 0x0000', 'HTTP/1.1 404 x\r\n', 1002],
  ['destroy 0x0000 code=1000', '', 1002],
  ['destroy 0xffff code=1000', '', 1002],
  ['destroy 0x0003 code=1000', '', 1002],
  ['destroy 0x0002 code=1000', '', 1002],
  ['destroy 0x0001', '', 1002],
  ['destroy 0x0001 code=999', '', 1002],
  ['destroy 0x0001 code=1005', '', 1002],
  ['destroy 0x0001 code=1006', '', 1002],
  ['destroy 0x0001 code=1015', '', 1002],
  ['destroy 0x0001 code=5000', '', 1002],
  ['destroy 0x0001 code=99999999999', '', 1002],
  ['destroy 0x0001 code=1000', 'X: y\r\n', 1002],
  ['abort 0x0000 code=1000', '', 1002],
  ['abort 0x0003 code=1000', '', 1002],
  ['credit 0x0003 bytes=1', '', 1002],
  ['credit 0x0002 bytes=1', '', 1002],
  ['credit 0xffff bytes=99999999', '', 'ignored'],
  ['credit 0x0000 bytes=99999999', '', 'ignored'],
  ['migrate 0x0000 to=0x0003 at=0', '', 1002],
  ['migrate 0x0001 to=0x0001 at=0', '', 1002],
  ['migrate 0x0001 to=0x0002 at=0', '', 1002],
  ['migrate 0x0001 to=0xffff at=0', '', 1002],
  ['migrate 0x0001 to=0x0003 at=1', '', 1002],
  ['migrate 0x0001 to=0x0003', '', 1002],
  ['migrate 0x0005 to=0x0003 at=0', '', 1002],
  ['migrated 0x0001 to=0x0003 at=0', '', 1002],
  ['merge 0x0000 with=0x0001 at=0 seq=0', '', 1002],
  ['merge 0x0001 with=0x0000 at=0 seq=0', '', 1002],
  ['merge 0x0001 with=0x0002 at=0 seq=0', '', 1002],
  ['merge 0x0005 with=0x0001 at=0 seq=0', '', 1002],
  ['merged 0x0001', '', 1002],
  ['unmerge 0x0000 seq=0', '', 1002],
  ['unmerged 0x0001', '', 1002],
  ['denied 0x0001 what=merge reason=no', '', 1002],
  ['resumed 0x0001 seq=1', '', 1002],
  ['gap 0x0001 from=1 to=2', '', 1002],
  ['authed 0x0001', 'HTTP/1.1 200 OK\r\n', 1002],
  ['auth 0x0003', CREATE, 1002],
  ['auth 0x0001', '', 1002],
  ['drain', '', 1002],
  ['drain odd=1 even=2', '', 1002],
];

async function check(m, wanted) {
  if (wanted === 'ignored') {
    await m.echo(0, 'all is well');
    await m.echo(1, 'here too');
    return;
  }
  await m.closed(wanted);
  assert.match(m.controls.join(''), /^error reason=[a-z-]+/);
}

for (const [text, wanted] of grammar)
  test(`grammar ${JSON.stringify(text).slice(0, 70)}: ${wanted}`, async (t) => {
    const m = await mux(t);
    await m.created(1, '/ch');
    m.raw(text);
    await check(m, wanted);
  });

for (const [line, rest, wanted] of rules)
  test(`${line} ${JSON.stringify(rest).slice(0, 40)}: ${wanted}`, async (t) => {
    const m = await mux(t);
    await m.created(1, '/ch');
    m.control(line, rest);
    await check(m, wanted);
  });

// Data and labels. Text may be refused for its bytes before its id is seen.
const data = [
  ['an empty message', (m) => m.peer.send(ws.binary('')), /1002/],
  ['one byte', (m) => m.peer.send(ws.binary('\0')), /1002/],
  ['one byte of text', (m) => m.peer.send(ws.text('\0')), /1002/],
  ['data on an id of the other parity', (m) => m.data(2, 'x'), /1002/],
  ['data on an id that never was', (m) => m.data(3, 'x'), /1002/],
  ['data on the last id', (m) => m.data(0xfffd, Buffer.from('x')), /1002/],
  ['control as text', (m) => m.raw('unknown?\r\n\r\n',
    { opcode: ws.OP.TEXT }), /1002|1007/],
  ['text on an id with a byte over 0x7f', (m) => m.create(0x81, '/ch')
    .data(0x81, 'x'), /1002|1007/],
];

for (const [name, act, wanted] of data)
  test(`${name}: ${wanted}`, async (t) => {
    const m = await mux(t);
    await m.created(1, '/ch');
    act(m);
    await m.closed(wanted);
  });

test('data behind a destroy is 1002, or late', async (t) => {
  const m = await mux(t);
  await m.created(1, '/ch');
  m.control('destroy 0x0001 code=1000').data(1, 'x');
  await m.next(/^destroy 0x0001/);
  m.data(0, 'y');
  await Promise.any([m.closed(1002), m.message(0)]);
});

test('binary on an id with a byte over 0x7f', async (t) => {
  const m = await mux(t);
  await m.created(0x81, '/ch');
  await m.echo(0x81, Buffer.from('fine'));
});

test('T01: every id that was never created is 1002', async (t) => {
  const ids = [2, 3, 4, 5, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xfffd,
    0xfffe];
  for (const id of ids) {
    const m = await mux(t);
    m.data(id, Buffer.from('x'));
    await m.closed(1002);
  }
});

test('T02: early creates are bounded', async (t) => {
  const m = await mux(t);
  for (let id = 1; id < 2 * 9; id += 2)
    m.create(id, '/up');
  await m.closed(1008);
});

test('T07: 257 creates without an answer', async (t) => {
  const m = await mux(t);
  await m.created(1, '/ch');
  for (let i = 1; i <= 256; i++)
    m.create(2 * i + 1, '/up');
  await m.echo(0, 'on');
  m.create(1001, '/up');
  await m.closed(1002);
});

test('nothing is left', async () => {
  await until(async () => (await daemon.table('connections')).length === 0,
    'no connection');
});
