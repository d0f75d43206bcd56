/** Real runners while the database of the control plane is away: they go on, and nothing is done again. */
import { mkdir, readdir } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { createRuns } from '#control/runs/create-run.ts';
import { openStore } from '#control/store/store.ts';
import { emptyDatabase, sharedServer } from '#test/kit/control-store.ts';
import { postgresMissing } from '#test/kit/postgres-server.ts';
import { checkMarks, markedProbe } from '#test/kit/probe-marks.ts';
import { serverProcess } from '#test/kit/server-process.ts';
import { until } from '#test/kit/until.ts';
import { workspace } from '#test/kit/workspace.ts';

const isFull = process.env['ROPEWAY_FLOW'] === 'full';
/** Of the times of the control plane and of runners: a slow machine has nine seconds from a start to its claim. */
const DIVISOR = isFull ? 1 : 10;
const RUNS = isFull ? 50 : 4;
const AWAY_MS = isFull ? 120_000 : 3000;
/** The shortest ends while the database is away, the longest after that. */
const [SHORTEST_MS, LONGEST_MS] = isFull ? [60_000, 600_000] : [1000, 6000];
const TEST_MS_MAX = 1_500_000;

describe.skipIf(postgresMissing !== '')(`ropeway server${postgresMissing}`, () => {
  it('D-51 costs no run anything when its database is away for a while', { timeout: TEST_MS_MAX }, async () => {
    await using place = await workspace();
    const [dataFolder, marks] = [place.path('data'), place.path('marks')];
    for (const folder of [dataFolder, marks]) await mkdir(folder);
    const databaseUrl = await emptyDatabase();
    await using _server = await serverProcess({ dataFolder, databaseUrl, divisor: DIVISOR, seats: RUNS });
    await using store = await openStore({ databaseUrl });
    const [own] = await store.db.selectFrom('workspace').select('id').execute();
    const lengths = Array.from({ length: RUNS }, (_, i) => SHORTEST_MS + ((LONGEST_MS - SHORTEST_MS) * i) / (RUNS - 1));
    await createRuns(
      store.db,
      lengths.map((ms) => markedProbe(own?.id ?? '', { folder: marks, ms })),
    );
    await until('all are at work', async () => ((await readdir(marks)).length === RUNS ? true : undefined));
    await (await sharedServer()).crash(() => wait(AWAY_MS));
    const ended = async (): Promise<readonly { state: string; attempt_no: number; n: number }[] | undefined> => {
      const { rows } = await sql<{ state: string; attempt_no: number; n: number }>`
          select state, attempt_no, count(*)::int as n from run group by 1, 2`.execute(store.db);
      return rows.some(({ state }) => ['DISPATCHING', 'STARTING', 'RUNNING'].includes(state)) ? undefined : rows;
    };
    const rows = await until('all have ended', async () => ended().catch(() => undefined), TEST_MS_MAX);
    const { rows: history } = await sql`
        select run_id, seq, transition, from_state, to_state, detail from run_event order by run_id, seq`.execute(
      store.db,
    );
    expect(rows, JSON.stringify(history)).toEqual([{ state: 'SUCCEEDED', attempt_no: 1, n: RUNS }]);
    await checkMarks(store, marks);
  });
});
