// SPDX-License-Identifier: Apache-2.0
// Nothing is allocated for a message: under a steady load the calls of malloc
// and its like do not grow with the number of messages. Calls that OpenSSL
// makes for itself are left out: it gives its buffers back behind each record
// (SSL_MODE_RELEASE_BUFFERS), so that an idle connection holds none.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Counted, Frames, Pump, missing } from '../lib/alloc.mjs';
import { selfSigned } from '../lib/certs.mjs';
import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { STOMP, startPair } from '../lib/pair.mjs';
import { tempDir } from '../lib/process.mjs';
import { until } from '../lib/wait.mjs';
import { open } from '../lib/wsraw.mjs';

const MESSAGES = 2000;
const WINDOW = 16;
const SIZE = 64;
const SUBSCRIBERS = 100;
// Calls: each client's queue may for once be longer than ever before.
const SLACK = SUBSCRIBERS;

const dir = tempDir(test);
const rows = process.env.HEADGATE_ALLOC_ROWS?.split(';');

// Until the pools have what the workers take from each other: a round of the
// load allocates next to nothing, as each message would.
async function warm(pump, daemons, messages) {
  const count = () => daemons.map((one) => one.read().other);
  await pump.run(2 * messages);
  for (let before = count(), round = 0; round < 20; round++) {
    await pump.run(messages);
    const after = count();
    if (after.every((calls, i) => calls - before[i] <= SLACK / 2))
      return;
    before = after;
  }
}

// Runs the load for M messages and for 2 M. What the longer one allocates more
// is because of the messages.
async function check(t, pump, daemons, messages = MESSAGES) {
  await warm(pump, daemons, messages);
  const points = [daemons.map((one) => one.read())];
  for (const one of daemons)
    one.trace(true);
  for (const factor of [1, 2]) {
    await pump.run(factor * messages);
    points.push(daemons.map((one) => one.read()));
  }
  for (const one of daemons)
    one.trace(false);
  daemons.forEach(({ name }, i) => {
    const grown = (what) => points[2][i][what] - 2 * points[1][i][what] +
      points[0][i][what];
    t.diagnostic(`${name}: ${grown('other')} calls for ${messages} messages, ` +
      `${grown('openssl')} by OpenSSL`);
    assert.ok(points[0][i].other > 0, `${name} is not counted`);
    assert.ok(grown('other') <= SLACK, `${name} allocates for messages: ` +
      `${grown('other')} calls for ${messages}`);
  });
}

function row(name, fn) {
  test(name, { skip: rows && !rows.includes(name) && 'not asked for' },
    async (t) => {
      const daemons = [];
      const counted = (what) => {
        daemons.push(new Counted(t, what, dir));
        return daemons.at(-1);
      };
      try {
        await fn(t, counted, (pump, ...rest) => check(t, pump, daemons,
          ...rest));
      } finally {
        t.after(() => { // behind the end of the daemons
          for (const one of daemons)
            for (const line of one.places())
              t.diagnostic(`${one.name} ${line}`);
        });
      }
    });
}

const echo = { path: '/echo', plugins: 'echo' };
const tls = {
  certificate: '@DIR@/own.crt', 'certificate-key': '@DIR@/own.key',
};

// A client of that address whose every message comes back.
async function echoing(t, to, path) {
  const peer = await open(t, to, path);
  const message = ws.binary(Buffer.alloc(SIZE, 'x'));
  const pump = new Pump(() => peer.socket.write(message), WINDOW);
  new Frames(peer, () => pump.arrived());
  return pump;
}

function startEcho(t, env, more = {}) {
  return startDaemon(t, {
    'listen main': { address: '127.0.0.1:0' },
    'listen bytes': {
      address: '127.0.0.1:0', protocol: 'tcp', service: 'echo',
    },
    ...more,
    'plugin echo': {},
    'service echo': { listen: 'main', ...echo, ...more['service echo'] },
  }, { env });
}

describe('no allocation for a message', { skip: missing }, () => {
  row('echo', async (t, counted, run) => {
    const daemon = await startEcho(t, counted('headgate').env);
    await run(await echoing(t, daemon.port('main'), '/echo'));
  });

  row('echo with TLS', async (t, counted, run) => {
    const own = selfSigned(tempDir(t), 'own');
    const daemon = await startDaemon(t, {
      'listen main': { address: '127.0.0.1:0', ...tls },
      'plugin echo': {},
      'service echo': { listen: 'main', ...echo },
    }, { env: counted('headgate').env, files: own.files });
    await run(await echoing(t, { port: daemon.port('main'),
      tls: { ca: own.cert } }, '/echo'));
  });

  for (const workers of [1, 2])
    row(`WebSocket to WebSocket, workers = ${workers}`,
      async (t, counted, run) => {
        const far = await startEcho(t);
        const near = await startDaemon(t, {
          headgate: { workers },
          'listen main': { address: '127.0.0.1:0' },
          'service echo': {
            listen: 'main', path: '/', connect: far.url('main', '/echo'),
          },
        }, { env: counted('headgate').env });
        await run(await echoing(t, near.port('main'), '/'));
      });

  row('WebSocket to TCP', async (t, counted, run) => {
    const far = await startEcho(t);
    const near = await startDaemon(t, {
      'listen main': { address: '127.0.0.1:0' },
      'service echo': {
        listen: 'main', path: '/',
        connect: `tcp://127.0.0.1:${far.port('bytes')}`,
      },
    }, { env: counted('headgate').env });
    const peer = await open(t, near.port('main'), '/');
    const message = ws.binary(Buffer.alloc(SIZE, 'x'));
    let bytes = 0; // a stream has no messages
    const pump = new Pump(() => peer.socket.write(message), WINDOW);
    new Frames(peer, (payload) => {
      for (bytes += payload.length; bytes >= SIZE; bytes -= SIZE)
        pump.arrived();
    });
    await run(pump);
  });

  row('echo by edge and trunk', async (t, counted, run) => {
    const pair = await startPair(t, {
      env: { gateway: counted('gateway').env, edge: counted('edge').env },
      gateway: {
        'plugin echo': {},
        'service echo': { listen: 'clients trunks', ...echo },
      },
      edge: {
        'service echo': {
          listen: 'clients', path: '/echo', connect: 'trunk:gateway',
        },
      },
    });
    await run(await echoing(t, pair.edge.port('clients'), '/echo'));
  });

  const broker = {
    path: '/stomp', subprotocols: STOMP, plugins: 'stomp broker',
    share: '/topic/* scope=public',
    extensions: 'x-kaazing-channels x-kaazing-fanout',
  };

  async function stomp(t, port) {
    const peer = await open(t, port, '/stomp',
      { 'Sec-WebSocket-Protocol': 'v12.stomp' });
    const user = { peer, onMessage: () => {}, others: 0 };
    new Frames(peer, (payload) => {
      if (payload.toString('latin1', 0, 8) === 'MESSAGE\n')
        user.onMessage();
      else
        user.others++;
    });
    user.ask = async (text) => {
      const before = user.others;
      peer.socket.write(ws.text(text));
      await until(() => user.others > before, 'an answer');
    };
    await user.ask('CONNECT\naccept-version:1.2\nhost:x\nheart-beat:0,0\n\n\0');
    return user;
  }

  // Subscribers at one port, the publisher at another.
  async function fanout(t, { from, to }) {
    const publisher = await stomp(t, from);
    const users = [];
    for (let i = 0; i < SUBSCRIBERS; i++)
      users.push(await stomp(t, to));
    // One message is done when all have it.
    let number = 10000000; // no two are equal, or fan-out takes its time
    const pump = new Pump(() => publisher.peer.socket.write(ws.text(
      `SEND\ndestination:/topic/steady\n\n${'x'.repeat(SIZE)}` +
      `${number++}\0`)), WINDOW);
    const counts = [];
    const at = {}; // how many have this one
    users.forEach((user, i) => {
      counts[i] = 0;
      user.onMessage = () => {
        counts[i]++;
        at[counts[i]] = (at[counts[i]] ?? 0) + 1;
        if (at[counts[i]] === SUBSCRIBERS) {
          delete at[counts[i]];
          pump.arrived();
        }
      };
    });
    await Promise.all(users.map((user) => user.ask(
      'SUBSCRIBE\nid:0\ndestination:/topic/steady\nreceipt:r\n\n\0')));
    return pump;
  }

  for (const workers of [1, 2])
    row(`fan-out by edge and trunk, workers = ${workers}`,
      async (t, counted, run) => {
        const pair = await startPair(t, {
          env: { edge: counted('edge').env },
          gateway: {
            headgate: { workers },
            'plugin stomp': {},
            'plugin broker': { anonymous: 'yes' },
            'service stomp': { listen: 'clients trunks', ...broker },
          },
          edge: {
            headgate: { workers },
            'plugin stomp': {},
            'service stomp': {
              listen: 'clients', path: '/stomp', plugins: 'stomp',
              connect: 'trunk:gateway', subprotocols: STOMP,
            },
          },
        });
        const pump = await fanout(t, {
          from: pair.gateway.port('clients'), to: pair.edge.port('clients'),
        });
        await until(async () => {
          await pump.run(16);
          const [flow] = await pair.gateway.table('flows');
          return flow?.merged === SUBSCRIBERS;
        }, 'all to be merged', 30000);
        await run(pump, 500);
      });

  for (const workers of [1, 2])
    row(`fan-out by the broker, workers = ${workers}`,
      async (t, counted, run) => {
        const daemon = await startDaemon(t, {
          headgate: { workers },
          'listen main': { address: '127.0.0.1:0' },
          'plugin stomp': {},
          'plugin broker': { anonymous: 'yes' },
          'service stomp': {
            listen: 'main', path: '/stomp', subprotocols: STOMP,
            plugins: 'stomp broker',
          },
        }, { env: counted('headgate').env });
        const port = daemon.port('main');
        await run(await fanout(t, { from: port, to: port }), 500);
      });
});
