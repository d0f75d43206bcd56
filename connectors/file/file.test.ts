import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileInputConfig } from './config.ts';
import { listFiles } from './listing.ts';
import { sequenceFormat } from './sequence.ts';
import { createFile, openRangeTarget } from './written-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'file-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function files(...names: readonly string[]): Promise<void> {
  for (const name of names) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), name);
  }
}

async function listed(prefix: string, more: object = {}): Promise<string[]> {
  const config = fileInputConfig.parse({ path_prefix: `${folder}/${prefix}`, ...more });
  return (await listFiles(config)).files.map(({ path }) => path.slice(folder.length + 1));
}

describe('listFiles()', () => {
  it('takes names that begin with the prefix, and everything in folders that do', async () => {
    await files(
      'data_b.csv',
      'data_a.csv',
      'other.csv',
      'data_dir/x.csv',
      'data_dir/deep/y.csv',
      '.hidden',
      'sub/data_no.csv',
    );
    expect(await listed('data_')).toEqual(['data_a.csv', 'data_b.csv', 'data_dir/deep/y.csv', 'data_dir/x.csv']);
    expect(await listed('data_dir')).toEqual(['data_dir/deep/y.csv', 'data_dir/x.csv']);
    expect(await listed('data_dir/')).toEqual(['data_dir/deep/y.csv', 'data_dir/x.csv']);
    expect(await listed('')).toContain('.hidden');
    expect(await listed('nothing')).toEqual([]);
  });

  it('sorts by UTF-16 units, and leaves out what is not behind last_path', async () => {
    await files('a', 'B', 'é', 'a/../b', 'dir/z');
    expect(await listed('')).toEqual(['B', 'a', 'b', 'dir/z', 'é']);
    expect(await listed('', { last_path: `${folder}/b` })).toEqual(['dir/z', 'é']);
    expect(await listed('', { last_path: `${folder}/dir` })).toEqual(['é']);
  });

  it('follows links to files, to folders only when told to, and no circle', async () => {
    await files('real/a.csv', 'in/b.csv');
    await symlink('../real/a.csv', join(folder, 'in/link.csv'));
    await symlink('../real', join(folder, 'in/folder'));
    await symlink('..', join(folder, 'in/circle'));
    await symlink('nowhere', join(folder, 'in/dangling'));
    expect(await listed('in/')).toEqual(['in/b.csv', 'in/link.csv']);
    const followed = await listed('in/', { follow_symlinks: true });
    expect(followed).toContain('in/folder/a.csv');
    expect(followed.length).toBeLessThan(10);
  });

  it('names the first folder that is missing', async () => {
    await expect(listed('no/where/x')).rejects.toMatchObject({
      code: 'FILE_FOLDER_NOT_FOUND',
      message: `The folder ${folder}/no/where does not exist: ${folder}/no is missing.`,
      where: { path: ['path_prefix'] },
    });
  });
});

describe('sequenceFormat()', () => {
  it.each([
    ['%03d.%02d.', '007.01.'],
    ['.%d', '.7'],
    ['%2$d-%1$04d', '1-0007'],
    ['%x%%%n', '7%\n'],
    ['%-4d|', '7   |'],
    ['none', 'none'],
  ])('%s', (format, text) => expect(sequenceFormat(format)(7, 1)).toBe(text));
  it.each(['%', '%d %d %d', '%3$d', '%f', '%y'])('refuses %s', (format) =>
    expect(() => sequenceFormat(format)).toThrow(expect.objectContaining({ code: 'FILE_SEQUENCE_FORMAT' })),
  );
});

describe('createFile()', () => {
  it('writes small and large pieces in order, and tells their size', async () => {
    const path = join(folder, 'out');
    const file = await createFile(path);
    const pieces = [Buffer.from('small'), Buffer.alloc(600_000, 'x'), Buffer.from('end')];
    for (const piece of pieces) await file.write(piece);
    expect(await file.close()).toMatchObject({ sizeBytes: 600_008 });
    expect((await readFile(path)).equals(Buffer.concat(pieces))).toBe(true);
  });

  it('begins anew where a killed run left something, and leaves nothing when abandoned', async () => {
    const path = join(folder, 'part');
    await writeFile(path, 'old and long');
    const file = await createFile(path, { mode: 0o640 });
    await file.write(Buffer.from('new'));
    await file.abandon();
    await expect(readFile(path)).rejects.toThrow('ENOENT');
  });

  it('makes a part that stays its own when another run puts another one in its place', async () => {
    const path = join(folder, 'contested');
    const file = await createFile(path);
    const other = await createFile(path);
    await other.write(Buffer.from('other'));
    await other.close();
    await expect(openRangeTarget(file)).rejects.toMatchObject({ code: 'FILE_OUTPUT_REPLACED' });
    await file.abandon();
    expect(await readFile(path, 'utf8')).toBe('other');
  });
});
