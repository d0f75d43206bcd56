/** The connection to S3 against another implementation of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BrowseRequest, EntryPage } from '#spi/connections.ts';
import { s3ConnectionConfig } from '#connectors/s3/config.ts';
import type { S3ConnectionConfig } from '#connectors/s3/config.ts';
import { s3Connection } from '#connectors/s3/connection.ts';
import { certificateAuthority } from '#test/kit/certificates.ts';
import { outcomes, plainContext } from '#test/kit/connection-checks.ts';
import { cuttingProxy } from '#test/kit/cutting-proxy.ts';
import { httpsServer } from '#test/kit/https-server.ts';
import { motoServer } from '#test/kit/moto.ts';
import { startS3 } from '#test/kit/s3-server.ts';
import type { S3Server } from '#test/kit/s3-server.ts';

let s3: S3Server;

function config(options: object = {}): S3ConnectionConfig {
  return s3ConnectionConfig.parse({
    endpoint: s3.url,
    access_key_id: 'id',
    secret_access_key: 'hush',
    bucket: 'shop',
    ...options,
  });
}

function browse(request: Partial<BrowseRequest>, options: object = {}): Promise<EntryPage> {
  return s3Connection.browse(config(options), { path: [], limit: 100, ...request }, plainContext());
}

const names = ({ entries }: EntryPage): string[] => entries.map(({ name }) => name);

describe.runIf(motoServer() !== undefined)('s3Connection', () => {
  beforeAll(async () => {
    s3 = await startS3();
    await s3.createBucket('shop');
    await s3.createBucket('empty');
    const keys = ['a.csv', 'in/2026/x.csv', 'in/2026/y.csv', 'in/2027/z.csv', 'in/é', 'in//odd', 'zzz/a'];
    for (const key of keys) await s3.put('shop', key, `${key}\n`);
    await s3.put('shop', 'in/', '');
  });
  afterAll(() => s3[Symbol.asyncDispose]());

  it('is tested as far as a job would go, and nothing stays', async () => {
    const { port } = s3;
    expect(await outcomes(s3Connection, config())).toEqual({
      resolve: 'skipped: Not needed here.',
      connect: `passed: 127.0.0.1:${port} accepts connections.`,
      tls: 'skipped: Not needed here.',
      log_in: 'passed: shop takes requests of `auth_method: basic`.',
      list: 'passed: The bucket shop has 8 objects.',
      read: 'passed: s3://shop/a.csv can be read.',
      write: 'passed: Objects can be written to shop.',
    });
    expect(await s3.keys('shop')).toHaveLength(8);
    expect(await s3.uploads('shop')).toEqual([]);
    const empty = await outcomes(s3Connection, config({ bucket: 'empty' }));
    expect(empty['read']).toBe('skipped: There is no object to read.');
    await s3.put('empty', 'old', 'x', { StorageClass: 'GLACIER' });
    const archived = await outcomes(s3Connection, config({ bucket: 'empty' }), { use: 'in' });
    expect([archived['list'], archived['read']]).toEqual([
      'passed: The bucket empty has 1 object.',
      'skipped: There is no object to read.',
    ]);
    const below = await outcomes(s3Connection, config({ path_prefix: 'in/2026/' }), { use: 'in' });
    expect([below['list'], below['write']]).toEqual([
      'passed: The bucket shop has 2 objects beginning with in/2026/.',
      'skipped: Not needed here.',
    ]);
    expect((await outcomes(s3Connection, config(), { use: 'out' }))['read']).toBe('skipped: Not needed here.');
    const account = await outcomes(s3Connection, config({ bucket: undefined }));
    expect(account['log_in']).toBe('passed: The account has 2 buckets.');
  });

  it.each<[string, object, string, string]>([
    ['no URL', { endpoint: 'a b' }, 'resolve', 'S3_ENDPOINT'],
    ['a host', { endpoint: 'http://nowhere.invalid' }, 'resolve', 'NETWORK_HOST_UNKNOWN'],
    ['a port', { endpoint: 'http://127.0.0.1:1' }, 'connect', 'NETWORK_REFUSED'],
    ['a bucket', { bucket: 'nowhere' }, 'log_in', 'S3_BUCKET_NOT_FOUND'],
    ['keys', { access_key_id: undefined }, 'log_in', 'S3_AUTH_REQUIRED'],
  ])('tells of %s that is wrong', async (_title, options, name, code) => {
    const found = await outcomes(s3Connection, config(options));
    expect(found[name]).toMatch(new RegExp(`^${code}: `));
    const after = Object.keys(found).slice(Object.keys(found).indexOf(name) + 1);
    for (const later of after) expect(found[later]).toBe(`skipped: Not tried, because ${name} failed.`);
    expect(JSON.stringify(found)).not.toContain('hush');
  });

  it('skips what only some jobs need and we may not', async () => {
    await using proxy = await cuttingProxy(s3.port, { answers: ({ method }) => (method === 'GET' ? undefined : 403) });
    const found = await outcomes(s3Connection, config({ endpoint: proxy.url }));
    expect(found['write']).toBe('skipped: Objects may not be written to shop, as an output has to.');
    await using listed = await cuttingProxy(s3.port, {
      answers: ({ url }) => (url?.includes('a.csv') === true ? 403 : undefined),
    });
    const unread = await outcomes(s3Connection, config({ endpoint: listed.url }));
    expect(unread['read']).toBe('skipped: s3://shop/a.csv may not be read, as an input has to.');
    await using closed = await cuttingProxy(s3.port, { answers: () => 403 });
    expect(await outcomes(s3Connection, config({ endpoint: closed.url }))).toMatchObject({
      log_in: 'passed: shop takes requests of `auth_method: basic`.',
      list: 'skipped: Objects of shop may not be listed, as an input with a prefix has to.',
    });
  });

  it('is browsed: buckets, folders, objects', async () => {
    expect(names(await browse({}, { bucket: undefined }))).toEqual(['empty', 'shop']);
    expect(names(await browse({ prefix: 's' }, { bucket: undefined }))).toEqual(['shop']);
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
    expect(names(await browse({ path: ['shop', 'in'] }))).toEqual(['', '2026', '2027', 'é']);
    expect(names(await browse({ path: ['shop', 'in'], prefix: '202' }))).toEqual(['2026', '2027']);
    expect(names(await browse({ path: ['shop', 'in', '2026'] }))).toEqual(['x.csv', 'y.csv']);
    expect(names(await browse({ path: ['shop', 'in', ''] }))).toEqual(['odd']);
    await expect(browse({ path: ['nowhere'] })).rejects.toMatchObject({ code: 'S3_BUCKET_NOT_FOUND' });
  });

  it('is browsed page by page', async () => {
    const found: string[] = [];
    let after: string | undefined;
    do {
      const page = await browse({ path: ['shop', 'in', '2026'], limit: 1, ...(after === undefined ? {} : { after }) });
      expect(page.entries.length).toBeLessThanOrEqual(1);
      found.push(...names(page));
      after = page.next;
    } while (after !== undefined);
    expect(found).toEqual(['x.csv', 'y.csv']);
  });

  it('is stopped at once', async () => {
    await using hanging = await cuttingProxy(s3.port, { before: () => new Promise(() => {}) });
    const startedAt = performance.now();
    const found = await outcomes(s3Connection, config({ endpoint: hanging.url }), { signal: AbortSignal.timeout(200) });
    expect(found['log_in']).toMatch(/^S3_STOPPED/);
    expect(performance.now() - startedAt).toBeLessThan(60_000);
  });

  it('trusts authorities that it is told of', async () => {
    using authority = certificateAuthority();
    const certificate = authority.issue('store', ['IP:127.0.0.1']);
    await using server = await httpsServer(certificate, (_asked, answer) => void answer.writeHead(403).end());
    const endpoint = `https://127.0.0.1:${server.port}`;
    const unknown = await outcomes(s3Connection, config({ endpoint }));
    expect(unknown['tls']).toMatch(/^NETWORK_TLS_UNTRUSTED: /);
    const known = await outcomes(s3Connection, config({ endpoint, tls_ca_file: authority.caFile }));
    expect(known['tls']).toMatch(/^passed: /);
    expect(known['log_in']).toMatch(/^passed: shop takes requests/);
  });
});
