/** Jobs from FTP, through the command, against vsftpd. */
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificateAuthority } from '#test/kit/certificates.ts';
import type { Authority } from '#test/kit/certificates.ts';
import { ftpProxy } from '#test/kit/ftp-proxy.ts';
import { ftpMissing, ftpServer } from '#test/kit/ftp-server.ts';
import type { FtpServer } from '#test/kit/ftp-server.ts';
import { workspace } from '#test/kit/workspace.ts';
import type { Workspace } from '#test/kit/workspace.ts';

type Options = Readonly<Record<string, unknown>>;

let ftp: FtpServer;
let folderCount = 0;

/** A new folder of the server with files, in the user's directory. */
function newFolder(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const name = `f${folderCount++}`;
  own(name, (path) => mkdirSync(path));
  for (const [file, content] of Object.entries(files)) put(`${name}/${file}`, content);
  return name;
}

function put(path: string, content: string | Uint8Array): void {
  if (!existsSync(local(dirname(path)))) own(dirname(path), (folder) => mkdirSync(folder));
  own(path, (file) => writeFileSync(file, content));
}

function own(path: string, make: (path: string) => void): void {
  make(local(path));
  const { uid, gid } = statSync(ftp.home);
  chownSync(local(path), uid, gid);
}

function local(path: string): string {
  return join(ftp.home, path);
}

const parser = '  parser: {type: csv, columns: [{name: a, type: long}, {name: b, type: string}]}\n';
const single = 'exec: {max_threads: 1, min_output_tasks: 1}\n';

function fromFtp(options: Options, exec = single): string {
  const lines = Object.entries({ type: 'ftp', ...ftp.options, ...options })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`);
  return (
    `in:\n${lines.join('')}${parser}` +
    `out:\n  type: file\n  path_prefix: out/r_\n  file_ext: csv\n  formatter: {type: csv, header_line: false}\n${exec}`
  );
}

async function outputText(place: Workspace): Promise<string> {
  const texts = (await place.outputs()).map((name) => readFileSync(place.path(`out/${name}`), 'utf8'));
  return texts.join('|').replaceAll('\r\n', ' ').replaceAll(' |', '|').trim();
}

async function run(place: Workspace, config: string, ...args: readonly string[]): Promise<string> {
  await place.write('config.yml', config);
  const result = await place.ropeway(['run', 'config.yml', ...args]);
  expect(result.exitCode, result.stderr).toBe(0);
  return result.stderr;
}

async function refusal(place: Workspace, config: string): Promise<string> {
  await place.write('config.yml', config);
  const result = await place.ropeway(['run', 'config.yml']);
  expect([1, 2], result.stderr).toContain(result.exitCode);
  return result.stderr;
}

/** About 30 bytes a row. */
function rows(count: number): string {
  return Array.from({ length: count }, (_, row) => `${row},"text, ${row * 7919}-${'x'.repeat(row % 19)}"\n`).join('');
}

describe.skipIf(ftpMissing !== '')(`jobs with FTP${ftpMissing}`, () => {
  beforeAll(async () => {
    ftp = await ftpServer();
  });
  afterAll(() => ftp[Symbol.asyncDispose]());

  it('reads the files below a folder in the order of their paths, and those after them the next time', async () => {
    const folder = newFolder({ b: '2,y\n', a: '1,x\n', empty: '', 'below/c': '3,z\n', 'below it/日本語 😀': '4,w\n' });
    await using place = await workspace();
    const config = fromFtp({ path_prefix: `${folder}/` });
    await run(place, config, '-c', 'diff.yml');
    expect(await outputText(place)).toBe('1,x|2,y|4,w|3,z|');
    expect(await place.read('diff.yml')).toContain(`last_path: ${local(`${folder}/empty`)}`);
    put(`${folder}/m`, '5,v\n');
    await run(place, config, '-c', 'diff.yml');
    expect(await outputText(place)).toMatch(/^5,v/);
    expect(await run(place, config, '-c', 'diff.yml')).toContain('There was nothing to read');
    expect(await place.read('diff.yml')).toContain(`last_path: ${local(`${folder}/m`)}`);
  });

  it('goes by the time of change', async () => {
    const folder = newFolder({ b: '2,y\n', a: '1,x\n' });
    utimesSync(local(`${folder}/a`), 1_000_000_000, 1_000_000_000);
    await using place = await workspace();
    const options = { path_prefix: `${folder}/`, use_modified_time: true };
    const at = (time: string): string =>
      fromFtp(options, `exec: {max_threads: 1, min_output_tasks: 1, transaction_time: '${time}'}\n`);
    await run(place, at('2001-09-09 01:46:41 UTC'), '-c', 'diff.yml');
    expect(await outputText(place)).toBe('1,x');
    await run(place, at('2100-01-01 00:00:00 UTC'), '-c', 'diff.yml');
    expect(await outputText(place)).toBe('2,y');
  });

  it.each<[string, Options, string]>([
    ['the beginning of names', { path_prefix: 'a' }, '1,x|2,y'],
    ['a pattern', { path_prefix: '', path_match_pattern: '/[ab]\\d$' }, '1,x|2,y|3,z'],
    ['tasks of several files', { path_prefix: '', min_task_size: 5 }, '1,x 2,y|3,z'],
    ['ASCII mode', { path_prefix: 'a1', ascii_mode: true }, '1,x'],
  ])('takes %s', async (_title, options, expected) => {
    const folder = newFolder({ a1: '1,x\n', a2: '2,y\n', b3: '3,z\n' });
    await using place = await workspace();
    await run(place, fromFtp({ ...options, path_prefix: local(`${folder}/${String(options['path_prefix'])}`) }));
    expect(await outputText(place)).toBe(expected);
  });

  it('lists thousands of files', async () => {
    const folder = newFolder();
    put(`${folder}/0.csv`, '1,x\n');
    for (let index = 0; index < 3000; index++) linkSync(local(`${folder}/0.csv`), local(`${folder}/${10_000 + index}`));
    await using place = await workspace();
    const options = { path_prefix: `${folder}/1`, path_match_pattern: '(?<=99)9', min_task_size: 1000 };
    await run(place, fromFtp(options));
    expect(await outputText(place)).toBe('1,x 1,x 1,x');
  });

  it('goes on where a connection broke', async () => {
    const text = rows(300_000);
    const folder = newFolder({ large: text });
    await using proxy = await ftpProxy(ftp.port, (n) => ({
      cutAnswers: () => (n === 1 || n === 2 ? 3_000_000 : undefined),
    }));
    await using place = await workspace();
    const told = await run(place, fromFtp({ path_prefix: `${folder}/large`, port: proxy.port }));
    expect(told).toContain('it will be tried again');
    expect(proxy.commands.filter((command) => command.startsWith('REST'))).toEqual([
      expect.stringMatching(/^REST \d+$/),
      expect.stringMatching(/^REST \d+$/),
    ]);
    const read = readFileSync(place.path('out/r_000.00.csv'), 'utf8');
    expect(read.replaceAll('\r\n', '\n') === text).toBe(true);
  });

  it('notices that a file changes while it is read', async () => {
    const folder = newFolder({ large: rows(100_000) });
    await using proxy = await ftpProxy(ftp.port, (n) => ({
      onAnswer: () => {
        if (n === 1) utimesSync(local(`${folder}/large`), 1_000_000_000, 1_000_000_000);
        return undefined;
      },
    }));
    await using place = await workspace();
    const told = await refusal(place, fromFtp({ path_prefix: `${folder}/large`, port: proxy.port }));
    expect(told).toContain('REMOTE_FILE_CHANGED');
    expect(await place.outputs()).toEqual([]);
  });

  it.each<[string, Options, string]>([
    ['a folder that is not there', { path_prefix: 'nowhere/x' }, 'REMOTE_FILE_FOLDER_NOT_FOUND'],
    ['nothing to read', { path_prefix: 'nothing', stop_when_file_not_found: true }, 'REMOTE_FILE_NONE_FOUND'],
    ['a wrong password', { path_prefix: '', password: 'tell-nobody' }, 'FTP_LOGIN_REFUSED'],
    [
      'a host that is not known',
      { path_prefix: '', host: 'nowhere.invalid', max_connection_retry: 0 },
      'FTP_HOST_UNKNOWN',
    ],
    ['a port where nobody listens', { path_prefix: '', port: 1, max_connection_retry: 1 }, 'FTP_UNREACHABLE'],
    ['TLS that the server has not', { path_prefix: '', ssl: true }, 'FTP_TLS'],
    ['active mode', { path_prefix: '', passive_mode: false }, 'FTP_PASSIVE_ONLY'],
  ])('tells of %s', async (_title, options, code) => {
    await using place = await workspace();
    const told = await refusal(place, fromFtp(options));
    expect(told).toContain(code);
    expect(told).not.toContain('tell-nobody');
  });

  it('tells of a file that may not be read', async () => {
    const folder = newFolder({ closed: '1,x\n' });
    chmodSync(local(`${folder}/closed`), 0);
    await using place = await workspace();
    expect(await refusal(place, fromFtp({ path_prefix: `${folder}/` }))).toContain('FTP_REFUSED');
  });

  it('stops within a second', async () => {
    const folder = newFolder({ large: rows(200_000) });
    let pid = 0;
    let stoppedAt = 0;
    await using proxy = await ftpProxy(ftp.port, (n) => ({
      onAnswer: (bytes) => {
        if (n === 0 || bytes < 1_000_000) return undefined;
        if (stoppedAt === 0) {
          stoppedAt = performance.now();
          process.kill(pid, 'SIGTERM');
        }
        return new Promise(() => {});
      },
    }));
    await using place = await workspace({
      'config.yml': fromFtp({ path_prefix: `${folder}/large`, port: proxy.port }),
    });
    const result = await place.ropeway(['run', 'config.yml'], { started: (of) => (pid = of) });
    expect(result.exitCode, result.stderr).toBe(143);
    expect(performance.now() - stoppedAt).toBeLessThan(60_000);
    expect(await place.outputs()).toEqual([]);
  });

  describe('encrypted', () => {
    let authority: Authority;
    let explicit: FtpServer;
    let implicit: FtpServer;

    beforeAll(async () => {
      authority = certificateAuthority();
      const tls = authority.issue('ftp', ['DNS:localhost']);
      for (const file of [tls.certificateFile, tls.keyFile]) chmodSync(file, 0o644);
      chmodSync(authority.folder, 0o755);
      explicit = await ftpServer({ tls });
      implicit = await ftpServer({ tls, lines: ['implicit_ssl=YES'] });
      for (const server of [explicit, implicit]) writeFileSync(join(server.home, 'a'), '1,x\n');
    });
    afterAll(async () => {
      await explicit[Symbol.asyncDispose]();
      await implicit[Symbol.asyncDispose]();
      authority[Symbol.dispose]();
    });

    it.each<[string, () => Options]>([
      [
        'on request, checked',
        () => ({ ...explicit.options, host: 'localhost', ssl_trusted_ca_cert_file: authority.caFile }),
      ],
      [
        'from the beginning, checked',
        () => ({
          ...implicit.options,
          host: 'localhost',
          ssl_explicit: false,
          ssl_trusted_ca_cert_data: readFileSync(authority.caFile, 'utf8'),
        }),
      ],
      [
        'for another name',
        () => ({ ...explicit.options, ssl_verify_hostname: false, ssl_trusted_ca_cert_file: authority.caFile }),
      ],
      ['without a check', () => ({ ...explicit.options, ssl_verify: false })],
    ])('reads %s', async (_title, options) => {
      await using place = await workspace();
      await run(place, fromFtp({ ...options(), ssl: true, path_prefix: 'a' }));
      expect(await outputText(place)).toBe('1,x');
    });

    it.each<[string, () => Options, string]>([
      ['an unknown authority', () => ({ ssl: true, host: 'localhost' }), 'FTP_TLS'],
      ['another name', () => ({ ssl: true, ssl_trusted_ca_cert_file: authority.caFile }), 'FTP_TLS'],
      ['a CA file that is not there', () => ({ ssl: true, ssl_trusted_ca_cert_file: '/nowhere' }), 'NETWORK_TLS_FILE'],
      ['a server that wants TLS', () => ({ ssl: false }), 'FTP_LOGIN_REFUSED'],
    ])('refuses %s', async (_title, options, code) => {
      await using place = await workspace();
      const told = await refusal(place, fromFtp({ ...explicit.options, ...options(), path_prefix: 'a' }));
      expect(told).toContain(code);
    });
  });
});
