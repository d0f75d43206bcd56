import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Overlap } from '#api/resources/transfer.ts';
import { json } from '#control/store/values.ts';
import { Crowd, probeRun, probeWork } from '#test/dispatch/crowd.ts';
import { controlStore, storeKinds } from '#test/kit/control-store.ts';
import type { ControlStore } from '#test/kit/control-store.ts';
import { runCommands } from './commands.ts';
import type { RunCommands } from './run-commands.ts';
import { TransitionWriter } from './transition-writer.ts';

let store: ControlStore;
let crowd: Crowd;
let commands: RunCommands;
beforeEach(async () => {
  store = await controlStore(storeKinds[0] === undefined ? {} : { kind: storeKinds[0] });
  await store.setClock('2026-01-01T00:00:00.000000Z');
  crowd = new Crowd(store);
  await crowd.workspace('w');
  commands = runCommands({ store, transitions: new TransitionWriter() });
});
afterEach(() => store.close());

async function transfer(id: string, overlap: Overlap | undefined): Promise<void> {
  const row = { id, workspace_id: 'w', kind: 'transfer' as const, name: id };
  await store.db
    .insertInto('definition')
    .values({ ...row, run_options: json(overlap === undefined ? {} : { overlap }) })
    .execute();
}

async function start(definitionId: string, idempotencyKey?: string): Promise<string> {
  const { scopes } = probeRun('w', [], { definitionId });
  const { runId } = await commands.create({
    workspaceId: 'w',
    groupId: null,
    definitionId,
    revision: 1,
    kind: 'transfer',
    trigger: 'api',
    createdBy: 'test',
    idempotencyKey,
    priority: 5,
    lane: 'batch',
    isIdempotent: false,
    jobRetriesMax: 0,
    queueTimeoutS: 60,
    work: { ...probeWork, kind: 'transfer' },
    scopes,
  });
  return runId;
}

async function states(): Promise<Record<string, string>> {
  const { rows } = await sql<{ id: string; state: string; note: string | null }>`
    select id, state, note from run order by id`.execute(store.db);
  return Object.fromEntries(rows.map(({ id, state }) => [id, state]));
}

describe('runCommands().create() of a transfer that runs', () => {
  it.each([undefined, 'skip'] as const)('skips it, with the reason (%s)', async (overlap) => {
    await transfer('d', overlap);
    const first = await start('d', 'key of the first');
    const second = await start('d');
    expect(await states()).toEqual({ [first]: 'QUEUED', [second]: 'SKIPPED' });
    const row = await store.db.selectFrom('run').selectAll().where('id', '=', second).executeTakeFirstOrThrow();
    expect(row.terminal_at).toBe(await store.now());
    expect(row.note).toBe(
      `The run ${first} of this transfer has not ended, and it runs one at a time (overlap: skip).`,
    );
    const { rows: messages } = await sql`select from queue_message where run_id = ${second}`.execute(store.db);
    const { rows: events } = await sql`select to_state from run_event where run_id = ${second}`.execute(store.db);
    expect([messages, events]).toEqual([[], [{ to_state: 'SKIPPED' }]]);
    // Asked for again, the first is the first, and not in its own way.
    expect(await start('d', 'key of the first')).toBe(first);
    expect(await crowd.admitAll()).toBe(1);
    await crowd.pass(10);
    await crowd.endAfter(5);
    const third = await start('d');
    expect((await states())[third]).toBe('QUEUED');
  });

  it('lets one of those who come at once begin', async () => {
    await transfer('d', 'skip');
    await Promise.all(Array.from({ length: 8 }, () => start('d')));
    expect(Object.values(await states()).sort()).toEqual(['QUEUED', ...Array.from({ length: 7 }, () => 'SKIPPED')]);
  });

  it('runs all of them where that is allowed', async () => {
    await transfer('d', 'allow');
    await start('d');
    await start('d');
    expect(await crowd.admitAll()).toBe(2);
  });

  it('lets one wait for its end, and skips a third one', async () => {
    await transfer('d', 'queue_one');
    const [first, second, third] = [await start('d'), await start('d'), await start('d')];
    expect(await states()).toEqual({ [first]: 'QUEUED', [second]: 'QUEUED', [third]: 'SKIPPED' });
    expect(await crowd.admitAll()).toBe(1);
    expect((await states())[second]).toBe('QUEUED');
    const { blocked_by: blockedBy } = await store.db
      .selectFrom('run')
      .select('blocked_by')
      .where('id', '=', second)
      .executeTakeFirstOrThrow();
    expect(blockedBy).toBe('one run at a time of d: all of 1 in use');
    await crowd.pass(10);
    await crowd.endAfter(5);
    expect(await crowd.admitAll()).toBe(1);
  });

  it('waits for one that began before the policy was another', async () => {
    await transfer('d', 'allow');
    await start('d');
    expect(await crowd.admitAll()).toBe(1);
    await store.db
      .updateTable('definition')
      .set({ run_options: json({ overlap: 'queue_one' }) })
      .execute();
    await start('d');
    expect(await crowd.admitAll()).toBe(0);
    await crowd.pass(10);
    await crowd.endAfter(5);
    expect(await crowd.admitAll()).toBe(1);
  });

  it('stops the one before, and waits for its end', async () => {
    await transfer('d', 'cancel_previous');
    const first = await start('d');
    expect(await crowd.admitAll()).toBe(1);
    const second = await start('d');
    // Nobody had claimed it: it is over at once.
    expect(await states()).toEqual({ [first]: 'CANCELED', [second]: 'QUEUED' });
    const { stop_reason: reason } = await store.db
      .selectFrom('run')
      .select('stop_reason')
      .where('id', '=', first)
      .executeTakeFirstOrThrow();
    expect(reason).toBe('superseded');
    expect(await crowd.admitAll()).toBe(1);
    const third = await start('d');
    expect(await states()).toMatchObject({ [second]: 'CANCELED', [third]: 'QUEUED' });
  });
});
