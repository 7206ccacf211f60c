// SPDX-License-Identifier: Apache-2.0
// JSON Web Tokens, right and wrong, and keys for them.
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { tempDir } from './process.mjs';

const top = process.env.top_builddir ?? '.';
const PLUGINS = process.env.HEADGATE_PLUGIN_DIR ?? join(top, 'plugins/all');

// The plugin is built where libjwt is.
export const SKIP = existsSync(join(PLUGINS, 'token.so')) ? false :
  'the plugin token is not built here';

export const b64url = (data) => Buffer.from(data).toString('base64url');
export const now = () => Math.floor(Date.now() / 1000);

const SIGNERS = {
  HS256: (text, key) => createHmac('sha256', key).update(text).digest(),
  HS384: (text, key) => createHmac('sha384', key).update(text).digest(),
  HS512: (text, key) => createHmac('sha512', key).update(text).digest(),
  RS256: (text, key) => sign('sha256', text, key),
  RS512: (text, key) => sign('sha512', text, key),
  ES256: (text, key) => sign('sha256', text, { key, dsaEncoding: 'ieee-p1363' }),
  none: () => '',
};

// head and claims: objects, or the texts themselves.
export function token(claims, key, head = {}, signer = head.alg ?? 'HS256') {
  const text = (value) => typeof value === 'string' ? value :
    JSON.stringify(value);
  const start = typeof head === 'string' ? head :
    { alg: 'HS256', typ: 'JWT', ...head };
  const both = `${b64url(text(start))}.${b64url(text(claims))}`;
  return `${both}.${b64url(SIGNERS[signer](Buffer.from(both), key))}`;
}

export function keyPair(kind, options = {}) {
  const pair = generateKeyPairSync(kind, options);
  return { privateKey: pair.privateKey,
    pem: pair.publicKey.export({ type: 'spki', format: 'pem' }) };
}

// The path of a file with it.
export function secretFile(t, secret) {
  const path = join(tempDir(t), 'secret');
  writeFileSync(path, `${secret}\n`, { mode: 0o600 });
  return path;
}
