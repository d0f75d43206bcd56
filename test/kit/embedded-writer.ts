/**
 * A process that writes into an embedded database until it is killed: `node embedded-writer.ts FOLDER`. It says the number
 * of each workspace when it is there for good, and writes large rows beside, so that files grow and checkpoints come.
 */
import { sql } from 'kysely';
import { openStore } from '#control/store/store.ts';
import { json } from '#control/store/values.ts';

const [dataFolder = ''] = process.argv.slice(2);
const { db } = await openStore({ dataFolder });
const { rows } = await sql<{ next: number }>`select coalesce(max(id::int), 0) + 1 as next from workspace`.execute(db);
for (let no = rows[0]?.next ?? 1; ; no++) {
  const id = String(no);
  await db.transaction().execute(async (trx) => {
    await trx.insertInto('workspace').values({ id, name: id }).execute();
    const config = json({ text: id.repeat(5000) });
    await trx
      .insertInto('connection')
      .values({ id, workspace_id: id, name: 'c', plugin: 'p', account_key: 'a', config })
      .execute();
    if (no % 3 === 0)
      await trx
        .deleteFrom('connection')
        .where('id', '=', String(no - 1))
        .execute();
  });
  process.stdout.write(`${id}\n`);
}
