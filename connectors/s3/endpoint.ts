/** Where requests go: endpoint, region, and how the bucket is named in them. */
import type { S3Connection } from './config.ts';
import { s3Errors } from './errors.ts';

/** Requests that name no region are signed for this one, and AWS says where the bucket is. */
const REGION_DEFAULT = 'us-east-1';

export interface Destination {
  /** Undefined: AWS's own for the region. */
  readonly endpoint: string | undefined;
  readonly region: string;
  readonly isPathStyle: boolean;
  /** AWS may send us to the region of the bucket. */
  readonly followsRegion: boolean;
}

const awsHost = /(?:^|\.)s3(?:[.-](?:dualstack\.)?([a-z]{2}(?:-[a-z]+)+-\d))?\.amazonaws\.com(?:\.cn)?$/;

export function destinationOf(config: S3Connection): Destination {
  const isSecure = config.http_proxy?.https ?? true;
  const url = endpointOf(config, isSecure);
  const aws = url === undefined ? ([] as const) : awsHost.exec(url.hostname);
  if (url !== undefined && aws === null) {
    const region = config.region ?? REGION_DEFAULT;
    return { endpoint: url.href, region, isPathStyle: config.path_style_access ?? true, followsRegion: false };
  }
  const named = aws?.[1] ?? config.region;
  const region = named ?? REGION_DEFAULT;
  const isPlain = url === undefined ? !isSecure : url.protocol === 'http:';
  return {
    // AWS's hosts follow from the region.
    endpoint: isPlain ? `http://s3.${region}.amazonaws.com` : undefined,
    region,
    isPathStyle: config.path_style_access ?? false,
    followsRegion: named === undefined && !isPlain,
  };
}

/** By the section, or by the variables that the AWS tools know. */
function endpointOf(config: S3Connection, isSecure: boolean): URL | undefined {
  const { AWS_ENDPOINT_URL_S3: ofS3, AWS_ENDPOINT_URL: ofAll } = process.env;
  const endpoint = config.endpoint ?? ofS3 ?? ofAll;
  return endpoint === undefined ? undefined : urlOf(endpoint, isSecure);
}

function urlOf(endpoint: string, isSecure: boolean): URL {
  const text = /^https?:\/\//.test(endpoint) ? endpoint : `${isSecure ? 'https' : 'http'}://${endpoint}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && url.hostname !== '' && !/\s/.test(endpoint) && url.username === '') return url;
  throw s3Errors.error('S3_ENDPOINT', { endpoint }, { where: { path: ['endpoint'] } });
}
