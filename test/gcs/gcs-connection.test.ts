/** The connection to Google Cloud Storage against other implementations of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BrowseRequest, EntryPage } from '#spi/connections.ts';
import { gcsConnectionConfig } from '#connectors/gcs/config.ts';
import type { GcsConnectionConfig } from '#connectors/gcs/config.ts';
import { gcsConnection } from '#connectors/gcs/connection.ts';
import { certificateAuthority } from '#test/kit/certificates.ts';
import { outcomes, plainContext } from '#test/kit/connection-checks.ts';
import { cuttingProxy } from '#test/kit/cutting-proxy.ts';
import { fakeGcsServer } from '#test/kit/fake-gcs.ts';
import { startGcs } from '#test/kit/gcs-server.ts';
import type { GcsServer } from '#test/kit/gcs-server.ts';
import { httpsServer } from '#test/kit/https-server.ts';
import { motoServer } from '#test/kit/moto.ts';

let gcs: GcsServer;

function config(options: object = {}): GcsConnectionConfig {
  const own = { endpoint: gcs.url, auth_method: 'anonymous', bucket: 'shop', ...options };
  return gcsConnectionConfig.parse(own);
}

function browse(request: Partial<BrowseRequest>, options: object = {}): Promise<EntryPage> {
  return gcsConnection.browse(config(options), { path: [], limit: 100, ...request }, plainContext());
}

const names = ({ entries }: EntryPage): string[] => entries.map(({ name }) => name);

describe.runIf(motoServer() !== undefined && fakeGcsServer() !== undefined)('gcsConnection', () => {
  beforeAll(async () => {
    gcs = await startGcs();
    await gcs.createBucket('shop');
    await gcs.createBucket('empty');
    for (const name of ['a.csv', 'in/2026/x.csv', 'in/2026/y.csv', 'in/2027/z.csv', 'in/é', 'zzz/a']) {
      await gcs.put('shop', name, `${name}\n`);
    }
  });
  afterAll(() => gcs[Symbol.asyncDispose]());

  it('is tested as far as a job would go, and nothing stays', async () => {
    expect(await outcomes(gcsConnection, config())).toEqual({
      resolve: 'skipped: Not needed here.',
      connect: `passed: 127.0.0.1:${gcs.port} accepts connections.`,
      tls: 'skipped: Not needed here.',
      log_in: 'passed: shop takes requests of anybody.',
      list: 'passed: The bucket shop has 6 objects.',
      read: 'passed: gs://shop/a.csv can be read.',
      write: 'passed: Objects can be written to shop.',
    });
    expect([await gcs.names('shop'), await gcs.uploads('shop')]).toEqual([expect.objectContaining({ length: 6 }), []]);
    const project = await outcomes(gcsConnection, config({ bucket: undefined, project: 'test' }));
    expect(project['log_in']).toBe('passed: The project has 2 buckets.');
  });

  it.each<[string, object, string, string]>([
    ['no URL', { endpoint: 'a b' }, 'resolve', 'GCS_ENDPOINT'],
    ['a host', { endpoint: 'http://nowhere.invalid' }, 'resolve', 'NETWORK_HOST_UNKNOWN'],
    ['a port', { endpoint: 'http://127.0.0.1:1' }, 'connect', 'NETWORK_REFUSED'],
    ['a bucket', { bucket: 'nowhere' }, 'log_in', 'GCS_BUCKET_NOT_FOUND'],
    ['a key', { auth_method: 'json_key' }, 'log_in', 'GCS_AUTH_REQUIRED'],
    ['bucket and project', { bucket: undefined }, 'log_in', 'GCS_PROJECT_REQUIRED'],
  ])('tells of %s that is wrong', async (_title, options, name, code) => {
    const found = await outcomes(gcsConnection, config(options));
    expect(found[name]).toMatch(new RegExp(`^${code}: `));
  });

  it('skips what only some jobs need and we may not', async () => {
    await using proxy = await cuttingProxy(gcs.port, { answers: ({ method }) => (method === 'GET' ? undefined : 403) });
    const found = await outcomes(gcsConnection, config({ endpoint: proxy.url }));
    expect(found['write']).toBe('skipped: Objects may not be written to shop, as an output has to.');
  });

  it('is browsed: buckets, folders, objects', async () => {
    const all = { bucket: undefined, project: 'test' };
    expect(names(await browse({}, all))).toEqual(['empty', 'shop']);
    expect(names(await browse({ prefix: 's' }, all))).toEqual(['shop']);
    expect(names(await browse({}))).toEqual(['shop']);
    const { entries } = await browse({ path: ['shop'] });
    expect(entries).toEqual([
      {
        name: 'a.csv',
        kind: 'file',
        isContainer: false,
        details: { sizeBytes: 6, modified: expect.stringMatching(/^\d{4}-.*Z$/) as string, storageClass: 'STANDARD' },
      },
      { name: 'in', kind: 'folder', isContainer: true },
      { name: 'zzz', kind: 'folder', isContainer: true },
    ]);
    expect(names(await browse({ path: ['shop', 'in'] }))).toEqual(['2026', '2027', 'é']);
    expect(names(await browse({ path: ['shop', 'in'], prefix: '2027' }))).toEqual(['2027']);
    await expect(browse({ path: ['nowhere'] })).rejects.toMatchObject({ code: 'GCS_BUCKET_NOT_FOUND' });
  });

  it('is browsed page by page', async () => {
    const found: string[] = [];
    let after: string | undefined;
    do {
      const page = await browse({ path: ['shop', 'in', '2026'], limit: 1, ...(after === undefined ? {} : { after }) });
      found.push(...names(page));
      after = page.next;
    } while (after !== undefined);
    expect(found).toEqual(['x.csv', 'y.csv']);
  });

  it('trusts authorities that it is told of', async () => {
    using authority = certificateAuthority();
    const certificate = authority.issue('store', ['IP:127.0.0.1']);
    await using server = await httpsServer(certificate, (_asked, answer) => void answer.writeHead(403).end());
    const endpoint = `https://127.0.0.1:${server.port}`;
    const unknown = await outcomes(gcsConnection, config({ endpoint }));
    expect(unknown['tls']).toMatch(/^NETWORK_TLS_UNTRUSTED: /);
    const known = await outcomes(gcsConnection, config({ endpoint, tls_ca_file: authority.caFile }));
    expect(known['tls']).toMatch(/^passed: /);
    expect(known['log_in']).toMatch(/^passed: shop takes requests/);
  });
});
