// SPDX-License-Identifier: Apache-2.0
// Where it is measured: a network of its own with nothing but loopback, and one
// core for the servers and one for what drives them.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const INSIDE = 'HEADGATE_BENCH_INSIDE';
const ENTER = 'ip link set lo up 2>/dev/null; ' +
  'ulimit -n "$(ulimit -Hn)" 2>/dev/null; exec "$@"';

const works = (command, ...args) =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;

export const pinned = availableParallelism() > 1 &&
  works('taskset', '-c', '0,1', 'true');
export const ownNetwork = process.env[INSIDE] === 'network';

// What puts a command on a core: 0 for servers, 1 for the load generator and
// for what stands behind a proxy; "all" for both.
export function onCpu(cpu) {
  if (!pinned)
    return [];
  return ['taskset', '-c', cpu === 'all' ? '0,1' : String(cpu)];
}

export const SERVER = onCpu(0);
export const DRIVER = onCpu(1);

// Runs this program again in the network of its own, if it may, and else with
// as many descriptors as it may have. True when it has been run so; its exit
// status is ours then.
export async function enter() {
  if (process.env[INSIDE])
    return false;
  const own = process.getuid() === 0 && existsSync('/proc/self/ns/net') &&
    works('unshare', '-n', 'ip', 'link', 'set', 'lo', 'up');
  const inner = ['sh', '-c', ENTER, 'sh', process.execPath,
    ...process.execArgv, ...process.argv.slice(1)];
  const [command, ...args] = own ? ['unshare', '-n', ...inner] : inner;
  const child = spawn(command, args, {
    stdio: 'inherit', env: { ...process.env, [INSIDE]: own ? 'network' : 'no' },
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'])
    process.on(signal, () => child.kill(signal));
  process.exitCode = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
  return true;
}
