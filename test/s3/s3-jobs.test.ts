/** Jobs from and to S3, through the command, against another implementation of S3. */
import { readFile } from 'node:fs/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cuttingProxy } from '#test/kit/cutting-proxy.ts';
import { motoServer } from '#test/kit/moto.ts';
import { startS3 } from '#test/kit/s3-server.ts';
import type { S3Server } from '#test/kit/s3-server.ts';
import { workspace } from '#test/kit/workspace.ts';
import type { Workspace } from '#test/kit/workspace.ts';

interface JobParts {
  readonly url: string;
  readonly bucket: string;
  /** Options of the input, one a line. */
  readonly in?: readonly string[];
  readonly parser?: string;
  /** Options of the output, instead of CSV to a local file. */
  readonly out?: readonly string[];
  readonly exec?: string;
}

const retries = ['maximum_retries: 3', 'initial_retry_interval_millis: 1'];
const login = ['access_key_id: id', 'secret_access_key: hush-hush'];

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}\n`).join('');
}

function fromS3(parts: JobParts): string {
  const { url, bucket, parser = '', exec = 'max_threads: 1, min_output_tasks: 1' } = parts;
  const input = ['type: s3', `bucket: ${bucket}`, `endpoint: ${url}`, ...login, ...retries, ...(parts.in ?? [])];
  const local = ['type: file', 'path_prefix: out/r_', 'file_ext: csv', 'formatter: {type: csv, header_line: false}'];
  return `in:
${indented(input)}  parser:
    type: csv
    columns: [{name: a, type: long}, {name: b, type: string}]
${parser}out:
${indented(parts.out ?? local)}exec: {${exec}}
`;
}

function toS3({ url, bucket }: JobParts, ...more: readonly string[]): string[] {
  return ['type: s3', `bucket: ${bucket}`, `endpoint: ${url}`, ...login, ...retries, ...more];
}

function localInput(out: readonly string[], parser = ''): string {
  return `in:
  type: file
  path_prefix: in/
  parser:
    type: csv
    columns: [{name: a, type: long}, {name: b, type: string}]
${parser}out:
${indented(out)}exec: {max_threads: 1, min_output_tasks: 1}
`;
}

async function outputText(place: Workspace): Promise<string> {
  const names = await place.outputs();
  const texts = await Promise.all(names.map((name) => readFile(place.path(`out/${name}`), 'utf8')));
  return texts.join('|').replaceAll('\r\n', ' ').replaceAll(' |', '|').trim();
}

let s3: S3Server;
let bucketCount = 0;

async function newBucket(objects: Readonly<Record<string, string | Uint8Array>> = {}): Promise<string> {
  const bucket = `bucket-${bucketCount++}`;
  await s3.createBucket(bucket);
  for (const [key, body] of Object.entries(objects)) await s3.put(bucket, key, body);
  return bucket;
}

/** About 30 bytes a row. */
function rows(count: number): string {
  return Array.from({ length: count }, (_, row) => `${row},"text, ${row * 7919}-${'x'.repeat(row % 19)}"\n`).join('');
}

// Without moto (`npm test` installs it) there is nothing to speak to.
const isServed = motoServer() !== undefined;

describe.runIf(isServed)('jobs with S3', () => {
  beforeAll(async () => {
    s3 = await startS3();
  });
  afterAll(() => s3[Symbol.asyncDispose]());

  describe('input', () => {
    it('reads the objects of a prefix in the order of their keys, and those after them the next time', async () => {
      const bucket = await newBucket({ 'in/b': '2,y\n', 'in/a': '1,x\n', 'in/empty': '', other: '9,z\n' });
      await using place = await workspace({
        'config.yml': fromS3({ url: s3.url, bucket, in: ['path_prefix: in/'] }),
      });
      const first = await place.ropeway(['run', 'config.yml', '-c', 'diff.yml']);
      expect(first.exitCode, first.stderr).toBe(0);
      expect(await outputText(place)).toBe('1,x|2,y');
      expect(await place.read('diff.yml')).toContain('last_path: in/b');

      await s3.put(bucket, 'in/c', '3,z\n');
      const second = await place.ropeway(['run', 'config.yml', '-c', 'diff.yml']);
      expect(second.exitCode, second.stderr).toBe(0);
      expect(await outputText(place)).toBe('3,z|2,y');
      expect(await place.read('diff.yml')).toContain('last_path: in/c');
      const none = await place.ropeway(['run', 'config.yml', '-c', 'diff.yml']);
      expect(none.stderr).toContain('There was nothing to read');
      expect(await place.read('diff.yml')).toContain('last_path: in/c');
    });

    it('goes by the time of change', async () => {
      const bucket = await newBucket({ 'in/a': '1,x\n' });
      const options = ['path_prefix: in/', 'use_modified_time: true'];
      const job = (exec: string): string =>
        fromS3({ url: s3.url, bucket, in: options, exec: `max_threads: 1, min_output_tasks: 1, ${exec}` });
      const at = (time: string): string => job(`transaction_time: '${time}'`);
      await using place = await workspace({ 'config.yml': at('2000-01-01 00:00:00 UTC') });
      const early = await place.ropeway(['run', 'config.yml', '-c', 'diff.yml']);
      expect(early.exitCode, early.stderr).toBe(0);
      expect(await place.outputs()).toEqual([]);
      expect(await place.read('diff.yml')).toContain('2000-01-01T00:00:00.000Z');
      await place.write('config.yml', at('2100-01-01 00:00:00 UTC'));
      const late = await place.ropeway(['run', 'config.yml', '-c', 'diff.yml']);
      expect(late.exitCode, late.stderr).toBe(0);
      expect(await outputText(place)).toBe('1,x');
      expect(await place.read('diff.yml')).toContain('2100-01-01T00:00:00.000Z');
      const again = await place.ropeway(['run', 'config.yml', '-c', 'diff.yml']);
      expect(again.stderr).toContain('There was nothing to read');
    });

    it.each<[string, readonly string[], string]>([
      ['a pattern that is found anywhere', ["path_prefix: ''", "path_match_pattern: '/[ab]$'"], '1,x|2,y'],
      ['one path', ['path: in/c', 'path_prefix: nowhere'], '3,z'],
      ['a limit', ["path_prefix: ''", 'total_file_count_limit: 2'], '1,x|2,y'],
      ['tasks of several objects', ["path_prefix: ''", 'min_task_size: 5'], '1,x 2,y|3,z'],
      ['what comes after a key', ["path_prefix: ''", 'last_path: in/a'], '2,y|3,z'],
    ])('takes %s', async (_title, options, expected) => {
      const bucket = await newBucket({ 'in/a': '1,x\n', 'in/b': '2,y\n', 'in/c': '3,z\n' });
      await using place = await workspace({ 'config.yml': fromS3({ url: s3.url, bucket, in: options }) });
      const run = await place.ropeway(['run', 'config.yml']);
      expect(run.exitCode, run.stderr).toBe(0);
      expect(await outputText(place)).toBe(expected);
    });

    it('lists more objects than come at a time', async () => {
      const bucket = await newBucket();
      const names = Array.from({ length: 35 }, (_, index) => `in/${String(index).padStart(4, '0')}`);
      await Promise.all(names.map((name) => s3.put(bucket, name, '1,x\n')));
      // Ten instead of a thousand.
      await using proxy = await cuttingProxy(s3.port, {
        before: async (asked) => {
          asked.url = asked.url?.replace(/max-keys=\d+/, 'max-keys=10');
        },
      });
      const job = fromS3({ url: proxy.url, bucket, in: ['path_prefix: in/', "path_match_pattern: '9$'"] });
      await using place = await workspace({ 'config.yml': job });
      const run = await place.ropeway(['run', 'config.yml']);
      expect(run.exitCode, run.stderr).toBe(0);
      expect(await place.outputs()).toHaveLength(3);
      expect(proxy.asked.filter((line) => line.includes('list-type=2'))).toHaveLength(4);
    });

    it('goes through decoders, and is guessed and previewed', async () => {
      const bucket = await newBucket({ 'in/a.csv.gz': gzipSync('id,name\n1,x\n2,y\n') });
      const seed = `in:\n${indented(['type: s3', `bucket: ${bucket}`, `endpoint: ${s3.url}`, ...login, 'path_prefix: in/'])}`;
      await using place = await workspace({ 'seed.yml': `${seed}out: {type: stdout}\n` });
      const guess = await place.ropeway(['guess', 'seed.yml', '-o', 'config.yml']);
      expect(guess.exitCode, guess.stderr).toBe(0);
      const preview = await place.ropeway(['preview', 'config.yml']);
      expect(preview.stdout).toContain('id:long');
      const run = await place.ropeway(['run', 'config.yml']);
      expect([run.exitCode, run.stdout]).toEqual([0, '1,x\n2,y\n']);
    });

    it('refuses archived objects, or leaves them out', async () => {
      const bucket = await newBucket({ 'in/a': '1,x\n' });
      await s3.put(bucket, 'in/b', '2,y\n', { StorageClass: 'GLACIER' });
      const job = (more: readonly string[]): string =>
        fromS3({ url: s3.url, bucket, in: ['path_prefix: in/', ...more] });
      await using place = await workspace({ 'config.yml': job([]) });
      const refused = await place.ropeway(['run', 'config.yml']);
      expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('S3_OBJECT_ARCHIVED')]);
      await place.write('config.yml', job(['skip_glacier_objects: true']));
      const skipped = await place.ropeway(['run', 'config.yml']);
      expect([skipped.exitCode, skipped.stderr]).toEqual([
        0,
        expect.stringContaining('An archived object was skipped'),
      ]);
      expect(await outputText(place)).toBe('1,x');
    });

    it('goes on where a connection was cut', async () => {
      const text = rows(40_000);
      const bucket = await newBucket({ 'in/a': text, 'in/b': gzipSync(text) });
      let cuts = 0;
      await using proxy = await cuttingProxy(s3.port, {
        cutAfterBytes: ({ url }) => (url?.includes('/in/a') === true && cuts++ < 4 ? 200_000 : undefined),
      });
      const job = fromS3({ url: proxy.url, bucket, in: ['path: in/a'] });
      await using place = await workspace({ 'config.yml': job });
      const run = await place.ropeway(['run', 'config.yml']);
      expect(run.exitCode, run.stderr).toBe(0);
      expect((await place.read('out/r_000.00.csv')).replaceAll('\r\n', '\n')).toBe(text);
      expect(run.stderr).toContain('it will be tried again');
      expect(proxy.asked.filter((asked) => /bytes=[1-9]/.test(asked)).length).toBeGreaterThan(2);
    });

    it('gives up when nothing comes any more, and asks again when the store is busy', async () => {
      const bucket = await newBucket({ 'in/a': '1,x\n' });
      let answers: number[] = [503, 500, 503];
      await using proxy = await cuttingProxy(s3.port, { answers: () => answers.shift() });
      await using place = await workspace({
        'config.yml': fromS3({ url: proxy.url, bucket, in: ['path_prefix: in/'] }),
      });
      const patient = await place.ropeway(['run', 'config.yml']);
      expect(patient.exitCode, patient.stderr).toBe(0);
      expect(await outputText(place)).toBe('1,x');
      answers = Array.from({ length: 9 }, () => 503);
      const tired = await place.ropeway(['run', 'config.yml']);
      expect([tired.exitCode, tired.stderr]).toEqual([1, expect.stringContaining('S3_SLOW_DOWN')]);
      // One request and three more.
      expect(answers).toHaveLength(5);
    });

    it.each([
      ['', undefined],
      [', of a store that does not know conditions', 'if-match'],
    ])('notices an object that changes while it is read%s', async (_title, ignores) => {
      const bucket = await newBucket({ 'in/a': '1,x\n' });
      await using proxy = await cuttingProxy(s3.port, {
        ...(ignores === undefined ? {} : { ignores }),
        before: async ({ url }) => {
          if (url?.includes('/in/a') === true) await s3.put(bucket, 'in/a', '2,y\n');
        },
      });
      const job = fromS3({ url: proxy.url, bucket, in: ['path_prefix: in/'] });
      await using place = await workspace({ 'config.yml': job });
      const run = await place.ropeway(['run', 'config.yml']);
      expect([run.exitCode, run.stderr]).toEqual([1, expect.stringContaining('S3_OBJECT_CHANGED')]);
      expect(await place.outputs()).toEqual([]);
    });

    it('takes nothing from a store that answers with another range', async () => {
      const bucket = await newBucket({ 'in/a': rows(40_000) });
      await using proxy = await cuttingProxy(s3.port, {
        ignores: 'range',
        cutAfterBytes: ({ url }) => (url?.includes('/in/a') === true ? 200_000 : undefined),
      });
      await using place = await workspace({
        'config.yml': fromS3({ url: proxy.url, bucket, in: ['path_prefix: in/'] }),
      });
      const run = await place.ropeway(['run', 'config.yml']);
      expect([run.exitCode, run.stderr]).toEqual([1, expect.stringContaining('S3_RANGES_UNKNOWN')]);
      expect(await place.outputs()).toEqual([]);
    });

    it('goes through an HTTP proxy', async () => {
      const bucket = await newBucket({ 'in/a': '1,x\n' });
      await using proxy = await cuttingProxy(s3.port, {});
      const through = `http_proxy: {host: 127.0.0.1, port: ${proxy.port}, user: me, password: hush-hush, https: false}`;
      const job = fromS3({ url: 's3.test.invalid', bucket, in: ['path_prefix: in/', through] });
      await using place = await workspace({ 'config.yml': job });
      const run = await place.ropeway(['run', 'config.yml']);
      expect(run.exitCode, run.stderr).toBe(0);
      expect(await outputText(place)).toBe('1,x');
      expect(proxy.asked[0]).toContain('GET http://s3.test.invalid/');
    });
  });

  describe('credentials', () => {
    const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'hush-hush' };
    const profile = '[other]\naws_access_key_id = id\naws_secret_access_key = hush-hush\n';

    it.each<[string, readonly string[], Readonly<Record<string, string>>]>([
      ['anonymous', ['auth_method: anonymous'], {}],
      ['none', [], {}],
      ['env', ['auth_method: env'], keys],
      ['default', ['auth_method: default'], keys],
      ['profile', ['auth_method: profile', 'profile_file: profiles', 'profile_name: other'], {}],
      ['session', ['auth_method: session', ...login, 'session_token: t'], {}],
      ['assume_role', ['auth_method: assume_role', "account_id: '123456789012'", 'role_name: loader'], keys],
    ])('are found: %s', async (_title, options, env) => {
      const bucket = await newBucket();
      await s3.put(bucket, 'in/a', '1,x\n', { ACL: 'public-read' });
      const job = fromS3({ url: s3.url, bucket, in: ['path_prefix: in/', ...options] });
      await using place = await workspace({ profiles: profile });
      await place.write('config.yml', job.replace(indented(login), ''));
      const run = await place.ropeway(['run', 'config.yml'], { env: { AWS_ENDPOINT_URL_STS: s3.url, ...env } });
      expect(run.exitCode, run.stderr).toBe(0);
      expect(await outputText(place)).toBe('1,x');
    });

    it('are needed for what is not public', async () => {
      const bucket = await newBucket({ 'in/a': '1,x\n' });
      const job = fromS3({ url: s3.url, bucket, in: ['path_prefix: in/'] }).replace(indented(login), '');
      await using place = await workspace({ 'config.yml': job });
      const run = await place.ropeway(['run', 'config.yml']);
      expect([run.exitCode, run.stderr]).toEqual([1, expect.stringContaining('S3_ACCESS_DENIED')]);
      expect(run.stderr).toContain('No access key is set: requests are not signed.');
      expect(await place.outputs()).toEqual([]);
    });

    it('are missed with a word on where they were looked for', async () => {
      const job = fromS3({ url: s3.url, bucket: 'b', in: ['path_prefix: in/', 'auth_method: env'] });
      await using place = await workspace({ 'config.yml': job.replace(indented(login), '') });
      const run = await place.ropeway(['run', 'config.yml'], { env: { AWS_ACCESS_KEY_ID: '' } });
      expect([run.exitCode, run.stderr]).toEqual([1, expect.stringContaining('S3_CREDENTIALS_MISSING')]);
      expect(run.stderr).toContain('config.yml:');
    });
  });

  describe('a large object', () => {
    /** Large enough to be shared by threads. */
    const text = rows(420_000);

    it.each([
      ['whole', undefined],
      ['with cuts', 300_000],
    ])(
      'is read in ranges by several threads, as the same file is locally: %s',
      async (_title, cutAfter) => {
        const bucket = await newBucket({ 'in/a': text });
        let asks = 0;
        await using proxy = await cuttingProxy(s3.port, {
          cutAfterBytes: ({ method }) => (method === 'GET' && ++asks % 3 === 0 ? cutAfter : undefined),
        });
        const out = ['type: file', 'path_prefix: out/s3_', 'file_ext: jsonl.gz', 'formatter: {type: jsonl}'];
        const encoders = 'encoders: [{type: gzip}]';
        const exec = 'max_threads: 2, min_output_tasks: 1';
        const job = fromS3({ url: proxy.url, bucket, in: ['path: in/a'], out: [...out, encoders], exec });
        const local = localInput(['type: file', 'path_prefix: out/local_', ...out.slice(2), encoders]);
        await using place = await workspace({ 'in/a': text, 's3.yml': job, 'local.yml': local });
        for (const config of ['s3.yml', 'local.yml']) {
          const run = await place.ropeway(['run', config]);
          expect(run.exitCode, run.stderr).toBe(0);
        }
        const [fromLocal, fromStore] = await Promise.all(
          ['local', 's3'].map((name) => readFile(place.path(`out/${name}_000.00.jsonl.gz`))),
        );
        expect(fromStore?.equals(fromLocal ?? Buffer.alloc(0))).toBe(true);
        // No part of it is asked for by several threads.
        const ranges = proxy.asked.flatMap((asked) => /bytes=(\d+)/.exec(asked)?.[1] ?? []);
        const chunks = Math.ceil(text.length / 2 ** 20);
        expect(ranges.length).toBeGreaterThanOrEqual(chunks);
        // Chunks are announced to the thread that will read them: none is asked for in vain.
        if (cutAfter === undefined) expect(ranges.length).toBeLessThan(chunks * 1.5);
        else expect(new Set(ranges).size).toBeGreaterThan(chunks * 1.2);
      },
      60_000,
    );
  });

  describe('output', () => {
    it('writes one object per task, and leaves what was there until the run has succeeded', async () => {
      const bucket = await newBucket({ 'out/r.000.00.jsonl.gz': 'old' });
      const out = toS3(
        { url: s3.url, bucket },
        ...['path_prefix: out/r', 'file_ext: .jsonl.gz', 'formatter: {type: jsonl}', 'encoders: [{type: gzip}]'],
      );
      const job = (parser: string): string => localInput(out, parser);
      await using place = await workspace({ 'in/a': '1,x\n', 'in/b': '2,y\nbad,z\n' });
      await place.write('config.yml', job('    stop_on_invalid_record: true\n'));
      const failed = await place.ropeway(['run', 'config.yml']);
      expect(failed.exitCode, failed.stderr).toBe(1);
      expect((await s3.get(bucket, 'out/r.000.00.jsonl.gz')).toString()).toBe('old');
      expect([await s3.keys(bucket), await s3.uploads(bucket)]).toEqual([['out/r.000.00.jsonl.gz'], []]);

      await place.write('config.yml', job(''));
      const run = await place.ropeway(['run', 'config.yml']);
      expect(run.exitCode, run.stderr).toBe(0);
      expect(await s3.keys(bucket)).toEqual(['out/r.000.00.jsonl.gz', 'out/r.001.00.jsonl.gz']);
      const lines = gunzipSync(await s3.get(bucket, 'out/r.001.00.jsonl.gz')).toString();
      expect(lines).toBe('{"a":2,"b":"y"}\n');
      expect(await s3.uploads(bucket)).toEqual([]);
    });

    it('writes in several parts, and gives them up when the run fails', async () => {
      const bucket = await newBucket();
      const out = toS3({ url: s3.url, bucket }, 'path_prefix: big', 'file_ext: .csv', 'formatter: {type: csv}');
      const text = rows(900_000);
      await using place = await workspace({ 'in/a': text, 's3.yml': localInput(out) });
      await place.write(
        'local.yml',
        localInput(['type: file', 'path_prefix: out/r_', 'file_ext: csv', 'formatter: {type: csv}']),
      );
      for (const config of ['s3.yml', 'local.yml']) {
        const run = await place.ropeway(['run', config]);
        expect(run.exitCode, run.stderr).toBe(0);
      }
      const [stored, local] = await Promise.all([
        s3.get(bucket, 'big.000.00.csv'),
        readFile(place.path('out/r_000.00.csv')),
      ]);
      expect(local.length).toBeGreaterThan(3 * 8 * 1024 * 1024);
      expect(stored.equals(local)).toBe(true);

      await place.write('in/a', `${text}bad,x\n`);
      await place.write(
        's3.yml',
        localInput(out, '    stop_on_invalid_record: true\n').replace('prefix: big', 'prefix: no'),
      );
      const failed = await place.ropeway(['run', 's3.yml']);
      expect(failed.exitCode, failed.stderr).toBe(1);
      expect([await s3.keys(bucket), await s3.uploads(bucket)]).toEqual([['big.000.00.csv'], []]);
    });

    it('writes objects without a byte, and with settings', async () => {
      const bucket = await newBucket();
      const settings = ['canned_acl: PublicRead', 'storage_class: STANDARD_IA', 'server_side_encryption: AES256'];
      const out = toS3(
        { url: s3.url, bucket },
        ...['path_prefix: e', 'file_ext: .jsonl', 'formatter: {type: jsonl}', ...settings],
      );
      await using place = await workspace({ 'in/a': 'bad,x\n', 'in/b': '1,x\n', 'config.yml': localInput(out) });
      const run = await place.ropeway(['run', 'config.yml']);
      expect(run.exitCode, run.stderr).toBe(0);
      expect(await s3.keys(bucket)).toEqual(['e.000.00.jsonl', 'e.001.00.jsonl']);
      expect((await s3.get(bucket, 'e.000.00.jsonl')).length).toBe(0);
      const { headers } = await fetch(`${s3.url}/${bucket}/e.001.00.jsonl`, { method: 'HEAD' });
      expect(headers.get('x-amz-storage-class')).toBe('STANDARD_IA');
      expect(headers.get('x-amz-server-side-encryption')).toBe('AES256');
    });

    it('is nothing after a kill, and a commit that was cut short is taken up again', async () => {
      const bucket = await newBucket();
      let isHanging = true;
      let completions = 0;
      let pid = 0;
      await using proxy = await cuttingProxy(s3.port, {
        before: async ({ method, url }) => {
          // The first object is completed, the second never.
          const isCompletion = method === 'POST' && url?.includes('uploadId=') === true;
          if (!isHanging || !isCompletion || completions++ === 0) return;
          while (!(await s3.keys(bucket)).length) await s3.uploads(bucket);
          process.kill(pid, 'SIGKILL');
          await new Promise(() => {});
        },
      });
      const out = toS3({ url: proxy.url, bucket }, 'path_prefix: r', 'file_ext: .csv', 'formatter: {type: csv}');
      await using place = await workspace({ 'in/a': '1,x\n', 'in/b': '2,y\n', 'config.yml': localInput(out) });
      const args = ['run', '-r', 'state.yml', 'config.yml'];
      const killed = await place.ropeway(args, {
        started: (started) => {
          pid = started;
        },
      });
      expect(killed.signal ?? killed.exitCode).toBe('SIGKILL');
      expect(await s3.keys(bucket)).toHaveLength(1);
      expect(await s3.uploads(bucket)).toHaveLength(1);
      isHanging = false;
      const resumed = await place.ropeway(args);
      expect(resumed.exitCode, resumed.stderr).toBe(0);
      expect(await s3.keys(bucket)).toEqual(['r.000.00.csv', 'r.001.00.csv']);
      expect((await s3.get(bucket, 'r.001.00.csv')).toString()).toBe('a,b\r\n2,y\r\n');
      expect(await s3.uploads(bucket)).toEqual([]);
    });

    it('gives up what killed runs left, and nothing else', async () => {
      const bucket = await newBucket();
      // moto says of every upload that it is from 2010; parts have their times.
      await s3.begin(bucket, 'r.000.00.csv');
      await s3.begin(bucket, 'r.123.45.csv');
      await s3.begin(bucket, 'r.001.00.csv', 'of a run that lives');
      for (const key of ['r.csv', 'r.x.00.csv', 'r.000.00.csv.gz', 'or.000.00.csv']) await s3.begin(bucket, key);
      const others = ['or.000.00.csv', 'r.000.00.csv.gz', 'r.001.00.csv', 'r.csv', 'r.x.00.csv'];
      const options = ['path_prefix: r', 'file_ext: .csv', 'formatter: {type: csv}'];
      const job = (more: readonly string[]): string => localInput(toS3({ url: s3.url, bucket }, ...options, ...more));
      await using place = await workspace({ 'in/a': '1,x\n', 'config.yml': job([]) });
      expect((await place.ropeway(['run', 'config.yml'])).exitCode).toBe(0);
      expect(await s3.uploads(bucket)).toHaveLength(7);
      await place.write('config.yml', job(['stale_upload_hours: 24']));
      const run = await place.ropeway(['run', 'config.yml']);
      expect(run.exitCode, run.stderr).toBe(0);
      expect((await s3.uploads(bucket)).sort()).toEqual(others);
      expect(run.stderr.match(/Gave up an upload/g)).toHaveLength(2);
      expect(await s3.keys(bucket)).toEqual(['r.000.00.csv']);

      // Who may not look at them loses nothing.
      await using proxy = await cuttingProxy(s3.port, {
        answers: ({ method, url }) => (method === 'GET' && url?.includes('uploads') === true ? 403 : undefined),
      });
      await place.write('config.yml', job(['stale_upload_hours: 24']).replace(s3.url, proxy.url));
      const poor = await place.ropeway(['run', 'config.yml']);
      expect(poor.exitCode, poor.stderr).toBe(0);
      expect(poor.stderr).toContain('s3:ListBucketMultipartUploads');
    });

    it('leaves nothing when the run is stopped', async () => {
      const bucket = await newBucket();
      let pid = 0;
      await using proxy = await cuttingProxy(s3.port, {
        before: async ({ method, url }) => {
          if (method !== 'PUT' || url?.includes('partNumber=2') !== true) return;
          process.kill(pid, 'SIGINT');
          await new Promise(() => {});
        },
      });
      const out = toS3({ url: proxy.url, bucket }, 'path_prefix: r', 'file_ext: .csv', 'formatter: {type: csv}');
      await using place = await workspace({ 'in/a': rows(900_000), 'config.yml': localInput(out) });
      const run = await place.ropeway(['run', 'config.yml'], {
        started: (started) => {
          pid = started;
        },
      });
      expect(run.exitCode, run.stderr).toBe(130);
      expect([await s3.keys(bucket), await s3.uploads(bucket)]).toEqual([[], []]);
    });
  });

  describe('a mistake', () => {
    it.each<[string, readonly string[], string, readonly string[]]>([
      ['no such bucket', ['path_prefix: x'], 'S3_BUCKET_NOT_FOUND', ['There is no bucket nowhere', 'config.yml:3']],
      ['no such object', ['path: x'], 'S3_OBJECT_NOT_FOUND', ['s3://nowhere/x']],
      ['neither path', [], 'S3_PATH_REQUIRED', ["path_prefix: ''"]],
      ['a pattern', ["path_prefix: ''", "path_match_pattern: 'a++'"], 'S3_PATTERN', ['possessive']],
      ['a time', ["path_prefix: ''", 'use_modified_time: true', "last_modified_time: '2026'"], 'S3_MODIFIED_TIME', []],
      ['an auth option', ["path_prefix: ''", 'session_token: hush-hush'], 'S3_AUTH_INVALID', ['session_token']],
    ])('is explained: %s', async (_title, options, code, words) => {
      await using place = await workspace({ 'config.yml': fromS3({ url: s3.url, bucket: 'nowhere', in: options }) });
      const run = await place.ropeway(['run', 'config.yml']);
      expect([1, 2]).toContain(run.exitCode);
      expect(run.stderr).toContain(`error[${code}`);
      for (const word of words) expect(run.stderr).toContain(word);
      expect(run.stderr).not.toContain('hush-hush');
    });

    it('in the credentials is explained, and they are not shown', async () => {
      await using strict = await startS3({ INITIAL_NO_AUTH_ACTION_COUNT: '0' });
      const job = fromS3({ url: strict.url, bucket: 'b', in: ['path_prefix: x'] });
      await using place = await workspace({ 'config.yml': job });
      const run = await place.ropeway(['run', 'config.yml']);
      expect([run.exitCode, run.stderr]).toEqual([1, expect.stringContaining('S3_CREDENTIALS_REFUSED')]);
      expect(run.stderr).not.toContain('hush-hush');
      expect(run.stderr).not.toContain('tried again');
    });

    it('in the bucket of an output is told before anything is read', async () => {
      const out = toS3(
        { url: s3.url, bucket: 'nowhere' },
        'path_prefix: r',
        'file_ext: .csv',
        'formatter: {type: csv}',
      );
      await using place = await workspace({ 'in/a': '1,x\n', 'config.yml': localInput(out) });
      const run = await place.ropeway(['run', 'config.yml']);
      expect([run.exitCode, run.stderr]).toEqual([1, expect.stringContaining('There is no bucket nowhere')]);
    });
  });
});
