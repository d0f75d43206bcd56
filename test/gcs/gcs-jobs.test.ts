/** Jobs from and to Google Cloud Storage, through the command, against other implementations of it. */
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import forge from 'node-forge';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cuttingProxy } from '#test/kit/cutting-proxy.ts';
import { fakeGcsServer } from '#test/kit/fake-gcs.ts';
import { startGcs } from '#test/kit/gcs-server.ts';
import type { GcsServer } from '#test/kit/gcs-server.ts';
import { httpServer } from '#test/kit/http-server.ts';
import { motoServer } from '#test/kit/moto.ts';
import { workspace } from '#test/kit/workspace.ts';
import type { Workspace } from '#test/kit/workspace.ts';

const retries = ['max_connection_retry: 3', 'initial_retry_interval_millis: 1'];
const anonymous = ['auth_method: anonymous'];

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}\n`).join('');
}

interface Place {
  readonly url: string;
  readonly bucket: string;
}

function fromGcs({ url, bucket }: Place, options: readonly string[], auth = anonymous): string {
  const input = ['type: gcs', `bucket: ${bucket}`, `endpoint: ${url}`, ...auth, ...retries, ...options];
  return `in:
${indented(input)}  parser:
    type: csv
    columns: [{name: a, type: long}, {name: b, type: string}]
out:
  type: file
  path_prefix: out/r_
  file_ext: csv
  formatter: {type: csv, header_line: false}
exec: {max_threads: 1, min_output_tasks: 1}
`;
}

function toGcs({ url, bucket }: Place, options: readonly string[], parser = ''): string {
  const output = ['type: gcs', `bucket: ${bucket}`, `endpoint: ${url}`, ...anonymous, ...retries, ...options];
  return `in:
  type: file
  path_prefix: in/
  parser:
    type: csv
    columns: [{name: a, type: long}, {name: b, type: string}]
${parser}out:
${indented(output)}exec: {max_threads: 1, min_output_tasks: 1}
`;
}

const csvOut = ['path_prefix: r', 'file_ext: .csv', 'formatter: {type: csv}'];

async function outputText(place: Workspace): Promise<string> {
  const names = await place.outputs();
  const texts = await Promise.all(names.map((name) => readFile(place.path(`out/${name}`), 'utf8')));
  return texts.join('|').replaceAll('\r\n', ' ').replaceAll(' |', '|').trim();
}

let gcs: GcsServer;
let bucketCount = 0;

async function newBucket(objects: Readonly<Record<string, string | Uint8Array>> = {}): Promise<string> {
  const bucket = `bucket-${bucketCount++}`;
  await gcs.createBucket(bucket);
  for (const [name, body] of Object.entries(objects)) await gcs.put(bucket, name, body);
  return bucket;
}

/** About 30 bytes a row. */
function rows(count: number): string {
  return Array.from({ length: count }, (_, row) => `${row},"text, ${row * 7919}-${'x'.repeat(row % 19)}"\n`).join('');
}

async function run(config: string): Promise<{ exitCode: number | null; stderr: string; records: string }> {
  await using place = await workspace({ 'config.yml': config });
  const { exitCode, stderr } = await place.ropeway(['run', 'config.yml']);
  return { exitCode, stderr, records: await outputText(place) };
}

// Without them (`npm test` installs them) there is nothing to speak to.
const isServed = motoServer() !== undefined && fakeGcsServer() !== undefined;

describe.runIf(isServed)('jobs with Google Cloud Storage', () => {
  beforeAll(async () => {
    gcs = await startGcs();
  });
  afterAll(() => gcs[Symbol.asyncDispose]());

  describe('input', () => {
    it('reads the objects of a prefix in the order of their names, and those after them the next time', async () => {
      const bucket = await newBucket({ 'in/b': '2,y\n', 'in/a': '1,x\n', 'in/empty': '', other: '9,z\n' });
      await using place = await workspace({ 'config.yml': fromGcs({ ...gcs, bucket }, ['path_prefix: in/']) });
      const first = await place.ropeway(['run', 'config.yml', '-c', 'diff.yml']);
      expect(first.exitCode, first.stderr).toBe(0);
      expect(await outputText(place)).toBe('1,x|2,y');
      expect(await place.read('diff.yml')).toContain('last_path: in/b');
      await gcs.put(bucket, 'in/c', '3,z\n');
      const second = await place.ropeway(['run', 'config.yml', '-c', 'diff.yml']);
      expect(second.exitCode, second.stderr).toBe(0);
      expect(await outputText(place)).toBe('3,z|2,y');
      expect(await place.read('diff.yml')).toContain('last_path: in/c');
      const none = await place.ropeway(['run', 'config.yml', '-c', 'diff.yml']);
      expect(none.stderr).toContain('There was nothing to read');
      expect(await place.read('diff.yml')).toContain('last_path: in/c');
    });

    it.each<[string, readonly string[], string]>([
      ['a pattern that is found anywhere', ["path_prefix: ''", "path_match_pattern: '/[ab]$'"], '1,x|2,y'],
      ['paths, in their order', ["paths: ['in/ü +?#%.csv', in/a]"], '3,z|1,x'],
      ['a limit', ["path_prefix: ''", 'total_file_count_limit: 2'], '1,x|2,y'],
      ['tasks of several objects', ["path_prefix: ''", 'min_task_size: 5'], '1,x 2,y|3,z'],
      ['what comes after a name', ["path_prefix: ''", 'last_path: in/a'], '2,y|3,z'],
    ])('takes %s', async (_title, options, expected) => {
      const bucket = await newBucket({ 'in/a': '1,x\n', 'in/b': '2,y\n', 'in/ü +?#%.csv': '3,z\n' });
      const { exitCode, stderr, records } = await run(fromGcs({ ...gcs, bucket }, options));
      expect(exitCode, stderr).toBe(0);
      expect(records).toBe(expected);
    });

    it('lists more objects than come at a time', async () => {
      const bucket = await newBucket();
      const names = Array.from({ length: 35 }, (_, index) => `in/${String(index).padStart(4, '0')}`);
      await Promise.all(names.map((name) => gcs.put(bucket, name, '1,x\n')));
      // Ten instead of a thousand.
      const isList = (url = ''): boolean => /\/o\?.*prefix=/.test(url);
      await using proxy = await cuttingProxy(gcs.port, {
        before: async (asked) => {
          asked.url = asked.url?.replace(/maxResults=\d+/, 'maxResults=10');
        },
      });
      const options = ['path_prefix: in/', "path_match_pattern: '9$'", 'min_task_size: 1000000'];
      const { exitCode, stderr, records } = await run(fromGcs({ url: proxy.url, bucket }, options));
      expect(exitCode, stderr).toBe(0);
      expect(records.split(' ')).toHaveLength(3);
      expect(proxy.asked.filter(isList)).toHaveLength(4);
    });

    it('goes through decoders, and is guessed and previewed', async () => {
      const bucket = await newBucket({ 'in/a.csv.gz': gzipSync('id,name\n1,x\n2,y\n') });
      const input = ['type: gcs', `bucket: ${bucket}`, `endpoint: ${gcs.url}`, ...anonymous, 'path_prefix: in/'];
      await using place = await workspace({ 'seed.yml': `in:\n${indented(input)}out: {type: stdout}\n` });
      const guess = await place.ropeway(['guess', 'seed.yml', '-o', 'config.yml']);
      expect(guess.exitCode, guess.stderr).toBe(0);
      expect((await place.ropeway(['preview', 'config.yml'])).stdout).toContain('id:long');
      const result = await place.ropeway(['run', 'config.yml']);
      expect([result.exitCode, result.stdout]).toEqual([0, '1,x\n2,y\n']);
    });

    it('reads a large object by several threads, in ranges', async () => {
      const text = rows(300_000);
      const bucket = await newBucket({ 'in/a': text });
      await using proxy = await cuttingProxy(gcs.port, {});
      const job = fromGcs({ url: proxy.url, bucket }, ['path_prefix: in/']).replace('max_threads: 1', 'max_threads: 2');
      await using place = await workspace({ 'config.yml': job });
      const result = await place.ropeway(['run', 'config.yml']);
      expect(result.exitCode, result.stderr).toBe(0);
      expect((await place.read('out/r_000.00.csv')).replaceAll('\r\n', '\n')).toBe(text);
      expect(proxy.asked.filter((asked) => asked.includes(' bytes=')).length).toBeGreaterThan(4);
    });

    it('goes on where a connection was cut', async () => {
      const text = rows(40_000);
      const bucket = await newBucket({ 'in/a': text });
      let cuts = 0;
      await using proxy = await cuttingProxy(gcs.port, {
        cutAfterBytes: ({ url }) => (url?.includes('alt=media') === true && cuts++ < 4 ? 200_000 : undefined),
      });
      await using place = await workspace({ 'config.yml': fromGcs({ url: proxy.url, bucket }, ['paths: [in/a]']) });
      const result = await place.ropeway(['run', 'config.yml']);
      expect(result.exitCode, result.stderr).toBe(0);
      expect((await place.read('out/r_000.00.csv')).replaceAll('\r\n', '\n')).toBe(text);
      expect(result.stderr).toContain('it will be tried again');
    });

    it('asks again when the store is busy, and gives up when it stays so', async () => {
      const bucket = await newBucket({ 'in/a': '1,x\n' });
      let answers: number[] = [503, 500, 429];
      await using proxy = await cuttingProxy(gcs.port, { answers: () => answers.shift() });
      const job = fromGcs({ url: proxy.url, bucket }, ['path_prefix: in/']);
      const patient = await run(job);
      expect([patient.exitCode, patient.records]).toEqual([0, '1,x']);
      answers = Array.from({ length: 9 }, () => 503);
      const tired = await run(job);
      expect([tired.exitCode, tired.stderr]).toEqual([1, expect.stringContaining('GCS_UNAVAILABLE')]);
      // One request and three more.
      expect(answers).toHaveLength(5);
    });

    it('notices an object that changes while it is read', async () => {
      const bucket = await newBucket({ 'in/a': '1,x\n' });
      await using proxy = await cuttingProxy(gcs.port, {
        before: async ({ url }) => {
          if (url?.includes('alt=media') === true) await gcs.put(bucket, 'in/a', '2,y\n');
        },
      });
      const { exitCode, stderr, records } = await run(fromGcs({ url: proxy.url, bucket }, ['path_prefix: in/']));
      expect([exitCode, records, stderr]).toEqual([1, '', expect.stringContaining('GCS_OBJECT_CHANGED')]);
    });

    it('is stopped at once while the store hangs', async () => {
      const bucket = await newBucket({ 'in/a': '1,x\n' });
      let pid = 0;
      let stoppedAt = 0;
      await using proxy = await cuttingProxy(gcs.port, {
        before: async ({ url }) => {
          if (url?.includes('alt=media') !== true) return;
          stoppedAt = performance.now();
          process.kill(pid, 'SIGINT');
          await new Promise(() => {});
        },
      });
      await using place = await workspace({ 'config.yml': fromGcs({ url: proxy.url, bucket }, ['path_prefix: in/']) });
      const result = await place.ropeway(['run', 'config.yml'], {
        started: (started) => {
          pid = started;
        },
      });
      expect(result.exitCode, result.stderr).toBe(130);
      expect(performance.now() - stoppedAt).toBeLessThan(60_000);
    });
  });

  describe('output', () => {
    it('writes objects that appear when the run has succeeded', async () => {
      const bucket = await newBucket({ 'old.000.00.jsonl.gz': 'kept until then' });
      const options = ['path_prefix: ./old', 'file_ext: .jsonl.gz', 'content_type: application/x-ndjson'];
      const job = toGcs({ ...gcs, bucket }, [...options, 'formatter: {type: jsonl}', 'encoders: [{type: gzip}]']);
      await using place = await workspace({ 'in/a': '1,x\n', 'in/b': '2,é\n', 'config.yml': job });
      const result = await place.ropeway(['run', 'config.yml']);
      expect(result.exitCode, result.stderr).toBe(0);
      expect(await gcs.names(bucket)).toEqual(['old.000.00.jsonl.gz', 'old.001.00.jsonl.gz']);
      expect(gunzipSync(await gcs.get(bucket, 'old.001.00.jsonl.gz')).toString()).toBe('{"a":2,"b":"é"}\n');
      expect(await gcs.stat(bucket, 'old.000.00.jsonl.gz')).toMatchObject({ contentType: 'application/x-ndjson' });
      expect(await gcs.uploads(bucket)).toEqual([]);
    });

    it('uploads large objects in parts, and leaves nothing when a run fails', async () => {
      const bucket = await newBucket();
      const text = rows(700_000);
      await using place = await workspace({ 'in/a': text, 'config.yml': toGcs({ ...gcs, bucket }, csvOut) });
      const result = await place.ropeway(['run', 'config.yml']);
      expect(result.exitCode, result.stderr).toBe(0);
      const stored = (await gcs.get(bucket, 'r.000.00.csv')).toString();
      expect(stored.length).toBeGreaterThan(2 * 8 * 1024 * 1024);
      expect(stored.replaceAll('\r\n', '\n') === `a,b\n${text}`).toBe(true);
      await place.write('in/a', `${text}bad,x\n`);
      const stops = '    stop_on_invalid_record: true\n';
      await place.write('config.yml', toGcs({ ...gcs, bucket }, ['path_prefix: no', ...csvOut.slice(1)], stops));
      const failed = await place.ropeway(['run', 'config.yml']);
      expect(failed.exitCode, failed.stderr).toBe(1);
      expect([await gcs.names(bucket), await gcs.uploads(bucket)]).toEqual([['r.000.00.csv'], []]);
    });

    it('writes objects without a byte, and names of every kind', async () => {
      const bucket = await newBucket();
      const options = ["path_prefix: 'ü/a b+?#%&'", 'file_ext: .jsonl', 'formatter: {type: jsonl}'];
      const job = toGcs({ ...gcs, bucket }, options);
      await using place = await workspace({ 'in/a': 'bad,x\n', 'in/b': '1,x\n', 'config.yml': job });
      const result = await place.ropeway(['run', 'config.yml']);
      expect(result.exitCode, result.stderr).toBe(0);
      const names = ['ü/a b+?#%&.000.00.jsonl', 'ü/a b+?#%&.001.00.jsonl'];
      expect(await gcs.names(bucket)).toEqual(names);
      const sizes = await Promise.all(names.map(async (name) => (await gcs.get(bucket, name)).length));
      expect(sizes).toEqual([0, 16]);
    });

    it('repeats a part whose connection broke', async () => {
      const bucket = await newBucket();
      let failures = 2;
      await using proxy = await cuttingProxy(gcs.port, {
        answers: ({ url }) => (url?.includes('partNumber') === true && failures-- > 0 ? 503 : undefined),
      });
      const job = toGcs({ url: proxy.url, bucket }, csvOut);
      await using place = await workspace({ 'in/a': '1,x\n', 'config.yml': job });
      const result = await place.ropeway(['run', 'config.yml']);
      expect(result.exitCode, result.stderr).toBe(0);
      expect((await gcs.get(bucket, 'r.000.00.csv')).toString()).toBe('a,b\r\n1,x\r\n');
    });

    it.each([true, false])('takes up a commit that was cut short: completed %s', async (isCompleted) => {
      const bucket = await newBucket();
      let isHanging = true;
      let pid = 0;
      await using proxy = await cuttingProxy(gcs.port, {
        before: async ({ method, url }) => {
          if (!isHanging || method !== 'POST' || url?.includes('uploadId=') !== true) return;
          if (isCompleted) {
            // The object is put together, and nobody hears of it.
            setTimeout(() => process.kill(pid, 'SIGKILL'), 500);
            return;
          }
          process.kill(pid, 'SIGKILL');
          await new Promise(() => {});
        },
        cutAfterBytes: ({ method, url }) =>
          isHanging && method === 'POST' && url?.includes('uploadId=') === true ? 0 : undefined,
      });
      const job = toGcs({ url: proxy.url, bucket }, csvOut).replace('millis: 1\n', 'millis: 60000\n');
      await using place = await workspace({ 'in/a': '1,x\n', 'config.yml': job });
      const args = ['run', '-r', 'state.yml', 'config.yml'];
      const killed = await place.ropeway(args, {
        started: (started) => {
          pid = started;
        },
      });
      expect(killed.signal ?? killed.exitCode).toBe('SIGKILL');
      expect(await gcs.names(bucket)).toHaveLength(isCompleted ? 1 : 0);
      isHanging = false;
      const resumed = await place.ropeway(args);
      expect(resumed.exitCode, resumed.stderr).toBe(0);
      expect((await gcs.get(bucket, 'r.000.00.csv')).toString()).toBe('a,b\r\n1,x\r\n');
      expect(await gcs.uploads(bucket)).toEqual([]);
    });

    it('gives up what killed runs left, and nothing else', async () => {
      const bucket = await newBucket();
      // moto says of every upload that it is from 2010; parts have their times.
      await gcs.begin(bucket, 'r.000.00.csv');
      await gcs.begin(bucket, 'r.001.00.csv', 'of a run that lives');
      await gcs.begin(bucket, 'r.csv');
      const job = toGcs({ ...gcs, bucket }, [...csvOut, 'stale_upload_hours: 24']);
      await using place = await workspace({ 'in/a': '1,x\n', 'config.yml': job });
      const result = await place.ropeway(['run', 'config.yml']);
      expect(result.exitCode, result.stderr).toBe(0);
      expect((await gcs.uploads(bucket)).sort()).toEqual(['r.001.00.csv', 'r.csv']);
    });

    it('leaves nothing when the run is stopped', async () => {
      const bucket = await newBucket();
      let pid = 0;
      await using proxy = await cuttingProxy(gcs.port, {
        before: async ({ method, url }) => {
          if (method !== 'PUT' || url?.includes('partNumber=2') !== true) return;
          process.kill(pid, 'SIGINT');
          await new Promise(() => {});
        },
      });
      const job = toGcs({ url: proxy.url, bucket }, csvOut);
      await using place = await workspace({ 'in/a': rows(700_000), 'config.yml': job });
      const result = await place.ropeway(['run', 'config.yml'], {
        started: (started) => {
          pid = started;
        },
      });
      expect(result.exitCode, result.stderr).toBe(130);
      expect([await gcs.names(bucket), await gcs.uploads(bucket)]).toEqual([[], []]);
    });
  });

  describe('credentials', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const email = 'loader@test.iam.gserviceaccount.com';
    const jsonKey = JSON.stringify({ type: 'service_account', client_email: email, private_key: privateKey });

    /** Whether the header proves that the key has signed it. */
    function isSigned(authorization: string | undefined): boolean {
      const [head = '', claims = '', signature = ''] = (authorization ?? '').replace('Bearer ', '').split('.');
      const { iss } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { iss: string };
      const signed = Buffer.from(`${head}.${claims}`);
      return iss === email && verify('sha256', signed, createPublicKey(publicKey), Buffer.from(signature, 'base64url'));
    }

    function p12(): Buffer {
      const key = forge.pki.privateKeyFromPem(privateKey);
      const certificate = forge.pki.createCertificate();
      certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
      certificate.sign(key);
      const asn1 = forge.pkcs12.toPkcs12Asn1(key, [certificate], 'notasecret', { algorithm: '3des' });
      return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary');
    }

    it.each<[string, readonly string[], Readonly<Record<string, string>>]>([
      ['json_key, a file', ['auth_method: json_key', 'json_keyfile: key.json'], {}],
      ['json_key, its content', ['auth_method: json_key', `json_keyfile: {content: '${jsonKey}'}`], {}],
      ['private_key', [`service_account_email: ${email}`, 'p12_keyfile: key.p12'], {}],
      ['private_key, by its older name', [`service_account_email: ${email}`, 'p12_keyfile_fullpath: key.p12'], {}],
      ['application_default', ['auth_method: application_default'], { GOOGLE_APPLICATION_CREDENTIALS: 'key.json' }],
    ])('sign requests: %s', async (_title, auth, env) => {
      const bucket = await newBucket({ 'in/a': '1,x\n' });
      const signatures: boolean[] = [];
      await using proxy = await cuttingProxy(gcs.port, {
        before: async ({ headers }) => void signatures.push(isSigned(headers.authorization)),
      });
      const job = fromGcs({ url: proxy.url, bucket }, ['path_prefix: in/'], [...auth]);
      await using place = await workspace({ 'key.json': jsonKey, 'key.p12': p12(), 'config.yml': job });
      const result = await place.ropeway(['run', 'config.yml'], { env });
      expect(result.exitCode, result.stderr).toBe(0);
      expect(await outputText(place)).toBe('1,x');
      expect([signatures.length >= 2, signatures.every(Boolean)]).toEqual([true, true]);
    });

    it('come from the machine with compute_engine', async () => {
      const bucket = await newBucket({ 'in/a': '1,x\n' });
      const proofs: (string | undefined)[] = [];
      await using metadata = await httpServer(({ url }, answer) => {
        const token = JSON.stringify({ access_token: 'hush', expires_in: 3600, token_type: 'Bearer' });
        answer.writeHead(200, { 'metadata-flavor': 'Google', 'content-type': 'application/json' });
        answer.end(url.pathname.endsWith('/token') ? token : '{}');
      });
      await using proxy = await cuttingProxy(gcs.port, {
        before: async ({ headers }) => void proofs.push(headers.authorization),
      });
      const job = fromGcs({ url: proxy.url, bucket }, ['path_prefix: in/'], ['auth_method: compute_engine']);
      await using place = await workspace({ 'config.yml': job });
      const result = await place.ropeway(['run', 'config.yml'], {
        env: { GCE_METADATA_HOST: `127.0.0.1:${metadata.port}` },
      });
      expect(result.exitCode, result.stderr).toBe(0);
      expect(new Set(proofs)).toEqual(new Set(['Bearer hush']));
    });

    it('that are refused are told, and not tried again', async () => {
      let requests = 0;
      await using server = await httpServer((_asked, answer) => {
        requests += 1;
        const error = { code: 401, message: 'Invalid Credentials', errors: [{ reason: 'authError' }] };
        answer.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
      });
      const job = fromGcs(
        { url: server.url, bucket: 'b' },
        ['path_prefix: x'],
        ['auth_method: json_key', 'json_keyfile: key.json'],
      );
      await using place = await workspace({ 'key.json': jsonKey, 'config.yml': job });
      const result = await place.ropeway(['run', 'config.yml']);
      expect([result.exitCode, requests]).toEqual([1, 1]);
      expect(result.stderr).toContain('error[GCS_CREDENTIALS_REFUSED');
      expect(result.stderr).not.toContain('PRIVATE');
    });

    it('have to be there', async () => {
      const wrong = { 'half.json': '{"client_email": "x"}', 'no.json': 'hush', 'no.p12': 'hush' };
      const cases: [string[], string][] = [
        [['auth_method: json_key'], 'GCS_AUTH_REQUIRED'],
        [['service_account_email: a@b'], 'GCS_AUTH_REQUIRED'],
        [['p12_keyfile: a', 'p12_keyfile_fullpath: b'], 'GCS_AUTH_TWICE'],
        [['auth_method: json_key', 'json_keyfile: nowhere.json'], 'GCS_KEY_FILE'],
        [['auth_method: json_key', 'json_keyfile: half.json'], 'GCS_KEY_FILE'],
        [['auth_method: json_key', 'json_keyfile: no.json'], 'GCS_KEY_FILE'],
        [['service_account_email: a@b', 'p12_keyfile: no.p12'], 'GCS_KEY_FILE'],
      ];
      await using place = await workspace(wrong);
      for (const [auth, code] of cases) {
        await place.write('config.yml', fromGcs({ ...gcs, bucket: 'b' }, ['path_prefix: x'], auth));
        const { exitCode, stderr } = await place.ropeway(['run', 'config.yml']);
        expect([exitCode, stderr]).toEqual([2, expect.stringContaining(`error[${code}`)]);
        expect(stderr).not.toContain('hush');
      }
    });
  });

  describe('a mistake', () => {
    it.each<[string, string, readonly string[], string, string]>([
      ['no such bucket', 'nowhere', ['path_prefix: x'], 'GCS_BUCKET_NOT_FOUND', 'There is no bucket nowhere'],
      ['no such object', 'bucket-0', ['paths: [x/y]'], 'GCS_OBJECT_NOT_FOUND', 'gs://bucket-0/x/y'],
      ['neither path', 'bucket-0', [], 'GCS_PATH_REQUIRED', "path_prefix: ''"],
      ['a pattern', 'bucket-0', ["path_prefix: ''", "path_match_pattern: 'a++'"], 'GCS_PATTERN', 'possessive'],
      ['an endpoint', 'bucket-0', ["path_prefix: ''", 'endpoint: nowhere'], 'GCS_ENDPOINT', 'nowhere'],
    ])('is explained: %s', async (_title, bucket, options, code, words) => {
      const job = fromGcs({ ...gcs, bucket }, options);
      const { exitCode, stderr } = await run(
        options.some((line) => line.startsWith('endpoint')) ? job.replace(/ {2}endpoint: http.*\n/, '') : job,
      );
      expect([1, 2]).toContain(exitCode);
      expect(stderr).toContain(`error[${code}`);
      expect(stderr).toContain(words);
    });

    it('in the bucket of an output is told', async () => {
      const job = toGcs({ ...gcs, bucket: 'nowhere' }, csvOut);
      await using place = await workspace({ 'in/a': '1,x\n', 'config.yml': job });
      const result = await place.ropeway(['run', 'config.yml']);
      expect([result.exitCode, result.stderr]).toEqual([1, expect.stringContaining('There is no bucket nowhere')]);
    });
  });
});
