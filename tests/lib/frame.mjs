// SPDX-License-Identifier: Apache-2.0
// WebSocket frames, byte by byte; also wrong ones.
import { randomBytes } from 'node:crypto';

export const OP = {
  CONTINUATION: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10,
};

export function mask(data, key) {
  const out = Buffer.from(data);
  for (let i = 0; i < out.length; i++)
    out[i] ^= key[i & 3];
  return out;
}

/*
 * form: bytes of the length, 0, 2 or 8 (default: the shortest); len: what the
 * header says (default: the payload's). key: false for no mask.
 */
export function frame(opcode, payload = '', options = {}) {
  const data = Buffer.isBuffer(payload) ? payload : Buffer.from(payload);
  const { fin = true, rsv = 0, key = randomBytes(4) } = options;
  const len = BigInt(options.len ?? data.length);
  const form = options.form ?? (len < 126n ? 0 : len < 65536n ? 2 : 8);
  const head = [(fin ? 0x80 : 0) | rsv << 4 | opcode];
  head.push((key ? 0x80 : 0) | (form === 0 ? Number(len) :
    form === 2 ? 126 : 127));
  for (let i = form - 1; i >= 0; i--)
    head.push(Number(len >> BigInt(8 * i) & 0xffn));
  if (!key)
    return Buffer.concat([Buffer.from(head), data]);
  return Buffer.concat([Buffer.from(head), Buffer.from(key), mask(data, key)]);
}

export const text = (data, options) => frame(OP.TEXT, data, options);
export const binary = (data, options) => frame(OP.BINARY, data, options);
export const more = (data, options) => frame(OP.CONTINUATION, data, options);
export const ping = (data, options) => frame(OP.PING, data, options);
export const pong = (data, options) => frame(OP.PONG, data, options);

export function closeData(code, reason = '') {
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]),
    Buffer.from(reason)]);
}

export const close = (code, reason, options) =>
  frame(OP.CLOSE, closeData(code, reason), options);

// The frame at the front of the bytes and its size, or undefined.
export function parseFrame(data) {
  if (data.length < 2)
    return undefined;
  const masked = (data[1] & 0x80) !== 0;
  let len = data[1] & 0x7f;
  let at = 2;
  if (len === 126) {
    if (data.length < 4)
      return undefined;
    len = data.readUInt16BE(2);
    at = 4;
  } else if (len === 127) {
    if (data.length < 10)
      return undefined;
    len = Number(data.readBigUInt64BE(2));
    at = 10;
  }
  const key = masked ? data.subarray(at, at + 4) : undefined;
  at += masked ? 4 : 0;
  if (data.length < at + len)
    return undefined;
  const raw = data.subarray(at, at + len);
  return {
    fin: (data[0] & 0x80) !== 0, rsv: data[0] >> 4 & 7, opcode: data[0] & 15,
    masked, payload: masked ? mask(raw, key) : Buffer.from(raw),
    size: at + len,
  };
}
