import { readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { fakeKubernetes } from '#test/fakes/kubernetes/api-server.ts';
import { certificateAuthority } from '#test/kit/certificates.ts';
import { httpServer } from '#test/kit/http-server.ts';
import { httpsServer } from '#test/kit/https-server.ts';
import { virtualClock } from '#test/kit/virtual-clock.ts';
import { workspace } from '#test/kit/workspace.ts';
import { clusterAccess } from './kubernetes-access.ts';
import { bodyOf, kubernetesClient } from './kubernetes-client.ts';
import { paths } from './kubernetes-objects.ts';

const jobs = paths.jobs('ropeway');

describe('kubernetesClient().ask', () => {
  it.each([
    ['reset before it was done', { kind: 'reset', when: 'before' }],
    ['reset after it was done', { kind: 'reset', when: 'after' }],
  ] as const)('says that a request that was %s has left', async (_, fault) => {
    await using server = await fakeKubernetes();
    await using client = kubernetesClient({ access: server.access });
    server.faults.add({ fault, times: 1 });
    expect(await client.ask('GET', jobs)).toMatchObject({ kind: 'unanswered' });
    expect(await client.ask('GET', jobs)).toMatchObject({ kind: 'answered', status: 200 });
  });

  it('says that nothing has left when nobody listens, or when it was given up before', async () => {
    await using server = await fakeKubernetes();
    await using client = kubernetesClient({ access: server.access });
    const asked = await client.ask('GET', jobs, { signal: AbortSignal.abort(new Error('given up')) });
    expect(asked).toMatchObject({ kind: 'unsent' });
    expect(server.audit).toHaveLength(0);
    await server.goAway();
    expect(await client.ask('GET', jobs)).toMatchObject({ kind: 'unsent' });
  });

  it('says that nothing has left when there are no credentials', async () => {
    await using client = kubernetesClient({ access: () => Promise.reject(new Error('no token')) });
    expect(await client.ask('GET', jobs)).toMatchObject({ kind: 'unsent', cause: { message: 'no token' } });
  });

  it('gives up after 30 s, and says that it has left', async () => {
    const clock = virtualClock();
    await using server = await fakeKubernetes({ clock });
    await using client = kubernetesClient({ access: server.access, clock });
    server.faults.add({ fault: { kind: 'hang', when: 'after' } });
    const asking = client.ask('GET', jobs);
    while (server.held === 0) await turn();
    await clock.run(29_000);
    expect(client.inFlight).toBe(1);
    await clock.run(2_000);
    expect(await asking).toMatchObject({ kind: 'unanswered' });
    expect(client.inFlight).toBe(0);
  });

  it('counts an answer that breaks off as none', async () => {
    await using server = await httpServer((_, answer) => {
      answer.writeHead(201, { 'content-length': '1000' });
      answer.write('{"metadata":', () => answer.socket?.resetAndDestroy());
    });
    const access = { server: server.url, tls: {}, headers: () => Promise.resolve({}) };
    await using client = kubernetesClient({ access: () => Promise.resolve(access) });
    expect(await client.ask('POST', jobs, { body: {} })).toMatchObject({ kind: 'unanswered' });
  });

  it('keeps its connection after a DELETE that says how', async () => {
    const sockets = new Set<unknown>();
    await using server = await httpServer((_, answer) => {
      sockets.add(answer.socket);
      answer.end('{}');
    });
    const access = { server: server.url, tls: {}, headers: () => Promise.resolve({}) };
    await using client = kubernetesClient({ access: () => Promise.resolve(access) });
    for (let no = 0; no < 20; no += 1) await client.ask('DELETE', jobs, { body: { propagationPolicy: 'Background' } });
    // A connection may not be free again at once; without keeping any there would be twenty.
    expect(sockets.size).toBeLessThan(5);
  });

  it('asks below the path of a server that has one, and takes the words of a proxy as they are', async () => {
    await using server = await httpServer(({ url }, answer) => {
      answer.writeHead(502, { 'content-type': 'text/html' });
      answer.end(`<html>${url.pathname}${url.search}</html>`);
    });
    const access = { server: `${server.url}/k8s/c1/`, tls: {}, headers: () => Promise.resolve({}) };
    await using client = kubernetesClient({ access: () => Promise.resolve(access) });
    const asked = await client.ask('GET', jobs, { query: { limit: 1, continue: undefined } });
    expect(asked).toMatchObject({ status: 502, body: `<html>/k8s/c1${jobs}?limit=1</html>` });
    expect(() => bodyOf(asked, 'GET', jobs)).toThrow('/k8s/c1/apis/batch');
  });
});

describe('kubernetesClient().stream', () => {
  it('answers what is no stream as it would otherwise', async () => {
    await using server = await fakeKubernetes();
    await using client = kubernetesClient({ access: server.access });
    const { signal } = new AbortController();
    expect(await client.stream('/api/v1/nothing', { signal })).toMatchObject({ kind: 'answered', status: 404 });
    await server.goAway();
    expect(await client.stream(jobs, { signal })).toMatchObject({ kind: 'unsent' });
  });
});

describe('clusterAccess()', () => {
  const kubeconfig = (server: string, more: object = {}): string =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'here',
      contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { server, ...more } }],
      users: [{ name: 'u', user: { token: 'canary' } }],
    });

  it('takes address, authority and token from a kubeconfig', async () => {
    using authority = certificateAuthority();
    const issued = authority.issue('localhost', ['DNS:localhost']);
    await using server = await httpsServer(issued, ({ headers }, answer) => {
      answer.end(JSON.stringify({ authorization: headers.authorization }));
    });
    const ca = readFileSync(authority.caFile, 'base64');
    const address = `https://localhost:${server.port}`;
    await using files = await workspace({
      good: kubeconfig(address, { 'certificate-authority-data': ca }),
      distrustful: kubeconfig(address),
    });
    await using client = kubernetesClient({ access: clusterAccess({ kubeconfig: files.path('good') }) });
    expect(await client.ask('GET', '/version')).toMatchObject({ body: { authorization: 'Bearer canary' } });
    await using other = kubernetesClient({ access: clusterAccess({ kubeconfig: files.path('distrustful') }) });
    expect(await other.ask('GET', '/version')).toMatchObject({ kind: 'unsent' });
  });

  it.each([
    ['a file that is missing', { kubeconfig: '/nowhere/config' }, 'KUBERNETES_CONFIG_UNREADABLE'],
    ['a context that is missing', { context: 'elsewhere' }, 'KUBERNETES_CONTEXT_MISSING'],
  ])('names %s', async (_, options, code) => {
    await using files = await workspace({ config: kubeconfig('http://localhost:1') });
    const open = clusterAccess({ kubeconfig: files.path('config'), ...options });
    await expect(open()).rejects.toMatchObject({ kind: 'config', code });
  });
});
