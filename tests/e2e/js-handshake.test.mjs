// SPDX-License-Identifier: Apache-2.0
// headgate.js and the second handshake, byte by byte, with a server that says
// right and wrong things.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as ws from '../lib/frame.mjs';
import {
  Client, HANDSHAKE, SWITCH, inner, load, outer, say, scripted,
} from '../lib/headgatejs.mjs';
import { closedPort } from '../lib/server.mjs';
import { until } from '../lib/wait.mjs';

const headgate = await load('headgate.mjs');

async function start(t, path, protocols, options = {}) {
  headgate.configure({ challenge: undefined, share: true, handshake: true,
    ...options });
  const server = await scripted(t);
  const url = `ws://127.0.0.1:${server.port}`;
  return { server, url, client: new Client(t, headgate, url + path,
    protocols) };
}

test('the example of the protocol, byte by byte', async (t) => {
  const asked = [];
  const { server, url, client } = await start(t, '/auth', [], {
    challenge: (one) => {
      asked.push(one);
      return { username: 'joe', password: 'welcome' };
    },
  });
  const peer = await outer(server, '/auth');
  assert.deepEqual(peer.outer.fields['sec-websocket-protocol'], [HANDSHAKE]);
  const first = await peer.bytes(2);
  assert.equal(first.toString('hex'), '8296');
  const rest = await peer.bytes(4 + 22);
  assert.equal(ws.mask(rest.subarray(4), rest.subarray(0, 4)).toString(),
    'GET /auth HTTP/1.1\r\n\r\n');
  say(peer, 'HTTP/1.1 401 Unauthorized\r\n' +
    'WWW-Authenticate: Basic realm="the \\"gate\\""\r\n\r\n');
  const second = await inner(peer, 'GET /auth HTTP/1.1\r\n' +
    'Authorization: Basic am9lOndlbGNvbWU=\r\n\r\n');
  assert.equal(second.length, 61);
  assert.equal(client.ws.readyState, 0);
  say(peer, `${SWITCH}\r\n`);
  await client.expect('open');
  assert.deepEqual([client.ws.protocol, client.ws.extensions], ['', '']);
  assert.deepEqual(asked, [{ url: `${url}/auth`, protocols: [], round: 1,
    header: 'Basic realm="the \\"gate\\""', scheme: 'Basic',
    realm: 'the \\"gate\\"' }]);
  client.ws.send('plain');
  const { opcode, payload } = await peer.frame();
  assert.deepEqual([opcode, payload.toString()], [ws.OP.TEXT, 'plain']);
  peer.send(ws.text('back', { key: false }));
  await client.message('back');
  peer.send(ws.close(4001, 'bye', { key: false })).end();
  await client.closed(4001, 'bye');
});

test('the query, subprotocols and their choice', async (t) => {
  const { server, client } = await start(t, '/a%20b?x=1&y', ['one', 'two']);
  const peer = await outer(server, '/a%20b?x=1&y');
  assert.deepEqual(peer.outer.fields['sec-websocket-protocol'],
    [`${HANDSHAKE},one,two`]);
  await inner(peer, 'GET /a%20b?x=1&y HTTP/1.1\r\n' +
    'Sec-WebSocket-Protocol: one, two\r\n\r\n');
  say(peer, `${SWITCH}Sec-WebSocket-Protocol: two\r\n\r\nand a body`);
  await client.expect('open');
  assert.equal(client.ws.protocol, 'two');
});

test('another subprotocol is answered: a plain WebSocket', async (t) => {
  const { server, client } = await start(t, '/', ['one']);
  const peer = await outer(server, '/', 'one');
  await client.expect('open');
  assert.equal(client.ws.protocol, 'one');
  client.ws.send('x');
  assert.equal((await peer.message()).payload.toString(), 'x');
});

test('no subprotocol is answered: a second, plain attempt', async (t) => {
  const { server, url, client } = await start(t, '/old');
  await outer(server, '/old', null);
  const peer = await server.next();
  const head = await peer.head();
  assert.equal(head.fields['sec-websocket-protocol'], undefined);
  const { accept } = await import('../lib/server.mjs');
  peer.send(accept(head));
  await client.expect('open');
  // It is remembered, also for the next.
  const next = new Client(t, headgate, `${url}/old`);
  const again = await server.next();
  const second = await again.head();
  assert.equal(second.fields['sec-websocket-protocol'], undefined);
  again.send(accept(second));
  await next.expect('open');
});

test('nobody listens: error and 1006, once', async (t) => {
  const client = new Client(t, headgate,
    `ws://127.0.0.1:${await closedPort()}/`);
  await client.failed();
});

test('handshake: false offers nothing', async (t) => {
  const { server, url, client } = await start(t, '/', ['one'],
    { handshake: false });
  const peer = await outer(server, '/', 'one');
  assert.deepEqual(peer.outer.fields['sec-websocket-protocol'], ['one']);
  await client.expect('open');
  // And that is not remembered.
  headgate.configure({ handshake: true });
  const next = new Client(t, headgate, `${url}/`, ['one']);
  const again = await outer(server, '/', 'one');
  assert.deepEqual(again.outer.fields['sec-websocket-protocol'],
    [`${HANDSHAKE},one`]);
  await next.expect('open');
});

test('a page that offers the handshake itself is left alone', async (t) => {
  const { server, client } = await start(t, '/', [HANDSHAKE]);
  await outer(server, '/');
  await client.expect('open');
  assert.equal(client.ws.protocol, HANDSHAKE);
});

for (const status of ['400 Bad Request', '403 Forbidden', '404 Not Found',
  '500 Oops', '503 Busy', '302 Found', '200 OK'])
  test(`${status}: looks like a failed connection`, async (t) => {
    const { server, client } = await start(t, '/');
    const peer = await outer(server, '/');
    await inner(peer);
    say(peer, `HTTP/1.1 ${status}\r\n\r\n`);
    await client.failed();
    await peer.closeFrame(1000);
  });

test('401 without a callback, with null, and with an error', async (t) => {
  for (const challenge of [undefined, () => null, async () => undefined]) {
    const { server, client } = await start(t, '/', [], { challenge });
    const peer = await outer(server, '/');
    await inner(peer);
    say(peer, 'HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\n\r\n');
    await client.failed();
    await peer.closeFrame(1000);
  }
});

test('wrong credentials: three rounds, then it has failed', async (t) => {
  const rounds = [];
  const { server, client } = await start(t, '/', [], {
    challenge: async ({ round }) => {
      rounds.push(round);
      return `Bearer ${round}`;
    },
  });
  const peer = await outer(server, '/');
  await inner(peer);
  for (const round of [1, 2, 3]) {
    say(peer, 'HTTP/1.1 401 No\r\nWWW-Authenticate: Bearer\r\n\r\n');
    await inner(peer, `GET / HTTP/1.1\r\nAuthorization: Bearer ${round}\r\n\r\n`);
  }
  say(peer, 'HTTP/1.1 403 Forbidden\r\n\r\n');
  await client.failed();
  assert.deepEqual(rounds, [1, 2, 3]);
});

test('W16: nothing can be injected by credentials', async (t) => {
  for (const value of ['x\r\nOrigin: http://evil', 'a\0', '\u20ac', '']) {
    const { server, client } = await start(t, '/', [], {
      challenge: () => ({ authorization: value }),
    });
    const peer = await outer(server, '/');
    await inner(peer);
    say(peer, 'HTTP/1.1 401 No\r\n\r\n');
    await client.failed();
    await peer.closeFrame(1000);
  }
});

test('UTF-8 in user and password', async (t) => {
  const { server } = await start(t, '/', [], {
    challenge: () => ({ username: '\u00e4', password: '\u20ac' }),
  });
  const peer = await outer(server, '/');
  await inner(peer);
  say(peer, 'HTTP/1.1 401 No\r\n\r\n');
  await inner(peer, 'GET / HTTP/1.1\r\nAuthorization: Basic ' +
    `${Buffer.from('\u00e4:\u20ac').toString('base64')}\r\n\r\n`);
});

test('302: a new opening handshake there', async (t) => {
  const { server, url, client } = await start(t, '/a', ['one']);
  const peer = await outer(server, '/a');
  await inner(peer);
  say(peer, 'HTTP/1.1 302 Found\r\nLocation: /b?c#d\r\n\r\n');
  await peer.closeFrame(1000);
  const second = await outer(server, '/b?c');
  await inner(second, /^GET \/b\?c HTTP/);
  say(second, `${SWITCH}Sec-WebSocket-Protocol: one\r\n\r\n`);
  await client.expect('open');
  assert.equal(client.ws.url, `${url}/a`);
});

test('302: credentials stay at home', async (t) => {
  const { server, client } = await start(t, '/', [], {
    challenge: () => 'Secret x',
  });
  const other = await scripted(t);
  const peer = await outer(server, '/');
  await inner(peer);
  say(peer, 'HTTP/1.1 401 No\r\n\r\n');
  await inner(peer, /Authorization: Secret x/);
  say(peer, 'HTTP/1.1 307 There\r\n' +
    `Location: http://127.0.0.1:${other.port}/x\r\n\r\n`);
  const second = await outer(other, '/x');
  await inner(second, 'GET /x HTTP/1.1\r\n\r\n');
  say(second, 'HTTP/1.1 302 Back\r\nLocation: ftp://h/\r\n\r\n');
  await client.failed();
});

test('302: not for ever', async (t) => {
  const { server, client } = await start(t, '/');
  for (let i = 0; i < 6; i++) {
    const peer = await outer(server, '/');
    await inner(peer);
    say(peer, 'HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n');
  }
  await client.failed();
});

const WRONG = {
  'no head': '',
  'text that is no head': 'hello',
  'HTTP/1.0': 'HTTP/1.0 101 x\r\n\r\n',
  'no status': 'HTTP/1.1 \r\n\r\n',
  'a status of four digits': 'HTTP/1.1 1011 x\r\n\r\n',
  'status 100': 'HTTP/1.1 100 Continue\r\n\r\n',
  'a bare LF': 'HTTP/1.1 101 x\nA: b\r\n\r\n',
  'a folded field': 'HTTP/1.1 101 x\r\nA: b\r\n c\r\n\r\n',
  'a blank before the colon': 'HTTP/1.1 101 x\r\nA : b\r\n\r\n',
  'a NUL': 'HTTP/1.1 101 x\r\nA: \0\r\n\r\n',
  'a head that is too long': `HTTP/1.1 101 x\r\nA: ${'b'.repeat(17000)}\r\n\r\n`,
  'a message that is too long': `HTTP/1.1 101 x\r\n\r\n${'b'.repeat(70000)}`,
  'too many fields': `HTTP/1.1 101 x\r\n${'A: b\r\n'.repeat(65)}\r\n`,
  'a subprotocol that was not offered':
    `${SWITCH}Sec-WebSocket-Protocol: two\r\n\r\n`,
  'no subprotocol': `${SWITCH}\r\n`,
  'two subprotocols': `${SWITCH}Sec-WebSocket-Protocol: one\r\n` +
    'Sec-WebSocket-Protocol: one\r\n\r\n',
  'an extension that was not offered':
    `${SWITCH}Sec-WebSocket-Extensions: x-other\r\n\r\n`,
  'an extension twice': `${SWITCH}Sec-WebSocket-Extensions: x-shout\r\n` +
    'Sec-WebSocket-Extensions: x-shout\r\n\r\n',
  'an unclosed quote':
    `${SWITCH}Sec-WebSocket-Extensions: x-shout; a="b\r\n\r\n`,
  'a parameter twice':
    `${SWITCH}Sec-WebSocket-Extensions: x-shout; a; a\r\n\r\n`,
  'a parameter that it does not take':
    `${SWITCH}Sec-WebSocket-Extensions: x-shout; wrong\r\n\r\n`,
};

for (const [name, answer] of Object.entries(WRONG))
  test(`bounded, and closed by 4002: ${name}`, async (t) => {
    headgate.extension({ name: 'x-shout', accept(params) {
      if ('wrong' in params)
        throw new TypeError('wrong');
      return {};
    } });
    const { server, client } = await start(t, '/', ['one']);
    const peer = await outer(server, '/');
    await inner(peer);
    say(peer, answer);
    await client.failed();
    await peer.closeFrame(4002);
  });

test('a message while the page is asked for credentials', async (t) => {
  const { server, client } = await start(t, '/', [],
    { challenge: () => new Promise(() => {}) });
  const peer = await outer(server, '/');
  await inner(peer);
  say(peer, 'HTTP/1.1 401 No\r\n\r\n');
  say(peer, 'HTTP/1.1 401 No\r\n\r\n');
  await client.failed();
  await peer.closeFrame(4002);
});

test('the server goes away within it', async (t) => {
  for (const end of [(peer) => peer.destroy(), (peer) => peer.send(
    ws.close(1011, '', { key: false })).end()]) {
    const { server, client } = await start(t, '/');
    const peer = await outer(server, '/');
    await inner(peer);
    end(peer);
    await client.failed();
  }
});

test('closed by the page within it', async (t) => {
  const { server, client } = await start(t, '/');
  const peer = await outer(server, '/');
  await inner(peer);
  client.ws.close(4000);
  await client.failed();
  await peer.closeFrame(undefined);
});

test("a third party's extensions, in the answered order", async (t) => {
  const log = [];
  const place = {};
  for (const name of ['x-first', 'x-second'])
    headgate.extension({
      name,
      offer: ({ url }) => {
        assert.match(url, /^ws:/);
        return { n: 5, quoted: 'a "b"', flag: true, gone: null };
      },
      accept(params, at) {
        log.push([name, { ...params }]);
        place[name] = at;
        return {
          open: () => log.push(`${name} open`),
          send: (message) => `${name}(${message})`,
          recv: (message) => message === 'drop' ? undefined :
            `${message} ${name}`,
          close: ({ code }) => log.push(`${name} ${code}`),
        };
      },
    });
  t.after(() => headgate.extension({ name: 'x-first', offer: () => null,
    accept: () => ({}) }));
  const { server, client } = await start(t, '/');
  const peer = await outer(server, '/');
  await inner(peer, /x-first; n=5; quoted="a \\"b\\""; flag, x-second/);
  say(peer, `${SWITCH}Sec-WebSocket-Extensions: x-second; a=1\r\n` +
    'sec-websocket-extensions: x-first;b="\\"2"\r\n\r\n');
  await client.expect('open');
  assert.equal(client.ws.extensions, 'x-second; a=1, x-first;b="\\"2"');
  client.ws.send('x');
  assert.equal((await peer.message()).payload.toString(),
    'x-first(x-second(x))');
  peer.send(ws.text('y', { key: false }), ws.text('drop', { key: false }));
  await client.message('y x-first x-second');
  place['x-first'].send('own');
  assert.equal((await peer.message()).payload.toString(), 'own');
  place['x-second'].send('own');
  assert.equal((await peer.message()).payload.toString(), 'x-first(own)');
  place['x-first'].recv('up');
  await client.message('up x-second');
  client.ws.close(3000);
  await peer.closeFrame(3000);
  peer.send(ws.close(3000, '', { key: false })).end();
  await client.closed(3000, '');
  assert.deepEqual(log, [['x-second', { a: '1' }], ['x-first', { b: '"2' }],
    'x-second open', 'x-first open', 'x-second 3000', 'x-first 3000']);
});

test('bufferedAmount counts what the page has sent, no more', async (t) => {
  headgate.extension({ name: 'x-double', accept: () =>
    ({ send: (message) => message + message }) });
  t.after(() => headgate.extension({ name: 'x-double', offer: () => null,
    accept: () => ({}) }));
  const { server, client } = await start(t, '/');
  const peer = await outer(server, '/');
  await inner(peer);
  say(peer, `${SWITCH}Sec-WebSocket-Extensions: x-double\r\n\r\n`);
  await client.expect('open');
  assert.equal(client.ws.bufferedAmount, 0);
  client.ws.send('x'.repeat(1000));
  client.ws.send('\u20ac');
  assert.ok(client.ws.bufferedAmount <= 1003);
  assert.equal((await peer.message()).payload.length, 2000);
  await until(() => client.ws.bufferedAmount === 0, 'all to have gone');
});
