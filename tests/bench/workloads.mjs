// SPDX-License-Identifier: Apache-2.0
// All workloads by name, in the order in which they are measured and shown.
// Each has title, text, run(bench), tables(samples), aims(samples) and, where it
// is shown as pictures, bars(samples) or lines(samples).
import * as channels from './workloads/channels.mjs';
import * as connect from './workloads/connect.mjs';
import * as echo from './workloads/echo.mjs';
import * as fanoutRabbitmq from './workloads/fanout-rabbitmq.mjs';
import * as fanout from './workloads/fanout.mjs';
import * as growth from './workloads/growth.mjs';
import * as idle from './workloads/idle.mjs';
import * as link from './workloads/link.mjs';
import * as mixed from './workloads/mixed.mjs';
import * as proxy from './workloads/proxy.mjs';
import * as tiers from './workloads/tiers.mjs';
import * as workers from './workloads/workers.mjs';

export const workloads = {
  proxy, echo, connect, fanout, growth, 'fanout-rabbitmq': fanoutRabbitmq,
  tiers, link, idle, channels, mixed, workers,
};

export const names = Object.keys(workloads);
