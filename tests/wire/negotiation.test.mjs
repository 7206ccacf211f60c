// SPDX-License-Identifier: Apache-2.0
// W13, W16: lists of subprotocols and of extensions.
import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from '../lib/daemon.mjs';
import { connect, request } from '../lib/wsraw.mjs';

const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'plugin echo': {},
  'plugin channels': { 'max-channels': 7 },
  'plugin fanout': {},
  'service echo': { listen: 'main', path: '/echo', plugins: 'echo' },
  'service two': {
    listen: 'main', path: '/two', plugins: 'echo', subprotocols: 'alpha beta',
  },
  'service channels': {
    listen: 'main', path: '/ch', plugins: 'echo',
    extensions: 'x-kaazing-channels',
  },
  'service fanout': {
    listen: 'main', path: '/fan', plugins: 'echo',
    extensions: 'x-kaazing-channels x-kaazing-fanout',
  },
});

const PROTOCOL = 'Sec-WebSocket-Protocol';
const EXTENSIONS = 'Sec-WebSocket-Extensions';

async function ask(t, path, fields) {
  const peer = await connect(t, daemon.port('main'));
  peer.send(Buffer.from(request(path, fields), 'latin1'));
  return peer.head();
}

// path, Sec-WebSocket-Protocol, what is answered: a name, none, or a status.
const protocols = [
  ['/echo', null, undefined],
  ['/echo', 'alpha', undefined],
  ['/echo', 'alpha, beta', undefined],
  ['/echo', 'v12.stomp', undefined],
  ['/two', null, undefined],
  ['/two', 'alpha', 'alpha'],
  ['/two', 'beta', 'beta'],
  ['/two', 'gamma, beta', 'beta'],
  ['/two', 'gamma,beta', 'beta'],
  ['/two', '  gamma\t,\tbeta  ', 'beta'],
  ['/two', ['gamma', 'beta'], 'beta'],
  ['/two', ['gamma, delta', 'epsilon, alpha'], 'alpha'],
  ['/two', ',alpha', 'alpha'],
  ['/two', 'gamma,,alpha,', 'alpha'],
  ['/two', Array(900).fill('gamma').join(',') + ',beta', 'beta'],
  ['/two', 'gamma', 400],
  ['/two', 'alphabet', 400],
  ['/two', 'alph', 400],
  ['/two', 'alpha.', 400],
  ['/two', 'Alpha', 400],
  ['/two', 'ALPHA', 400],
  ['/two', '', 400],
  ['/two', ',', 400],
  ['/two', ', ,', 400],
  ['/two', 'alpha beta', 400],
  ['/two', '"alpha"', 400],
  ['/two', 'alpha; q=1', 400],
  ['/two', 'alpha, be(ta', 400],
  ['/two', 'beta, b\xe4ta', 400],
  ['/two', 'alpha, a/b', 400],
  ['/echo', 'a b', 400],
  ['/echo', '@', 400],
];

for (const [path, offered, wanted] of protocols) {
  const shown = JSON.stringify(offered)?.slice(0, 60);
  test(`${path} asked for ${shown} answers ${wanted}`, async (t) => {
    const response = await ask(t, path, { [PROTOCOL]: offered });
    const answered = response.fields[PROTOCOL.toLowerCase()];
    if (typeof wanted === 'number') {
      assert.equal(response.status, wanted);
      assert.equal(answered, undefined);
      return;
    }
    assert.equal(response.status, 101);
    assert.deepEqual(answered, wanted && [wanted]);
  });
}

const OWN = 'x-kaazing-channels; window=65536; max-channels=7';
const FAN = 'x-kaazing-channels; extensions=x-kaazing-fanout; window=65536; ' +
  'max-channels=7';

// path, Sec-WebSocket-Extensions, the whole answer, none, or a status.
const extensions = [
  ['/echo', null, undefined],
  ['/echo', 'permessage-deflate', undefined],
  ['/echo', 'permessage-deflate; client_max_window_bits, foo', undefined],
  ['/echo', 'foo; bar="baz"', undefined],
  ['/echo', 'foo; bar="b\\"a\\\\z"', undefined],
  ['/echo', 'foo; bar = baz ; x', undefined],
  ['/echo', 'foo;bar;baz=1,qux;a=b', undefined],
  ['/echo', ['foo', 'bar; a="b,c;d"'], undefined],
  ['/echo', 'x-kaazing-channels', undefined],
  ['/echo', 'foo,,bar', undefined],
  ['/echo', 'foo; bar="baz', 400],
  ['/echo', 'foo; bar="baz\\', 400],
  ['/echo', 'foo; bar="', 400],
  ['/echo', 'foo; bar=""', 400],
  ['/echo', 'foo; bar="a\tb"', 400],
  ['/echo', 'foo; bar="\xe4"', 400],
  ['/echo', 'foo; bar="a"b', 400],
  ['/echo', 'foo; bar=', 400],
  ['/echo', 'foo; =baz', 400],
  ['/echo', 'foo; bar==baz', 400],
  ['/echo', 'foo;;bar', 400],
  ['/echo', 'foo;', 400],
  ['/echo', ';', 400],
  ['/echo', 'foo bar', 400],
  ['/echo', 'foo=bar', 400],
  ['/echo', '"foo"', 400],
  ['/echo', 'foo; (', 400],
  ['/echo', 'foo/1', 400],
  ['/echo', ['foo; bar="', '"'], 400],
  ['/ch', null, undefined],
  ['/ch', 'x-kaazing-channels', OWN],
  ['/ch', 'foo, x-kaazing-channels; window=1024, bar', OWN],
  ['/ch', ['foo; a="x-kaazing-channels"', 'x-kaazing-channels'], OWN],
  ['/ch', 'x-kaazing-channels, x-kaazing-channels', OWN],
  ['/ch', 'x-kaazing-channels; unknown="value"', OWN],
  ['/ch', 'x-kaazing-channels; chunk=4096', `${OWN}; chunk=16384`],
  ['/ch', 'x-kaazing-channels; chunk=1048576', `${OWN}; chunk=16384`],
  ['/ch', 'x-kaazing-channels; chunk=4095', undefined],
  ['/ch', 'x-kaazing-channels; chunk=0', undefined],
  ['/ch', 'x-kaazing-channels; chunk', undefined],
  ['/ch', 'x-kaazing-channels; window=0', undefined],
  ['/ch', 'x-kaazing-channels; window=-1', undefined],
  ['/ch', 'x-kaazing-channels; window=0x10', undefined],
  ['/ch', 'x-kaazing-channels; window="1 2"', undefined],
  ['/ch', 'x-kaazing-channels; window=99999999999999999999', undefined],
  ['/ch', 'x-kaazing-channels; max-channels=x', undefined],
  ['/ch', 'x-kaazing-channels; window=0, x-kaazing-channels', OWN],
  ['/ch', 'x-kaazing-channels; extensions=x-kaazing-fanout', OWN],
  ['/ch', 'x-kaazing-channels; extensions=x-kaazing-encryption', OWN],
  ['/ch', 'x-kaazing-channels; window=1; window=2', 400],
  ['/ch', 'x-kaazing-channels2', undefined],
  ['/ch', 'x-kaazing-channel', undefined],
  ['/fan', 'x-kaazing-channels', OWN],
  ['/fan', 'x-kaazing-channels; extensions=x-kaazing-fanout', FAN],
  ['/fan', 'x-kaazing-channels; extensions=x-kaazing-fanout+x-kaazing-foo',
    FAN],
  ['/fan', 'x-kaazing-channels; extensions=x-kaazing-foo+x-kaazing-fanout',
    FAN],
  ['/fan', 'x-kaazing-channels; extensions="x-kaazing-fanout,x-kaazing-foo"',
    FAN],
  ['/fan', 'x-kaazing-channels; extensions=x-kaazing-fanou', OWN],
];

for (const [path, offered, wanted] of extensions) {
  test(`${path} offered ${JSON.stringify(offered)}`, async (t) => {
    const response = await ask(t, path, { [EXTENSIONS]: offered });
    const answered = response.fields[EXTENSIONS.toLowerCase()];
    if (typeof wanted === 'number') {
      assert.equal(response.status, wanted);
      return;
    }
    assert.equal(response.status, 101);
    assert.deepEqual(answered, wanted && [wanted]);
  });
}

test('nothing of the request comes back in the answer', async (t) => {
  const response = await ask(t, '/two', {
    [PROTOCOL]: 'beta', [EXTENSIONS]: 'evil; a="b"',
    'X-Evil': 'yes', Cookie: 'a=b', Authorization: 'Bearer x',
  });
  assert.deepEqual(Object.keys(response.fields), ['upgrade', 'connection',
    'sec-websocket-accept', 'sec-websocket-protocol']);
});
