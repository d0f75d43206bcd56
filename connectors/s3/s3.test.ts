import { describe, expect, it } from 'vitest';
import type { RopewayError } from '#spi/errors.ts';
import { s3InputConfig } from './config.ts';
import type { S3InputConfig } from './config.ts';
import { addressOf } from './address.ts';
import { checkAuth, credentialsOf, isAnonymous, renewed } from './credentials.ts';
import { destinationOf } from './endpoint.ts';
import { refusal, s3Failure } from './failure.ts';
import { modifiedFrom, modifiedTo } from './listing.ts';
import { roleParams } from './providers.ts';

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
  it('gives what the section says', async () => {
    expect(await credentialsOf(config(keys), 'r')()).toMatchObject({ accessKeyId: 'id', secretAccessKey: 'secret' });
    const session = config({ auth_method: 'session', ...keys, session_token: 't' });
    expect(await credentialsOf(session, 'r')()).toMatchObject({ sessionToken: 't' });
  });
});

describe('renewed()', () => {
  const minute = 60_000;

  it.each<[string, number | undefined, readonly number[], number]>([
    ['what lasts for ever is found once', undefined, [0, 1e9], 1],
    ['what lasts is kept', 60 * minute, [0, 1, 54 * minute], 1],
    ['what is about to run out is found again', 60 * minute, [0, 56 * minute], 2],
    ['what lasts for a moment only is used for half of it', 2 * minute, [0, 0.5 * minute, 1.5 * minute], 2],
  ])('%s', async (_title, lastsMs, times, expected) => {
    let now = 0;
    let count = 0;
    const find = renewed(
      async () => ({
        accessKeyId: String(++count),
        secretAccessKey: 's',
        expiration: lastsMs === undefined ? undefined : new Date(now + lastsMs),
      }),
      () => now,
    );
    for (const time of times) {
      now = time;
      await find();
    }
    expect((await find()).accessKeyId).toBe(String(expected));
  });

  it('asks once for all who wait, and again when nothing was found', async () => {
    let count = 0;
    const find = renewed(async () => {
      count += 1;
      if (count === 1) throw new Error('none');
      return { accessKeyId: 'id', secretAccessKey: 's' };
    });
    const both = await Promise.allSettled([find(), find()]);
    expect([count, ...both.map(({ status }) => status)]).toEqual([1, 'rejected', 'rejected']);
    expect(await Promise.all([find(), find()])).toHaveLength(2);
    expect(count).toBe(2);
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

describe('addressOf()', () => {
  const of = (options: object, key?: string, bucket = 'b-1'): string => {
    const destination = destinationOf(config(options));
    const { url, path } = addressOf(destination, destination.region, bucket, key);
    return `${url.origin}${path}`;
  };

  it.each<[string, object, string | undefined, string, string]>([
    ['the store', {}, undefined, '', 'https://s3.us-east-1.amazonaws.com/'],
    ['a bucket', { region: 'eu-west-1' }, undefined, 'b-1', 'https://b-1.s3.eu-west-1.amazonaws.com/'],
    ['an object', {}, 'a/b c/é', 'b-1', 'https://b-1.s3.us-east-1.amazonaws.com/a/b%20c/%C3%A9'],
    ['China', { region: 'cn-north-1' }, 'k', 'b-1', 'https://b-1.s3.cn-north-1.amazonaws.com.cn/k'],
    ['a bucket with dots', {}, 'k', 'b.1', 'https://s3.us-east-1.amazonaws.com/b.1/k'],
    ['one by name alone', { path_style_access: true }, 'k', 'b-1', 'https://s3.us-east-1.amazonaws.com/b-1/k'],
    ['another store', { endpoint: 'http://h:9000' }, 'k', 'b-1', 'http://h:9000/b-1/k'],
    ['one below a path', { endpoint: 'https://h/s3/' }, 'k', 'b-1', 'https://h/s3/b-1/k'],
    ['hosts of another', { endpoint: 'https://h', path_style_access: false }, 'k', 'b-1', 'https://b-1.h/k'],
    ['an IP', { endpoint: 'http://127.0.0.1:1', path_style_access: false }, 'k', 'b-1', 'http://127.0.0.1:1/b-1/k'],
    ['steps that are none', { endpoint: 'http://h' }, 'a/../b//./c', 'b-1', 'http://h/b-1/a/../b//./c'],
    [
      'an access point',
      {},
      'k',
      'arn:aws:s3:eu-west-1:123456789012:accesspoint/point',
      'https://point-123456789012.s3-accesspoint.eu-west-1.amazonaws.com/k',
    ],
  ])('%s', (_title, options, key, bucket, expected) => expect(of(options, key, bucket)).toBe(expected));
});

describe('s3Failure()', () => {
  const going = new AbortController().signal;
  const doing = { action: 'reading', bucket: 'b', key: 'k', permission: 's3:GetObject', authMethod: 'basic' };
  const answer = (name: string, status: number, more = '', headers: Record<string, string> = {}): Error => {
    const text = `<Error><Code>${name}</Code><Message>text of ${name}</Message>${more}</Error>`;
    return refusal({ statusCode: status, statusText: '', headers }, text);
  };
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
    [
      'no credentials',
      Object.assign(new Error('none'), { name: 'CredentialsProviderError' }),
      'S3_CREDENTIALS_MISSING',
      false,
    ],
    ['a cut', cut('ECONNRESET'), 'S3_UNREACHABLE', true],
    ['a refusal', new AggregateError([cut('ECONNREFUSED')], ''), 'S3_UNREACHABLE', true],
    ['silence', cut('ETIMEDOUT'), 'S3_UNREACHABLE', true],
    ['half an answer', cut('HPE_INVALID_CONSTANT'), 'S3_UNREACHABLE', true],
    ['a proxy', cut('ERR_PROXY_TUNNEL'), 'S3_UNREACHABLE', true],
    ['a host', cut('ENOTFOUND'), 'S3_HOST_UNKNOWN', false],
    ['a certificate', cut('DEPTH_ZERO_SELF_SIGNED_CERT'), 'S3_REQUEST_FAILED', false],
  ])('%s', (_title, error, code, transient) => {
    const failure = s3Failure(error, doing, going) as RopewayError; // every case is one of the model
    expect(failure).toMatchObject({ code, transient });
    // Errors of the SDK hold the headers of requests.
    expect(failure.cause).toBeUndefined();
  });

  it('says which region it is', () => {
    const redirect = answer('AuthorizationHeaderMalformed', 400, '<Region>eu-west-1</Region>');
    expect(s3Failure(redirect, doing, going)).toMatchObject({
      hint: expect.stringContaining('`region: eu-west-1`') as string,
    });
    const headers = { 'x-amz-bucket-region': 'eu-west-2' };
    expect(s3Failure(refusal({ statusCode: 301, statusText: '', headers }, ''), doing, going)).toMatchObject({
      message: 'The bucket b is not in this region; it is in eu-west-2.',
    });
  });

  it('tells of a stop, whatever came of it', () => {
    expect(s3Failure(cut('ECONNRESET'), doing, AbortSignal.abort())).toMatchObject({ code: 'S3_STOPPED' });
  });

  it('leaves bugs as they are', () => {
    const bug = new TypeError('x is not a function');
    expect(s3Failure(bug, doing, going)).toBe(bug);
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
