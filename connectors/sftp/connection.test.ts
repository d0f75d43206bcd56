import { chmodSync, chownSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BrowseRequest, ConnectionUse, EntryPage } from '#spi/connections.ts';
import type { Context } from '#spi/context.ts';
import { filterContext } from '#test/kit/filter-cases.ts';
import { sshMissing, sshServer } from '#test/kit/ssh-server.ts';
import type { SshServer } from '#test/kit/ssh-server.ts';
import { sftpConnectionConfig } from './config.ts';
import { sftpConnection } from './connection.ts';

let ssh: SshServer;

function context(signal: AbortSignal = new AbortController().signal): Context {
  return { ...filterContext(), signal };
}

/** Outcomes by check: the detail, or the code of the error. */
async function tested(options: object, use?: ConnectionUse, signal?: AbortSignal): Promise<Record<string, string>> {
  const config = sftpConnectionConfig.parse({ ...ssh.options, ...options });
  const found: Record<string, string> = {};
  for await (const { name, outcome, detail, reason } of sftpConnection.test(config, context(signal), use)) {
    found[name] = `${reason?.code ?? outcome}: ${detail}`;
  }
  return found;
}

function browse(options: object, request: Partial<BrowseRequest> = {}): Promise<EntryPage> {
  const config = sftpConnectionConfig.parse({ ...ssh.options, ...options });
  return sftpConnection.browse(config, { path: [], limit: 100, ...request }, context());
}

function folder(name: string, names: readonly string[] = []): string {
  const path = join(ssh.home, name);
  mkdirSync(path);
  const { uid, gid } = statSync(ssh.home);
  chownSync(path, uid, gid);
  for (const file of names) writeFileSync(join(path, file), file);
  return path;
}

describe.skipIf(sshMissing !== '')(`sftpConnection${sshMissing}`, () => {
  beforeAll(async () => {
    ssh = await sshServer({ lines: ['MaxStartups 100'] });
  });
  afterAll(() => ssh[Symbol.asyncDispose]());

  it('goes as far as a job would, and leaves nothing', async () => {
    const path = folder('whole', ['a.csv', 'a日本.csv', 'b']);
    const url = `sftp://127.0.0.1:${ssh.port}/whole`;
    expect(await tested({ path_prefix: 'whole/a' })).toEqual({
      resolve: 'skipped: Not needed here.',
      connect: `passed: 127.0.0.1:${ssh.port} accepts connections.`,
      log_in: `passed: ${ssh.user} is let in to ${ssh.home}/ by the server with the ssh-ed25519 key ${ssh.fingerprints.ed25519}.`,
      list: `passed: ${url} has 2 names beginning with a.`,
      read: `passed: ${url}/a.csv can be read.`,
      write: `passed: A file was written to ${url} and removed again.`,
    });
    expect(readdirSync(path).sort()).toEqual(['a.csv', 'a日本.csv', 'b']);
    expect((await tested({ path_prefix: 'whole' }, 'in'))['write']).toBe('skipped: Not needed here.');
    expect((await tested({ path_prefix: 'whole' }, 'out'))['read']).toBe('skipped: Not needed here.');
  });

  it('takes a right that is missing for what it is', async () => {
    chmodSync(folder('closed', ['a']), 0o555);
    expect((await tested({ path_prefix: 'closed/' }))['write']).toContain('skipped: This user may not write to ');
    expect((await tested({ path_prefix: 'closed/' }, 'out'))['write']).toContain('SFTP_DENIED: ');
  });

  it.each<[string, object, string, string]>([
    ['a host that is not known', { host: 'nowhere.invalid' }, 'resolve', 'NETWORK_HOST_UNKNOWN'],
    ['a port where nobody listens', { port: 1 }, 'connect', 'NETWORK_REFUSED'],
    [
      'a bastion host that is not there',
      { ssh_tunnel: { host: '127.0.0.1', port: 1, user: 'x' } },
      'connect',
      'NETWORK_REFUSED',
    ],
    ['a wrong password', { secret_key_file: undefined, password: 'tell-nobody' }, 'log_in', 'SSH_AUTH_REFUSED'],
    [
      'an unknown host key',
      { host_key_fingerprint: undefined, known_hosts_file: '/dev/null' },
      'log_in',
      'SSH_HOST_KEY_UNKNOWN',
    ],
    ['a folder that is not there', { path_prefix: '/nowhere/x' }, 'list', 'REMOTE_FILE_FOLDER_NOT_FOUND'],
  ])('tells of %s, and tries nothing after it', async (_title, options, name, code) => {
    const found = await tested(options);
    const names = Object.keys(found);
    expect(names).toEqual(['resolve', 'connect', 'log_in', 'list', 'read', 'write']);
    expect(found[name]).toMatch(new RegExp(`^${code}: .*\\.$`));
    for (const later of names.slice(names.indexOf(name) + 1)) expect(found[later]).toContain('skipped: Not tried');
    expect(Object.values(found).join('')).not.toContain('tell-nobody');
  });

  it('stops at once', async () => {
    expect((await tested({}, undefined, AbortSignal.abort()))['connect']).toContain('NETWORK_STOPPED');
  });

  it('shows folders and files, page by page', async () => {
    const path = folder('shown', ['b.csv', 'a.csv', 'other']);
    folder('shown/c');
    folder('shown/c/deep');
    symlinkSync('c', join(path, 'd'));
    symlinkSync('nowhere', join(path, 'e'));
    const first = await browse({ path_prefix: 'shown' }, { limit: 2 });
    expect(first).toMatchObject({
      entries: [
        {
          name: 'a.csv',
          kind: 'file',
          isContainer: false,
          details: { size: 5, changed: expect.stringMatching(/Z$/) as string },
        },
        { name: 'b.csv' },
      ],
      next: 'b.csv',
    });
    const rest = await browse({ path_prefix: 'shown' }, { after: 'b.csv' });
    expect(rest.entries.map(({ name, kind }) => `${kind} ${name}`)).toEqual([
      'folder c',
      'folder d',
      'file e',
      'file other',
    ]);
    expect(rest.next).toBeUndefined();
    expect((await browse({ path_prefix: 'shown' }, { path: ['c'] })).entries).toEqual([
      { name: 'deep', kind: 'folder', isContainer: true },
    ]);
    expect((await browse({}, { path: ['shown'], prefix: 'o' })).entries).toMatchObject([{ name: 'other' }]);
    expect((await browse({ path_prefix: 'shown/a' })).entries).toHaveLength(1);
  });

  it('shows the first of thousands', async () => {
    folder(
      'many',
      Array.from({ length: 3000 }, (_, index) => String(10_000 + index)),
    );
    const { entries, next } = await browse({}, { path: ['many'], after: '11998', limit: 2 });
    expect(entries.map(({ name }) => name)).toEqual(['11999', '12000']);
    expect(next).toBe('12000');
  });

  it.each(['..', '.', '', 'a/b', 'a\0'])('does not go to %j', async (name) => {
    await expect(browse({}, { path: [name] })).rejects.toMatchObject({ code: 'REMOTE_FILE_BROWSE_NAME' });
  });

  it('tells of a folder that is not there', async () => {
    await expect(browse({}, { path: ['gone'] })).rejects.toMatchObject({ code: 'REMOTE_FILE_FOLDER_NOT_FOUND' });
  });
});
