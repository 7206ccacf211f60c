// SPDX-License-Identifier: Apache-2.0
// A private RabbitMQ with STOMP on loopback, from Debian's package: as root or
// not, without systemd, with ports that are free now.
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { Process, atEnd, tempDir } from './process.mjs';
import { SLOW, until } from './wait.mjs';

const BIN = '/usr/lib/rabbitmq/bin';
const run = promisify(execFile);

export const missing = existsSync(`${BIN}/rabbitmq-server`) ? false :
  'needs rabbitmq-server, which is not installed';

export async function freePorts(count) {
  const servers = Array.from({ length: count }, () =>
    net.createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) =>
    new Promise((resolve) => server.close(resolve))));
  return ports;
}

// RabbitMQ's hash of a password: four bytes of salt, and SHA-256 of both.
function passwordHash(password) {
  const salt = randomBytes(4);
  const sum = createHash('sha256').update(salt).update(password).digest();
  return Buffer.concat([salt, sum]).toString('base64');
}

// users: by name, { password, write, read } (patterns of what they may).
function definitions(users) {
  const all = Object.entries(users);
  return JSON.stringify({
    rabbit_version: '3.10.8',
    vhosts: [{ name: '/' }],
    users: all.map(([name, { password = name }]) => ({
      name, password_hash: passwordHash(password), tags: '', limits: {},
      hashing_algorithm: 'rabbit_password_hashing_sha256',
    })),
    permissions: all.map(([user, { configure = '.*', write = '.*',
      read = '.*' }]) => ({ user, vhost: '/', configure, write, read })),
    topic_permissions: all.flatMap(([user, { topicRead, topicWrite = '.*' }]) =>
      topicRead === undefined ? [] : [{ user, vhost: '/',
        exchange: 'amq.topic', write: topicWrite, read: topicRead }]),
  });
}

export class RabbitMQ {
  constructor(dir, ports, options = {}) {
    this.dir = dir;
    [this.port, this.epmdPort, this.distPort, this.ctlPort, this.webPort] =
      ports;
    this.wrap = options.wrap ?? [];
    this.schedulers = options.schedulers ?? 2;
    this.killed = false;
  }

  get env() {
    const { dir } = this;
    return {
      ...process.env, HOME: dir, RABBITMQ_NODENAME: `t${this.port}@localhost`,
      RABBITMQ_CONF_ENV_FILE: join(dir, 'none-env.conf'),
      RABBITMQ_CONFIG_FILE: join(dir, 'rabbitmq.conf'),
      RABBITMQ_ADVANCED_CONFIG_FILE: join(dir, 'none.config'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, 'enabled_plugins'),
      RABBITMQ_MNESIA_BASE: join(dir, 'mnesia'),
      RABBITMQ_LOG_BASE: join(dir, 'log'),
      RABBITMQ_PID_FILE: join(dir, 'pid'), RABBITMQ_LOGS: '-',
      ERL_EPMD_ADDRESS: '127.0.0.1', ERL_EPMD_PORT: String(this.epmdPort),
      RABBITMQ_DIST_PORT: String(this.distPort),
      RABBITMQ_CTL_DIST_PORT_MIN: String(this.ctlPort),
      RABBITMQ_CTL_DIST_PORT_MAX: String(this.ctlPort + 20),
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface ' +
        `{127,0,0,1} +S ${this.schedulers}:${this.schedulers} ` +
        '+sbwt none +sbwtdcpu none +sbwtdio none',
    };
  }

  // By rabbitmqctl: each call takes a second or two.
  async ctl(...args) {
    const { stdout } = await run(`${BIN}/rabbitmqctl`, args,
      { env: this.env, timeout: 60000 * SLOW });
    return stdout;
  }

  // Of all STOMP connections, in alphabetic order.
  async logins() {
    const text = await this.ctl('list_stomp_connections', 'auth_login',
      '--silent');
    return text.split('\n').filter((line) => line !== '').sort();
  }

  // All processes that this one brought up have its folder as HOME.
  pids() {
    const mark = `HOME=${this.dir}`;
    return readdirSync('/proc').filter((name) => {
      try {
        return /^\d+$/.test(name) &&
          readFileSync(`/proc/${name}/environ`, 'latin1').split('\0')
            .includes(mark);
      } catch {
        return false;
      }
    }).map(Number);
  }

  #signalAll(signal) {
    for (const pid of this.pids()) {
      try {
        process.kill(pid, signal);
      } catch {
        continue; // it is gone
      }
    }
  }

  async start() {
    const [command, ...args] = [...this.wrap, `${BIN}/rabbitmq-server`];
    this.process = new Process(command, args, { env: this.env });
    this.forget ??= atEnd(() => this.#signalAll('SIGKILL'));
    // Its port is open before all of it is there.
    await this.process.line(/Server startup complete/, 60000);
    return this;
  }

  // At once and without a word to anybody.
  async kill() {
    this.#signalAll('SIGKILL');
    await until(() => this.pids().length === 0, 'RabbitMQ to be gone');
  }

  // The node itself.
  get pid() {
    return Number(readFileSync(join(this.dir, 'pid'), 'utf8'));
  }

  // SIGSTOP and SIGCONT, to the node itself.
  signal(name) {
    process.kill(this.pid, name);
  }

  // The node first; epmd and the like would stay.
  async stop() {
    if (this.pids().length > 0)
      this.signal('SIGTERM');
    await until(() => !this.process.alive, 'RabbitMQ to stop', 10000)
      .catch(() => {});
    await this.kill();
    this.forget();
  }
}

// users: see definitions(); guest/guest may all when it is left out. options:
// web (Web-STOMP too, on webPort), schedulers, memory (the high watermark), wrap
// (see startDaemon).
export async function startRabbitMQ(t, users = { guest: {} }, options = {}) {
  let broker;
  t.after(() => broker?.stop());
  const dir = tempDir(t, 'rabbitmq');
  const ports = await freePorts(5);
  const [stomp] = ports;
  writeFileSync(join(dir, 'enabled_plugins'), options.web ?
    '[rabbitmq_stomp,rabbitmq_web_stomp].\n' : '[rabbitmq_stomp].\n');
  writeFileSync(join(dir, 'definitions.json'), definitions(users));
  writeFileSync(join(dir, 'rabbitmq.conf'), [
    'listeners.tcp = none',
    `stomp.listeners.tcp.1 = 127.0.0.1:${stomp}`,
    ...options.web ? ['web_stomp.tcp.ip = 127.0.0.1',
      `web_stomp.tcp.port = ${ports[4]}`] : [],
    `load_definitions = ${join(dir, 'definitions.json')}`,
    'log.console = true',
    `vm_memory_high_watermark.absolute = ${options.memory ?? '1GB'}`,
    'disk_free_limit.absolute = 1MB',
    '',
  ].join('\n'));
  broker = new RabbitMQ(dir, ports, options);
  return broker.start();
}
