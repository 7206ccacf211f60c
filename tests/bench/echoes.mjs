// SPDX-License-Identifier: Apache-2.0
// Echo servers of other libraries: libwebsockets in C, ws of npm in node.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Process, tempDir } from '../lib/process.mjs';
import { freePort } from './ports.mjs';
import { SERVER } from './space.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const cc = process.env.CC?.split(' ') ?? ['cc'];

export const lwsMissing = spawnSync('pkg-config', ['--exists',
  'libwebsockets']).status === 0 ? false :
  'libwebsockets (libwebsockets-dev) is not installed';
export const wsMissing =
  existsSync(join(process.env.HEADGATE_NODE_MODULES ?? 'node_modules', 'ws')) ?
    false : 'ws (npm) is not installed';

function buildLws(dir) {
  const out = join(dir, 'lws-echo');
  const found = execFileSync('pkg-config', ['--cflags', '--libs',
    'libwebsockets'], { encoding: 'utf8' }).trim().split(/\s+/);
  const [command, ...args] = [...cc, '-O2', '-o', out,
    join(here, 'peers/lws-echo.c'), ...found];
  execFileSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  return out;
}

async function start(scope, [command, ...args]) {
  const proc = new Process(command, args);
  scope.after(() => proc.kill('SIGTERM'));
  const [, port] = await proc.line(/listening (\d+)/);
  return { pid: proc.pid, pids: [proc.pid], port: Number(port), process: proc };
}

const files = (tls) => tls ? [tls.certPath, tls.keyPath] : [];

export async function startLws(scope, tls) {
  const program = buildLws(tempDir(scope, 'lws'));
  return start(scope, [...SERVER, program, String(await freePort()),
    ...files(tls)]);
}

export function startWs(scope, tls) {
  return start(scope, [...SERVER, process.execPath, '--import',
    `file://${join(here, '../resolve.mjs')}`, join(here, 'peers/ws-echo.mjs'),
    ...files(tls)]);
}
