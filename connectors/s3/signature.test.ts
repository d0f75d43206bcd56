/** Signatures against the examples that AWS publishes. */
import { describe, expect, it } from 'vitest';
import { encoded, queryOf, signed } from './signature.ts';
import type { SignedParts } from './signature.ts';

// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, "Examples: Signature Calculations"
const identity = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const scope = { identity, region: 'us-east-1', now: new Date('2013-05-24T00:00:00.000Z') };
const host = 'examplebucket.s3.amazonaws.com';

describe('signed()', () => {
  it.each<[string, Partial<SignedParts>, string, string]>([
    [
      'GET Object',
      { path: '/test.txt', headers: { host, range: 'bytes=0-9' } },
      'host;range;x-amz-content-sha256;x-amz-date',
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    [
      'PUT Object',
      {
        method: 'PUT',
        path: '/test%24file.text',
        headers: { host, date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
        body: 'Welcome to Amazon S3.',
      },
      'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ],
    [
      'GET Bucket Lifecycle',
      { query: queryOf({ lifecycle: '' }) },
      'host;x-amz-content-sha256;x-amz-date',
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    [
      'GET Bucket (List Objects)',
      { query: queryOf({ prefix: 'J', 'max-keys': '2', other: undefined }) },
      'host;x-amz-content-sha256;x-amz-date',
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ])('%s', (_title, parts, signedHeaders, signature) => {
    const request: SignedParts = { method: 'GET', path: '/', query: '', headers: { host }, body: '', ...parts };
    const headers = signed(request, scope);
    expect(headers['authorization']).toBe(
      `AWS4-HMAC-SHA256 Credential=${identity.accessKeyId}/20130524/us-east-1/s3/aws4_request, ` +
        `SignedHeaders=${signedHeaders}, Signature=${signature}`,
    );
    expect(headers).toMatchObject(request.headers);
  });

  it('signs the token of a session, and other keys otherwise', () => {
    const request: SignedParts = { method: 'GET', path: '/', query: '', headers: { host }, body: '' };
    const session = signed(request, { ...scope, identity: { ...identity, sessionToken: 'token' } });
    expect(session['x-amz-security-token']).toBe('token');
    expect(session['authorization']).toContain(';x-amz-date;x-amz-security-token,');
    const signatureOf = (secretAccessKey: string): string | undefined =>
      signed(request, { ...scope, identity: { ...identity, secretAccessKey } })['authorization'];
    expect(signatureOf('other')).not.toBe(signatureOf(identity.secretAccessKey));
    expect(signatureOf(identity.secretAccessKey)).toBe(signed(request, scope)['authorization']);
  });
});

describe('encoded()', () => {
  it.each([
    ['a/b c', 'a%2Fb%20c'],
    ["!'()*~-._", '%21%27%28%29%2A~-._'],
    ['é+%', '%C3%A9%2B%25'],
  ])('%s', (text, expected) => expect(encoded(text)).toBe(expected));
});
