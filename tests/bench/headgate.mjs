// SPDX-License-Identifier: Apache-2.0
// headgate as an operator sets it up for speed: one worker, to be compared with
// servers of one thread, and a log of what is wrong only.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { startDaemon } from '../lib/daemon.mjs';
import { until } from '../lib/wait.mjs';
import { freePort, serves } from './ports.mjs';
import { SERVER } from './space.mjs';

export const configurations = new Map(); // texts by name, for the page

const SECRET = `${'0123456789abcdef'.repeat(2)}\n`;

// Reads of 64 KiB are passed on whole, and a peer that is one message behind
// stops nobody.
export const FAST = { 'piece-max': '64k', 'queue-high': '256k' };

function keep(name, daemon, ports) {
  let text = readFileSync(join(daemon.dir, 'headgate.ini'), 'utf8')
    .replaceAll(daemon.dir, '/DIR');
  Object.entries(ports).forEach(([listener, port]) => {
    text = text.replaceAll(`:${port}`, `:${listener.toUpperCase()}`);
  });
  configurations.set(name, text.trim()
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT'));
}

/*
 * name: under which the configuration is kept for the page. listeners: by name,
 * the keys of each but its address. The rest: sections, see startDaemon.
 * options: wrap, workers, tls (certificate of the listener "clients").
 */
export async function startHeadgate(scope, name, listeners, sections,
  options = {}) {
  const { wrap = SERVER, workers = 1, tls } = options;
  const ports = {};
  const listens = {};
  for (const [listener, keys] of Object.entries(listeners)) {
    ports[listener] = await freePort();
    const own = listener === 'clients' && tls ? {
      certificate: '@DIR@/own.crt', 'certificate-key': '@DIR@/own.key',
    } : {};
    listens[`listen ${listener}`] =
      { address: `127.0.0.1:${ports[listener]}`, ...own, ...keys };
  }
  const daemon = await startDaemon(scope, {
    headgate: { workers, 'log-level': 'warn' }, ...listens, ...sections,
  }, {
    wrap, files: { ...tls?.files, secret: SECRET },
    started: async ({ process }) => {
      for (const port of Object.values(ports))
        await serves(process, port);
    },
  });
  keep(name, daemon, ports);
  return {
    daemon, ports, port: ports.clients, pid: daemon.pid, pids: [daemon.pid],
  };
}

// Room for the windows of a hundred thousand channels; and one core for all of
// it may be busy for a while without being dead.
const CHANNELS = { store: '16g' };
const PATIENT = { 'ping-timeout': '30s' };

/*
 * An edge and a gateway with trunks between them: services of each, and plugins
 * of both. between(port): the port that the edge dials instead of the
 * gateway's, such as that of a link. trunks: their names. clients: whether the
 * gateway has some of its own.
 */
export async function startTiers(scope, name, { gateway, edge, plugins = {},
  between = (port) => port, trunks = ['gateway'], tls, gatewayWrap,
  clients = false }) {
  const common = { 'plugin channels': CHANNELS, ...plugins };
  const fanout = 'plugin fanout' in common ? ['x-kaazing-fanout'] : [];
  const far = await startHeadgate(scope, `${name}-gateway`, {
    trunks: { 'edge-secret-file': '@DIR@/secret' },
    ...clients ? { clients: {} } : {},
  }, {
    'service trunk': {
      listen: 'trunks', path: '/.headgate/trunk', trunk: 'yes',
      insecure: 'yes', extensions: ['x-kaazing-channels', ...fanout].join(' '),
      ...PATIENT,
    },
    ...gateway, ...common,
  }, { wrap: gatewayWrap });
  const port = await between(far.ports.trunks);
  const trunk = {
    connect: `ws://127.0.0.1:${port}`, insecure: 'yes',
    'secret-file': '@DIR@/secret', 'retry-min': '20ms', ...PATIENT,
    ...fanout.length ? { 'channel-extensions': fanout } : {},
  };
  const near = await startHeadgate(scope, `${name}-edge`, {
    clients: {},
  }, {
    ...Object.fromEntries(trunks.map((one) => [`trunk ${one}`, trunk])),
    ...edge, ...common,
  }, { tls });
  for (const one of trunks)
    await until(async () => await near.daemon.status(`trunk ${one} up`) === 1,
      `the trunk ${one}`);
  return {
    edge: near, gateway: far, port: near.port, pids: [near.pid, far.pid],
  };
}
