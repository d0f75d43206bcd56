import { describe, expect, it } from 'vitest';
import { Crowd, probeRun, probeWork } from '#test/dispatch/crowd.ts';
import { controlStore, storeKinds } from '#test/kit/control-store.ts';
import { runCommands } from './commands.ts';
import { createRuns } from './create-run.ts';
import { TransitionWriter } from './transition-writer.ts';

describe('runCommands().create()', { timeout: 60_000 }, () => {
  const limits = { memoryMbMax: 4096, cpuMillisMax: 2000 };

  it('refuses what can never fit, with the numbers', async () => {
    await using store = await controlStore(storeKinds[0] === undefined ? {} : { kind: storeKinds[0] });
    await new Crowd(store).workspace('w');
    const commands = runCommands({ store, transitions: new TransitionWriter(), limits });
    const create = (needs: Partial<typeof probeWork>) =>
      commands.create({
        workspaceId: 'w',
        groupId: null,
        definitionId: null,
        revision: null,
        kind: 'probe',
        trigger: 'api',
        createdBy: 'test',
        idempotencyKey: undefined,
        priority: 5,
        lane: 'batch',
        isIdempotent: false,
        jobRetriesMax: 0,
        queueTimeoutS: 60,
        work: { ...probeWork, ...needs },
        scopes: [],
      });
    await expect(create({ memory_mb: 4097 })).rejects.toMatchObject({
      code: 'RUN_NEVER_FITS',
      kind: 'config',
      message: 'The run asks for 4097 MB of memory; no place here has more than 4096 MB.',
    });
    await expect(create({ cpu_millis: 2001 })).rejects.toMatchObject({
      message: 'The run asks for 2001 millicores; no place here has more than 2000.',
    });
    expect(await create({ memory_mb: 4096, cpu_millis: 2000 })).toMatchObject({ isNew: true });
  });

  it('refuses runs of a workspace that is suspended, and says so', async () => {
    await using store = await controlStore(storeKinds[0] === undefined ? {} : { kind: storeKinds[0] });
    await new Crowd(store).workspace('w');
    await store.db
      .updateTable('workspace')
      .set({ suspended_at: await store.now() })
      .execute();
    const created = createRuns(store.db, [probeRun('w')]);
    await expect(created).rejects.toMatchObject({ code: 'WORKSPACE_SUSPENDED', status: 409 });
  });
});
