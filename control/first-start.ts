/** What an installation has from its first start: a workspace, limits, a token for its own command line, a sample. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { createToken } from '#control/auth/tokens.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';
import { copySample, createSample } from './sample-transfer.ts';

/** In the data folder; for the user of the machine alone. */
export const TOKEN_FILE = 'token';
/** Runs that somebody waits for, at once. */
const INTERACTIVE_SEATS = 4;
/** The lock of first starts, among the advisory locks of the database. */
const FIRST_START_LOCK = 0x726f_7062;

export interface FirstStart {
  /** Runs at once, unless somebody has set another limit. */
  readonly seats: number;
  readonly dataFolder: string | undefined;
  /** The file of the sample transfer; without it there is none. */
  readonly sampleFile?: string | undefined;
}

/** Safe to call at each start, and by several at once. Returns the token when it was made now. */
export async function prepareInstallation(store: Store, options: FirstStart): Promise<string | undefined> {
  const token = await store.db.transaction().execute(async (db) => {
    await sql`select pg_advisory_xact_lock(${FIRST_START_LOCK})`.execute(db);
    await sql`
      insert into seat_limit (scope_kind, scope_id, seats, label) values
        ('installation', 'all', ${options.seats}, 'runs of this installation'),
        ('lane', 'interactive', ${INTERACTIVE_SEATS}, 'tests and previews')
      on conflict do nothing`.execute(db);
    const known = await db.selectFrom('workspace').select('id').limit(1).executeTakeFirst();
    if (known !== undefined) return undefined;
    const workspaceId = newId();
    await db.insertInto('workspace').values({ id: workspaceId, name: 'default' }).execute();
    const name = 'command line of this machine';
    const made = await createToken(db, { workspaceId, name, expiresAt: null, administersInstallation: true });
    const { sampleFile, dataFolder } = options;
    if (sampleFile !== undefined && dataFolder !== undefined) {
      await createSample(db, workspaceId, await copySample(sampleFile, dataFolder));
    }
    return made.token;
  });
  if (token !== undefined && options.dataFolder !== undefined) {
    const file = join(options.dataFolder, TOKEN_FILE);
    await writeFile(file, `${token}\n`, { mode: 0o600 });
    await chmod(file, 0o600);
  }
  return token;
}
