import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { embeddedPreset } from '#test/kit/control-store.ts';
import { openEmbedded } from './embedded.ts';
import { openStore } from './store.ts';

let folder = '';
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'ropeway-embedded-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const writerFile = new URL(import.meta.resolve('#test/kit/embedded-writer.ts')).pathname;

/** Kills the writer after it has said so many numbers; returns the last one that it said. */
async function writeAndKill(count: number): Promise<number> {
  const child = spawn(process.execPath, [writerFile, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  let last = 0;
  let left = count;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    left -= 1;
    if (left === 0) child.kill('SIGKILL');
  }
  expect(await ended).toEqual([null, 'SIGKILL']);
  return last;
}

/** A database with our tables, in the folder. */
async function prepare(): Promise<void> {
  await (await openEmbedded({ dataFolder: folder, preset: await embeddedPreset() })).close();
}

describe('openStore() embedded in a folder', () => {
  it(
    'keeps all that was committed when its process is killed in the middle of writing',
    { timeout: 180_000 },
    async () => {
      await prepare();
      for (const count of [15, 150]) {
        const last = await writeAndKill(count);
        await using store = await openStore({ dataFolder: folder });
        const ids = (await store.db.selectFrom('workspace').select('id').execute()).map(({ id }) => Number(id));
        // One more may have been committed and not said.
        expect([last, last + 1]).toContain(ids.length);
        expect(ids.toSorted((a, b) => a - b)).toEqual(ids.map((_, index) => index + 1));
        const { rows } = await sql`
        select count(*)::int as broken from workspace w
        left join connection c on c.id = w.id and c.config ->> 'text' = repeat(w.id, 5000)
        where c.id is null and ((w.id::int + 1) % 3 <> 0 or w.id::int = ${ids.length})`.execute(store.db);
        expect(rows).toEqual([{ broken: 0 }]);
        // Indexes and tables say the same.
        await sql`set enable_seqscan = off`.execute(store.db);
        const found = await store.db.selectFrom('workspace').select('id').where('id', '=', String(last)).execute();
        expect(found).toEqual([{ id: String(last) }]);
      }
    },
  );

  it('refuses a second process with a message that says what to do', async () => {
    await prepare();
    await using store = await openStore({ dataFolder: folder });
    const { stderr, code } = await run(writerFile, folder);
    expect(stderr).toContain(`The data folder ${folder} is in use by process ${process.pid}`);
    expect(code).not.toBe(0);
    expect(await store.db.selectFrom('workspace').selectAll().execute()).toEqual([]);
  });

  it('gives the folder back when it is closed, and keeps what is in it', async () => {
    await prepare();
    const store = await openStore({ dataFolder: folder });
    await store.db.insertInto('workspace').values({ id: 'w', name: 'w' }).execute();
    await store.close();
    await using again = await openStore({ dataFolder: folder });
    expect(again.installationId).toBe(store.installationId);
    expect(await again.db.selectFrom('workspace').select('id').execute()).toEqual([{ id: 'w' }]);
  });

  it('says that a folder cannot be used, and leaves no lock', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await expect(openStore({ dataFolder: join(file, 'below') })).rejects.toMatchObject({
      code: 'STORE_FOLDER_UNUSABLE',
    });
  });
});

async function run(file: string, argument: string): Promise<{ stderr: string; code: unknown }> {
  const child = spawn(process.execPath, [file, argument], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (bytes: Buffer) => void (stderr += bytes.toString()));
  const [code] = (await once(child, 'close')) as unknown[];
  return { stderr, code };
}
