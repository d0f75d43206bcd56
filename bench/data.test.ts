import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataFile, writeRows } from './data.ts';
import { columnsOf } from './generator.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

const MEGABYTE = 1e6;

describe('writeRows()', () => {
  // Figures of different days can be compared only while these stay what they are.
  it.each([
    ['narrow', 'f247fbb68f4d43f0b53cad893ce178b6'],
    ['wide', '8f5e8158d008e682e9ac80429d2f82d9'],
  ] as const)('gives the bytes of %s that it always gave', async (kind, md5) => {
    const path = join(folder, kind);
    expect(await writeRows(path, kind, { bytes: MEGABYTE })).toBeGreaterThanOrEqual(MEGABYTE);
    const bytes = (await readFile(path)).subarray(0, MEGABYTE);
    expect(createHash('md5').update(bytes).digest('hex')).toBe(md5);
  });

  it('gives a short file that is the start of a long one', async () => {
    await writeRows(join(folder, 'short'), 'narrow', { bytes: 50_000 });
    await writeRows(join(folder, 'long'), 'narrow', { bytes: 2 * MEGABYTE });
    const short = await readFile(join(folder, 'short'));
    expect(short.equals((await readFile(join(folder, 'long'))).subarray(0, short.length))).toBe(true);
  });
});

describe('dataFile()', () => {
  it('makes a file once, and again when it is not whole', async () => {
    const first = await dataFile(folder, 'wide', { rows: 10 });
    expect(first).toMatchObject({ rows: 10, columns: columnsOf('wide'), whole: { rows: 10 }, filtered: { rows: 10 } });
    expect(first.filtered.hash).not.toBe(first.whole.hash);
    const bytes = await readFile(first.path);
    await writeRows(first.path, 'wide', { rows: 9 });
    expect(await dataFile(folder, 'wide', { rows: 10 })).toEqual(first);
    expect(await readFile(first.path)).toEqual(bytes);
  });
});
