/**
 * Signature Version 4 of AWS, in the header Authorization. Ours, because the library for it costs every thread 12 MB
 * and 40 ms, and each request twice as much.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
import { createHash, createHmac } from 'node:crypto';

export interface Identity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface SignedParts {
  readonly method: string;
  /** As it is sent: encoded, without the query. */
  readonly path: string;
  /** As it is sent: encoded, in the order of names, each with an equals sign. */
  readonly query: string;
  /** By names in lower case; the host among them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export interface SignatureScope {
  readonly identity: Identity;
  readonly region: string;
  readonly now: Date;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const SERVICE = 's3';
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** The headers, and those that sign all of them. */
export function signed(parts: SignedParts, { identity, region, now }: SignatureScope): Record<string, string> {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
  const { accessKeyId, sessionToken } = identity;
  const bodyHash = parts.body.length === 0 ? EMPTY_SHA256 : sha256(parts.body);
  const headers: Record<string, string> = {
    ...parts.headers,
    'x-amz-content-sha256': bodyHash,
    'x-amz-date': time,
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
  };
  // Proxies may change what says who we are.
  const names = Object.keys(headers)
    .filter((name) => name !== 'user-agent')
    .sort();
  const lines = names.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/\s+/g, ' ')}\n`).join('');
  const signedHeaders = names.join(';');
  const canonical = [parts.method, parts.path, parts.query, lines, signedHeaders, bodyHash].join('\n');
  const day = time.slice(0, 8);
  const scope = `${day}/${region}/${SERVICE}/aws4_request`;
  const text = [ALGORITHM, time, scope, sha256(canonical)].join('\n');
  const signature = hmac(signingKey(identity, day, region), text).toString('hex');
  const credential = `Credential=${accessKeyId}/${scope}`;
  headers['authorization'] = `${ALGORITHM} ${credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
  return headers;
}

/** The key of the day; the last one is kept, for it is that of nearly every request. */
let last: { readonly of: string; readonly key: Buffer } | undefined;

function signingKey({ secretAccessKey }: Identity, day: string, region: string): Buffer {
  const of = `${day}/${region}/${secretAccessKey}`;
  if (last?.of !== of) {
    const key = [day, region, SERVICE, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
    last = { of, key: Buffer.from(key) };
  }
  return last.key;
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Encoded as signatures ask for it: all but letters, digits and `-._~`. */
export function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

export function queryOf(query: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(query)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${encoded(name)}=${encoded(value)}`]))
    .sort()
    .join('&');
}
