// SPDX-License-Identifier: Apache-2.0
// Child processes that do not outlive the test, and folders for their files.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';

import { deferred, until, within } from './wait.mjs';

const children = new Set();
const folders = new Set();
const endings = new Set(); // further functions for the end, synchronous

export function atEnd(fn) {
  endings.add(fn);
  return () => endings.delete(fn);
}

function endAll() {
  for (const child of children)
    child.kill('SIGKILL');
  for (const fn of endings)
    fn();
  for (const dir of folders)
    rmSync(dir, { recursive: true, force: true });
}

process.on('exit', endAll);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'])
  process.on(signal, () => process.exit(1));

// A new folder, removed behind the test: hooks run in their order, so whoever
// uses it is to be stopped by an earlier one.
export function tempDir(t, name = 'headgate') {
  const dir = mkdtempSync(join(tmpdir(), `${name}-`));
  folders.add(dir);
  t.after(() => {
    folders.delete(dir);
    rmSync(dir, { recursive: true, force: true });
  });
  return dir;
}

// A running program, whose output is kept in "output" line by line.
export class Process {
  constructor(command, args, options = {}) {
    this.command = command;
    this.output = '';
    this.lines = [];
    this.ended = deferred();
    this.end = undefined; // { code, signal } when it is gone
    this.child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'], ...options,
    });
    this.pid = this.child.pid;
    children.add(this.child);
    for (const stream of [this.child.stdout, this.child.stderr])
      this.#keep(stream);
    this.child.on('error', (error) => this.#gone({ error }));
    this.child.on('close', (code, signal) => this.#gone({ code, signal }));
  }

  #keep(stream) {
    const decoder = new StringDecoder();
    let rest = '';
    stream.on('data', (data) => {
      const text = decoder.write(data);
      if (process.env.HEADGATE_TEST_VERBOSE)
        process.stderr.write(text);
      this.output += text;
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      this.lines.push(...lines);
    });
  }

  #gone(end) {
    children.delete(this.child);
    this.end ??= end;
    this.ended.resolve(this.end);
  }

  get alive() {
    return this.end === undefined;
  }

  tail(count = 30) {
    return this.lines.slice(-count).join('\n');
  }

  // The first line that matches.
  async line(pattern, ms = 10000) {
    const match = await until(() => {
      for (const line of this.lines) {
        const found = line.match(pattern);
        if (found)
          return found;
      }
      return !this.alive && 'ended';
    }, `${this.command} to say ${pattern}`, ms);
    if (match === 'ended')
      throw new Error(`${this.command} ended: ${this.#how()}\n${this.tail()}`);
    return match;
  }

  #how() {
    const { error, code, signal } = this.end;
    return error ? error.message : signal ?? `status ${code}`;
  }

  kill(signal = 'SIGKILL') {
    this.child.kill(signal);
    return within(this.ended.promise, `${this.command} to be gone`);
  }
}
