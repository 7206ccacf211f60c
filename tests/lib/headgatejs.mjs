// SPDX-License-Identifier: Apache-2.0
// headgate.js in node, with npm's ws as the native class, and servers for it
// that say exact bytes.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import WebSocket from 'ws';

import * as ws from './frame.mjs';
import { accept, listen } from './server.mjs';
import { within } from './wait.mjs';

const dist = join(process.env.top_builddir ?? '.', 'plugins/page/js/dist');

export const HANDSHAKE = 'x-kaazing-handshake';

// file: headgate.mjs is the library alone, index.mjs has the halves too.
export async function load(file) {
  globalThis.WebSocket = WebSocket;
  const { default: headgate } =
    await import(pathToFileURL(join(dist, file)).href);
  return headgate;
}

// A WebSocket whose events are awaited in their order.
export class Client {
  constructor(t, headgate, url, protocols) {
    this.got = [];
    this.waiting = [];
    this.ws = new headgate.WebSocket(url, protocols);
    this.ws.binaryType = 'arraybuffer';
    for (const type of ['open', 'message', 'error', 'close'])
      this.ws.addEventListener(type, (event) => {
        const waiter = this.waiting.shift();
        if (waiter)
          waiter(event);
        else
          this.got.push(event);
      });
    t.after(() => this.ws.close());
  }

  event(what = 'an event') {
    return within(this.got.length > 0 ? this.got.shift() :
      new Promise((resolve) => this.waiting.push(resolve)), what);
  }

  async expect(type) {
    const event = await this.event(type);
    assert.equal(event.type, type);
    return event;
  }

  async message(wanted) {
    const { data } = await this.expect('message');
    assert.deepEqual(typeof data === 'string' ? data :
      Buffer.from(data), wanted);
  }

  async closed(code, reason, wasClean = true) {
    const end = await this.expect('close');
    assert.deepEqual([end.code, end.reason, end.wasClean],
      [code, reason, wasClean]);
    assert.equal(this.ws.readyState, 3);
  }

  // As a connection that could not be, or that was lost by a wrong word.
  async failed() {
    await this.expect('error');
    await this.closed(1006, '', false);
  }
}

// The next connection, with the outer handshake answered by that subprotocol.
export async function outer(server, path, protocol = HANDSHAKE, more = {}) {
  const peer = await server.next();
  const head = await peer.head();
  assert.ok(head.line.startsWith(`GET ${path} HTTP/1.1`), head.line);
  peer.outer = head;
  peer.send(accept(head, { ...protocol !== null &&
    { 'Sec-WebSocket-Protocol': protocol }, ...more }));
  return peer;
}

export const say = (peer, text) =>
  peer.send(ws.binary(Buffer.from(text, 'latin1'), { key: false }));

export async function inner(peer, wanted) {
  const { opcode, payload } = await peer.message();
  assert.equal(opcode, ws.OP.BINARY);
  const text = payload.toString('latin1');
  if (typeof wanted === 'string')
    assert.equal(text, wanted);
  else if (wanted)
    assert.match(text, wanted);
  return text;
}

export const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\n' +
  'Upgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n';

export const scripted = (t, options) => listen(t, options);
