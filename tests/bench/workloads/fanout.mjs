// SPDX-License-Identifier: Apache-2.0
import { comparison, ratioAim } from '../report.mjs';
import { inRounds } from '../rounds.mjs';
import { gatewayAlone, limit, nchan, webStomp } from '../stomp.mjs';
import { load } from '../tools.mjs';

export const title = 'Fan-out';
export const text = `One publisher, one topic, N subscribers, each with a
connection of its own. headgate is one gateway with the embedded broker, and
speaks STOMP over WebSocket; so does RabbitMQ's Web-STOMP, whose CPU is that of
the whole broker. nchan pushes plain messages, and so does the limit: a bare
loop that gathers what is queued for a socket into one writev. With 64 messages
in flight the publisher does not wait for deliveries; with one it waits for all
of them (Web-STOMP has 8 in flight: more only wait longer). CPU is per delivered
message.`;

const SIZES = [[128, '128 B'], [1024, '1 KiB']];
const CASES = [64, 1].flatMap((depth) => [100, 1000, 5000].flatMap((count) =>
  SIZES.map(([size, label]) => ({
    name: `N=${count}, ${label}, ${depth} in flight`, count, size, label,
    depth,
  }))));

// Deliveries to many come in bursts; the interval must have some of them.
export const times = (bench, count) => ({
  warm: 0.3 + count / 10000,
  seconds: bench.seconds * (count < 5000 ? 1 : 2),
});

export const fanLoad = (bench, { count, size, depth }, server, started,
  more = {}) => load('fanout', {
  connect: `127.0.0.1:${started.port}`, connections: count, size, depth,
  pids: started.pids, ...server.speak, ...times(bench, count), ...more,
});

// Every subscriber must have got every message once and in order. What one of
// the servers does not deliver is told beside what the rest has cost it.
export async function sound(promise) {
  const result = await promise;
  const { lost, double, misordered } = result;
  return lost || double || misordered ? { ...result,
    trouble: `${lost} of ${result.messages + lost} lost or too late, ` +
      `${double} twice, ${misordered} out of order` } : result;
}

// RabbitMQ needs seconds for each case; it is no near race. What is in flight
// makes no difference to it, but must be delivered in the end.
const slow = {
  ...webStomp, speak: { ...webStomp.speak, depth: 8 },
  rounds: ({ depth, count, size }) => depth === 1 ? 0 :
    count < 5000 ? Infinity : size === 128 ? 1 : 0,
};

export function run(bench) {
  const servers = [gatewayAlone('fanout'), limit, nchan, slow];
  return inRounds(bench, CASES, servers, (one, started, server) =>
    sound(fanLoad(bench, one, server, started)));
}

export const tables = (samples) => [comparison(samples)];

export function aims(samples) {
  return CASES.flatMap(({ name, depth, size, count }) => depth === 64 ? [
    ...count < 5000 || size === 128 ?
      [ratioAim(samples, { name, to: ['Web-STOMP'], most: 0.02 })] : [],
    ratioAim(samples, { name, to: ['nchan'], most: 0.15 }),
    ratioAim(samples, { name, to: ['limit'], most: 2 }),
  ] : [
    ratioAim(samples, { name, to: ['nchan'], most: 1.1 }),
    ratioAim(samples, { name, to: ['limit'], most: 1.15 }),
  ]);
}

export function lines(samples) {
  return [64, 1].map((depth) => ({
    file: `fanout-${depth}`,
    title: `Fan-out, 128 B, ${depth === 1 ? 'one' : depth} in flight`,
    x: 'subscribers', y: 'CPU us per delivered message',
    series: ['headgate', 'limit', 'nchan', 'Web-STOMP'].map((server) => ({
      name: server,
      points: CASES.filter((one) => one.depth === depth && one.size === 128)
        .map(({ name, count }) =>
          [count, samples.spread(name, server, 'cpu_us')]),
    })),
  }));
}
