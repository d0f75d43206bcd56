import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { at, filterContext, filtered, schemaOf } from '#test/kit/filter-cases.ts';
import type { Cell } from '#test/kit/filter-cases.ts';
import { workspace } from '#test/kit/workspace.ts';
import { hashConfig } from './config.ts';
import { hash } from './filter.ts';

function hashed(column: object, type: string, cell: Cell): Cell {
  const config = hashConfig.parse({ columns: [{ name: 'a', ...column }] });
  const { rows } = filtered(hash, config, `a:${type} b:long`, [
    [cell, 1n],
    [null, 2n],
  ]);
  expect([rows[0]?.[1], rows[1]]).toEqual([1n, [null, 2n]]);
  return rows[0]?.[0] ?? null;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('hash', () => {
  // Digests of the text abc as the standards give them.
  it.each<[object, string]>([
    [{ algorithm: 'MD5' }, '900150983cd24fb0d6963f7d28e17f72'],
    [{ algorithm: 'SHA-1' }, 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    [{}, 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [{ algorithm: 'sha-512/256' }, '53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23'],
    [{ algorithm: 'SHA3-256' }, '3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532'],
    [
      { algorithm: 'HmacSHA256', secret_key: 'key' },
      '9c196e32dc0175f86f4b1cb89289d6619de6bee699e4c378e68309ed97a1a6ab',
    ],
    [{ algorithm: 'HmacMD5', secret_key: 'key' }, 'd2fe98063f876b03193afb49b4979591'],
  ])('%j of abc is %s', (column, digest) => expect(hashed(column, 'string', 'abc')).toBe(digest));

  it.each<[string, Cell, string]>([
    ['string', 'é😀', 'é😀'],
    ['string', 'a\ud800', 'a?'],
    ['string', '', ''],
    ['long', -12n, '-12'],
    ['double', 1e7, '1.0E7'],
    ['boolean', true, 'true'],
    ['timestamp', at('2026-01-02T03:04:05Z'), '2026-01-02 03:04:05 UTC'],
    ['timestamp', at('2026-01-02T03:04:05.000001Z'), '2026-01-02 03:04:05.000001 UTC'],
    ['json', '{"a":[1,"é"]}', '{"a":[1,"é"]}'],
    ['json', '"text"', 'text'],
  ])('hashes the text of a %s: %o as %s', (type, cell, text) => expect(hashed({}, type, cell)).toBe(sha256(text)));

  it('renames in place, and makes strings of the columns', () => {
    const config = hashConfig.parse({ columns: [{ name: 'b', new_name: 'c' }, { name: 'a' }] });
    const { schema } = filtered(hash, config, 'x:json a:long b:double y:long', []);
    expect(schema).toBe('x:json a:string c:string y:long');
  });

  it.each([
    [{ name: 'z' }, 'HASH_COLUMN'],
    [{ name: 'a', algorithm: 'CRC' }, 'HASH_ALGORITHM'],
    [{ name: 'a', algorithm: 'constructor' }, 'HASH_ALGORITHM'],
    [{ name: 'a', algorithm: 'HmacSHA256' }, 'HASH_SECRET_KEY'],
  ])('refuses %j', (column, code) => {
    const config = hashConfig.parse({ columns: [column] });
    const open = (): unknown => hash.open(config, schemaOf('a:string'), filterContext());
    expect(open).toThrow(expect.objectContaining({ code }));
  });

  it('runs in a job, the same for any chunks', async () => {
    await using place = await workspace({
      'in/a.csv': Array.from({ length: 30 }, (_, index) => `${index},x\n`).join(''),
      'config.yml': `in:
  type: file
  path_prefix: in/
  parser: {type: csv, columns: [{name: a, type: long}, {name: b, type: string}]}
filters: [{type: hash, columns: [{name: a, new_name: h}]}]
out: {type: file, path_prefix: out/r_, file_ext: csv, formatter: {type: csv, newline: LF}}
exec: {max_threads: 1, min_output_tasks: 1}
`,
    });
    const expected = Array.from({ length: 30 }, (_, index) => `${sha256(String(index))},x\n`).join('');
    for (const chunks of [[], ['-X', 'chunk_bytes=7']]) {
      const result = await place.ropeway(['run', ...chunks, 'config.yml']);
      expect(result.exitCode, result.stderr).toBe(0);
      const [name = ''] = await place.outputs();
      expect(await place.read(`out/${name}`)).toBe(`h,b\n${expected}`);
    }
  });
});
