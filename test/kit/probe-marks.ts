/** Probes that leave marks of what they did, apart from all that the control plane says, and the comparison of both. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { RunToCreate } from '#control/runs/create-run.ts';
import type { Store } from '#control/store/store.ts';
import { assert } from '#spi/assert.ts';
import { probeRun, probeWork } from '#test/dispatch/crowd.ts';

export interface MarkedProbe {
  /** Of the marks: a file for each run. */
  readonly folder: string;
  /** How long it works. */
  readonly ms: number;
}

export function markedProbe(workspaceId: string, { folder, ms }: MarkedProbe): RunToCreate {
  const given = { ms, outcome: 'succeeded', marker_folder: folder };
  const work = { ...probeWork, memory_mb: 256, cpu_millis: 100, arguments: given };
  return probeRun(workspaceId, [], { work });
}

/** The marks say what happened, the rows what the control plane believes: they must agree. */
export async function checkMarks(store: Store, marks: string): Promise<void> {
  const begun = new Map<string, number>();
  for (const file of await readdir(marks)) {
    const lines = (await readFile(join(marks, file), 'utf8')).trim().split('\n');
    for (const line of lines) {
      const { word } = JSON.parse(line) as { word: string };
      if (word === 'commit') begun.set(file, (begun.get(file) ?? 0) + 1);
    }
  }
  const { rows } = await sql<{ id: string; state: string; attempt_no: number }>`
    select id, state, attempt_no from run where kind = 'probe'`.execute(store.db);
  for (const { id, state, attempt_no: attempts } of rows) {
    assert(state === 'SUCCEEDED', `run ${id} is ${state}`);
    assert(begun.get(id) === 1, `run ${id} took effect ${begun.get(id) ?? 0} times in ${attempts} attempts`);
  }
  assert(begun.size === rows.length, 'nothing happened that no run explains');
}
