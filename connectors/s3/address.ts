/** Host and path of a bucket and what is in it. */
import { isIP } from 'node:net';
import type { Destination } from './endpoint.ts';
import { encoded } from './signature.ts';

export interface Address {
  /** Scheme, host and port. */
  readonly url: URL;
  /** Encoded, without a query. Not a part of the URL: that would take dots for steps. */
  readonly path: string;
}

/** What hosts of AWS end with, by how the names of regions begin. */
const suffixes: readonly (readonly [RegExp, string])[] = [
  [/^cn-/, 'amazonaws.com.cn'],
  [/^us-iso-/, 'c2s.ic.gov'],
  [/^us-isob-/, 'sc2s.sgov.gov'],
  [/^us-isof-/, 'csp.hci.ic.gov'],
  [/^eu-isoe-/, 'cloud.adc-e.uk'],
  [/^eusc-/, 'amazonaws.eu'],
];

/** AWS's own host for a region. */
export function awsHost(region: string, service = 's3'): string {
  const suffix = suffixes.find(([pattern]) => pattern.test(region))?.[1] ?? 'amazonaws.com';
  return `${service}.${region}.${suffix}`;
}

/** An access point of a bucket, which may stand where a bucket does. */
const accessPoint = /^arn:aws[a-z-]*:s3:([a-z0-9-]+):(\d{12}):accesspoint[:/]([a-z0-9-]+)$/;

/** Without a bucket the store itself, without a key the bucket. */
export function addressOf(destination: Destination, region: string, bucket: string, key = ''): Address {
  const within = key.split('/').map(encoded).join('/');
  const [, pointRegion = '', account = '', point] = accessPoint.exec(bucket) ?? [];
  if (point !== undefined && destination.endpoint === undefined) {
    return {
      url: new URL(`https://${point}-${account}.${awsHost(pointRegion, 's3-accesspoint')}`),
      path: `/${within}`,
    };
  }
  const base = new URL(destination.endpoint ?? `https://${awsHost(region)}`);
  const before = base.pathname.replace(/\/+$/, '');
  if (bucket === '') return { url: base, path: `${before}/` };
  if (destination.isPathStyle || !fitsHost(bucket, base)) {
    return { url: base, path: `${before}/${encoded(bucket)}${key === '' ? '' : `/${within}`}` };
  }
  base.host = `${bucket}.${base.host}`;
  return { url: base, path: `${before}/${within}` };
}

/** Whether the name can be the beginning of a host: certificates are for one more word, without a dot. */
function fitsHost(bucket: string, { protocol, hostname }: URL): boolean {
  const isWord = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(bucket);
  const isWords = protocol === 'http:' && /^[a-z0-9](?:[a-z0-9-]|\.(?=[a-z0-9])){1,61}[a-z0-9]$/.test(bucket);
  return (isWord || isWords) && isIP(hostname.replace(/^\[(.*)\]$/, '$1')) === 0;
}
