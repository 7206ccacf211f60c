// SPDX-License-Identifier: Apache-2.0
// The second handshake, x-kaazing-handshake, as the initiator, byte by byte.
import assert from 'node:assert/strict';

import * as ws from './frame.mjs';
import { open, parseHead } from './wsraw.mjs';

export const PROTOCOL = 'x-kaazing-handshake';
export const MARKER = 'ef83bf4e';

// The text of an inner request; a list of values is as many lines.
export function innerRequest(path, fields = {}) {
  let head = `GET ${path} HTTP/1.1\r\n`;
  for (const [name, value] of Object.entries(fields))
    for (const one of [value].flat())
      head += `${name}: ${one}\r\n`;
  return `${head}\r\n`;
}

// A peer behind the outer 101, which must have answered the subprotocol.
export async function openOuter(t, to, path, fields = {}) {
  const peer = await open(t, to, path,
    { 'Sec-WebSocket-Protocol': PROTOCOL, ...fields });
  assert.deepEqual(peer.response.fields['sec-websocket-protocol'], [PROTOCOL]);
  return peer;
}

// The response to what was sent, as head() gives it; legacy: with the empty
// message behind it.
export async function innerHead(peer, { legacy = false } = {}) {
  const { opcode, payload } = await peer.message();
  assert.equal(opcode, ws.OP.BINARY, 'a response is binary');
  const text = payload.toString('latin1');
  assert.ok(text.endsWith('\r\n\r\n'), JSON.stringify(text));
  if (legacy)
    await expectMessage(peer, '');
  return parseHead(text);
}

// A whole binary message of these bytes, in hexadecimal.
export async function expectMessage(peer, hex) {
  const { opcode, payload } = await peer.message();
  assert.equal(opcode, ws.OP.BINARY);
  assert.equal(payload.toString('hex'), hex);
}

export async function ask(peer, path, fields = {}) {
  peer.send(ws.binary(innerRequest(path, fields)));
  return innerHead(peer);
}

// Open by both handshakes; peer.inner is the second one's response.
export async function openInner(t, to, path, fields = {}, outer = {}) {
  const peer = await openOuter(t, to, path, outer);
  peer.inner = await ask(peer, path, fields);
  assert.equal(peer.inner.status, 101, peer.inner.text);
  return peer;
}
