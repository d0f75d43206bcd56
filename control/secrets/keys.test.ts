import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogFields } from '#spi/context.ts';
import { controlStore, storeKinds } from '#test/kit/control-store.ts';
import { openKeys, parseKeys } from './keys.ts';

let folder = '';
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'ropeway-keys-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const newKey = (): string => randomBytes(32).toString('base64');
const lines: [string, LogFields?][] = [];
const keep = (...line: [string, LogFields?]): void => void lines.push(line);
const log = { error: keep, warn: keep, info: keep, debug: keep };

describe.each(storeKinds)('openKeys() on %s', (kind) => {
  it('makes a key once, which only its owner can read, and says so', async () => {
    await using store = await controlStore({ kind });
    const dataFolder = join(folder, 'new');
    lines.length = 0;
    const ring = await openKeys(store.db, { environment: {}, dataFolder }, log);
    const file = join(dataFolder, 'secret.key');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(lines).toEqual([[expect.stringContaining('keep a copy'), { file }]]);
    expect(JSON.stringify(lines)).not.toContain(readFileSync(file, 'utf8').trim());
    expect(readdirSync(dataFolder)).toEqual(['secret.key']);
    const again = await openKeys(store.db, { environment: {}, dataFolder }, log);
    expect(again.ids).toEqual(ring.ids);
    expect(lines.length).toBe(1);
  });

  it('makes none when the database has one: not beside another process, not after the file was lost', async () => {
    await using store = await controlStore({ kind });
    const ring = await openKeys(store.db, { environment: {}, dataFolder: folder }, log);
    const elsewhere = { environment: {}, dataFolder: join(folder, 'elsewhere') };
    await expect(openKeys(store.db, elsewhere, log)).rejects.toMatchObject({
      code: 'SECRET_KEY_MISSING',
      message: expect.stringContaining(ring.firstId) as string,
    });
    expect(readdirSync(folder)).toEqual(['secret.key']);
  });

  it('makes one only, when many start at once', async () => {
    await using store = await controlStore({ kind });
    const folders = ['a', 'b', 'c'].map((name) => join(folder, name));
    const opened = await Promise.allSettled(
      folders.map((dataFolder) => openKeys(store.db, { environment: {}, dataFolder }, log)),
    );
    expect(opened.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect((await store.db.selectFrom('secret_key').selectAll().execute()).length).toBe(1);
  });

  it('refuses a wrong key, and takes a new one together with the old', async () => {
    await using store = await controlStore({ kind });
    const [old, next] = [newKey(), newKey()];
    const open = (text: string) => openKeys(store.db, { environment: { ROPEWAY_SECRET_KEY: text } }, log);
    const ring = await open(old);
    const wrong = open(next);
    await expect(wrong).rejects.toMatchObject({ code: 'SECRET_KEY_WRONG' });
    await expect(wrong).rejects.toThrow(ring.firstId);
    const both = await open(`${next}\n${old}\n`);
    expect(both.ids[1]).toBe(ring.firstId);
    // Known from now on, so that it may stand alone when nothing is left under the old one.
    expect((await open(next)).firstId).toBe(both.firstId);
  });
});

it('openKeys() reads the file before the variable, and that before the folder', async () => {
  await using store = await controlStore();
  const [inFile, inVariable] = [newKey(), newKey()];
  const file = join(folder, 'mounted');
  writeFileSync(file, `${inFile}\n${inVariable}\n`);
  chmodSync(file, 0o644);
  const environment = { ROPEWAY_SECRET_KEY_FILE: file, ROPEWAY_SECRET_KEY: inVariable };
  const ring = await openKeys(store.db, { environment, dataFolder: folder }, log);
  expect(ring.ids).toEqual(parseKeys(`${inFile},${inVariable}`, 'x').ids);
  const other = { environment: { ROPEWAY_SECRET_KEY: inVariable }, dataFolder: folder };
  await expect(openKeys(store.db, other, log)).rejects.toMatchObject({ code: 'SECRET_KEY_WRONG' });
});

it('openKeys() refuses a key file of ours that others can read', async () => {
  await using store = await controlStore();
  await openKeys(store.db, { environment: {}, dataFolder: folder }, log);
  chmodSync(join(folder, 'secret.key'), 0o640);
  await expect(openKeys(store.db, { environment: {}, dataFolder: folder }, log)).rejects.toThrow('(mode 640)');
});

it('openKeys() says what it needs when there is no place for a key', async () => {
  await using store = await controlStore();
  await expect(openKeys(store.db, { environment: {} }, log)).rejects.toMatchObject({ code: 'SECRET_KEY_NOWHERE' });
  const environment = { ROPEWAY_SECRET_KEY_FILE: join(folder, 'none') };
  await expect(openKeys(store.db, { environment }, log)).rejects.toMatchObject({ code: 'SECRET_KEY_FILE_UNREADABLE' });
});

const good = randomBytes(32);
it.each([good.toString('hex'), good.toString('base64'), good.toString('base64url'), `\n ${good.toString('hex')}\n`])(
  'parseKeys() takes a key as %s',
  (text) => {
    expect(parseKeys(text, 'x').ids).toEqual(parseKeys(good.toString('hex'), 'x').ids);
  },
);

it.each([
  ['', 'Key 1 from x is not a key: there is nothing.'],
  ['c2hvcnQ=', 'it has 5 bytes instead of 32.'],
  [`${good.toString('hex')},passphrase!`, 'Key 2 from x is not a key: it is neither base64 nor hex.'],
  [Array.from({ length: 17 }, () => good.toString('hex')).join('\n'), '16 keys are the limit.'],
])('parseKeys() refuses %j without showing it', (text, message) => {
  const parse = () => parseKeys(text, 'x');
  expect(parse).toThrow(message);
  if (text !== '') expect(parse).not.toThrow(text.slice(0, 6));
});
