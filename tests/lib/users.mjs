// SPDX-License-Identifier: Apache-2.0
// Files of users, as headgatectl passwd writes them.
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, unlinkSync, writeFileSync }
  from 'node:fs';
import { join } from 'node:path';

import { tempDir } from './process.mjs';

const top = process.env.top_builddir ?? '.';
export const HEADGATECTL =
  process.env.HEADGATECTL ?? join(top, 'core/headgatectl');

export const basic = (pair, scheme = 'Basic') =>
  `${scheme} ${Buffer.from(pair).toString('base64')}`;

export function passwd(path, user, password, args = ['--stdin']) {
  // From a file: a pipe breaks when the tool does not read it.
  const input = `${path}.input`;
  writeFileSync(input, `${password}\n`, { mode: 0o600 });
  const fd = openSync(input);
  try {
    return execFileSync(HEADGATECTL, ['passwd', ...args, path, user],
      { stdio: [fd, 'pipe', 'pipe'] });
  } finally {
    closeSync(fd);
    unlinkSync(input);
  }
}

// The path of a file with these: { name: password }.
export function usersFile(t, users) {
  const path = join(tempDir(t), 'users');
  for (const [name, password] of Object.entries(users))
    passwd(path, name, password);
  return path;
}

export const usersText = (t, users) =>
  readFileSync(usersFile(t, users), 'utf8');
