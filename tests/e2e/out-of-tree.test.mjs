// SPDX-License-Identifier: Apache-2.0
// A package of a third party is built with nothing but what headgate installs,
// is loaded by the daemon, and does its work in a chain.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { tempDir } from '../lib/process.mjs';
import { OP, text } from '../lib/frame.mjs';
import { open } from '../lib/wsraw.mjs';

const source = process.env.top_srcdir ?? '.';
const build = process.env.top_builddir ?? '.';
const modules = process.env.HEADGATE_PLUGIN_DIR ?? join(build, 'plugins/all');

function run(cwd, env, command, ...args) {
  try {
    return execFileSync(command, args, {
      cwd, env: { ...process.env, ...env, MAKEFLAGS: '', MFLAGS: '' },
      stdio: 'pipe', encoding: 'utf8',
    });
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')}:\n${error.stdout}\n` +
      error.stderr);
  }
}

function missing() {
  for (const tool of ['autoreconf', 'libtoolize', 'pkg-config']) {
    try {
      execFileSync(tool, ['--version'], { stdio: 'ignore' });
    } catch {
      return `no ${tool}`;
    }
  }
  return false;
}

const skip = missing();

test('a package out of the tree', { skip }, async (t) => {
  const dir = tempDir(t);
  const prefix = join(dir, 'inst');
  const plugins = join(dir, 'plugins');
  const env = {
    ACLOCAL_PATH: join(prefix, 'share/aclocal'),
    PKG_CONFIG: 'pkg-config --define-prefix',
    PKG_CONFIG_PATH: join(prefix, 'lib/pkgconfig'),
    CC: process.env.CC ?? 'cc', CFLAGS: '-O1 -Wall -Werror',
  };
  delete process.env.CPPFLAGS;
  run(build, {}, 'make', '-s', `prefix=${prefix}`, `libdir=${prefix}/lib`,
    'install-pkgincludeHEADERS', 'install-nodist_pkgincludeHEADERS',
    'install-nodist_pkgconfigDATA', 'install-dist_aclocalDATA');
  assert.deepEqual(readdirSync(join(prefix, 'include/headgate')).sort(),
    ['plugin.h', 'version.h']);

  const package_ = join(dir, 'package');
  cpSync(join(source, 'tests/out-of-tree'), package_, { recursive: true });
  mkdirSync(join(package_, 'm4'), { recursive: true });
  run('/', {}, 'chmod', '-R', 'u+w', package_);
  run(package_, env, 'autoreconf', '-fi');
  run(package_, env, './configure', `--with-headgate-plugindir=${plugins}`);
  run(package_, env, 'make', '-s', 'install');
  assert.ok(existsSync(join(plugins, 'shout.so')));
  cpSync(join(modules, 'echo.so'), join(plugins, 'echo.so'));

  process.env.HEADGATE_PLUGIN_DIR = plugins;
  const { startDaemon } = await import('../lib/daemon.mjs');
  const daemon = await startDaemon(t, {
    'listen main': { address: '127.0.0.1:0' },
    'plugin echo': {},
    'plugin shout': { mark: '?' },
    'service plain': {
      listen: 'main', path: '/plain', plugins: ['shout', 'echo'],
    },
    'service own': {
      listen: 'main', path: '/own', plugins: ['shout', 'echo'], mark: '...',
    },
  });
  for (const [path, said, heard] of [
    ['/plain', 'hello', 'HELLO?'],
    ['/own', 'so it is', 'SO IT IS...'],
  ]) {
    const peer = await open(t, daemon.port('main'), path);
    peer.send(text(said));
    const frame = await peer.frame();
    assert.equal(frame.opcode, OP.TEXT);
    assert.equal(frame.payload.toString(), heard);
  }
  assert.equal(await daemon.counter('shout', 'messages'), 2);
});
