// SPDX-License-Identifier: Apache-2.0
import { counters, loadCounting } from '../counters.mjs';
import { startHeadgate } from '../headgate.mjs';
import { missing as nginxMissing, startNginx } from '../nginx.mjs';
import { valueAim } from '../report.mjs';
import { inRoundsAnew } from '../rounds.mjs';
import { STOMP, brokerSections, startStompTiers } from '../stomp.mjs';
import { figure, withSpread } from '../table.mjs';
import { sound } from './fanout.mjs';
import { startLink } from '../tools.mjs';

export const title = 'A slow link between edge and gateway';
export const text = `1,000 subscribers near the edge, and between edge and
gateway a line of 50 Mbit/s with 20 ms each way (the link simulator: a token
bucket and a delay line, 66 bytes of overhead for a segment), 200 messages/s
published at the gateway. The size is chosen so that the whole STOMP frame on
the trunk has 128 bytes. To compare: nginx at the edge, with one connection over
the line for each client.`;

const COUNT = 1000;
const RATE = 200;
const FRAME = 128;
const CASES = [{ name: `N=${COUNT}, ${RATE} messages/s` }];
const SECONDS = 5;
const PUBLISHED = 'broker messages-in';

const linkTo = (scope, port) => startLink(scope,
  { connect: `127.0.0.1:${port}`, mbit: 50, 'delay-ms': 20 });

async function startEdge(scope) {
  let link;
  const tiers = await startStompTiers(scope, 'link', {
    between: async (port) => {
      link = await linkTo(scope, port);
      return link.port;
    },
  });
  return { ...tiers, link, daemon: tiers.gateway.daemon,
    publish: tiers.gateway.ports.clients };
}

async function startNaive(scope) {
  const gateway = await startHeadgate(scope, 'fanout', { clients: {} },
    brokerSections());
  const link = await linkTo(scope, gateway.port);
  const { port, pids } = await startNginx(scope, { backend: link.port });
  return { port, pids, link, daemon: gateway.daemon, publish: gateway.port };
}


async function read({ link, daemon }) {
  const [own, { down }] = [await counters(daemon), await link.counts()];
  return own.set('payload', down.payload).set('segments', down.segments);
}

async function once(started, size, options) {
  const { result, per } = await loadCounting(() => read(started), PUBLISHED,
    'fanout', {
    connect: `127.0.0.1:${started.port}`, ...STOMP,
    'publish-connect': `127.0.0.1:${started.publish}`,
    rate: RATE, size, pids: started.pids, ...options,
  });
  const trunk = per('channels data_messages_sent');
  return { ...await sound(result), size, trunk, link: per('payload'),
    frame: per('channels data_bytes_sent') / trunk };
}

// The body for which the frame has that many bytes.
async function bodySize(started) {
  const { frame } = await once(started, 64,
    { connections: 10, warm: 0.3, seconds: 1, 'warm-messages': 40 });
  return Math.max(16, Math.round(64 + FRAME - frame));
}

export function run(bench) {
  const servers = [
    { name: 'headgate', start: startEdge },
    { name: 'nginx', missing: nginxMissing, rounds: () => 1,
      start: startNaive },
  ];
  return inRoundsAnew(bench, CASES, servers, async (one, started, server) => {
    const size = server.name === 'headgate' ? await bodySize(started) : 64;
    return once(started, size, { connections: COUNT, warm: 1, seconds: SECONDS,
      'warm-messages': 100 });
  });
}

const [{ name: CASE }] = CASES;
const ms = (one) => one && { ...one, median: one.median / 1000,
  min: one.min / 1000, max: one.max / 1000 };

export const tables = (samples) => [{
  columns: ['server', 'delivered/s', 'p50 ms', 'p99 ms',
    'payload bytes on the line for one published', 'bytes of the frame',
    'CPU us each'],
  rows: samples.servers(CASE).map((server) => {
    const of = (field) => samples.spread(CASE, server, field);
    return [server, figure(of('per_second')?.median),
      withSpread(ms(of('p50'))), withSpread(ms(of('p99'))),
      figure(of('link')?.median), figure(of('frame')?.median),
      withSpread(of('cpu_us'))];
  }),
}];

export function aims(samples) {
  const of = (field) => samples.spread(CASE, 'headgate', field);
  return [
    valueAim('delivered', of('per_second'),
      { least: 0.99 * RATE * COUNT, unit: '/s' }),
    valueAim('p99', ms(of('p99')), { most: 60, unit: 'ms' }),
    valueAim(`payload bytes on the line for a frame of ${FRAME} bytes`,
      of('link'), { most: 140, unit: 'B' }),
  ];
}
