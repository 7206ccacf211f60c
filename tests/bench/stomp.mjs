// SPDX-License-Identifier: Apache-2.0
// Servers that publish to many, and how the load generator speaks to each.
import { missing as rabbitMissing, startRabbitMQ } from '../lib/rabbitmq.mjs';
import { FAST, startHeadgate, startTiers } from './headgate.mjs';
import { nchanMissing, startNginx } from './nginx.mjs';
import { SERVER } from './space.mjs';
import { startLimit } from './tools.mjs';

// Enough for a subscriber that is 64 long messages behind.
const QUEUES = { 'queue-max': '4m' };
export const SUBPROTOCOLS = 'v12.stomp v11.stomp v10.stomp';

export const STOMP = { protocol: 'stomp', path: '/stomp' };
const PLAIN = {
  protocol: 'plain', path: '/subscribe', 'publish-path': '/publish',
};

// The embedded broker is the service.
export const brokerSections = (listen = 'clients') => ({
  'service stomp': {
    listen, path: '/stomp', subprotocols: SUBPROTOCOLS, plugins: 'broker',
    'subscriber-queue': '4m', ...FAST, ...QUEUES,
  },
  'plugin broker': { user: 'guest:guest' },
});

export const gatewayAlone = (name, options) => ({
  name: 'headgate', speak: STOMP,
  start: (scope) => startHeadgate(scope, name, { clients: {} },
    brokerSections(), options),
});

const PLUGINS = { 'plugin stomp': {}, 'plugin fanout': {} };

// Services of an edge and of a gateway beside the embedded broker.
export function startStompTiers(scope, name, options = {}) {
  return startTiers(scope, name, {
    gateway: {
      'service stomp': {
        listen: 'trunks clients', path: '/stomp',
        subprotocols: SUBPROTOCOLS, plugins: 'stomp broker',
        extensions: 'x-kaazing-channels x-kaazing-fanout',
        share: '/topic/* scope=public', 'subscriber-queue': '4m',
        ...FAST, ...QUEUES,
      },
      'plugin broker': { user: 'guest:guest' },
    },
    edge: {
      'service stomp': {
        listen: 'clients', path: '/stomp', plugins: 'stomp',
        connect: 'trunk:gateway', ...FAST, ...QUEUES,
      },
    },
    plugins: PLUGINS, clients: true, ...options,
  });
}

export const limit = {
  name: 'limit', speak: PLAIN, start: (scope) => startLimit(scope, 'fanout'),
};

export const nchan = {
  name: 'nchan', speak: PLAIN, missing: nchanMissing,
  start: (scope) => startNginx(scope, { nchan: true }),
};

export const startBroker = (scope) => startRabbitMQ(scope, undefined,
  { web: true, schedulers: 1, memory: '8GB', wrap: SERVER });

export const webStomp = {
  name: 'Web-STOMP', speak: { protocol: 'stomp', path: '/ws' },
  missing: rabbitMissing,
  start: async (scope) => {
    const broker = await startBroker(scope);
    return { port: broker.webPort, pids: [broker.pid], broker };
  },
};
