import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Check, ConnectionUse, EntryPage } from '#spi/connections.ts';
import { filterContext } from '#test/kit/filter-cases.ts';
import { fileConnection } from './connection.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'file-connection-'));
});
afterEach(async () => {
  await chmod(folder, 0o700);
  await rm(folder, { recursive: true });
});

async function checks(prefix: string, use?: ConnectionUse): Promise<string[]> {
  const found: Check[] = [];
  const config = { path_prefix: join(folder, prefix) };
  for await (const check of fileConnection.test(config, filterContext(), use)) found.push(check);
  return found.map(({ name, outcome, reason }) => `${name} ${outcome}${reason === undefined ? '' : ` ${reason.code}`}`);
}

function browse(prefix: string, request: object = {}): Promise<EntryPage> {
  const config = { path_prefix: prefix === '' ? folder : join(folder, prefix) };
  return fileConnection.browse(config, { path: [], limit: 100, ...request }, filterContext());
}

describe('fileConnection.test()', () => {
  it('lists, reads and writes, each where it is wanted, and leaves nothing behind', async () => {
    await mkdir(join(folder, 'sub'));
    await writeFile(join(folder, 'a.csv'), 'a');
    const before = await readdir(folder);
    expect(await checks('a')).toEqual(['list passed', 'read passed', 'write passed']);
    expect(await checks('a', 'in')).toEqual(['list passed', 'read passed', 'write skipped']);
    expect(await checks('sub', 'in')).toEqual(['list passed', 'read skipped', 'write skipped']);
    expect(await checks('a', 'out')).toEqual(['list passed', 'read skipped', 'write passed']);
    expect(await readdir(folder)).toEqual(before);
  });

  it('tells of a folder that is not there', async () => {
    expect(await checks('no/where/x')).toEqual(['list failed FILE_FOLDER_NOT_FOUND', 'read skipped', 'write skipped']);
  });

  it('tells of a folder that may not be written to', async () => {
    // Whoever may do everything is refused by /proc alone.
    const isRoot = process.getuid?.() === 0;
    if (!isRoot) await chmod(folder, 0o500);
    const config = { path_prefix: isRoot ? '/proc/sys/x' : `${folder}/x` };
    const found: Check[] = [];
    for await (const check of fileConnection.test(config, filterContext(), 'out')) found.push(check);
    expect(found.at(-1)).toMatchObject({ outcome: 'failed', reason: { code: 'FILE_OUTPUT_UNWRITABLE' } });
  });
});

describe('fileConnection.browse()', () => {
  it('shows folders and files with sizes, sorted, page by page', async () => {
    for (const name of ['b.csv', 'a.csv', 'other']) await writeFile(join(folder, name), name);
    await mkdir(join(folder, 'c/deep'), { recursive: true });
    await symlink('nowhere', join(folder, 'd'));
    const first = await browse('', { limit: 2 });
    expect(first).toMatchObject({ next: 'b.csv', entries: [{ name: 'a.csv', kind: 'file' }, { name: 'b.csv' }] });
    const rest = await browse('', { limit: 3, after: 'b.csv' });
    expect(rest.entries.map(({ name, kind }) => `${kind} ${name}`)).toEqual(['folder c', 'file d', 'file other']);
    expect(rest.next).toBeUndefined();
    expect((await browse('', { path: ['c'] })).entries).toMatchObject([{ name: 'deep', isContainer: true }]);
    expect((await browse('', { prefix: 'o' })).entries).toMatchObject([{ name: 'other', details: { size: 5 } }]);
    expect((await browse('a')).entries).toHaveLength(1);
  });

  it.each(['..', '.', '', 'a/b', 'a\0'])('does not go to %j', async (name) => {
    await expect(browse('', { path: [name] })).rejects.toMatchObject({ code: 'FILE_BROWSE_NAME' });
  });

  it('tells of a folder that is not there', async () => {
    await expect(browse('', { path: ['gone'] })).rejects.toMatchObject({ code: 'FILE_FOLDER_NOT_FOUND' });
  });
});
