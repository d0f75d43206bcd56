import { describe, expect, it } from 'vitest';
import { at, filterContext, filtered, schemaOf } from '#test/kit/filter-cases.ts';
import type { Cell } from '#test/kit/filter-cases.ts';
import { keptLog } from '#test/kit/memory-plugins.ts';
import { workspace } from '#test/kit/workspace.ts';
import { maskConfig } from './config.ts';
import { mask } from './filter.ts';

function masked(column: object, type: string, cell: Cell): Cell {
  const config = maskConfig.parse({ columns: [{ name: 'a', ...column }] });
  const { schema, rows } = filtered(mask, config, `a:${type} b:long`, [
    [cell, 1n],
    [null, 2n],
  ]);
  expect(schema).toBe(`a:${type === 'json' ? 'json' : 'string'} b:long`);
  expect([rows[0]?.[1], rows[1]]).toEqual([1n, [null, 2n]]);
  return rows[0]?.[0] ?? null;
}

describe('mask', () => {
  it.each<[object, string, Cell, Cell]>([
    [{}, 'string', 'héllo😀', '******'],
    [{}, 'string', 'a\nb c', '*\n***'],
    [{}, 'string', '', ''],
    [{ length: 3 }, 'string', 'anything', '***'],
    [{ length: 3 }, 'string', '', '***'],
    [{}, 'long', -12n, '***'],
    [{}, 'double', 1.5, '***'],
    [{}, 'boolean', true, '****'],
    [{ type: 'regex', pattern: '[0-9]' }, 'timestamp', at('2026-01-02T03:04:05.120Z'), '****-**-** **:**:**.*** UTC'],
    [{ type: 'email' }, 'string', 'joe.doe@example.com', '*******@example.com'],
    [{ type: 'email' }, 'string', 'a@b@c', '***@c'],
    [{ type: 'email' }, 'string', 'none', 'none'],
    [{ type: 'email', length: 5 }, 'string', 'joe.doe@example.com', '*****@example.com'],
    [{ type: 'email', length: 2 }, 'string', 'a@b@c', '**@b@c'],
    [{ type: 'regex', pattern: '[0-9]+' }, 'string', 'a12b3', 'a*b*'],
    [{ type: 'regex' }, 'string', 'call all', 'c* *'],
    [{ type: 'regex', pattern: '.' }, 'string', '😀a', '**'],
    [{ type: 'regex', pattern: String.raw`\-\_` }, 'string', 'a-_b', 'a*b'],
    [{ type: 'substring', start: 1, end: 4 }, 'string', 'abcdef', 'a***ef'],
    [{ type: 'substring', end: 2 }, 'string', 'abcdef', '**cdef'],
    [{ type: 'substring', start: 4 }, 'string', 'abcdef', 'abcd**'],
    [{ type: 'substring', start: 2, length: 5 }, 'string', 'abcdef', 'ab*****'],
    [{ type: 'substring', start: 2, end: 3 }, 'string', 'abcdef', 'abcdef'],
    [{ type: 'substring', start: 6 }, 'string', 'abcdef', 'abcdef'],
    [{ type: 'substring', start: 1, end: 99 }, 'long', 12345n, '1****'],
    [{ paths: [{ key: '$.a' }] }, 'json', '{"a":"xyz","b":1.0}', '{"a":"***","b":1.0}'],
    [
      { paths: [{ key: '$.a' }, { key: '$.b[*].c', type: 'email' }] },
      'json',
      '{"a":12,"b":[{"c":"x@y"},{"c":null}]}',
      '{"a":"**","b":[{"c":"*@y"},{"c":null}]}',
    ],
    [{ paths: [{ key: '$.a', type: 'substring', start: 1 }] }, 'json', '{"a":true}', '{"a":"t***"}'],
    [{ paths: [{ key: '$.none' }] }, 'json', '{"a":true}', '{"a":true}'],
    [{ paths: [{ key: '$.a', type: 'regex', pattern: 'x' }] }, 'json', '{"a":{"x":1}}', String.raw`{"a":"{\"*\":1}"}`],
  ])('%j on the %s %o gives %o', (column, type, cell, expected) => {
    expect(masked(column, type, cell)).toEqual(expected);
  });

  it('says when the plan is made that a column is not there, and goes on', () => {
    const config = maskConfig.parse({ columns: [{ name: 'z' }] });
    const { log, lines } = keptLog();
    const { rows } = filtered(mask, config, 'a:string', [['x']], { context: { ...filterContext(), log } });
    expect(rows).toEqual([['x']]);
    expect(lines).toEqual(['warn There is no such column to mask.']);
  });

  it.each([
    [{ name: 'j' }, 'MASK_COLUMN'],
    [{ name: 's', paths: [{ key: '$.a' }] }, 'MASK_COLUMN'],
    [{ name: 'j', paths: [{ key: '$..a' }] }, 'MASK_COLUMN'],
    [{ name: 's', type: 'regex', pattern: '(' }, 'MASK_REGEX'],
    [{ name: 's', type: 'regex', pattern: 'a++' }, 'MASK_REGEX'],
  ])('refuses %j', (column, code) => {
    const config = maskConfig.parse({ columns: [column] });
    const open = (): unknown => mask.open(config, schemaOf('s:string j:json'), filterContext());
    expect(open).toThrow(expect.objectContaining({ code }));
  });

  it('runs in a job, the same for any chunks', async () => {
    await using place = await workspace({
      'in/a.csv': Array.from({ length: 40 }, (_, index) => `u${index}@example.com,${index}\n`).join(''),
      'config.yml': `in:
  type: file
  path_prefix: in/
  parser: {type: csv, columns: [{name: a, type: string}, {name: b, type: long}]}
filters: [{type: mask, columns: [{name: a, type: email, length: 4}, {name: b, length: 2}]}]
out: {type: file, path_prefix: out/r_, file_ext: csv, formatter: {type: csv, header_line: false, newline: LF}}
exec: {max_threads: 1, min_output_tasks: 1}
`,
    });
    for (const chunks of [[], ['-X', 'chunk_bytes=7']]) {
      const result = await place.ropeway(['run', ...chunks, 'config.yml']);
      expect(result.exitCode, result.stderr).toBe(0);
      const [name = ''] = await place.outputs();
      expect(await place.read(`out/${name}`)).toBe('****@example.com,**\n'.repeat(40));
    }
  });
});
