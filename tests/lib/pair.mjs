// SPDX-License-Identifier: Apache-2.0
// An edge and a gateway with one trunk between them, as in conf.d/demo.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { selfSigned } from './certs.mjs';
import { startDaemon } from './daemon.mjs';
import { tempDir } from './process.mjs';
import { until } from './wait.mjs';

const run = promisify(execFile);
const SECRET = `${'0123456789abcdef'.repeat(2)}\n`;

export const TRUNK_UP = /trunk gateway to .* is up/;
export const STOMP = 'v12.stomp v11.stomp v10.stomp';

function gatewaySections(sections, port) {
  return {
    'listen clients': { address: '127.0.0.1:0' },
    'listen trunks': {
      address: `127.0.0.1:${port}`, certificate: '@DIR@/own.crt',
      'certificate-key': '@DIR@/own.key', 'edge-secret-file': '@DIR@/secret',
    },
    'service trunk': {
      listen: 'trunks', path: '/.headgate/trunk', trunk: 'yes',
      extensions: 'x-kaazing-channels x-kaazing-fanout',
      ...sections['trunk keys'],
    },
    'plugin channels': {},
    'plugin fanout': {},
    ...Object.fromEntries(Object.entries(sections).filter(([name]) =>
      name !== 'trunk keys')),
  };
}

function edgeSections(sections, port) {
  return {
    'listen clients': { address: '127.0.0.1:0' },
    ...sections,
    'trunk gateway': {
      connect: `wss://localhost:${port}/.headgate/trunk`, ca: '@DIR@/own.crt',
      'secret-file': '@DIR@/secret', 'channel-extensions': 'x-kaazing-fanout',
      'retry-min': '20ms', 'retry-max': '200ms', ...sections['trunk gateway'],
    },
    'plugin channels': { ...sections['plugin channels'] },
    'plugin fanout': {},
  };
}

// The services of both; each section may change what is above. between: a relay
// that the trunk goes through. gateway's "trunk keys" go into its service.
// env: { gateway, edge }, of the processes.
export async function startPair(t, { gateway, edge, between, env = {} }) {
  const own = selfSigned(tempDir(t), 'own');
  const files = { ...own.files, secret: SECRET };
  const pair = {
    async startGateway(port = 0) {
      pair.gateway = await startDaemon(t, gatewaySections(gateway, port),
        { files, env: env.gateway });
      return pair.gateway;
    },
    async startEdge() {
      const port = pair.gateway.port('trunks');
      if (between)
        between.target = port;
      pair.edge = await startDaemon(t,
        edgeSections(edge, between?.port ?? port),
        { files, env: env.edge });
      await pair.edge.line(TRUNK_UP);
      return pair.edge;
    },
    // At the edge, where clients come.
    url: (path) => pair.edge.url('clients', path),
    // How often the trunk came up.
    ups: () => pair.edge.process.lines.filter((line) =>
      TRUNK_UP.test(line)).length,
    // What the kernel has counted on the trunk, both ways, acknowledged.
    async trunkBytes() {
      const port = pair.gateway.port('trunks');
      const { stdout } = await run('ss', ['-tinHO', 'state', 'established',
        `( sport = :${port} )`]);
      const rows = stdout.split('\n').filter((row) => row !== '');
      if (rows.length !== 1)
        throw new Error(`not one trunk:\n${stdout}`);
      const count = (name) =>
        Number(rows[0].match(new RegExp(`\\b${name}:(\\d+)`))?.[1] ?? 0);
      return { sent: count('bytes_acked'), received: count('bytes_received') };
    },
    noClients: () => until(async () =>
      (await pair.edge.table('connections')).length === 1 &&
      (await pair.gateway.table('connections')).length === 1,
    'nothing but the trunk'),
  };
  await pair.startGateway();
  await pair.startEdge();
  return pair;
}
