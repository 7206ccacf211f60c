// SPDX-License-Identifier: Apache-2.0
// Memory for an idle channel: the daemon's own (Pss_Anon), as COUNT channels
// are accepted over a few connections.
//   node tests/bench/alloc-channels.mjs [COUNT]     top_builddir names the build
import { readFileSync } from 'node:fs';

import { hex, head } from '../lib/channels.mjs';
import { startDaemon } from '../lib/daemon.mjs';
import * as ws from '../lib/frame.mjs';
import { open } from '../lib/wsraw.mjs';

const COUNT = Number(process.argv[2] ?? 100000);
const TRUNKS = 4;
const UNANSWERED = 128;

// What startDaemon wants of a test.
const ends = [];
const t = { after: (fn) => ends.push(fn), diagnostic: console.log };

function memory(daemon) {
  const text = readFileSync(`/proc/${daemon.pid}/smaps_rollup`, 'utf8');
  return Number(text.match(/^Pss_Anon:\s+(\d+)/m)[1]) * 1024;
}

// Creates that many on one connection, a few at a time.
function fill(peer, count) {
  return new Promise((resolve, reject) => {
    let sent = 0, answered = 0, rest = Buffer.alloc(0);
    const create = () => {
      const id = 2 * sent++ + 1;
      const text = `create ${hex(id)}\r\n${head('GET /idle HTTP/1.1', {
        Host: 'gate.example', Origin: 'http://page.example',
        Forwarded: `for="192.0.2.${id % 250}:${10000 + id % 50000}"`,
      })}\r\n`;
      peer.socket.write(ws.binary(Buffer.concat([Buffer.from([0xff, 0xff]),
        Buffer.from(text)])));
    };
    peer.socket.removeAllListeners('data');
    peer.socket.on('data', (data) => {
      rest = Buffer.concat([rest, data]);
      for (let one; (one = ws.parseFrame(rest)) !== undefined;) {
        rest = rest.subarray(one.size);
        const text = one.payload.toString('latin1', 2);
        if (text.startsWith('created '))
          answered++;
        else if (one.opcode >= 8 || !text.startsWith('credit '))
          reject(new Error(`${one.opcode} ${text}`));
        if (text.startsWith('created ') && sent < count)
          create();
      }
      if (answered === count)
        resolve();
    });
    for (let i = 0; i < UNANSWERED && sent < count; i++)
      create();
  });
}

const daemon = await startDaemon(t, {
  'listen main': { address: '127.0.0.1:0' },
  'plugin echo': {},
  'plugin channels': { store: '16g', 'max-channels': 32767 },
  'service idle': {
    listen: 'main', path: '/idle', plugins: 'echo', origin: '*',
    extensions: 'x-kaazing-channels', 'ping-interval': 0,
  },
});
try {
  const peers = [];
  for (let i = 0; i < TRUNKS; i++)
    peers.push(await open(t, daemon.port('main'), '/idle',
      { 'Sec-WebSocket-Extensions': 'x-kaazing-channels' }));
  const before = memory(daemon);
  await Promise.all(peers.map((peer) => fill(peer, COUNT / TRUNKS)));
  const after = memory(daemon);
  console.log(`${COUNT} accepted channels: ` +
    `${((after - before) / COUNT).toFixed(0)} bytes each`);
} catch (error) {
  console.error(error);
}
for (const fn of ends.reverse())
  await fn();
