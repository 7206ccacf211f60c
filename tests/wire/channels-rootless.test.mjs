// SPDX-License-Identifier: Apache-2.0
// A connection that several WebSockets share: nothing is behind channel 0x0000,
// so that none of them ends the others (x-kaazing-channels; root=none).
import assert from 'node:assert/strict';
import test from 'node:test';

import { Mux, hex, openMux } from '../lib/channels.mjs';
import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { openInner } from '../lib/inner.mjs';
import { accept, listen } from '../lib/server.mjs';

const upstream = await listen(test);
const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'plugin echo': {},
  'plugin channels': {},
  'service echo': {
    listen: 'main', path: '/echo', plugins: 'echo',
    extensions: 'x-kaazing-channels', 'second-handshake': 'yes',
    origin: 'http://page.example',
  },
  'service up': {
    listen: 'main', path: '/up', connect: `ws://127.0.0.1:${upstream.port}`,
    extensions: 'x-kaazing-channels', 'second-handshake': 'yes',
    subprotocols: 'alpha beta', origin: 'http://page.example',
  },
});
const port = daemon.port('main');
const CREDENTIALS = {
  Origin: 'http://page.example', Cookie: 'id=5',
  'Sec-WebSocket-Protocol': 'x-kaazing-handshake, alpha',
};

// Ways to have one.
const ways = {
  async outer(t, path) {
    const { Origin, Cookie } = CREDENTIALS;
    return await openMux(t, port, path, 'root=none; chunk=4096',
      { Origin, Cookie, Authorization: 'Bearer x',
        'Sec-WebSocket-Protocol': 'alpha' });
  },
  async inner(t, path) {
    const peer = await openInner(t, port, path, {
      'Sec-WebSocket-Extensions': 'x-kaazing-channels; root=none; chunk=4096',
      'Sec-WebSocket-Protocol': 'alpha', Authorization: 'Bearer x',
    }, CREDENTIALS);
    peer.response = peer.inner;
    return new Mux(peer, true);
  },
};

for (const [way, openOne] of Object.entries(ways)) {
  test(`${way}: nothing is dialled, no subprotocol is chosen`, async (t) => {
    const mux = await openOne(t, '/up');
    const { fields } = mux.peer.response;
    assert.match(fields['sec-websocket-extensions'][0], /; root=none$/);
    assert.equal(fields['sec-websocket-protocol'], undefined);
    assert.equal(upstream.arrived(), 0);
  });

  test(`${way}: each has its own end, and none ends the others`, async (t) => {
    const mux = await openOne(t, '/echo');
    await mux.created(1, '/echo');
    mux.create(3, '/up', { 'Sec-WebSocket-Protocol': 'beta' });
    const server = await upstream.next();
    const head = await server.head();
    assert.deepEqual(head.fields['sec-websocket-protocol'], ['beta']);
    server.send(accept(head, { 'Sec-WebSocket-Protocol': 'beta' }));
    await mux.next(/^created 0x0003\r\n/);
    await mux.echo(1, 'hello');
    server.send(ws.close(4001, 'bye', { key: false }));
    await mux.next('destroy 0x0003 code=4001 reason=bye\r\n\r\n');
    mux.control(`destroy ${hex(3)} code=4001`);
    await mux.echo(1, 'still here');
    mux.control('destroy 0x0001 code=1000');
    await mux.next('destroy 0x0001 code=1000\r\n\r\n');
    await mux.created(5, '/echo');
    await mux.echo(5, 'and later');
  });

  test(`${way}: who comes is who made the connection`, async (t) => {
    const mux = await openOne(t, '/up');
    const seen = async (fields) => {
      mux.create(seen.id, '/up', { 'Sec-WebSocket-Protocol': 'alpha',
        Origin: 'http://evil.example', ...fields });
      seen.id += 2;
      const server = await upstream.next();
      const head = await server.head();
      server.destroy();
      await mux.next(/^refused/);
      return [head.fields.origin, head.fields.cookie,
        head.fields.authorization].map((one) => one?.join());
    };
    seen.id = 1;
    assert.deepEqual(await seen({}),
      ['http://page.example', 'id=5', 'Bearer x']);
    assert.deepEqual(await seen({ Authorization: 'Bearer y', Cookie: 'id=6' }),
      ['http://page.example', 'id=6', 'Bearer y']);
  });

  test(`${way}: data on 0x0000 ends it`, async (t) => {
    const mux = await openOne(t, '/echo');
    mux.data(0, 'x');
    await mux.closed(1008);
  });
}

test('other values are no request for it', async (t) => {
  const mux = await openMux(t, port, '/echo', 'root=nobody; chunk=4096');
  assert.doesNotMatch(
    mux.peer.response.fields['sec-websocket-extensions'][0], /root/);
  await mux.echo(0, 'x');
});

test('the checks of the path still hold', async (t) => {
  await assert.rejects(openMux(t, port, '/up', 'root=none',
    { Origin: 'http://evil.example', 'Sec-WebSocket-Protocol': 'alpha' }),
  /403/);
  await assert.rejects(openMux(t, port, '/none', 'root=none'), /404/);
});
