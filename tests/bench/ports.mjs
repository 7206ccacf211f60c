// SPDX-License-Identifier: Apache-2.0
// Ports for servers that cannot be told to take a free one.
import { once } from 'node:events';
import net from 'node:net';

import { freePorts } from '../lib/rabbitmq.mjs';
import { until } from '../lib/wait.mjs';

export const freePort = async () => (await freePorts(1))[0];

async function accepts(port) {
  const socket = net.connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}

// The process listens there, or has ended and says why.
export async function serves(proc, port, ms = 20000) {
  await until(async () => !proc.alive || await accepts(port),
    `${proc.command} to listen on ${port}`, ms);
  if (!proc.alive)
    throw new Error(`${proc.command} ended:\n${proc.tail()}`);
}
