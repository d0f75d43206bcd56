import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RopewayError } from '#spi/errors.ts';
import type { StoredObject } from './client.ts';
import { s3InputConfig } from './config.ts';
import type { S3InputConfig } from './config.ts';
import { checkAuth, credentialsOf, isAnonymous, roleParams } from './credentials.ts';
import { destinationOf, proxyUrl } from './endpoint.ts';
import { s3Failure } from './failure.ts';
import { groupBySize } from './input.ts';
import { modifiedFrom, modifiedTo } from './listing.ts';
import { OBJECT_BYTES_MAX, partBytes, PARTS_MAX } from './part-sizes.ts';
import { MARGIN_BYTES, RANGES_HELD_MAX, ReadAhead } from './read-ahead.ts';
import { backoffMs } from './retry.ts';

function config(options: object): S3InputConfig {
  return s3InputConfig.parse({ bucket: 'b', ...options });
}

const keys = { access_key_id: 'id', secret_access_key: 'secret' };

describe('checkAuth()', () => {
  it.each<[object]>([
    [{}],
    [keys],
    [{ auth_method: 'env' }],
    [{ auth_method: 'instance' }],
    [{ auth_method: 'profile' }],
    [{ auth_method: 'profile', profile_name: 'x', profile_file: '/p' }],
    [{ auth_method: 'anonymous' }],
    [{ auth_method: 'session', ...keys, session_token: 't' }],
    [{ auth_method: 'assume_role', account_id: '1', role_name: 'r', external_id: 'e', duration_in_seconds: 900 }],
    [{ auth_method: 'default' }],
  ])('takes %j', (options) => expect(() => checkAuth(config(options))).not.toThrow());

  it.each<[object, string, string]>([
    [{ access_key_id: 'id' }, 'S3_AUTH_REQUIRED', 'secret_access_key'],
    [{ secret_access_key: 'secret' }, 'S3_AUTH_REQUIRED', 'access_key_id'],
    [{ auth_method: 'session', ...keys }, 'S3_AUTH_REQUIRED', 'session_token'],
    [{ auth_method: 'assume_role', role_name: 'r' }, 'S3_AUTH_REQUIRED', 'account_id'],
    [{ ...keys, session_token: 't' }, 'S3_AUTH_INVALID', 'session_token'],
    [{ auth_method: 'env', ...keys }, 'S3_AUTH_INVALID', 'access_key_id'],
    [{ auth_method: 'anonymous', secret_access_key: 'secret' }, 'S3_AUTH_INVALID', 'secret_access_key'],
    [{ auth_method: 'default', profile_name: 'x' }, 'S3_AUTH_INVALID', 'profile_name'],
  ])('refuses %j', (options, code, option) => {
    let thrown: unknown;
    try {
      checkAuth(config(options));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code, kind: 'config' });
    expect(String(thrown)).toContain(`'${option}'`);
    expect(String(thrown)).not.toContain("'secret'");
  });
});

describe('isAnonymous()', () => {
  it.each<[object, boolean]>([
    [{}, true],
    [{ auth_method: 'anonymous' }, true],
    [keys, false],
    [{ auth_method: 'env' }, false],
  ])('%j: %s', (options, expected) => expect(isAnonymous(config(options))).toBe(expected));
});

describe('credentialsOf()', () => {
  it('gives what the section says, and finds what the environment says', async () => {
    expect(await credentialsOf(config(keys), 'r')).toEqual({ accessKeyId: 'id', secretAccessKey: 'secret' });
    const session = config({ auth_method: 'session', ...keys, session_token: 't' });
    expect(await credentialsOf(session, 'r')).toMatchObject({ sessionToken: 't' });
    for (const method of ['env', 'instance', 'profile', 'default'] as const) {
      expect(await credentialsOf(config({ auth_method: method }), 'r')).toBeTypeOf('function');
    }
  });
});

describe('roleParams()', () => {
  it('names the role by its ARN', () => {
    expect(roleParams(config({ account_id: '12', role_name: 'load' }))).toEqual({
      RoleArn: 'arn:aws:iam::12:role/load',
      RoleSessionName: 'embulk',
      DurationSeconds: 3600,
    });
    const options = {
      account_id: '12',
      role_name: 'a/b',
      arn_partition: 'aws-cn',
      external_id: 'e',
      session_name: 's',
    };
    expect(roleParams(config({ ...options, duration_in_seconds: 900 }))).toEqual({
      RoleArn: 'arn:aws-cn:iam::12:role/a/b',
      RoleSessionName: 's',
      DurationSeconds: 900,
      ExternalId: 'e',
    });
  });
});

describe('destinationOf()', () => {
  it.each<[object, object]>([
    [{}, { endpoint: undefined, region: 'us-east-1', isPathStyle: false, followsRegion: true }],
    [{ region: 'eu-west-1' }, { endpoint: undefined, region: 'eu-west-1', followsRegion: false }],
    [{ endpoint: 's3.amazonaws.com' }, { endpoint: undefined, region: 'us-east-1', followsRegion: true }],
    [
      { endpoint: 's3-ap-northeast-1.amazonaws.com', region: 'x' },
      { endpoint: undefined, region: 'ap-northeast-1' },
    ],
    [{ endpoint: 'https://s3.cn-north-1.amazonaws.com.cn' }, { region: 'cn-north-1', isPathStyle: false }],
    [{ endpoint: 'http://127.0.0.1:9000' }, { endpoint: 'http://127.0.0.1:9000/', isPathStyle: true }],
    [
      { endpoint: 'minio.example:9000', region: 'here' },
      { endpoint: 'https://minio.example:9000/', region: 'here' },
    ],
    [{ endpoint: 'minio.example', path_style_access: false }, { isPathStyle: false }],
    [{ endpoint: 'minio.example', http_proxy: { host: 'p', https: false } }, { endpoint: 'http://minio.example/' }],
    [
      { region: 'eu-west-1', http_proxy: { host: 'p', https: false } },
      { endpoint: 'http://s3.eu-west-1.amazonaws.com' },
    ],
  ])('%j', (options, expected) => expect(destinationOf(config(options))).toMatchObject(expected));

  it.each(['http://', 'a b', 'https://user:password@host'])('refuses %s', (endpoint) =>
    expect(() => destinationOf(config({ endpoint }))).toThrow(expect.objectContaining({ code: 'S3_ENDPOINT' })),
  );
});

describe('proxyUrl()', () => {
  it.each<[object, string | undefined]>([
    [{}, undefined],
    [{ http_proxy: { host: 'p' } }, 'http://p:80'],
    [{ http_proxy: { host: 'p', port: 3128, user: 'a@b', password: 'c:d' } }, 'http://a%40b:c%3Ad@p:3128'],
  ])('%j', (options, expected) => expect(proxyUrl(config(options))).toBe(expected));
});

describe('s3Failure()', () => {
  const doing = { action: 'reading', bucket: 'b', key: 'k', permission: 's3:GetObject', authMethod: 'basic' };
  const answer = (name: string, status: number, more: object = {}): Error =>
    Object.assign(new Error(`text of ${name}`), { name, $metadata: { httpStatusCode: status }, ...more });
  const cut = (code: string): Error => Object.assign(new Error(`read ${code}`), { code });

  it.each<[string, Error, string, boolean]>([
    ['no bucket', answer('NoSuchBucket', 404), 'S3_BUCKET_NOT_FOUND', false],
    ['no object', answer('NotFound', 404), 'S3_OBJECT_NOT_FOUND', false],
    ['denied', answer('AccessDenied', 403), 'S3_ACCESS_DENIED', false],
    ['no such key id', answer('InvalidAccessKeyId', 403), 'S3_CREDENTIALS_REFUSED', false],
    ['a wrong secret', answer('SignatureDoesNotMatch', 403), 'S3_CREDENTIALS_REFUSED', false],
    ['an expired token', answer('ExpiredToken', 400), 'S3_TOKEN_EXPIRED', false],
    ['a wrong clock', answer('RequestTimeTooSkewed', 403), 'S3_CLOCK_WRONG', false],
    ['another region', answer('PermanentRedirect', 301), 'S3_REGION_WRONG', false],
    ['an archive', answer('InvalidObjectState', 403), 'S3_OBJECT_ARCHIVED', false],
    ['another object', answer('PreconditionFailed', 412), 'S3_OBJECT_CHANGED', false],
    ['too fast', answer('SlowDown', 503), 'S3_SLOW_DOWN', true],
    ['too many', answer('Whatever', 429), 'S3_SLOW_DOWN', true],
    ['a fault', answer('InternalError', 500), 'S3_UNAVAILABLE', true],
    ['a slow upload', answer('RequestTimeout', 400), 'S3_UNAVAILABLE', true],
    ['not allowed', answer('MethodNotAllowed', 405), 'S3_REQUEST_FAILED', false],
    ['no credentials', answer('CredentialsProviderError', 0), 'S3_CREDENTIALS_MISSING', false],
    ['a cut', cut('ECONNRESET'), 'S3_UNREACHABLE', true],
    ['a refusal', new AggregateError([cut('ECONNREFUSED')], ''), 'S3_UNREACHABLE', true],
    ['silence', Object.assign(new Error('slow'), { name: 'TimeoutError' }), 'S3_UNREACHABLE', true],
    ['a host', cut('ENOTFOUND'), 'S3_HOST_UNKNOWN', false],
    ['a certificate', cut('DEPTH_ZERO_SELF_SIGNED_CERT'), 'S3_REQUEST_FAILED', false],
    ['a stop', Object.assign(new Error('x'), { name: 'AbortError' }), 'S3_STOPPED', false],
  ])('%s', (_title, error, code, transient) => {
    const failure = s3Failure(error, doing) as RopewayError; // every case is one of the model
    expect(failure).toMatchObject({ code, transient });
    // The SDK's objects hold the headers of requests.
    expect(failure.cause).toBeUndefined();
  });

  it('says which region it is', () => {
    const redirect = answer('AuthorizationHeaderMalformed', 400, { Region: 'eu-west-1' });
    expect(s3Failure(redirect, doing)).toMatchObject({ hint: expect.stringContaining('`region: eu-west-1`') });
    const headers = { 'x-amz-bucket-region': 'eu-west-2' };
    expect(s3Failure(answer('x', 301, { $response: { headers } }), doing)).toMatchObject({
      message: 'The bucket b is not in this region; it is in eu-west-2.',
    });
  });

  it('leaves bugs as they are', () => {
    const bug = new TypeError('x is not a function');
    expect(s3Failure(bug, doing)).toBe(bug);
  });
});

describe('backoffMs()', () => {
  const settings = { maximum_retries: 7, initial_retry_interval_millis: 100, maximum_retry_interval_millis: 1000 };
  it.each([
    [1, 0, 50],
    [1, 1, 100],
    [2, 1, 200],
    [4, 0.5, 600],
    [5, 1, 1000],
    [1000, 1, 1000],
  ])('after %i failures', (failures, random, expected) => expect(backoffMs(failures, settings, random)).toBe(expected));
});

describe('partBytes()', () => {
  it('lets the parts that a store takes hold the largest object, and never shrinks', () => {
    let total = 0;
    for (let number = 1; number <= PARTS_MAX; number++) {
      const bytes = partBytes(number);
      expect(bytes).toBeGreaterThanOrEqual(number === 1 ? 5 * 1024 * 1024 : partBytes(number - 1));
      total += bytes;
    }
    expect(total).toBeGreaterThanOrEqual(OBJECT_BYTES_MAX);
  });
});

describe('groupBySize()', () => {
  const objects = (sizes: readonly number[]): StoredObject[] =>
    sizes.map((sizeBytes, index) => ({ key: `k${index}`, sizeBytes, etag: '', modifiedMs: 0, storageClass: '' }));
  const sizesOf = (sizes: readonly number[], min: number): number[][] =>
    groupBySize(objects(sizes), min).map((task) => task.objects.map(({ size }) => size));

  it.each<[number[], number, number[][]]>([
    [[], 10, []],
    [[1, 2], 0, [[1], [2]]],
    [[5, 5, 5], 10, [[5, 5], [5]]],
    [[20, 1, 2], 10, [[20], [1, 2]]],
  ])('%j by %i', (sizes, min, expected) => expect(sizesOf(sizes, min)).toEqual(expected));

  it('keeps the order, and ends a task with the object that fills it', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 })), fc.nat(100), (sizes, min) => {
        const groups = sizesOf(sizes, min);
        expect(groups.flat()).toEqual(sizes);
        const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
        for (const group of groups.slice(0, -1)) expect(sum(group)).toBeGreaterThanOrEqual(min);
        for (const group of groups) if (group.length > 1) expect(sum(group.slice(0, -1))).toBeLessThan(min);
      }),
    );
  });
});

describe('modifiedFrom()', () => {
  it('takes times in UTC as the original writes them', () => {
    expect(modifiedFrom('2026-01-02T03:04:05.678Z')).toBe(Date.UTC(2026, 0, 2, 3, 4, 5, 678));
    expect(modifiedFrom(undefined)).toBe(-Infinity);
  });
  it.each(['2026-01-02', '2026-01-02T03:04:05Z', '2026-13-02T03:04:05.000Z', 'x'])('refuses %s', (time) =>
    expect(() => modifiedFrom(time)).toThrow(expect.objectContaining({ code: 'S3_MODIFIED_TIME' })),
  );
});

describe('modifiedTo()', () => {
  it('leaves the second at hand to the next run', () => {
    expect(modifiedTo(new Date('2026-01-02T03:04:05.999Z'))).toBe(Date.parse('2026-01-02T03:04:05Z'));
  });
});

describe('ReadAhead', () => {
  const content = (position: number): number => (position * 31 + (position >> 9)) & 0xff;
  const CHUNK = 256 * 1024;
  const hold = new AbortController().signal;

  function reader(size: number): { ahead: ReadAhead; fetched: number[]; signals: AbortSignal[] } {
    const fetched: number[] = [];
    const signals: AbortSignal[] = [];
    const ahead = new ReadAhead(
      size,
      async (position, target, signal) => {
        fetched.push(position);
        signals.push(signal);
        for (let i = 0; i < target.length; i++) target[i] = content(position + i);
      },
      hold,
    );
    return { ahead, fetched, signals };
  }

  it('gives the bytes of every range, whatever was announced', async () => {
    const size = 5 * CHUNK + 12_345;
    const steps = fc.array(
      fc.record({
        isRead: fc.boolean(),
        position: fc.nat(size - 1),
        length: fc.oneof(fc.nat(100), fc.integer({ min: 1, max: CHUNK + 50_000 })),
      }),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const { ahead, signals } = reader(size);
        for (const { isRead, position, length } of list) {
          if (!isRead) {
            ahead.announce(position, Math.min(size, position + length));
            continue;
          }
          const target = new Uint8Array(length);
          const count = await ahead.read(position, target);
          expect(count).toBe(Math.min(length, size - position));
          for (let at = 0; at < count; at += 997) expect(target[at]).toBe(content(position + at));
          if (count > 0) expect(target[count - 1]).toBe(content(position + count - 1));
        }
        ahead.close();
        const reads = list.filter(({ isRead }) => isRead).length;
        expect(signals.filter((signal) => !signal.aborted && signal !== hold).length).toBeLessThanOrEqual(reads);
      }),
      { numRuns: 60 },
    );
  });

  it('needs no further request for what was announced, the ends of records included', async () => {
    const { ahead, fetched } = reader(10 * CHUNK);
    for (const chunk of [1, 3]) ahead.announce(chunk * CHUNK, (chunk + 1) * CHUNK);
    const target = new Uint8Array(CHUNK + 16 * 1024 + 1);
    // A record that reaches into the range, a read as parsers do it, and the same again.
    await ahead.read(CHUNK, target.subarray(0, 100));
    await ahead.read(CHUNK - 1, target);
    await ahead.read(3 * CHUNK - 1, target);
    expect(fetched).toEqual([CHUNK - MARGIN_BYTES, 3 * CHUNK - MARGIN_BYTES]);
  });

  it('gives up what is no longer wanted', () => {
    const { ahead, signals } = reader(100 * CHUNK);
    for (let chunk = 0; chunk <= RANGES_HELD_MAX; chunk++) ahead.announce(chunk * CHUNK, (chunk + 1) * CHUNK);
    const aborted = (): number => signals.filter((signal) => signal.aborted).length;
    expect([aborted(), signals[0]?.aborted]).toEqual([1, true]);
    ahead.close();
    expect(aborted()).toBe(RANGES_HELD_MAX + 1);
  });

  it('tells of a failure when the range is read', async () => {
    const failing = new ReadAhead(10 * CHUNK, () => Promise.reject(new Error('no')), hold);
    failing.announce(CHUNK, 2 * CHUNK);
    await expect(failing.read(CHUNK, new Uint8Array(CHUNK))).rejects.toThrow('no');
  });
});
