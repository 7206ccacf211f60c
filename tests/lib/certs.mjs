// SPDX-License-Identifier: Apache-2.0
// Certificates for one test run, made by openssl.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

// A certificate that vouches for itself, for these names: its text and its
// key's, and "files" for startDaemon.
export function selfSigned(dir, name, alt = 'DNS:localhost,IP:127.0.0.1') {
  const cert = join(dir, `${name}.crt`);
  const key = join(dir, `${name}.key`);
  execFileSync('openssl', ['req', '-x509', ...EC, '-days', '2', '-subj',
    `/CN=${name}`, '-addext', `subjectAltName=${alt}`, '-keyout', key, '-out',
    cert], { stdio: 'pipe' });
  return pair(name, cert, key);
}

// One that is signed by another.
export function signedBy(dir, name, ca) {
  const cert = join(dir, `${name}.crt`);
  const key = join(dir, `${name}.key`);
  const request = join(dir, `${name}.csr`);
  execFileSync('openssl', ['req', ...EC, '-subj', `/CN=${name}`, '-keyout', key,
    '-out', request], { stdio: 'pipe' });
  execFileSync('openssl', ['x509', '-req', '-in', request, '-CA', ca.certPath,
    '-CAkey', ca.keyPath, '-CAcreateserial', '-days', '2', '-out', cert],
  { stdio: 'pipe' });
  return pair(name, cert, key);
}

function pair(name, certPath, keyPath) {
  const cert = readFileSync(certPath, 'utf8');
  const key = readFileSync(keyPath, 'utf8');
  return {
    cert, key, certPath, keyPath,
    files: { [`${name}.crt`]: cert, [`${name}.key`]: key },
  };
}
