// SPDX-License-Identifier: Apache-2.0
// W13, W15, W16: the text of a head, and what stands around it.
import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from '../lib/daemon.mjs';
import { connect, request } from '../lib/wsraw.mjs';

const LINE_MAX = 8192;
const HEAD_MAX = 16384;
const FIELDS_MAX = 64;

const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'plugin echo': {},
  'service echo': { listen: 'main', path: '/echo', plugins: 'echo' },
});

const good = request('/echo');
const OWN_FIELDS = 5;
const lines = good.split('\r\n').filter((line) => line !== '');
// A good request with lines added at its end, or in it.
const plus = (...more) => [...lines, ...more, '', ''].join('\r\n');
const instead = (from, to) => {
  assert.ok(good.includes(from));
  return good.replace(from, to);
};
const filler = (length, name = 'X-Fill') =>
  `${name}: ${'f'.repeat(length - name.length - 2)}`;

// Exactly that many bytes, in lines that are short enough.
function headOf(size) {
  const fields = [];
  let left = size - good.length;
  while (left > 4000) {
    fields.push(filler(3998));
    left -= 4000;
  }
  fields.push(filler(left - 2));
  const head = plus(...fields);
  assert.equal(head.length, size);
  return head;
}

const many = (count) => plus(...Array.from({ length: count - OWN_FIELDS },
  (_, i) => `X-${i}: y`));

const rows = [
  ['more fields', plus('X-A: b', 'x_y!#$%&\'*+-.^`|~09: z'), 101],
  ['an empty value', plus('X-A:'), 101],
  ['blanks around a value', plus('X-A: \t b \t'), 101],
  ['no blank behind the colon', plus('X-A:b'), 101],
  ['colons in a value', plus('X-A: b:c:d'), 101],
  ['bytes over 127 in a value', plus('X-A: \xe4\xf6'), 101],
  ['names in capitals', good.replaceAll('Sec-WebSocket', 'SEC-WEBSOCKET'), 101],
  ['a folded field', plus('X-A: b', ' c'), 400],
  ['a folded field by a tab', plus('X-A: b', '\tc'), 400],
  ['a fold behind the request line', instead('\r\nHost', '\r\n Host'), 400],
  ['a blank before the colon', plus('X-A : b'), 400],
  ['a tab before the colon', plus('X-A\t: b'), 400],
  ['a blank in a name', plus('X A: b'), 400],
  ['no name', plus(': b'), 400],
  ['no colon', plus('X-A'), 400],
  ['a bracket in a name', plus('X(A): b'), 400],
  ['a byte over 127 in a name', plus('X-\xe4: b'), 400],
  ['NUL in a name', plus('X-\0A: b'), 400],
  ['NUL in a value', plus('X-A: b\0c'), 400],
  ['ESC in a value', plus('X-A: \x1b[2J'), 400],
  ['DEL in a value', plus('X-A: \x7f'), 400],
  ['CR in a value', plus('X-A: b\rX-C: d'), 400],
  ['CR at the end of a value', plus('X-A: b\r'), 400],
  ['a bare LF behind a field', plus('X-A: b\nX-C: d'), 400],
  ['bare LFs only', good.replaceAll('\r\n', '\n'), 400],
  ['a bare LF at the end', good.slice(0, -2) + '\n', 400],
  ['a bare LF behind the request line', instead('1.1\r\n', '1.1\n'), 400],
  ['an empty line in front', `\r\n${good}`, 400],
  ['a blank in front', ` ${good}`, 400],
  ['two blanks in the request line', instead('GET /', 'GET  /'), 400],
  ['tabs in the request line', instead('GET /', 'GET\t/'), 400],
  ['only a method', 'GET\r\n\r\n', 400],
  ['HTTP/0.9', 'GET /echo\r\n\r\n', 400],
  ['a response', 'HTTP/1.1 200 OK\r\n\r\n', 400],
  ['something else', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n', 400],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400, 505]],
  ['a field as long as may be', plus(filler(LINE_MAX)), 101],
  ['a field one longer', plus(filler(LINE_MAX + 1)), 431],
  ['a name as long as may be', plus(`${'N'.repeat(LINE_MAX - 2)}: `), 101],
  ['a request line one longer', instead('/echo',
    `/echo?${'q'.repeat(LINE_MAX - 'GET /echo? HTTP/1.1'.length + 1)}`), 414],
  ['a request line as long as may be', instead('/echo',
    `/echo?${'q'.repeat(LINE_MAX - 'GET /echo? HTTP/1.1'.length)}`), 101],
  ['as many fields as may be', many(FIELDS_MAX), 101],
  ['one field more', many(FIELDS_MAX + 1), 431],
  ['thousand fields', many(1000), 431],
  ['a head as long as may be', headOf(HEAD_MAX), 101],
  ['a head one longer', headOf(HEAD_MAX + 1), 431],
  ['a head of 64 KiB', headOf(65536), 431],
  ['a line of 64 KiB', `GET /${'a'.repeat(65536)}`, [414, 431]],
  ['64 KiB without a line', 'A'.repeat(65536), [400, 414, 431]],
  ['fifty fields without names', plus(...Array(50).fill(': x')), 400],
];

for (const [name, head, wanted] of rows) {
  const statuses = [wanted].flat();
  test(`${name}: ${statuses.join(' or ')}`, async (t) => {
    const peer = await connect(t, daemon.port('main'));
    peer.send(Buffer.from(head, 'latin1'));
    const response = await peer.head();
    assert.ok(statuses.includes(response.status), response.text);
    if (response.status === 101)
      return;
    await peer.bytes(Number(response.fields['content-length'][0]));
    await peer.eof();
  });
}

// Nothing behind a refused request is looked at.
const behind = `GET /internal HTTP/1.1\r\nHost: x\r\n\r\n${good}`;
for (const [name, head, status] of [
  ['a refused request', instead('/echo', '/none'), 404],
  ['a malformed request', plus('X A: b'), 400],
  ['another version', instead('Version: 13', 'Version: 8'), 426],
  ['another method', instead('GET', 'POST'), 405],
  ['a request with a body', plus('Content-Length: 5'), 400],
  ['a chunked request', plus('Transfer-Encoding: chunked'), 400],
  ['a refused origin', plus('Origin: http://evil.example'), 403],
]) {
  test(`behind ${name} nothing is read`, async (t) => {
    const peer = await connect(t, daemon.port('main'));
    peer.send(head + behind);
    const response = await peer.head();
    assert.equal(response.status, status);
    await peer.bytes(Number(response.fields['content-length'][0]));
    await peer.eof();
  });
}

test('a request behind a good one is a wrong frame', async (t) => {
  const peer = await connect(t, daemon.port('main'));
  peer.send(good + behind);
  assert.equal((await peer.head()).status, 101);
  await peer.closeFrame(1002);
  await peer.eof();
});

test('time for a field of parameters is linear', async (t) => {
  const run = async (count) => {
    const began = process.hrtime.bigint();
    for (let i = 0; i < 40; i++) {
      const peer = await connect(t, daemon.port('main'));
      peer.send(request('/echo', {
        'Sec-WebSocket-Extensions': `x${'; a=b'.repeat(count)}`,
        'Sec-WebSocket-Protocol': Array(count).fill('p').join(','),
      }));
      await peer.head();
      peer.destroy();
    }
    return Number(process.hrtime.bigint() - began) / 1e6;
  };
  await run(10);
  const short = await run(10);
  const long = await run(1200);
  assert.ok(long < 120 * short + 500, `${short} ms, then ${long} ms`);
});

test('W20: no byte of a peer is in the log as it came', async (t) => {
  for (const path of ['/none\x01', '/\x1b[31m', '/none?\x9b', '/none']) {
    const peer = await connect(t, daemon.port('main'));
    peer.send(request(path, { Origin: '\x1b[31m\x07' }));
    await peer.head();
  }
  assert.doesNotMatch(daemon.log, /[\x00-\x09\x0b-\x1f\x7f-\xff]/);
});
