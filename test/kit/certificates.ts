/** Certificates for tests: an authority of their own, and what it issues, by the openssl command. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert } from '#spi/assert.ts';

export interface IssuedCertificate {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Contents of the files. */
  readonly certificate: string;
  readonly key: string;
}

export interface Authority extends Disposable {
  readonly folder: string;
  readonly caFile: string;
  /** `names` as `DNS:localhost` or `IP:127.0.0.1`; with `days` below zero it has expired. */
  issue(subject: string, names: readonly string[], options?: IssueOptions): IssuedCertificate;
}

export interface IssueOptions {
  readonly days?: number;
  /** Encrypts the key. */
  readonly passphrase?: string;
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

export function certificateAuthority(name = 'Test authority'): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'ropeway-ca-'));
  const file = (suffix: string): string => join(folder, suffix);
  const caFile = file('ca.crt');
  const self = ['-nodes', '-days', '2', '-subj', `/CN=${name}`];
  openssl(['req', '-x509', ...newKey, ...self, '-keyout', file('ca.key'), '-out', caFile]);
  let issued = 0;
  return {
    folder,
    caFile,
    issue(subject, names, { days = 1, passphrase } = {}) {
      issued += 1;
      const [keyFile, request, certificateFile, extensions] = [
        file(`${issued}.key`),
        file(`${issued}.csr`),
        file(`${issued}.crt`),
        file(`${issued}.ext`),
      ];
      const secrecy = passphrase === undefined ? ['-nodes'] : ['-passout', `pass:${passphrase}`];
      openssl(['req', ...newKey, ...secrecy, '-subj', `/CN=${subject}`, '-keyout', keyFile, '-out', request]);
      writeFileSync(extensions, names.length === 0 ? '' : `subjectAltName=${names.join(',')}\n`);
      const signing = ['-CA', caFile, '-CAkey', file('ca.key'), '-CAcreateserial', '-days', String(days)];
      openssl(['x509', '-req', '-in', request, ...signing, '-extfile', extensions, '-out', certificateFile]);
      const [certificate, key] = [certificateFile, keyFile].map((path) => readFileSync(path, 'utf8'));
      return { certificateFile, keyFile, certificate: certificate ?? '', key: key ?? '' };
    },
    [Symbol.dispose]() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function openssl(args: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  assert(status === 0, `openssl ${args[0]} succeeds: ${stderr}`);
}
