/** `ropeway db`: from an embedded database to PostgreSQL and back, as its users do it. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sealSecret } from '#control/secrets/envelope.ts';
import { openKeys } from '#control/secrets/keys.ts';
import { openEmbedded } from '#control/store/embedded.ts';
import { openStore, silentLogger } from '#control/store/store.ts';
import { json } from '#control/store/values.ts';
import { embeddedPreset, emptyDatabase, storeKinds } from '#test/kit/control-store.ts';
import { ropeway } from '#test/kit/ropeway-command.ts';

let folder = '';
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'ropeway-db-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const env = { DATABASE_URL: '', ROPEWAY_SECRET_KEY: '' };

/** An embedded database with a connection that has a secret. */
async function filledFolder(name: string): Promise<string> {
  const data = join(folder, name);
  await (await openEmbedded({ dataFolder: data, preset: await embeddedPreset(), log: silentLogger })).close();
  await using store = await openStore({ dataFolder: data });
  const ring = await openKeys(store.db, { environment: {}, dataFolder: data }, silentLogger);
  const secrets = json({ password: sealSecret(ring, { connectionId: 'c', path: 'password' }, 'canary-secret') });
  await store.db.insertInto('workspace').values({ id: 'w', name: 'w' }).execute();
  await store.db
    .insertInto('connection')
    .values({ id: 'c', workspace_id: 'w', name: 'c', plugin: 'p', account_key: 'a', config: '{}', secrets })
    .execute();
  return data;
}

it.runIf(storeKinds.includes('postgresql'))(
  'ropeway db moves a database to PostgreSQL',
  { timeout: 180_000 },
  async () => {
    const data = await filledFolder('data');
    const file = join(folder, 'all.gz');
    expect(await ropeway(['db', 'export', file, '--data', data], { env })).toMatchObject({
      exitCode: 0,
      stdout: `Exported 4 rows to ${file}.\n`,
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const server = { env: { ...env, DATABASE_URL: await emptyDatabase() } };
    expect(await ropeway(['db', 'export', join(folder, 'none'), '--json'], server)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('STORE_NOT_MIGRATED') as string,
    });
    expect(await ropeway(['db', 'migrate'], server)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/has all \d+ migrations/) as string,
    });
    expect(await ropeway(['db', 'import', file], server)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^Imported 4 rows/) as string,
    });
    expect(await ropeway(['db', 'import', file], server)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/not empty/) as string,
    });
    // The key is not in the file.
    expect(await ropeway(['db', 'rotate-key'], server)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/no key was given/) as string,
    });
    const old = readFileSync(join(data, 'secret.key'), 'utf8').trim();
    const keys = join(folder, 'keys');
    writeFileSync(keys, `${randomBytes(32).toString('base64')}\n${old}\n`);
    const rotated = await ropeway(['db', 'rotate-key', '--json'], {
      env: { ...server.env, ROPEWAY_SECRET_KEY_FILE: keys },
    });
    expect(JSON.parse(rotated.stdout)).toMatchObject({ rotated: 1, failed: 0, isComplete: true });
    expect(rotated.stdout + rotated.stderr).not.toMatch(/canary/);
  },
);

it('ropeway db says what is wrong with a file, and leaves none of its own', async () => {
  const data = await filledFolder('data');
  const below = join(data, 'secret.key', 'below.gz');
  expect(await ropeway(['db', 'export', below, '--data', data], { env })).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/below/) as string,
  });
  expect(existsSync(`${below}.partial`)).toBe(false);
  const none = join(folder, 'none.gz');
  expect(await ropeway(['db', 'import', none, '--data', data], { env })).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/none\.gz/) as string,
  });
  expect(await ropeway(['db', 'migrate'], { env })).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/DATABASE_URL/) as string,
  });
});
