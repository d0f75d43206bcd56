/** Jobs from and to SFTP, through the command, against OpenSSH. */
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sshMissing, sshServer } from '#test/kit/ssh-server.ts';
import type { SshServer } from '#test/kit/ssh-server.ts';
import { breakingProxy } from '#test/kit/breaking-proxy.ts';
import { workspace } from '#test/kit/workspace.ts';
import type { Workspace } from '#test/kit/workspace.ts';

type Options = Readonly<Record<string, unknown>>;

let ssh: SshServer;
let folderCount = 0;

/** A new folder of the server with files; its name as a config says it. */
function newFolder(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const name = `/f${folderCount++}`;
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
  const { uid, gid } = statSync(ssh.home);
  chownSync(local(path), uid, gid);
}

function local(path: string): string {
  return join(ssh.home, path);
}

function names(path: string): string[] {
  return readdirSync(local(path)).sort();
}

function lines(options: Options): string {
  return Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`)
    .join('');
}

const parser = '  parser: {type: csv, columns: [{name: a, type: long}, {name: b, type: string}]}\n';
const single = 'exec: {max_threads: 1, min_output_tasks: 1}\n';

function fromSftp(options: Options, exec = single): string {
  return (
    `in:\n${lines({ type: 'sftp', ...ssh.options, ...options })}${parser}` +
    `out:\n  type: file\n  path_prefix: out/r_\n  file_ext: csv\n  formatter: {type: csv, header_line: false}\n${exec}`
  );
}

function toSftp(options: Options, exec = single): string {
  return (
    `in:\n  type: file\n  path_prefix: in/\n${parser}` +
    `out:\n${lines({ type: 'sftp', ...ssh.options, file_ext: 'csv', ...options })}` +
    `  formatter: {type: csv, header_line: false}\n${exec}`
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

describe.skipIf(sshMissing !== '')(`jobs with SFTP${sshMissing}`, () => {
  beforeAll(async () => {
    ssh = await sshServer({ lines: ['MaxStartups 100'] });
  });
  afterAll(() => ssh[Symbol.asyncDispose]());

  describe('input', () => {
    it('reads the files of a folder in the order of their paths, and those after them the next time', async () => {
      const folder = newFolder({ b: '2,y\n', a: '1,x\n', empty: '', 'below/c': '9,z\n' });
      symlinkSync(local(`${folder}/b`), local(`${folder}/link`));
      symlinkSync('nowhere', local(`${folder}/dangling`));
      await using place = await workspace();
      const config = fromSftp({ path_prefix: folder });
      await run(place, config, '-c', 'diff.yml');
      expect(await outputText(place)).toBe('1,x|2,y||2,y');
      expect(await place.read('diff.yml')).toContain(`last_path: ${folder}/link`);
      put(`${folder}/m`, '3,z\n');
      await run(place, config, '-c', 'diff.yml');
      expect(await outputText(place)).toMatch(/^3,z/);
      expect(await place.read('diff.yml')).toContain(`last_path: ${folder}/m`);
      expect(await run(place, config, '-c', 'diff.yml')).toContain('There was nothing to read');
    });

    it('goes by the time of change', async () => {
      const folder = newFolder({ b: '2,y\n', a: '1,x\n' });
      utimesSync(local(`${folder}/a`), 1_000_000_000, 1_000_000_000);
      await using place = await workspace();
      const options = { path_prefix: `${folder}/`, use_modified_time: true };
      const at = (time: string): string =>
        fromSftp(options, `exec: {max_threads: 1, min_output_tasks: 1, transaction_time: '${time}'}\n`);
      await run(place, at('2001-09-09 01:46:41 UTC'), '-c', 'diff.yml');
      expect(await outputText(place)).toBe('1,x');
      expect(await place.read('diff.yml')).toContain('2001-09-09T01:46:41.000Z');
      await run(place, at('2100-01-01 00:00:00 UTC'), '-c', 'diff.yml');
      expect(await outputText(place)).toBe('2,y');
      put(`${folder}/a`, '4,w\n');
      utimesSync(local(`${folder}/a`), 4_102_444_800, 4_102_444_800);
      await run(place, at('2100-01-01 00:00:01 UTC'), '-c', 'diff.yml');
      expect(await outputText(place)).toBe('4,w');
    });

    it.each<[string, Options, string]>([
      ['one file', { path_prefix: '/a1' }, '1,x'],
      ['the beginning of names', { path_prefix: '/a' }, '1,x|2,y'],
      ['a pattern', { path_prefix: '/', path_match_pattern: '/[ab]\\d$' }, '1,x|2,y|3,z'],
      ['a limit', { path_prefix: '/', total_file_count_limit: 2 }, '1,x|2,y'],
      ['tasks of several files', { path_prefix: '/', min_task_size: 5 }, '1,x 2,y|3,z'],
      ['a path without a slash', { path_prefix: 'b3' }, '3,z'],
      ['names in Unicode', { path_prefix: '/ü/日本語 ' }, '5,v'],
    ])('takes %s', async (_title, options, expected) => {
      const folder = newFolder({ a1: '1,x\n', a2: '2,y\n', b3: '3,z\n', 'ü/日本語 😀': '5,v\n' });
      await using place = await workspace();
      await run(place, fromSftp({ ...options, path_prefix: `${folder}/${String(options['path_prefix'])}` }));
      expect(await outputText(place)).toBe(expected);
    });

    it('counts paths from the root of the server when it is told to', async () => {
      const folder = newFolder({ a: '1,x\n' });
      await using place = await workspace();
      await run(place, fromSftp({ path_prefix: local(folder), user_directory_is_root: false }));
      expect(await outputText(place)).toBe('1,x');
    });

    it('lists thousands of files', async () => {
      const folder = newFolder();
      put(`${folder}/0.csv`, '1,x\n');
      for (let index = 0; index < 3000; index++)
        linkSync(local(`${folder}/0.csv`), local(`${folder}/${10_000 + index}`));
      await using place = await workspace();
      const options = { path_prefix: `${folder}/1`, path_match_pattern: '(?<=99)9', min_task_size: 1000 };
      expect(await run(place, fromSftp(options))).toMatch(/"?files"?[=:] ?3\b/);
      expect(await outputText(place)).toBe('1,x 1,x 1,x');
    });

    it('reads a large file by several threads, the same bytes as one', async () => {
      const text = rows(400_000);
      const folder = newFolder({ large: text });
      await using place = await workspace();
      const config = fromSftp({ path_prefix: `${folder}/large` }, 'exec: {max_threads: 2, min_output_tasks: 1}\n');
      await run(place, config);
      const read = readFileSync(place.path('out/r_000.00.csv'), 'utf8');
      await run(place, fromSftp({ path_prefix: `${folder}/large` }));
      expect(readFileSync(place.path('out/r_000.00.csv'), 'utf8') === read).toBe(true);
      expect(read.split('\r\n')).toHaveLength(400_001);
    });

    it.each([
      ['one stream', single, ' decoders: [{type: gzip}]'],
      ['ranges', 'exec: {max_threads: 2, min_output_tasks: 1}\n', ''],
    ])('goes on where a connection broke: %s', async (_title, exec, decoders) => {
      const text = rows(250_000);
      const folder = newFolder({ large: decoders === '' ? text : gzipSync(text, { level: 1 }) });
      await using proxy = await breakingProxy(ssh.port, {
        cutAnswers: (n) => (n < 3 ? 1_000_000 + n * 300_000 : undefined),
      });
      await using place = await workspace();
      const config = fromSftp({ path_prefix: `${folder}/large`, port: proxy.port }, exec);
      const told = await run(place, config.replace('  parser:', `${decoders === '' ? '' : ` ${decoders}\n`}  parser:`));
      expect(told).toContain('it will be tried again');
      expect(proxy.count).toBeGreaterThan(2);
      const read = readFileSync(place.path('out/r_000.00.csv'), 'utf8');
      expect(read.replaceAll('\r\n', '\n') === text.replaceAll(/"(text, [^"]*)"/g, '"$1"')).toBe(true);
    });

    it('gives up when connections keep breaking', async () => {
      const folder = newFolder({ a: '1,x\n' });
      await using proxy = await breakingProxy(ssh.port, { cutAnswers: () => 3000 });
      await using place = await workspace();
      const told = await refusal(place, fromSftp({ path_prefix: folder, port: proxy.port, max_connection_retry: 1 }));
      expect(told).toMatch(/SSH_(CONNECTION_LOST|HANDSHAKE|UNREACHABLE)/);
      expect(proxy.count).toBe(2);
    });

    it('gives up a server that answers nothing any more', async () => {
      const folder = newFolder({ large: rows(100_000) });
      await using proxy = await breakingProxy(ssh.port, {
        onAnswer: (bytes) => (bytes < 1_000_000 ? undefined : new Promise(() => {})),
      });
      await using place = await workspace();
      const options = { path_prefix: `${folder}/large`, port: proxy.port, timeout: 1, max_connection_retry: 0 };
      const told = await refusal(place, fromSftp(options));
      expect(told).toContain('SSH_CONNECTION_LOST');
      expect(told).toContain('answered nothing for 1 seconds');
    });

    it('notices that a file changes while it is read', async () => {
      const folder = newFolder({ large: rows(300_000) });
      let isTouched = false;
      await using proxy = await breakingProxy(ssh.port, {
        onAnswer: (bytes) => {
          if (bytes > 2_000_000 && !isTouched) {
            isTouched = true;
            utimesSync(local(`${folder}/large`), 1_000_000_000, 1_000_000_000);
          }
          return undefined;
        },
      });
      await using place = await workspace();
      const told = await refusal(place, fromSftp({ path_prefix: `${folder}/large`, port: proxy.port }));
      expect(told).toContain('REMOTE_FILE_CHANGED');
      expect(told).toContain('2001-09-09');
      expect(await place.outputs()).toEqual([]);
    });

    it('tells of a server without SFTP', async () => {
      const keyFile = ssh.makeKey('no-sftp');
      ssh.allow(keyFile, 'command="/bin/false",restrict');
      await using place = await workspace();
      const told = await refusal(place, fromSftp({ path_prefix: '/', secret_key_file: keyFile }));
      expect(told).toContain('SFTP_UNAVAILABLE');
    });

    it.each<[string, Options, string]>([
      ['a folder that is not there', { path_prefix: '/nowhere/x' }, 'REMOTE_FILE_FOLDER_NOT_FOUND'],
      [
        'nothing to read, when that is a fault',
        { path_prefix: '/nothing', stop_when_file_not_found: true },
        'REMOTE_FILE_NONE_FOUND',
      ],
      ['a pattern that is none', { path_prefix: '/', path_match_pattern: '(' }, 'REMOTE_FILE_PATTERN'],
      [
        'a time that is none',
        { path_prefix: '/', use_modified_time: true, last_modified_time: 'today' },
        'REMOTE_FILE_MODIFIED_TIME',
      ],
      [
        'an unknown host key',
        { path_prefix: '/', host_key_fingerprint: undefined, known_hosts_file: '/dev/null' },
        'SSH_HOST_KEY_UNKNOWN',
      ],
      [
        'a wrong password',
        { path_prefix: '/', secret_key_file: undefined, password: 'tell-nobody' },
        'SSH_AUTH_REFUSED',
      ],
      ['a proxy that is a stream', { path_prefix: '/', proxy: { type: 'stream', host: 'x' } }, 'SSH_PROXY_STREAM'],
      [
        'a proxy that is not there',
        { path_prefix: '/', max_connection_retry: 0, proxy: { type: 'http', host: '127.0.0.1', port: 1 } },
        'SSH_PROXY_FAILED',
      ],
    ])('tells of %s', async (_title, options, code) => {
      await using place = await workspace();
      const told = await refusal(place, fromSftp(options));
      expect(told).toContain(code);
      expect(told).not.toContain('tell-nobody');
    });

    it('tells of a file that may not be read', async () => {
      const folder = newFolder({ closed: '1,x\n' });
      chmodSync(local(`${folder}/closed`), 0);
      await using place = await workspace();
      expect(await refusal(place, fromSftp({ path_prefix: folder }))).toContain('SFTP_DENIED');
    });

    it('goes through a tunnel', async () => {
      const folder = newFolder({ a: '1,x\n' });
      await using place = await workspace();
      const tunnel = { ...ssh.options };
      await run(place, fromSftp({ path_prefix: folder, ssh_tunnel: tunnel }));
      expect(await outputText(place)).toBe('1,x');
    });

    it('stops within a second', async () => {
      const folder = newFolder({ large: rows(200_000) });
      let pid = 0;
      let stoppedAt = 0;
      await using proxy = await breakingProxy(ssh.port, {
        onAnswer: (bytes) => {
          if (bytes < 1_000_000) return undefined;
          if (stoppedAt === 0) {
            stoppedAt = performance.now();
            process.kill(pid, 'SIGTERM');
          }
          return new Promise(() => {});
        },
      });
      await using place = await workspace({
        'config.yml': fromSftp({ path_prefix: `${folder}/large`, port: proxy.port }),
      });
      const result = await place.ropeway(['run', 'config.yml'], { started: (of) => (pid = of) });
      expect(result.exitCode, result.stderr).toBe(143);
      expect(performance.now() - stoppedAt).toBeLessThan(60_000);
      expect(await place.outputs()).toEqual([]);
    });
  });

  describe('output', () => {
    it('writes files that appear together, over those that were there, with their permissions', async () => {
      // What a killed run has left, long ago; and what belongs to one that may live.
      const [dead, live] = ['r_001.00.csv.0123abcd.tmp', 'r_001.00.csv.4567cdef.tmp'];
      const folder = newFolder({ 'r_000.00.csv': 'old', [dead]: 'much more than is written now', [live]: 'x' });
      const longAgo = Date.now() / 1000 - 48 * 3600;
      utimesSync(local(`${folder}/${dead}`), longAgo, longAgo);
      chmodSync(local(`${folder}/r_000.00.csv`), 0o640);
      await using place = await workspace({ 'in/a': '1,x\n', 'in/b': '2,é😀\n' });
      const config = toSftp({ path_prefix: `${folder}/r_` }, 'exec: {max_threads: 2}\n');
      await run(place, config);
      expect(names(folder)).toEqual(['r_000.00.csv', 'r_001.00.csv', live]);
      expect(readFileSync(local(`${folder}/r_000.00.csv`), 'utf8')).toBe('1,x\r\n');
      expect(readFileSync(local(`${folder}/r_001.00.csv`), 'utf8')).toBe('2,é😀\r\n');
      expect(statSync(local(`${folder}/r_000.00.csv`)).mode & 0o777).toBe(0o640);
      await place.write('in/a', '7,x\n');
      await run(place, config);
      expect(names(folder)).toHaveLength(3);
      expect(readFileSync(local(`${folder}/r_000.00.csv`), 'utf8')).toBe('7,x\r\n');
    });

    it('replaces files on a server that cannot do that in one step', async () => {
      await using old = await sshServer({ sftpArgs: '-P posix-rename' });
      writeFileSync(join(old.home, 'r_000.00.csv'), 'old');
      await using place = await workspace({ 'in/a': '1,x\n' });
      for (const [content, expected] of [
        ['1,x\n', '1,x\r\n'],
        ['2,y\n', '2,y\r\n'],
      ] as const) {
        await place.write('in/a', content);
        await run(place, toSftp({ ...old.options, path_prefix: '/r_' }));
        expect(readdirSync(old.home)).toEqual(['r_000.00.csv']);
        expect(readFileSync(join(old.home, 'r_000.00.csv'), 'utf8')).toBe(expected);
      }
    });

    it('makes folders, takes names in Unicode, and writes empty files', async () => {
      const folder = newFolder();
      await using place = await workspace({ 'in/a': '' });
      await run(place, toSftp({ path_prefix: `${folder}/ü/日本語/😀 ` }));
      expect(names(`${folder}/ü/日本語`)).toEqual(['😀 000.00.csv']);
      expect(statSync(local(`${folder}/ü/日本語/😀 000.00.csv`)).size).toBe(0);
    });

    it('goes on where a connection broke', async () => {
      const folder = newFolder();
      const text = rows(300_000);
      await using proxy = await breakingProxy(ssh.port, { cutRequests: (n) => (n < 2 ? 2_000_000 : undefined) });
      await using place = await workspace({ 'in/a': text });
      const told = await run(place, toSftp({ path_prefix: `${folder}/r_`, port: proxy.port }));
      // All requests that were under way wait for one connection; a second break while they are sent again is told or not.
      expect(told.match(/it will be tried again/g)?.length).toBeLessThanOrEqual(2);
      expect(proxy.count).toBe(3);
      const written = readFileSync(local(`${folder}/r_000.00.csv`), 'utf8');
      expect(written.replaceAll('\r\n', '\n') === text).toBe(true);
    });

    it('compresses, and writes in place when it is told to', async () => {
      const folder = newFolder({ 'r_000.00.gz': 'old' });
      await using place = await workspace({ 'in/a': '1,x\n' });
      const options = { path_prefix: `${folder}/r_`, file_ext: 'gz', rename_file_after_upload: false };
      const config = toSftp(options).replace('  formatter:', '  encoders: [{type: gzip}]\n  formatter:');
      await run(place, config);
      expect(names(folder)).toEqual(['r_000.00.gz']);
      expect(gunzipSync(readFileSync(local(`${folder}/r_000.00.gz`))).toString()).toBe('1,x\r\n');
    });

    it('leaves nothing of a run that fails or is stopped, and what was there as it was', async () => {
      const folder = newFolder({ 'r_000.00.csv': 'old' });
      await using place = await workspace({ 'in/a': '1,x\n', 'in/b': `2,y\n${rows(300_000)}` });
      const failing = toSftp({ path_prefix: `${folder}/r_` }, 'exec: {max_threads: 2}\n');
      const stopOnInvalid = failing.replace('{type: csv, col', '{type: csv, stop_on_invalid_record: true, col');
      await place.write('in/c', 'bad,z\n');
      await refusal(place, stopOnInvalid);
      expect(names(folder)).toEqual(['r_000.00.csv']);
      expect(readFileSync(local(`${folder}/r_000.00.csv`), 'utf8')).toBe('old');

      let pid = 0;
      let asked = 0;
      await using proxy = await breakingProxy(ssh.port, {
        onAnswer: (bytes) => {
          if (bytes < 6000 || asked > 0) return undefined;
          asked = performance.now();
          expect(names(folder).length).toBeGreaterThan(1);
          process.kill(pid, 'SIGTERM');
          return undefined;
        },
      });
      await place.write('config.yml', toSftp({ path_prefix: `${folder}/r_`, port: proxy.port }));
      const result = await place.ropeway(['run', 'config.yml'], { started: (of) => (pid = of) });
      expect(result.exitCode, result.stderr).toBe(143);
      expect(names(folder)).toEqual(['r_000.00.csv']);
    });

    it.each<[string, (folder: string) => void, Options, string]>([
      ['a folder that may not be written to', (folder) => chmodSync(local(folder), 0o555), {}, 'SFTP_DENIED'],
      ['a name that is a folder', (folder) => mkdirSync(local(`${folder}/r_000.00.csv`)), {}, 'SFTP_OUTPUT_PATH'],
      ['one name for all outputs', () => {}, { sequence_format: '' }, 'SFTP_OUTPUT_PATH'],
    ])('tells of %s', async (_title, prepare, options, code) => {
      const folder = newFolder();
      prepare(folder);
      await using place = await workspace({ 'in/a': '1,x\n', 'in/b': '2,y\n' });
      expect(await refusal(place, toSftp({ path_prefix: `${folder}/r_`, ...options }, ''))).toContain(code);
    });

    it('tells of a disk that is full', async () => {
      const folder = newFolder();
      symlinkSync('/dev/full', local(`${folder}/r_000.00.csv`));
      await using place = await workspace({ 'in/a': rows(50_000) });
      const options = { path_prefix: `${folder}/r_`, rename_file_after_upload: false };
      expect(await refusal(place, toSftp(options))).toContain('SFTP_FAILED');
    });
  });
});
