import { chmodSync, chownSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BrowseRequest, ConnectionUse, EntryPage } from '#spi/connections.ts';
import type { Context } from '#spi/context.ts';
import { certificateAuthority } from '#test/kit/certificates.ts';
import type { Authority } from '#test/kit/certificates.ts';
import { filterContext } from '#test/kit/filter-cases.ts';
import { ftpMissing, ftpServer } from '#test/kit/ftp-server.ts';
import type { FtpServer } from '#test/kit/ftp-server.ts';
import { ftpConnectionConfig } from './config.ts';
import { ftpConnection } from './connection.ts';

let plain: FtpServer;
let authority: Authority;
let explicit: FtpServer;
let implicit: FtpServer;

function context(signal: AbortSignal = new AbortController().signal): Context {
  return { ...filterContext(), signal };
}

/** Outcomes by check: the detail, or the code of the error. */
async function tested(options: object, use?: ConnectionUse, signal?: AbortSignal): Promise<Record<string, string>> {
  const config = ftpConnectionConfig.parse({ ...plain.options, ...options });
  const found: Record<string, string> = {};
  for await (const { name, outcome, detail, reason } of ftpConnection.test(config, context(signal), use)) {
    found[name] = `${reason?.code ?? outcome}: ${detail}`;
  }
  return found;
}

function browse(options: object, request: Partial<BrowseRequest> = {}): Promise<EntryPage> {
  const config = ftpConnectionConfig.parse({ ...plain.options, ...options });
  return ftpConnection.browse(config, { path: [], limit: 100, ...request }, context());
}

function folder(name: string, names: readonly string[] = []): string {
  const path = join(plain.home, name);
  mkdirSync(path);
  const { uid, gid } = statSync(plain.home);
  chownSync(path, uid, gid);
  for (const file of names) writeFileSync(join(path, file), file);
  return path;
}

describe.skipIf(ftpMissing !== '')(`ftpConnection${ftpMissing}`, () => {
  beforeAll(async () => {
    authority = certificateAuthority();
    const tls = authority.issue('ftp', ['DNS:localhost']);
    for (const file of [tls.certificateFile, tls.keyFile]) chmodSync(file, 0o644);
    chmodSync(authority.folder, 0o755);
    [plain, explicit, implicit] = await Promise.all([
      ftpServer(),
      ftpServer({ tls }),
      ftpServer({ tls, lines: ['implicit_ssl=YES'] }),
    ]);
  });
  afterAll(async () => {
    for (const server of [plain, explicit, implicit]) await server[Symbol.asyncDispose]();
    authority[Symbol.dispose]();
  });

  it('goes as far as a job would, and leaves nothing', async () => {
    const path = folder('whole', ['a.csv', 'a日本.csv', 'b']);
    const url = `ftp://127.0.0.1:${plain.port}${path}`;
    expect(await tested({ path_prefix: 'whole/a' })).toEqual({
      resolve: 'skipped: Not needed here.',
      connect: `passed: 127.0.0.1:${plain.port} accepts connections.`,
      tls: 'skipped: Not needed here.',
      log_in: `passed: anonymous is let in to ${plain.home}.`,
      list: `passed: ${url} has 2 names beginning with a.`,
      read: `passed: ${url}/a.csv can be read.`,
      write: `passed: A file was written to ${url} and removed again.`,
    });
    expect(readdirSync(path).sort()).toEqual(['a.csv', 'a日本.csv', 'b']);
    expect((await tested({ path_prefix: 'whole/' }, 'in'))['write']).toBe('skipped: Not needed here.');
  });

  it('takes a right that is missing for what it is', async () => {
    chmodSync(folder('closed', ['a']), 0o555);
    expect((await tested({ path_prefix: 'closed/' }))['write']).toContain('skipped: This user may not write to ');
  });

  it('tells who the server is', async () => {
    const trusted = { ssl: true, host: 'localhost', ssl_trusted_ca_cert_file: authority.caFile };
    for (const options of [explicit.options, { ...implicit.options, ssl_explicit: false }]) {
      const found = await tested({ ...options, ...trusted });
      expect(found['tls']).toMatch(/^passed: TLSv1\.3 with ftp \(localhost\), certified by Test authority until /);
      expect(found['write']).toMatch(/^passed/);
    }
    expect((await tested({ ...explicit.options, ...trusted, host: '127.0.0.1' }))['tls']).toContain('NETWORK_TLS_NAME');
    const unknown = await tested({ ...explicit.options, ssl: true, host: 'localhost' });
    expect(unknown['tls']).toContain('NETWORK_TLS_UNTRUSTED');
  });

  it.each<[string, object, string, string]>([
    ['a host that is not known', { host: 'nowhere.invalid' }, 'resolve', 'NETWORK_HOST_UNKNOWN'],
    ['a port where nobody listens', { port: 1 }, 'connect', 'NETWORK_REFUSED'],
    ['TLS that the server has not', { ssl: true }, 'tls', 'FTP_TLS'],
    ['a wrong password', { password: 'tell-nobody' }, 'log_in', 'FTP_LOGIN_REFUSED'],
    ['a folder that is not there', { path_prefix: '/nowhere/x' }, 'list', 'REMOTE_FILE_FOLDER_NOT_FOUND'],
  ])('tells of %s, and tries nothing after it', async (_title, options, name, code) => {
    const found = await tested(options);
    const names = Object.keys(found);
    expect(names).toEqual(['resolve', 'connect', 'tls', 'log_in', 'list', 'read', 'write']);
    expect(found[name]).toMatch(new RegExp(`^${code}: .*\\.$`));
    for (const later of names.slice(names.indexOf(name) + 1)) expect(found[later]).toContain('skipped: Not tried');
    expect(Object.values(found).join('')).not.toContain('tell-nobody');
  });

  it('stops at once', async () => {
    expect((await tested({}, undefined, AbortSignal.abort()))['connect']).toContain('NETWORK_STOPPED');
  });

  it('shows folders and files, page by page', async () => {
    folder('shown', ['b.csv', 'a.csv', 'other']);
    folder('shown/c');
    folder('shown/c/deep');
    const first = await browse({ path_prefix: 'shown' }, { limit: 2 });
    expect(first).toMatchObject({
      entries: [{ name: 'a.csv', details: { size: 5 } }, { name: 'b.csv' }],
      next: 'b.csv',
    });
    const rest = await browse({ path_prefix: 'shown/' }, { after: 'b.csv' });
    expect(rest.entries.map(({ name, kind }) => `${kind} ${name}`)).toEqual(['folder c', 'file other']);
    expect(rest.next).toBeUndefined();
    expect((await browse({}, { path: ['shown', 'c'] })).entries).toEqual([
      { name: 'deep', kind: 'folder', isContainer: true },
    ]);
    expect((await browse({ path_prefix: 'shown/a' })).entries).toHaveLength(1);
  });

  it.each(['..', '', 'a/b', 'a\r\nDELE b'])('does not go to %j', async (name) => {
    await expect(browse({}, { path: [name] })).rejects.toMatchObject({ code: 'REMOTE_FILE_BROWSE_NAME' });
  });
});
