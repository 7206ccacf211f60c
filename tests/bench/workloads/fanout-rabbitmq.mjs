// SPDX-License-Identifier: Apache-2.0
import { missing as rabbitMissing } from '../../lib/rabbitmq.mjs';
import { FAST, startHeadgate } from '../headgate.mjs';
import { comparison, ratioAim } from '../report.mjs';
import { inRounds } from '../rounds.mjs';
import { STOMP, SUBPROTOCOLS, startBroker, webStomp } from '../stomp.mjs';
import { fanLoad, sound } from './fanout.mjs';

export const title = 'Fan-out with RabbitMQ';
export const text = `As "Fan-out", with RabbitMQ as the broker: headgate in front
of it, so that N subscribers share a flow, against Web-STOMP alone. CPU is that
of headgate and of the broker together. With "upstream = one" only two
subscriptions of a shared destination stay at the broker, one with "standby=0".
`;

const CASES = [
  { name: 'N=100, 128 B, 64 in flight', count: 100, size: 128, depth: 64 },
  { name: 'N=1000, 128 B, 64 in flight', count: 1000, size: 128, depth: 64 },
];
// Members are asked for again at the broker within the time "recheck". warm:
// messages until all are members, and the broker has no subscription too many.
const WAYS = [
  ['headgate + RabbitMQ, upstream=one',
    { share: 'upstream=one recheck=10m', more: { backlog: '16m' }, warm: 800 }],
  ['headgate + RabbitMQ, upstream=one standby=0',
    { share: 'upstream=one standby=0 recheck=10m', more: { backlog: '16m' },
      warm: 800 }],
  ['headgate + RabbitMQ, upstream=each', { share: '', warm: 64, rounds: 1 }],
];

const sections = (port, way) => ({
  'service stomp': {
    listen: 'clients', path: '/stomp', subprotocols: SUBPROTOCOLS,
    plugins: 'stomp',
    connect: `tcp://127.0.0.1:${port}`, ...FAST, 'queue-max': '4m',
  },
  'plugin stomp': {},
  'plugin fanout': {
    share: `/topic/* scope=credential ${way.share}`.trim(), ...way.more,
  },
});

async function start(scope, name, way) {
  const broker = await startBroker(scope);
  const { port, pid } = await startHeadgate(scope, name, { clients: {} },
    sections(broker.port, way));
  return { port, pids: [pid, broker.pid] };
}

export function run(bench) {
  const servers = [
    ...WAYS.map(([name, way]) => ({
      name, speak: { ...STOMP, 'warm-messages': way.warm },
      missing: rabbitMissing, rounds: () => way.rounds ?? Infinity,
      start: (scope) => start(scope,
        way.share ? 'rabbitmq-one' : 'rabbitmq-each', way),
    })),
    webStomp,
  ];
  return inRounds(bench, CASES, servers, (one, started, server) =>
    sound(fanLoad(bench, one, server, started)));
}

const [[own]] = WAYS;

export const tables = (samples) => [comparison(samples, { own })];

export const aims = (samples) => [ratioAim(samples, {
  name: CASES[1].name, to: ['Web-STOMP'], own, most: 0.1,
})];
