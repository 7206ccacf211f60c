// SPDX-License-Identifier: Apache-2.0
// /echo through edge, trunk and gateway: with one worker and with two, in chunk
// mode and without, and with a trunk that is compressed.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import WebSocket from 'ws';

import * as frame from '../lib/frame.mjs';
import { startPair } from '../lib/pair.mjs';
import { within } from '../lib/wait.mjs';
import { open } from '../lib/wsraw.mjs';

const echo = { path: '/echo', plugins: 'echo' };

function client(t, url) {
  const ws = new WebSocket(url);
  t.after(() => ws.terminate());
  const got = [];
  const waiting = [];
  ws.on('message', (data, isBinary) => {
    const message = isBinary ? data : data.toString();
    if (waiting.length > 0)
      waiting.shift()(message);
    else
      got.push(message);
  });
  const opened = new Promise((resolve, reject) => {
    ws.on('open', resolve);
    ws.on('error', reject);
  });
  return {
    ws,
    opened: within(opened, 'the WebSocket to open'),
    next: (ms = 10000) => within(got.length > 0 ? got.shift() :
      new Promise((resolve) => waiting.push(resolve)), 'a message', ms),
    closed: () => within(new Promise((resolve) =>
      ws.on('close', (code, reason) =>
        resolve([code, reason.toString()]))), 'the close'),
  };
}

const packing = 'x-kaazing-channels x-kaazing-fanout permessage-deflate';

for (const workers of [1, 2])
  for (const [chunk, packed] of [['16k'], ['0'], ['16k', true]]) {
    const name = `workers = ${workers}, chunk = ${chunk}`;
    describe(`${name}${packed ? ', compressed' : ''}`, async () => {
      const pair = await startPair(test, {
        gateway: {
          headgate: { workers }, 'plugin channels': { chunk },
          'plugin echo': {},
          ...packed && {
            'plugin deflate': {},
            'service trunk': {
              listen: 'trunks', path: '/.headgate/trunk', trunk: 'yes',
              extensions: packing,
            },
          },
          'service echo': { listen: 'clients trunks', ...echo },
        },
        edge: {
          headgate: { workers }, 'plugin channels': { chunk },
          ...packed && {
            'plugin deflate': {}, 'trunk gateway': { extensions: packing },
          },
          'service echo': {
            listen: 'clients', path: '/echo', connect: 'trunk:gateway',
          },
        },
      });
      const url = pair.url('/echo');

      test('text and binary', async (t) => {
        const one = client(t, url);
        await one.opened;
        for (const data of ['', 'x', '\u20ac'.repeat(10000), 'end',
          Buffer.alloc(0), Buffer.from([0xff, 0xff]), randomBytes(60000)]) {
          one.ws.send(data);
          assert.deepEqual(await one.next(), data);
        }
      });

      test('fragments', async (t) => {
        const one = client(t, url);
        await one.opened;
        for (const part of ['a', '', 'b'])
          one.ws.send(part, { fin: false, binary: false });
        one.ws.send('c', { fin: true, binary: false });
        assert.equal(await one.next(), 'abc');
      });

      // Without chunk mode a message is never longer than a window.
      const [size, wanted] = chunk === '0' ? [65521, 1009] : [10 << 20, 1000];
      test(`${size} bytes`, async (t) => {
        const one = client(t, url);
        await one.opened;
        const data = randomBytes(size);
        one.ws.send(data);
        if (wanted === 1000)
          assert.ok((await one.next(30000)).equals(data));
        else
          assert.equal((await one.closed())[0], wanted);
      });

      test('100 clients at once, 20 messages each', async (t) => {
        const clients = Array.from({ length: 100 }, () => client(t, url));
        await Promise.all(clients.map((one) => one.opened));
        await Promise.all(clients.map(async (one, i) => {
          for (let j = 0; j < 20; j++)
            one.ws.send(`${i} ${j} ${'x'.repeat(j * 100)}`);
          for (let j = 0; j < 20; j++)
            assert.equal(await one.next(), `${i} ${j} ${'x'.repeat(j * 100)}`);
        }));
        assert.equal((await pair.edge.connections('trunk-out')).length, 1);
        for (const one of clients)
          one.ws.close(1000);
        await Promise.all(clients.map((one) => one.closed()));
      });

      test('a client that does not read stops nobody', async (t) => {
        const slow = await open(t, pair.edge.port('clients'), '/echo');
        slow.socket.pause();
        slow.socket.on('error', () => {});
        slow.send(frame.binary(Buffer.alloc(60000)));
        for (let i = 0; i < 300; i++)
          slow.send(frame.binary(Buffer.alloc(60000)));
        const one = client(t, url);
        await one.opened;
        for (let i = 0; i < 100; i++) {
          one.ws.send(`still quick ${i}`);
          assert.equal(await one.next(), `still quick ${i}`);
        }
      });

      if (packed)
        test('the trunk carries less than the clients', async (t) => {
          const before = await pair.trunkBytes();
          const one = client(t, url);
          await one.opened;
          for (let i = 0; i < 20; i++) {
            one.ws.send('again and '.repeat(1000));
            await one.next();
          }
          const after = await pair.trunkBytes();
          const bytes = after.sent + after.received - before.sent -
            before.received;
          assert.ok(bytes < 100000, `${bytes} bytes for 400,000`);
        });

      test('close codes and reasons', async (t) => {
        for (const code of [1000, 3000, 4999]) {
          const one = client(t, url);
          await one.opened;
          one.ws.close(code, 'why');
          assert.deepEqual(await one.closed(), [code, '']);
        }
      });

      test('straight to the gateway', async (t) => {
        const one = client(t, pair.gateway.url('clients', '/echo'));
        await one.opened;
        one.ws.send('direct');
        assert.equal(await one.next(), 'direct');
      });

      test('nothing is left', () => pair.noClients());
    });
  }
