// SPDX-License-Identifier: Apache-2.0
// x-kaazing-idle-timeout on the wire: what a client without pings sees.
import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { connect, request } from '../lib/wsraw.mjs';

const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'plugin echo': {},
  'plugin channels': {},
  'plugin pingpong': {},
  'plugin idletimeout': { timeout: '100ms' },
  'service echo': {
    listen: 'main', path: '/echo', plugins: 'echo',
    extensions: 'x-kaazing-idle-timeout x-kaazing-ping-pong ' +
      'x-kaazing-channels',
  },
});

async function open(t, offer, answer) {
  const peer = await connect(t, daemon.port('main'));
  peer.send(request('/echo', { 'Sec-WebSocket-Extensions': offer }));
  const response = await peer.head();
  assert.equal(response.status, 101);
  assert.equal(response.fields['sec-websocket-extensions'].join(', '), answer);
  return peer;
}

test('a pong frame again and again', async (t) => {
  const peer = await open(t, 'x-kaazing-idle-timeout',
    'x-kaazing-idle-timeout; timeout=100');
  for (let i = 0; i < 5; i++)
    assert.equal((await peer.bytes(2)).toString('hex'), '8a00');
  peer.send(ws.text('x'));
  for (;;) {
    const { opcode, payload } = await peer.frame();
    if (opcode === ws.OP.PONG)
      continue;
    assert.equal(payload.toString(), 'x');
    break;
  }
});

for (const [name, offer, answer] of [
  ['as the clients that exist offer them',
    'x-kaazing-idle-timeout,x-kaazing-ping-pong',
    'x-kaazing-idle-timeout; timeout=100, x-kaazing-ping-pong; 01010102'],
  ['above channels',
    'x-kaazing-idle-timeout, x-kaazing-channels, x-kaazing-ping-pong',
    /^x-kaazing-channels(;[^,]*)?, x-kaazing-idle-timeout; timeout=100, x-kaazing-ping-pong; 01010102$/],
])
  test(`a message with ping-pong: ${name}`, async (t) => {
    const peer = await connect(t, daemon.port('main'));
    peer.send(request('/echo', { 'Sec-WebSocket-Extensions': offer }));
    const { status, fields } = await peer.head();
    assert.equal(status, 101);
    const answered = fields['sec-websocket-extensions'].join(', ');
    if (typeof answer === 'string')
      assert.equal(answered, answer);
    else
      assert.match(answered, answer);
    for (let i = 0; i < 3; i++)
      assert.equal((await peer.bytes(8)).toString('hex'),
        '8106010101020a00');
  });
