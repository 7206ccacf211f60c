// SPDX-License-Identifier: Apache-2.0
// W01: which pages may open a WebSocket here.
import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from '../lib/daemon.mjs';
import { connect, request } from '../lib/wsraw.mjs';

const HOST = 'gate.example:8080';

const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'plugin echo': {},
  'service same': { listen: 'main', path: '/same', plugins: 'echo' },
  'service any': { listen: 'main', path: '/any', plugins: 'echo', origin: '*' },
  'service list': {
    listen: 'main', path: '/list', plugins: 'echo',
    origin: ['https://good.example', 'http://good.example:8080'],
  },
  'service both': {
    listen: 'main', path: '/both', plugins: 'echo',
    origin: 'same https://good.example',
  },
});

// path, Origin (null: none), status; Host is gate.example:8080 or the fourth.
const rows = [
  ['/same', null, 101],
  ['/same', 'http://gate.example:8080', 101],
  ['/same', 'https://gate.example:8080', 101],
  ['/same', 'http://gate.example:8080', 101, 'Gate.Example:8080'],
  ['/same', 'http://gate.example', 101, 'gate.example'],
  ['/same', 'https://gate.example', 101, 'gate.example'],
  ['/same', 'http://gate.example', 101, 'gate.example:80'],
  ['/same', 'https://gate.example', 101, 'gate.example:443'],
  ['/same', 'http://[::1]:8080', 101, '[::1]:8080'],
  ['/same', 'http://gate.example', 403, 'gate.example:443'],
  ['/same', 'http://gate.example', 403],
  ['/same', 'http://gate.example:8081', 403],
  ['/same', 'http://gate.example:80', 403],
  ['/same', 'http://gate.example:80800', 403],
  ['/same', 'http://gate.example:808', 403],
  ['/same', 'null', 403],
  ['/same', '', 403],
  ['/same', 'gate.example:8080', 403],
  ['/same', '//gate.example:8080', 403],
  ['/same', 'ws://gate.example:8080', 403],
  ['/same', 'file://gate.example:8080', 403],
  ['/same', 'HTTP://gate.example:8080', 403],
  ['/same', 'http:/gate.example:8080', 403],
  ['/same', 'http://gate.example:8080/', 403],
  ['/same', 'http://gate.example:8080/path', 403],
  ['/same', 'http://gate.example:8080.evil.example', 403],
  ['/same', 'http://evil.gate.example:8080', 403],
  ['/same', 'http://evil-gate.example:8080', 403],
  ['/same', 'http://gate.example.evil.example', 403],
  ['/same', 'http://ate.example:8080', 403],
  ['/same', 'http://user@gate.example:8080', 403],
  ['/same', 'http://gate.example:8080@evil.example', 403],
  ['/same', 'http://evil.example?gate.example:8080', 403],
  ['/same', 'http://evil.example#gate.example:8080', 403],
  ['/same', 'http://gate.example:8080 http://evil.example', 403],
  ['/same', 'http://gate.example:8080,http://evil.example', 403],
  ['/same', `http://${'a'.repeat(8000)}`, 403],
  ['/same', `http://${'a'.repeat(10000)}`, 431],
  ['/same', ['http://gate.example:8080', 'http://evil.example'], 403],
  ['/same', ['http://gate.example:8080', 'http://gate.example:8080'], 403],
  ['/same', ['', 'http://gate.example:8080'], 403],
  ['/any', null, 101],
  ['/any', 'null', 101],
  ['/any', 'https://evil.example', 101],
  ['/list', null, 101],
  ['/list', 'https://good.example', 101],
  ['/list', 'http://good.example:8080', 101],
  ['/list', 'http://gate.example:8080', 403],
  ['/list', 'http://good.example', 403],
  ['/list', 'https://good.example:8080', 403],
  ['/list', 'https://good.example:443', 403],
  ['/list', 'https://good.exampl', 403],
  ['/list', 'https://good.example.evil.example', 403],
  ['/list', 'https://good.example/', 403],
  ['/list', 'HTTPS://good.example', 403],
  ['/list', 'https://GOOD.example', 403],
  ['/list', 'https://user@good.example', 403],
  ['/list', 'https://', 403],
  ['/list', 'null', 403],
  ['/list', '', 403],
  ['/list', ['https://good.example', 'https://good.example'], 403],
  ['/both', 'https://good.example', 101],
  ['/both', 'http://gate.example:8080', 101],
  ['/both', 'https://evil.example', 403],
];

for (const [path, origin, status, host = HOST] of rows) {
  const shown = String(JSON.stringify(origin)).slice(0, 60);
  test(`${path} from ${shown} at ${host} is ${status}`, async (t) => {
    const peer = await connect(t, daemon.port('main'));
    peer.send(request(path, { Host: host, Origin: origin }));
    const response = await peer.head();
    assert.equal(response.status, status);
    if (status !== 101) {
      const length = Number(response.fields['content-length'][0]);
      await peer.bytes(length);
      await peer.eof();
    }
  });
}
