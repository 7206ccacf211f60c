// SPDX-License-Identifier: Apache-2.0
// A peer that sends exact bytes and awaits exact bytes: over TCP, TLS and unix
// sockets, as the client or, with accept(), as the server.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';

import * as ws from './frame.mjs';
import { SLOW } from './wait.mjs';

export const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
export const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export const acceptOf = (key) =>
  createHash('sha1').update(key + GUID).digest('base64');

// "HTTP/1.1 ..." up to the empty line, as { line, status, fields }, where the
// fields are by small name, each a list.
export function parseHead(text) {
  const [line, ...rest] = text.split('\r\n');
  const fields = {};
  for (const one of rest.filter((field) => field !== '')) {
    const colon = one.indexOf(':');
    const name = one.slice(0, colon).toLowerCase();
    (fields[name] ??= []).push(one.slice(colon + 1).trim());
  }
  const status = Number(line.match(/^HTTP\/1\.1 (\d{3})/)?.[1]);
  return { line, status, fields, text };
}

export class Peer {
  constructor(socket, isClient = true) {
    this.socket = socket;
    this.isClient = isClient;
    this.data = Buffer.alloc(0);
    this.chunks = [];
    this.ended = false; // FIN, RST or our own end
    this.error = undefined;
    this.wake = () => {};
    socket.on('data', (data) => {
      this.chunks.push(data);
      this.wake();
    });
    socket.on('end', () => this.#end());
    socket.on('close', () => this.#end());
    socket.on('error', (error) => this.#end(error));
  }

  #end(error) {
    this.ended = true;
    this.error ??= error;
    this.wake();
  }

  #gather() {
    if (this.chunks.length > 0)
      this.data = Buffer.concat([this.data, ...this.chunks]);
    this.chunks = [];
  }

  send(...parts) {
    for (const part of parts.flat())
      this.socket.write(part);
    return this;
  }

  // One write, and so one segment, for each byte.
  async drip(data) {
    this.socket.setNoDelay?.(true);
    for (const byte of data)
      await new Promise((resolve) =>
        this.socket.write(Buffer.from([byte]), resolve));
  }

  // What take() makes of the bytes so far, as soon as that is something. At
  // the end, take() has a last chance.
  async #await(take, what, ms = 5000) {
    const end = Date.now() + ms * SLOW;
    for (;;) {
      this.#gather();
      const value = take();
      if (value !== undefined)
        return value;
      if (this.ended)
        throw new Error(`the connection ended before ${what}` +
          `${this.error ? ` (${this.error.message})` : ''}; ${this.#shown()}`);
      const left = end - Date.now();
      if (left <= 0)
        throw new Error(`waited ${ms * SLOW} ms for ${what}; ${this.#shown()}`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.wake = () => {};
    }
  }

  #shown() {
    return `unread: ${this.data.subarray(0, 64).toString('hex') || 'nothing'}`;
  }

  #take(count) {
    const out = this.data.subarray(0, count);
    this.data = this.data.subarray(count);
    return out;
  }

  bytes(count, ms) {
    return this.#await(() => this.data.length < count ? undefined :
      this.#take(count), `${count} bytes`, ms);
  }

  // All up to the marker, with it.
  upTo(marker, ms) {
    return this.#await(() => {
      const at = this.data.indexOf(marker, 0, 'latin1');
      return at < 0 ? undefined : this.#take(at + marker.length);
    }, JSON.stringify(marker), ms);
  }

  // A string stands for its bytes, one for each character.
  async expect(bytes, ms) {
    const wanted = Buffer.from(bytes, 'latin1');
    const got = await this.bytes(wanted.length, ms);
    assert.equal(got.toString('hex'), wanted.toString('hex'));
  }

  async head(ms) {
    const text = await this.#await(() => {
      const end = this.data.indexOf('\r\n\r\n');
      return end < 0 ? undefined : this.#take(end + 4).toString('latin1');
    }, 'a head', ms);
    return parseHead(text);
  }

  frame(ms) {
    return this.#await(() => {
      const one = ws.parseFrame(this.data);
      if (one !== undefined) {
        this.#take(one.size);
        assert.equal(one.masked, !this.isClient, 'mask by role');
      }
      return one;
    }, 'a frame', ms);
  }

  // A whole data message; control frames between are answered or skipped.
  async message(ms) {
    const parts = [];
    let opcode;
    for (;;) {
      const one = await this.frame(ms);
      if (one.opcode === ws.OP.PING)
        this.send(ws.pong(one.payload, this.options()));
      if (one.opcode === ws.OP.CLOSE)
        throw new Error('closed instead of a message: ' +
          `${one.payload.toString('hex')} ${one.payload.subarray(2)}`);
      if (one.opcode >= 8)
        continue;
      assert.equal(one.rsv, 0);
      if (opcode === undefined)
        assert.notEqual(one.opcode, 0, 'a continuation of nothing');
      else
        assert.equal(one.opcode, 0, 'a new message within a message');
      opcode ??= one.opcode;
      parts.push(one.payload);
      if (one.fin)
        return { opcode, payload: Buffer.concat(parts) };
    }
  }

  // For frame functions: only clients mask.
  options(options = {}) {
    return this.isClient ? options : { key: false, ...options };
  }

  // A close frame of that code (undefined: of none), behind data frames if
  // those are allowed; its reason is returned.
  async closeFrame(code, { afterData = false } = {}, ms = undefined) {
    for (;;) {
      const one = await this.frame(ms);
      if (one.opcode !== ws.OP.CLOSE) {
        assert.ok(afterData || one.opcode === ws.OP.PING,
          `opcode ${one.opcode} instead of close`);
        continue;
      }
      const got = one.payload.length === 0 ? undefined :
        one.payload.readUInt16BE(0);
      assert.equal(got, code, `close ${got} ${one.payload.subarray(2)}`);
      return one.payload.subarray(2).toString();
    }
  }

  // The other side ends it, and sends nothing before.
  async eof(ms) {
    await this.#await(() => {
      assert.equal(this.data.length, 0, this.#shown());
      return this.ended || undefined;
    }, 'the end', ms);
  }

  // Nothing more comes in that time.
  async silence(ms) {
    const end = Date.now() + ms;
    while (Date.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      this.#gather();
      assert.equal(this.data.length, 0, this.#shown());
      assert.ok(!this.ended, 'it ended');
    }
  }

  end() {
    this.socket.end();
  }

  // With RST, or over TLS and unix sockets just without a word.
  destroy() {
    if (!this.socket.encrypted && this.socket.remoteAddress)
      this.socket.resetAndDestroy();
    else
      this.socket.destroy();
  }
}

// to: a port of 127.0.0.1, or { port | path, tls: { ca, servername ... } }.
export function connect(t, to) {
  const { tls: secure, ...where } = typeof to === 'number' ? { port: to } : to;
  if (where.port)
    where.host ??= '127.0.0.1';
  where.allowHalfOpen = true;
  const socket = secure ? tls.connect({ ...where, ...secure }) :
    net.connect(where);
  const peer = new Peer(socket);
  t.after(() => socket.destroy());
  return new Promise((resolve, reject) => {
    socket.once(secure ? 'secureConnect' : 'connect', () => resolve(peer));
    socket.once('error', reject);
  });
}

/*
 * The opening request as text. fields: replaces a field by a value or a list
 * of values (several lines), or takes it out by null.
 */
export function request(path, fields = {}, options = {}) {
  const all = {
    Host: 'gate.example', Upgrade: 'websocket', Connection: 'Upgrade',
    'Sec-WebSocket-Key': KEY, 'Sec-WebSocket-Version': '13', ...fields,
  };
  let head = `${options.method ?? 'GET'} ${path} ${options.version ??
    'HTTP/1.1'}\r\n`;
  for (const [name, value] of Object.entries(all))
    for (const one of value === null ? [] : [value].flat())
      head += `${name}: ${one}\r\n`;
  return `${head}\r\n`;
}

// An open WebSocket: the Peer, with the response in "response".
export async function open(t, to, path, fields = {}) {
  const peer = await connect(t, to);
  peer.send(request(path, fields));
  peer.response = await peer.head();
  assert.equal(peer.response.status, 101, peer.response.text);
  assert.deepEqual(peer.response.fields['sec-websocket-accept'], [ACCEPT]);
  return peer;
}

// The status with which it is not opened, and all there is of the response.
export async function refused(t, to, path, fields = {}) {
  const peer = await connect(t, to);
  peer.send(request(path, fields));
  const response = await peer.head();
  assert.notEqual(response.status, 101);
  return response;
}
