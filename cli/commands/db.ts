/** `ropeway db …`: looks after the database of the control plane: its form, its move to another one, its key. */
import { createWriteStream } from 'node:fs';
import { open as openFile, rename, rm } from 'node:fs/promises';
import { exportStore } from '#control/store/export.ts';
import type { RowCounts } from '#control/store/export.ts';
import { importStore } from '#control/store/import.ts';
import { openStore } from '#control/store/store.ts';
import type { Store, StoreOptions } from '#control/store/store.ts';
import { openKeys } from '#control/secrets/keys.ts';
import { rotateSecrets } from '#control/secrets/rotate.ts';
import { systemReason } from '#spi/system-reason.ts';
import { ErrorList, runCommand } from '#cli/command-context.ts';
import type { CommandContext } from '#cli/command-context.ts';
import type { SharedOptions } from '#cli/command-line.ts';
import { cliErrors } from '#cli/errors.ts';

export interface DbOptions extends SharedOptions {
  /** Folder of an embedded database; without it DATABASE_URL says which. */
  readonly data?: string;
}

export function exportDatabase(file: string, options: DbOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    await using store = await open(options, ctx, 'require');
    const draft = `${file}.partial`;
    try {
      // Names, configurations and envelopes: not for everybody to read.
      const counts = await exportStore(store.db, createWriteStream(draft, { mode: 0o600, flush: true }));
      await rename(draft, file);
      say(ctx, `Exported ${counts.rows} rows to ${file}.`, counts);
    } catch (error) {
      // What went wrong first says more.
      await rm(draft, { force: true }).catch(() => {});
      throw ofFile(file, error);
    }
  });
}

export function importDatabase(file: string, options: DbOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const source = await openFile(file).catch((error: unknown) => {
      throw ofFile(file, error);
    });
    await using store = await open(options, ctx, 'apply');
    try {
      const counts = await importStore(store.db, source.createReadStream());
      say(ctx, `Imported ${counts.rows} rows from ${file}. The key for secrets moves apart from them.`, counts);
    } catch (error) {
      throw ofFile(file, error);
    }
  });
}

export function migrateDatabase(options: DbOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    await using store = await open(options, ctx, 'apply');
    const migrations = await store.db.selectFrom('migration').select('name').orderBy('no').execute();
    const names = migrations.map(({ name }) => name);
    say(ctx, `The database has all ${names.length} migrations, the last is ${names.at(-1) ?? ''}.`, {
      migrations: names,
    });
  });
}

export function rotateKey(options: DbOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    await using store = await open(options, ctx, 'require');
    const ring = await openKeys(store.db, { environment: process.env, dataFolder: options.data }, ctx.log);
    const { rotated, failures, failed, isComplete } = await rotateSecrets(store.db, ring, ctx.signal);
    const words = isComplete ? 'The other keys are not needed any more.' : 'Keep the other keys: not all is done.';
    const key = ring.firstId;
    say(ctx, `The secrets of ${rotated} rows were put under the key ${key}. ${words}`, {
      key,
      rotated,
      failed,
      isComplete,
    });
    if (failures.length > 0) throw new ErrorList(failures);
    return isComplete ? 0 : 1;
  });
}

async function open(
  { data }: DbOptions,
  { log }: CommandContext,
  migrations: StoreOptions['migrations'],
): Promise<Store> {
  // Never an argument: others see those, and there is a password in it.
  const databaseUrl = process.env['DATABASE_URL'];
  if (data !== undefined) return await openStore({ dataFolder: data, migrations, log });
  if (databaseUrl === undefined || databaseUrl === '') throw cliErrors.error('DATABASE_UNNAMED');
  return await openStore({ databaseUrl, migrations, log });
}

function say(
  { isJson, terminal }: CommandContext,
  words: string,
  facts: Readonly<Record<string, unknown>> | RowCounts,
) {
  terminal.out(isJson ? `${JSON.stringify(facts)}\n` : `${words}\n`);
}

function ofFile(file: string, error: unknown): unknown {
  const reason = systemReason(error);
  return reason === undefined ? error : cliErrors.error('EXPORT_FILE', { file, reason }, { cause: error });
}
