/** The connection to an HTTP server, and TLS on the way to it. */
import { afterAll, describe, expect, it } from 'vitest';
import { httpConnectionConfig } from '#connectors/http/config.ts';
import { httpConnection } from '#connectors/http/connection.ts';
import { certificateAuthority } from '#test/kit/certificates.ts';
import { outcomes, plainContext } from '#test/kit/connection-checks.ts';
import { httpServer } from '#test/kit/http-server.ts';
import { connectProxy, httpsServer } from '#test/kit/https-server.ts';
import type { LocalServer } from '#test/kit/https-server.ts';
import { workspace } from '#test/kit/workspace.ts';

const authority = certificateAuthority();
afterAll(() => authority[Symbol.dispose]());

function tested(options: object): Promise<Record<string, string>> {
  return outcomes(httpConnection, httpConnectionConfig.parse(options));
}

function secureServer(): Promise<LocalServer> {
  const certificate = authority.issue('files', ['DNS:localhost', 'DNS:files.test.invalid', 'IP:127.0.0.1']);
  return httpsServer(certificate, (_asked, answer) => void answer.end('1,x\n'));
}

describe('httpConnection', () => {
  it('asks for the URL, and shows no credentials', async () => {
    await using server = await httpServer(({ url, headers }, answer) => {
      const isKnown = url.searchParams.get('key') === 'hush' && headers.authorization === 'Bearer hush';
      answer.writeHead(isKnown ? 200 : 401, { 'content-type': 'text/csv' }).end('x'.repeat(1_000_000));
    });
    const known = { url: `${server.url}/f`, bearer_token: 'hush', auth_params: { key: 'hush' } };
    expect(await tested(known)).toEqual({
      resolve: 'skipped: Not needed here.',
      connect: `passed: 127.0.0.1:${server.port} accepts connections.`,
      tls: 'skipped: Not needed here.',
      log_in: `passed: ${server.url}/f answers 200 with text/csv.`,
    });
    const unknown = await tested({ ...known, bearer_token: 'hash' });
    expect(unknown['log_in']).toMatch(/^HTTP_REFUSED: /);
    const request = { path: [], limit: 1 };
    expect(await httpConnection.browse(httpConnectionConfig.parse(known), request, plainContext())).toEqual({
      entries: [],
    });
  });

  it.each<[string, string, string]>([
    ['file:///etc/passwd', 'resolve', 'HTTP_URL'],
    ['http://nowhere.invalid/', 'resolve', 'NETWORK_HOST_UNKNOWN'],
    ['http://127.0.0.1:1/', 'connect', 'NETWORK_REFUSED'],
  ])('tells of what is wrong: %s', async (url, name, code) => {
    expect((await tested({ url }))[name]).toMatch(new RegExp(`^${code}: `));
  });

  it('checks certificates, of authorities of our own too', async () => {
    await using server = await secureServer();
    const url = `https://localhost:${server.port}/`;
    expect((await tested({ url }))['tls']).toMatch(/^NETWORK_TLS_UNTRUSTED: /);
    expect(await tested({ url, tls_ca_file: authority.caFile })).toMatchObject({
      tls: expect.stringMatching(/^passed: TLSv1\.3 with files/) as string,
      log_in: expect.stringMatching(/^passed: .* answers 200/) as string,
    });
    expect((await tested({ url, tls_mode: 'require' }))['log_in']).toMatch(/^passed: /);
  });

  it('goes through a proxy, and still knows whom it speaks to', async () => {
    await using server = await secureServer();
    const login = `Basic ${Buffer.from('me:hush').toString('base64')}`;
    await using proxy = await connectProxy(server.port, login);
    const url = 'https://files.test.invalid/x';
    const through = (password: string): object => ({
      url,
      http_proxy: { host: '127.0.0.1', port: proxy.port, user: 'me', password },
    });
    const found = await tested({ ...through('hush'), tls_ca_file: authority.caFile });
    expect(found['connect']).toBe(`passed: 127.0.0.1:${proxy.port} accepts connections.`);
    expect(found['log_in']).toMatch(/^passed: https:\/\/files\.test\.invalid\/x answers 200/);
    expect(proxy.asked).toEqual([`files.test.invalid:443 ${login}`]);
    expect((await tested(through('hush')))['log_in']).toMatch(/^HTTP_TLS: /);
    expect((await tested(through('hash')))['log_in']).toMatch(/^HTTP_REFUSED: .*407/);
  });

  it('is as careful as a job', async () => {
    await using server = await secureServer();
    const job = (more: string): string => `in:
  type: http
  url: https://localhost:${server.port}/
  parser: {type: csv, columns: [{name: a, type: long}, {name: b, type: string}]}
${more}out: {type: stdout}
`;
    await using place = await workspace({ 'no.yml': job(''), 'yes.yml': job(`  tls_ca_file: ${authority.caFile}\n`) });
    const refused = await place.ropeway(['run', 'no.yml']);
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('error[HTTP_TLS')]);
    const taken = await place.ropeway(['run', 'yes.yml']);
    expect([taken.exitCode, taken.stdout], taken.stderr).toEqual([0, '1,x\n']);
  });
});
