import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keptLog } from '#test/kit/memory-plugins.ts';
import { newRunId, partPath, removeLeftovers } from './part-names.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parts-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('partPath()', () => {
  it.each(['r_000.00.csv', 'é'.repeat(127), 'x'.repeat(255)])('is a name that can be used: %s', async (name) => {
    const parts = [newRunId(), newRunId()].map((run) => partPath(join(folder, name), run));
    for (const part of parts) await writeFile(part, '');
    expect((await readdir(folder)).sort()).toEqual(parts.map((part) => basename(part)).sort());
  });
});

describe('removeLeftovers()', () => {
  // A process that is over; nobody has its number again so soon.
  const gone = spawnSync('true').pid.toString(36);
  const [space = '', own = ''] = newRunId().split('-');
  const elsewhere = space === '00000000' ? '11111111' : '00000000';
  const day = 24 * 3600;

  it.each([
    ['goes when its process is gone', 'a.csv', `${space}-${gone}`, 0, false],
    ['stays when it is that of another output', 'b.csv', `${space}-${gone}`, 0, true],
    ['stays while its process lives, however long', 'a.csv', `${space}-${own}`, 3 * day, true],
    ['stays when it comes from elsewhere', 'a.csv', `${elsewhere}-${gone}`, day / 2, true],
    [
      'goes when it comes from elsewhere, and nobody has written to it for a day',
      'a.csv',
      `${elsewhere}-1`,
      2 * day,
      false,
    ],
    ['stays when it is not named as a part', 'a.csv', 'x', 3 * day, true],
  ])('a part %s', async (_title, name, run, ageSeconds, stays) => {
    const part = partPath(join(folder, name), `${run}-0123456789`);
    await writeFile(part, '');
    const writtenAt = Date.now() / 1000 - ageSeconds;
    await utimes(part, writtenAt, writtenAt);
    const { log, lines } = keptLog();
    await removeLeftovers(folder, (other) => other === 'a.csv', log);
    expect(await readdir(folder)).toHaveLength(stays ? 1 : 0);
    expect(lines).toHaveLength(stays ? 0 : 1);
  });
});
