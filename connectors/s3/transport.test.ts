import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { HttpAnswer } from '#connectors/network/http-sender.ts';
import type { Destination } from './endpoint.ts';
import { Transport } from './transport.ts';
import type { S3Request } from './transport.ts';

const signal = new AbortController().signal;
const request: S3Request = { method: 'GET', bucket: 'b-1', key: 'k' };
const aws = { endpoint: undefined, region: 'us-east-1', isPathStyle: false };

/** A store whose bucket is in eu-west-1: what was asked for, as host and region of the signature. */
function storeElsewhere(destination: Destination, status: number): { transport: Transport; asked: string[] } {
  const asked: string[] = [];
  const transport = new Transport({
    destination,
    credentials: () => ({ accessKeyId: 'id', secretAccessKey: 'secret' }),
    send: async ({ host }, { headers }): Promise<HttpAnswer> => {
      const region = /\/\d{8}\/([^/]+)\//.exec(headers['authorization'] ?? '')?.[1] ?? '';
      asked.push(`${host} ${region}`);
      const isHome = region === 'eu-west-1';
      const home = { 'x-amz-bucket-region': 'eu-west-1' };
      return { statusCode: isHome ? 200 : status, statusText: '', headers: home, body: Readable.from([]) };
    },
  });
  return { transport, asked };
}

describe('Transport', () => {
  const there = 'b-1.s3.eu-west-1.amazonaws.com eu-west-1';

  it.each([301, 400])('goes to the region that the store names by %i, and stays there', async (status) => {
    const { transport, asked } = storeElsewhere({ ...aws, followsRegion: true }, status);
    for (let times = 0; times < 2; times++) expect((await transport.send(request, signal)).statusCode).toBe(200);
    expect(asked).toEqual(['b-1.s3.us-east-1.amazonaws.com us-east-1', there, there]);
  });

  it('goes nowhere else when the region is given', async () => {
    const { transport, asked } = storeElsewhere({ ...aws, followsRegion: false }, 301);
    await expect(transport.send(request, signal)).rejects.toMatchObject({ name: '301', region: 'eu-west-1' });
    expect(asked).toHaveLength(1);
  });

  it('tells of a refusal there', async () => {
    const { transport } = storeElsewhere({ ...aws, followsRegion: true }, 403);
    await expect(transport.send(request, signal)).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
  });
});
