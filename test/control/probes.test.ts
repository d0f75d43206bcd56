/** What tells of the health of processes that do not serve the API. */
import { describe, expect, it } from 'vitest';
import { openStore } from '#control/store/store.ts';
import { emptyDatabase, storeKinds } from '#test/kit/control-store.ts';
import { ropeway } from '#test/kit/ropeway-command.ts';
import { workspace } from '#test/kit/workspace.ts';
import { schedulerProcess } from '#test/proofs/due-proof.ts';

describe.runIf(storeKinds.includes('postgresql'))('ropeway scheduler --port', () => {
  it('answers health, readiness and metrics, and nothing else', { timeout: 60_000 }, async () => {
    await using place = await workspace();
    const databaseUrl = await emptyDatabase();
    await (await openStore({ databaseUrl })).close();
    const scheduler = await schedulerProcess(place.path('data'), databaseUrl);
    try {
      const ask = async (path: string, method = 'GET'): Promise<unknown[]> => {
        const response = await fetch(`${scheduler.url}${path}`, { method });
        return [response.status, response.headers.get('content-type')?.split(';')[0], await response.text()];
      };
      expect(await ask('/healthz')).toEqual([200, 'application/json', '{"status":"ok"}']);
      expect(await ask('/readyz')).toEqual([200, 'application/json', expect.stringContaining('"ready"')]);
      expect(await ask('/metrics')).toEqual([200, 'text/plain', expect.stringContaining('build_info')]);
      const problem = 'application/problem+json';
      expect(await ask('/healthz', 'POST')).toEqual([405, problem, expect.stringContaining('METHOD_NOT_ALLOWED')]);
      expect(await ask('/api/v1/schedules')).toEqual([404, problem, expect.stringContaining('PROBES_ONLY')]);
    } finally {
      expect(await scheduler.end()).toBe(0);
    }
  });

  it('refuses what is no port', async () => {
    await using place = await workspace();
    const { exitCode, stderr } = await ropeway(['scheduler', '--port', '99999', '--data', place.path('data')]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('99999')]);
  });
});
