// SPDX-License-Identifier: Apache-2.0
// The programs of this folder in C: load generator, limit servers, link.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { Process } from '../lib/process.mjs';
import { until, within } from '../lib/wait.mjs';
import { DRIVER, SERVER } from './space.mjs';

const folder = join(process.env.top_builddir ?? '.', 'tests/bench');

export const missing = ['load', 'limit', 'link']
  .filter((name) => !existsSync(join(folder, name)));

const flags = (options) => Object.entries(options)
  .filter(([, value]) => value !== undefined)
  .map(([name, value]) => `--${name}=${[value].flat().join(',')}`);

function program(name, wrap, args, options) {
  const [command, ...rest] = [...wrap, join(folder, name), ...args];
  return new Process(command, rest, options);
}

const lastLine = (proc) => proc.output.trim().split('\n').at(-1) ?? '';

// A run of the load generator: what it measured. limit: seconds until it is
// given up.
export async function load(mode, options, { wrap = DRIVER, limit = 90 } = {}) {
  const proc = program('load', wrap, [mode, ...flags(options)]);
  const end = await within(proc.ended.promise, `load ${mode} to end`,
    limit * 1000).catch(async (error) => {
    await proc.kill();
    throw error;
  });
  if (end.code !== 0)
    throw new Error(`load ${mode}: ${lastLine(proc) || JSON.stringify(end)}`);
  return JSON.parse(lastLine(proc));
}

// As above, for what is asked of the server while it runs.
export function startLoad(mode, options, wrap = DRIVER) {
  return program('load', wrap, [mode, ...flags(options)]);
}

export const resultOf = (proc) => JSON.parse(lastLine(proc));

// A limit server, or the link: both say their port. SIGTERM ends them.
async function start(scope, name, wrap, args) {
  const proc = program(name, wrap, args);
  scope.after(async () => {
    await proc.kill('SIGTERM').catch(() => proc.kill());
  });
  const [, port] = await proc.line(/listening (\d+)/);
  return { pid: proc.pid, pids: [proc.pid], port: Number(port), process: proc };
}

export function startLimit(scope, mode, options = {}, wrap = SERVER) {
  return start(scope, 'limit', wrap,
    [mode, ...flags({ listen: '127.0.0.1:0', ...options })]);
}

// counts(): what has crossed it so far.
export async function startLink(scope, options) {
  const link = await start(scope, 'link', DRIVER,
    flags({ listen: '127.0.0.1:0', ...options }));
  const { lines, child } = link.process;
  return {
    ...link,
    counts: async () => {
      const seen = lines.length;
      child.kill('SIGUSR1');
      await until(() => lines.length > seen, 'the link to count');
      return JSON.parse(lines.at(-1));
    },
  };
}
