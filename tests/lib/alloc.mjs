// SPDX-License-Identifier: Apache-2.0
// Counts what a daemon allocates (tests/lib/alloccount.c), and clients that
// keep it busy steadily.
//   HEADGATE_ALLOC_TRACE   also says who does, by addr2line
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, readSync,
  writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import * as ws from './frame.mjs';
import { within } from './wait.mjs';

const LIBRARY = join(process.env.top_builddir ?? '.',
  'tests/lib/.libs/alloccount.so');
const WHERE_SIZE = 24;

// Why it cannot be done, or false.
export const missing = process.env.HEADGATE_SANITIZER === 'yes' ?
  'a sanitizer has its own malloc' :
  process.report.getReport().header.glibcVersionRuntime === undefined &&
    'needs the C library of GNU';

// The counters of one daemon, which is to be started with "env"; their file is
// in dir, which must outlive it.
export class Counted {
  constructor(t, name, dir) {
    this.name = name;
    this.path = join(mkdtempSync(join(dir, 'alloc-')), name);
    writeFileSync(this.path, Buffer.alloc(WHERE_SIZE));
    this.fd = openSync(this.path, 'r+');
    this.env = { LD_PRELOAD: LIBRARY, HEADGATE_ALLOC_FILE: this.path };
    t.after(() => closeSync(this.fd));
  }

  read() {
    const data = Buffer.alloc(WHERE_SIZE);
    readSync(this.fd, data, 0, WHERE_SIZE, 0);
    return {
      openssl: Number(data.readBigUInt64LE(0)),
      other: Number(data.readBigUInt64LE(8)),
    };
  }

  trace(on) {
    writeSync(this.fd, Buffer.from([on ? 1 : 0]), 0, 1, 16);
  }

  // Once the daemon has ended: its calls by place, the most first.
  places() {
    if (!existsSync(`${this.path}.trace`))
      return [];
    const stacks = [];
    for (const line of readFileSync(`${this.path}.trace`, 'utf8').split('\n'))
      if (/^\d/.test(line))
        stacks.push({ count: Number(line), at: [] });
      else if (line !== '')
        stacks.at(-1).at.push(line.trim().split(' '));
    stacks.sort((a, b) => b.count - a.count);
    return stacks.slice(0, 30).map(({ count, at }) =>
      `${count}: ${at.map(placeOf).join(' < ')}`);
  }
}

const known = new Map();

function placeOf([file, offset, symbol]) {
  const key = `${file} ${offset}`;
  if (!known.has(key)) {
    let name = symbol ?? file;
    if (name === '?')
      [name] = execFileSync('addr2line', ['-f', '-e', file, offset],
        { encoding: 'utf8' }).split('\n');
    known.set(key, name);
  }
  return known.get(key);
}

// Whole frames in what a server sends; on() for each, with its payload.
export class Frames {
  constructor(peer, on) {
    this.rest = Buffer.alloc(0);
    this.on = on;
    peer.socket.removeAllListeners('data');
    peer.socket.on('data', (data) => this.#feed(data));
  }

  #feed(data) {
    let all = this.rest.length > 0 ? Buffer.concat([this.rest, data]) : data;
    for (;;) {
      const one = ws.parseFrame(all);
      if (one === undefined)
        break;
      all = all.subarray(one.size);
      if (one.opcode < 8)
        this.on(one.payload);
    }
    this.rest = all;
  }
}

// Sends messages so that at most "window" are under way, until "count" have
// arrived. arrived() is to be called for each.
export class Pump {
  constructor(send, window) {
    this.send = send;
    this.window = window;
  }

  run(count) {
    this.left = count;
    this.unsent = count;
    const done = new Promise((resolve) => {
      this.done = resolve;
    });
    for (let i = 0; i < this.window && this.unsent > 0; i++)
      this.#next();
    return within(done, `${count} messages`, 60000);
  }

  #next() {
    this.unsent--;
    this.send();
  }

  arrived() {
    if (--this.left === 0)
      this.done();
    else if (this.unsent > 0)
      this.#next();
  }
}
