// SPDX-License-Identifier: Apache-2.0
// The package of headgate.js for npm, as "make" leaves it: what is in it, and
// that it is what it says when it is installed.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';

import { tempDir } from '../lib/process.mjs';

const run = promisify(execFile);
const folder = join(process.env.top_builddir ?? '.', 'plugins/page/js');
const skip = await run('npm', ['--version']).then(() => false,
  () => 'npm is not installed');
const FILES = ['LICENSE', 'README.md', 'dist/channels.js', 'dist/headgate.d.ts',
  'dist/headgate.js', 'dist/headgate.mjs', 'dist/idletimeout.js',
  'dist/index.mjs', 'dist/pingpong.js', 'package.json'];

describe('the package', { skip }, () => {
  const npm = (t, ...args) => run('npm', [...args, '--json', '--ignore-scripts',
    `--cache=${tempDir(t)}`], { cwd: folder });

  test('its files, no dependencies, no scripts', async (t) => {
    const [{ files, version }] = JSON.parse((await npm(t, 'pack',
      '--dry-run')).stdout);
    assert.deepEqual(files.map(({ path }) => path).sort(), FILES);
    const json = JSON.parse(readFileSync(join(folder, 'package.json')));
    assert.deepEqual(Object.keys(json).filter((key) =>
      /dependencies|scripts/i.test(key)), []);
    assert.equal(json.version, version);
    for (const one of Object.values(json.exports))
      if (typeof one === 'object')
        assert.equal(Object.keys(one)[0], 'types');
    for (const file of FILES.slice(2))
      assert.doesNotMatch(readFileSync(join(folder, file), 'utf8'),
        /@[A-Z]+@|\beval\(|new Function|shared\//, file);
  });

  test('installed and imported', async (t) => {
    const dir = tempDir(t);
    const [{ filename, version }] = JSON.parse((await npm(t, 'pack',
      `--pack-destination=${dir}`)).stdout);
    mkdirSync(join(dir, 'node_modules/headgate'), { recursive: true });
    await run('tar', ['-xzf', join(dir, filename), '--strip-components=1',
      '-C', join(dir, 'node_modules/headgate')]);
    const imported = async (name) => JSON.parse((await run(process.execPath,
      ['--input-type=module', '-e', `
        globalThis.WebSocket = class {};
        const all = await import('${name}');
        console.log(JSON.stringify([Object.keys(all).sort(),
          all.default.version, all.WebSocket.length,
          'headgate' in globalThis, WebSocket === all.NativeWebSocket]));`],
      { cwd: dir })).stdout);
    const names = ['NativeWebSocket', 'WebSocket', 'authenticate', 'configure',
      'default', 'extension', 'install', 'tools', 'version'];
    for (const name of ['headgate', 'headgate/core'])
      assert.deepEqual(await imported(name), [names, version, 1, false, true]);
  });
});
