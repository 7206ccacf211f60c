// SPDX-License-Identifier: Apache-2.0
// A peer that speaks x-kaazing-channels byte by byte, right or wrong.
import assert from 'node:assert/strict';

import * as ws from './frame.mjs';
import { open } from './wsraw.mjs';

export const LAST = 0x80;
export const TEXT = 0x40;

export const hex = (id) => `0x${id.toString(16).padStart(4, '0')}`;

export const head = (start, fields = {}) => [start,
  ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`)]
  .map((line) => `${line}\r\n`).join('');

export class Mux {
  // chunk: whether labels have a flag byte.
  constructor(peer, chunk = false) {
    this.peer = peer;
    this.chunk = chunk;
    this.controls = []; // but credit: the text of each
    this.messages = new Map(); // by id
    this.pieces = new Map();
    this.credit = new Map(); // the newest, by id
    this.count = 0; // data messages that came
  }

  label(id, flags = LAST) {
    const two = [id >> 8, id & 0xff];
    return Buffer.from(this.chunk ? [...two, flags] : two);
  }

  // A control message as it stands, with its last CRLF.
  raw(text, options = {}) {
    const data = Buffer.concat([this.label(0xffff, options.flags),
      Buffer.from(text, 'latin1')]);
    this.peer.send(ws.frame(options.opcode ?? ws.OP.BINARY, data,
      this.peer.options()));
    return this;
  }

  // Its line, and the head if it has one.
  control(line, more = '') {
    return this.raw(`${line}\r\n${more}\r\n`);
  }

  create(id, path, fields = {}) {
    return this.control(`create ${hex(id)}`, head(`GET ${path} HTTP/1.1`,
      fields));
  }

  // One WebSocket message: a whole channel message, or with "flags" a piece.
  data(id, payload, options = {}) {
    const isText = options.text ?? typeof payload === 'string';
    const flags = options.flags ?? LAST | (isText ? TEXT : 0);
    const opcode = isText && !this.chunk ? ws.OP.TEXT : ws.OP.BINARY;
    this.peer.send(ws.frame(opcode, Buffer.concat([this.label(id, flags),
      Buffer.from(payload)]), this.peer.options()));
    return this;
  }

  #file({ opcode, payload }) {
    const id = payload.readUInt16BE(0);
    const flags = this.chunk ? payload[2] : undefined;
    const body = payload.subarray(this.chunk ? 3 : 2);
    if (id === 0xffff) {
      assert.equal(opcode, ws.OP.BINARY, 'control messages are binary');
      if (this.chunk)
        assert.equal(flags, LAST);
      this.#fileControl(body.toString('latin1'));
      return;
    }
    if (this.chunk) {
      assert.equal(opcode, ws.OP.BINARY, 'all is binary in chunk mode');
      const pieces = this.pieces.get(id) ?? [];
      pieces.push(body);
      this.pieces.set(id, pieces);
      if ((flags & LAST) === 0)
        return;
      this.pieces.delete(id);
      this.#fileMessage(id, { text: (flags & TEXT) !== 0,
        payload: Buffer.concat(pieces), pieces: pieces.length });
      return;
    }
    if (opcode === ws.OP.TEXT)
      assert.ok((id & 0x8080) === 0, 'text on an id that is no text id');
    this.#fileMessage(id, { text: opcode === ws.OP.TEXT, payload: body });
  }

  #fileMessage(id, message) {
    this.count++;
    if (!this.messages.has(id))
      this.messages.set(id, []);
    this.messages.get(id).push(message);
  }

  #fileControl(text) {
    const credit = text.match(/^credit 0x([0-9a-f]{4}) bytes=(\d+)\r\n\r\n$/);
    if (credit)
      this.credit.set(parseInt(credit[1], 16), Number(credit[2]));
    else
      this.controls.push(text);
  }

  async read(ms) {
    this.#file(await this.peer.message(ms));
  }

  // The next control message that is no credit; it must match.
  async next(pattern, ms) {
    while (this.controls.length === 0)
      await this.read(ms);
    const text = this.controls.shift();
    if (typeof pattern === 'string')
      assert.equal(text, pattern);
    else if (pattern)
      assert.match(text, pattern);
    return text;
  }

  // The next one that matches; those before it stay.
  async find(pattern, ms) {
    let at;
    while ((at = this.controls.findIndex((text) => pattern.test(text))) < 0)
      await this.read(ms);
    return this.controls.splice(at, 1)[0];
  }

  // The next message of a channel.
  async message(id, ms) {
    while (!this.messages.get(id)?.length)
      await this.read(ms);
    return this.messages.get(id).shift();
  }

  async echo(id, payload) {
    this.data(id, payload);
    const back = await this.message(id);
    assert.equal(back.payload.toString(), payload.toString());
    assert.equal(back.text, typeof payload === 'string');
  }

  async created(id, path, fields) {
    this.create(id, path, fields);
    return this.next(new RegExp(`^created ${hex(id)}\r\nHTTP/1.1 101 `));
  }

  async credited(id, bytes, ms) {
    while ((this.credit.get(id) ?? 0) < bytes)
      await this.read(ms);
  }

  // The connection is closed with that code, or one that matches; what came
  // before is filed.
  async closed(code) {
    for (;;) {
      const one = await this.peer.frame();
      if (one.opcode === ws.OP.CLOSE) {
        const got = one.payload.readUInt16BE(0);
        const said = `close ${got} ${one.payload.subarray(2)}`;
        if (code instanceof RegExp)
          assert.match(String(got), code, said);
        else
          assert.equal(got, code, said);
        return one.payload.subarray(2).toString();
      }
      if (one.opcode < 8 && one.fin)
        this.#file(one);
    }
  }
}

// offer: the parameters of x-kaazing-channels; chunk mode if it names a chunk.
export async function openMux(t, to, path, offer = '', fields = {}) {
  const peer = await open(t, to, path, {
    'Sec-WebSocket-Extensions': `x-kaazing-channels${offer && `; ${offer}`}`,
    ...fields,
  });
  const answer = peer.response.fields['sec-websocket-extensions']?.[0] ?? '';
  assert.match(answer, /^x-kaazing-channels/);
  return new Mux(peer, /chunk=/.test(answer));
}
