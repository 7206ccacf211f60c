// SPDX-License-Identifier: Apache-2.0
// Starts headgate with a configuration of the test's, asks it, and stops it.
//   HEADGATE, HEADGATECTL, HEADGATE_PLUGIN_DIR  what is tested; make sets them
//   HEADGATE_TEST_VERBOSE                       shows the daemons' logs
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { Process, tempDir } from './process.mjs';
import { SLOW, until, within } from './wait.mjs';

const run = promisify(execFile);
const top = process.env.top_builddir ?? '.';
const HEADGATE = process.env.HEADGATE ?? join(top, 'core/headgate');
const HEADGATECTL = process.env.HEADGATECTL ?? join(top, 'core/headgatectl');
const PLUGINS = process.env.HEADGATE_PLUGIN_DIR ?? join(top, 'plugins/all');
const REPORT =
  /(Address|Thread|Leak|UndefinedBehavior)Sanitizer|runtime error:/;

// { 'section NAME': { key: value or [values] } } as text.
export function ini(sections) {
  let text = '';
  for (const [title, keys] of Object.entries(sections)) {
    text += `[${title}]\n`;
    for (const [key, value] of Object.entries(keys ?? {}))
      for (const one of [value].flat())
        text += `${key} = ${one}\n`;
    text += '\n';
  }
  return text;
}

export class Daemon {
  constructor(dir, proc) {
    this.dir = dir;
    this.process = proc;
    this.control = join(dir, 'control.sock');
    this.expectKilled = false;
  }

  get pid() {
    return this.process.pid;
  }

  get log() {
    return this.process.output;
  }

  // The port of a listener on 127.0.0.1.
  port(name) {
    const line = this.process.lines.find((text) =>
      text.includes('listening on 127.0.0.1:') && text.endsWith(`(${name})`));
    assert.ok(line, `no listener ${name}:\n${this.process.tail()}`);
    return Number(line.match(/127\.0\.0\.1:(\d+)/)[1]);
  }

  url(name, path = '/', scheme = 'ws') {
    return `${scheme}://127.0.0.1:${this.port(name)}${path}`;
  }

  line(pattern, ms) {
    return this.process.line(pattern, ms);
  }

  // A table of headgatectl, as objects.
  async table(name) {
    const { stdout } = await run(HEADGATECTL,
      ['-s', this.control, '--json', name],
      { maxBuffer: 1 << 28, timeout: 10000 * SLOW });
    return JSON.parse(stdout);
  }

  async counter(plugin, counter) {
    const row = (await this.table('counters')).find((one) =>
      one.plugin === plugin && one.counter === counter);
    assert.ok(row, `no counter ${plugin} ${counter}`);
    return row.value;
  }

  async status(what) {
    return (await this.table('status')).find((row) => row.what === what)?.value;
  }

  async connections(kind) {
    const rows = await this.table('connections');
    return rows.filter((row) => row.kind === kind);
  }

  // All that clients opened is gone again.
  noClients(ms) {
    return until(async () => (await this.table('connections')).every((row) =>
      row.kind.startsWith('trunk')), 'no connection but trunks', ms);
  }

  memory() {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(status.match(/^VmRSS:\s+(\d+)/m)[1]) * 1024;
  }

  descriptors() {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  // As by kill -9: nothing is wrong with its end then.
  async kill() {
    this.expectKilled = true;
    await this.process.kill('SIGKILL');
  }

  // It must live until now, end by itself with 0, and have nothing to report.
  async stop() {
    const { process: proc } = this;
    if (!this.expectKilled) {
      assert.ok(proc.alive, `headgate died: ${JSON.stringify(proc.end)}\n` +
        proc.tail(60));
      proc.child.kill('SIGTERM');
      proc.child.kill('SIGCONT'); // if the test has stopped it
      const end = await within(proc.ended.promise, 'headgate to stop', 20000)
        .catch(async (error) => {
          await proc.kill('SIGKILL');
          throw new Error(`${error.message}\n${proc.tail()}`);
        });
      assert.deepEqual(end, { code: 0, signal: null }, proc.tail(60));
    }
    assert.doesNotMatch(proc.output, REPORT, 'a sanitizer reports');
  }
}

function write(dir, name, content, mode) {
  const path = join(dir, name);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, content, { mode });
}

/*
 * sections: see ini(), or text; [headgate] gets the control socket, and
 * workers = 1 unless it says otherwise. files: more files in its folder, by
 * name, all with mode 0600. "@DIR@" in the configuration is that folder.
 * wrap: a command that the daemon is run by, such as taskset; it must exec.
 * started: waits until the daemon serves, where its log does not say so.
 */
export async function startDaemon(t, sections, options = {}) {
  let daemon;
  t.after(() => {
    if (t.passed === false && daemon)
      t.diagnostic(`log of ${daemon.pid}:\n${daemon.process.tail(20)}`);
    return daemon?.stop();
  });
  const dir = tempDir(t);
  const { files = {}, args = [], env = {}, wrap = [],
    started = (one) => one.line(/ ready$/) } = options;
  const config = typeof sections === 'string' ? sections : ini({
    ...sections,
    headgate: {
      workers: 1, control: '@DIR@/control.sock', 'stop-timeout': '2s',
      'drain-time': 0,
      ...sections.headgate,
    },
  });
  for (const [name, content] of Object.entries(files))
    write(dir, name, content, 0o600);
  write(dir, 'headgate.ini', config.replaceAll('@DIR@', dir), 0o600);
  const [command, ...rest] = [...wrap, HEADGATE, '--plugin-dir', PLUGINS,
    '-c', join(dir, 'headgate.ini'), ...args];
  const proc = new Process(command, rest, { env: { ...process.env, ...env } });
  daemon = new Daemon(dir, proc);
  await started(daemon);
  return daemon;
}
