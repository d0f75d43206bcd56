import { describe, expect, it } from 'vitest';
import type { RopewayError } from '#spi/errors.ts';
import { s3InputConfig } from './config.ts';
import type { S3InputConfig } from './config.ts';
import { checkAuth, credentialsOf, isAnonymous, roleParams } from './credentials.ts';
import { destinationOf, proxyUrl } from './endpoint.ts';
import { s3Failure } from './failure.ts';
import { modifiedFrom, modifiedTo } from './listing.ts';

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
