// SPDX-License-Identifier: Apache-2.0
// Bytes without WebSocket, on either side: tcp listeners, tcp and unix targets.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';

import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { tempDir } from '../lib/process.mjs';
import { accept, closedPort, listen, refuse } from '../lib/server.mjs';
import { until } from '../lib/wait.mjs';
import { connect, open, request } from '../lib/wsraw.mjs';

const dir = tempDir(test);
const tcp = await listen(test);
const unix = await listen(test, { path: join(dir, 'stream.sock') });
const wsUnix = await listen(test, { path: join(dir, 'ws.sock') });
const web = await listen(test);
const nobody = await closedPort();

const daemon = await startDaemon(test, {
  'listen main': { address: ['127.0.0.1:0', `unix:${dir}/main.sock`] },
  'listen bytes': {
    address: '127.0.0.1:0', protocol: 'tcp', service: 'tcp',
  },
  'listen echo': { address: '127.0.0.1:0', protocol: 'tcp', service: 'echo' },
  'listen web': { address: '127.0.0.1:0', protocol: 'tcp', service: 'web' },
  'listen lost': { address: '127.0.0.1:0', protocol: 'tcp', service: 'lost' },
  'plugin echo': {},
  'service echo': { listen: 'main', path: '/echo', plugins: 'echo' },
  'service tcp': {
    listen: 'main', path: '/tcp', subprotocols: 'binary',
    connect: `tcp://127.0.0.1:${tcp.port}`, 'close-timeout': '1s',
  },
  'service unix': {
    listen: 'main', path: '/unix', connect: `unix:${dir}/stream.sock`,
    'close-timeout': '1s',
  },
  'service ws-unix': {
    listen: 'main', path: '/ws-unix', connect: `ws+unix:${dir}/ws.sock`,
    'close-timeout': '1s',
  },
  'service web': {
    connect: `ws://127.0.0.1:${web.port}/web`, 'close-timeout': '1s',
  },
  'service lost': {
    listen: 'main', path: '/lost', connect: `tcp://127.0.0.1:${nobody}`,
  },
  'service gone': {
    listen: 'main', path: '/gone', connect: `unix:${dir}/nobody.sock`,
  },
});

// A client and the server that it reached: [WebSocket, bytes].
async function pair(t, path, server) {
  const client = await open(t, daemon.port('main'), path);
  return { client, server: await server.next() };
}

for (const [path, server] of [['/tcp', tcp], ['/unix', unix]]) {
  test(`${path}: bytes of messages, one behind the other`, async (t) => {
    const { client, server: end } = await pair(t, path, server);
    client.send(ws.text('ab'), ws.binary(Buffer.from([0, 255, 10])),
      ws.text('c', { fin: false }), ws.more('d'), ws.binary(''));
    await end.expect('ab\x00\xff\x0acd');
    end.send('back');
    assert.deepEqual(await client.message(),
      { opcode: ws.OP.BINARY, payload: Buffer.from('back') });
  });

  test(`${path}: 5 MB both ways at once`, async (t) => {
    const { client, server: end } = await pair(t, path, server);
    const data = Buffer.alloc(5e6, 0x55);
    client.send(ws.binary(data));
    end.send(data);
    const there = end.bytes(data.length, 20000);
    const back = [];
    for (let got = 0; got < data.length;) {
      const { payload } = await client.message();
      got += payload.length;
      back.push(payload);
    }
    assert.ok(Buffer.concat(back).equals(data));
    assert.ok((await there).equals(data));
  });

  test(`${path}: the server's end is 1000`, async (t) => {
    const { client, server: end } = await pair(t, path, server);
    end.send('last');
    end.end();
    assert.equal((await client.message()).payload.toString(), 'last');
    await client.closeFrame(1000);
  });

  test(`${path}: the client's close is the server's end`, async (t) => {
    const { client, server: end } = await pair(t, path, server);
    client.send(ws.text('last'), ws.close(1000));
    await end.expect('last');
    await end.eof();
    await client.closeFrame(1000);
  });

  test(`${path}: a lost client is the server's end`, async (t) => {
    const { client, server: end } = await pair(t, path, server);
    client.destroy();
    await until(() => end.ended, 'the end');
  });
}

test('a lost server is 1011', async (t) => {
  const { client, server: end } = await pair(t, '/tcp', tcp);
  end.destroy();
  await client.closeFrame(1011);
});

test('the service\'s subprotocol is answered', async (t) => {
  const client = await open(t, daemon.port('main'), '/tcp',
    { 'Sec-WebSocket-Protocol': 'amqp, binary' });
  assert.deepEqual(client.response.fields['sec-websocket-protocol'],
    ['binary']);
  await tcp.next();
});

for (const path of ['/lost', '/gone'])
  test(`${path}: nobody listens, 502`, async (t) => {
    const client = await connect(t, daemon.port('main'));
    client.send(request(path));
    assert.equal((await client.head()).status, 502);
  });

test('text that is not UTF-8 does not reach the server', async (t) => {
  const { client, server: end } = await pair(t, '/tcp', tcp);
  client.send(ws.text(Buffer.from([0x61, 0xff])));
  await client.closeFrame(1007);
  await until(() => end.ended, 'the end');
  assert.equal(end.data.length, 0);
});

// --- clients that speak no WebSocket -----------------------------------------

test('a tcp client and a tcp server', async (t) => {
  const client = await connect(t, daemon.port('bytes'));
  const end = await tcp.next();
  client.send('GET / HTTP/1.1\r\n\r\n\x00\xff');
  await end.expect(Buffer.from('GET / HTTP/1.1\r\n\r\n\x00\xff'));
  end.send('any\nthing');
  await client.expect('any\nthing');
  client.end();
  await end.eof();
});

test('a tcp client\'s server ends', async (t) => {
  const client = await connect(t, daemon.port('bytes'));
  const end = await tcp.next();
  end.send('bye');
  end.end();
  await client.expect('bye');
  await client.eof();
});

test('a tcp client and the echo plugin', async (t) => {
  const client = await connect(t, daemon.port('echo'));
  client.send('hello');
  await client.expect('hello');
  const data = Buffer.alloc(3e6, 0x33);
  client.send(data);
  assert.ok((await client.bytes(data.length, 20000)).equals(data));
});

test('what a tcp client sends before the server is there', async (t) => {
  const client = await connect(t, daemon.port('web'));
  client.send('early');
  const end = await web.next();
  const head = await end.head();
  assert.equal(head.line, 'GET /web HTTP/1.1');
  assert.equal(head.fields.origin, undefined);
  assert.match(head.fields.forwarded[0], /^for="127\.0\.0\.1:\d+";proto=tcp$/);
  end.send(accept(head));
  assert.deepEqual(await end.message(),
    { opcode: ws.OP.BINARY, payload: Buffer.from('early') });
  end.send(ws.text('as bytes', { key: false }));
  await client.expect('as bytes');
  client.end();
  await end.closeFrame(1000);
});

test('a tcp client whose server refuses', async (t) => {
  const client = await connect(t, daemon.port('web'));
  const end = await web.next();
  await end.head();
  end.send(refuse('403 No'));
  await client.eof();
});

test('a tcp client whose server is not there', async (t) => {
  const client = await connect(t, daemon.port('lost'));
  await client.eof();
});

// --- WebSocket over unix sockets ---------------------------------------------

test('a WebSocket through unix sockets on both sides', async (t) => {
  const opening = open(t, { path: join(dir, 'main.sock') }, '/ws-unix');
  const end = await wsUnix.next();
  const head = await end.head();
  assert.equal(head.fields.host.length, 1);
  assert.match(head.fields.forwarded[0], /^for=_\w+;proto=ws$/);
  end.send(accept(head));
  const client = await opening;
  client.send(ws.text('through'));
  assert.equal((await end.message()).payload.toString(), 'through');
  end.send(ws.text('and back', { key: false }));
  assert.equal((await client.message()).payload.toString(), 'and back');
  end.send(ws.close(4001, '', { key: false }));
  await client.closeFrame(4001);
});

test('nothing is left', async () => {
  await until(async () => (await daemon.table('connections')).length === 0,
    'no connection');
});
