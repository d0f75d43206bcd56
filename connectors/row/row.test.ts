import { describe, expect, it } from 'vitest';
import { at, filterContext, filtered, schemaOf } from '#test/kit/filter-cases.ts';
import type { Cell } from '#test/kit/filter-cases.ts';
import { workspace } from '#test/kit/workspace.ts';
import { rowConfig } from './config.ts';
import { row } from './filter.ts';

const columns = 'i:long d:double s:string b:boolean t:timestamp j:json';
const rows: readonly (readonly Cell[])[] = [
  [1n, 1.5, 'apple', true, at('2026-01-02T00:00:00Z'), '{}'],
  [9007199254740993n, -0, 'Banane é', false, at('2026-01-02T03:04:05.123456789Z'), '1'],
  [-5n, Number.NaN, 'a\nb', true, at('1969-12-31T23:59:58.5Z'), 'null'],
  [null, null, null, null, null, null],
];

/** The numbers of the rows that stay. */
function kept(config: object, batchRows = 1024): string {
  const input = rows.map((cells, index) => [...cells, BigInt(index)]);
  const result = filtered(row, rowConfig.parse(config), `${columns} n:long`, input, { batchRows });
  return result.rows.map((cells) => String(cells[6] as bigint)).join('');
}

describe('row where', () => {
  it.each([
    ['i = 1', '0'],
    ['1 = i', '0'],
    ['i != 1', '123'],
    ['i <> 1', '123'],
    ['i > -5', '01'],
    ['-5 < i', '01'],
    ['i >= -5', '012'],
    ['i < 1.5', '02'],
    ['i <= 1', '02'],
    ['i = 9007199254740993', '1'],
    ['i = 9007199254740992', ''],
    ['i > 9007199254740992.0', '1'],
    ['d = 0', '1'],
    ['d = 1.50', '0'],
    ['d != 1.5', '123'],
    ['d < 100', '01'],
    ['d >= 0', '01'],
    ["s = 'apple'", '0'],
    ["s != 'apple'", '123'],
    ["s = 'Banane é'", '1'],
    ["s = 'Banane'", ''],
    ["s = ''", ''],
    ["s > 'B'", '012'],
    ["s >= 'apple'", '0'],
    ["'b' > s", '012'],
    ["s START_WITH 'a'", '02'],
    ["s END_WITH 'é'", '1'],
    ["s INCLUDE 'an'", '1'],
    ["s INCLUDE ''", '012'],
    ["'apple pie' START_WITH s", '0'],
    [String.raw`s = 'a\nb'`, '2'],
    ["s REGEXP '^b'", '2'],
    ["s REGEXP '(?i)^b'", '12'],
    [String.raw`s REGEXP '\\Ab'`, ''],
    ["s REGEXP 'p{2}l'", '0'],
    ["s REGEXP '[[:upper:]]'", '1'],
    ["NOT s REGEXP 'a'", '3'],
    ['b = true', '02'],
    ['b = FALSE', '1'],
    ['b != true', '13'],
    ['false != b', '023'],
    ["t = '2026-01-02'", '0'],
    ["t = TIMESTAMP '2026-01-02 03:04:05.123456789'", '1'],
    ["t < TIMESTAMP '2026-01-02 03:04:05.123456790'", '012'],
    ["t = TIMESTAMP '2026-01-02 09:00:00 +0900'", '0'],
    ["t >= '2026-01-02 03:04:05'", '1'],
    ["t < '1970-01-01'", '2'],
    ['t = -1.5', '2'],
    ['t > TIMESTAMP 0', '01'],
    ['TIMESTAMP 0 > t', '2'],
    ['t != 0', '0123'],
    ['i IS NULL', '3'],
    ['j IS NOT NULL', '012'],
    ['NOT i IS NULL', '012'],
    ['i = 1 OR i = -5 AND b = false', '0'],
    ['(i = 1 OR i = -5) AND b = true', '02'],
    ['NOT i = 1 AND NOT i = -5', '13'],
    ['NOT (i = 1 OR i = -5)', '13'],
    ['NOT NOT i = 1', '0'],
    ['"i"=1', '0'],
    ['  i\n=\t1 ', '0'],
  ])('%s keeps %s', (where, expected) => {
    expect(kept({ where })).toBe(expected);
    expect(kept({ where }, 1)).toBe(expected);
  });

  it.each([
    ['i = 1 AND', 1, 10, 'it ends where a column or a value should be'],
    ['i = 1\n  AND z = 2', 2, 7, "no column 'z'"],
    ['i == 1', 1, 4, "there is '=' where a value"],
    ['(i = 1', 1, 7, 'a closing parenthesis'],
    ['i = 1)', 1, 6, "there is ')' where AND, OR or the end"],
    ["i = 'x'", 1, 1, 'is not a value to compare it with'],
    ['s = 1', 1, 1, 'is not a value to compare it with'],
    ['b > true', 1, 1, 'boolean, which has no order'],
    ["j = '{}'", 1, 1, 'is json'],
    ["i REGEXP '1'", 1, 1, 'about strings'],
    ["s REGEXP '('", 1, 1, 'pattern cannot be used'],
    ["'a' REGEXP s", 1, 1, 'on its right'],
    ["t = 'yesterday'", 1, 1, 'is not a value'],
    ["s = 'x", 1, 5, 'the quote is not closed'],
    [String.raw`s = 'a\qb'`, 1, 7, String.raw`no escape \q`],
    ['i and 1', 1, 3, "there is 'and' where an operator"],
    ['i = 1 # 2', 1, 7, "'#' is not expected"],
    ['i IS 1', 1, 6, 'where NULL should be'],
    ['1 = 1', 1, 5, 'the name of a column'],
    ['', 1, 1, 'it ends'],
    [`${'('.repeat(300)}i = 1`, 1, 201, 'nested deeper'],
  ])('shows where %j is wrong', (where, line, column, reason) => {
    const open = (): unknown => row.open(rowConfig.parse({ where }), schemaOf(columns), filterContext());
    expect(open).toThrow(
      expect.objectContaining({
        code: 'ROW_SYNTAX',
        message: expect.stringContaining(`at line ${line}, column ${column}: `),
      }),
    );
    expect(open).toThrow(reason);
  });
});

describe('row conditions', () => {
  it.each<[object, string]>([
    [{ column: 'i', argument: '1' }, '0'],
    [{ column: 'i', operator: '==', argument: '1', not: true }, '123'],
    [{ column: 'i', operator: '!=', argument: '1' }, '123'],
    [{ column: 'i', operator: '>', argument: '0.5' }, '01'],
    [{ column: 'i', operator: '==', argument: '9007199254740993' }, '1'],
    [{ column: 'd', operator: '>=', argument: '0' }, '02'],
    [{ column: 'd', operator: '<', argument: '0' }, '1'],
    [{ column: 'd', argument: 'NaN' }, '2'],
    [{ column: 'd', operator: '>', argument: '100' }, '2'],
    [{ column: 's', operator: 'start_with', argument: 'a' }, '02'],
    [{ column: 's', operator: 'endsWith', argument: 'é' }, '1'],
    [{ column: 's', operator: 'contains', argument: 'an' }, '1'],
    [{ column: 's', operator: 'contains', argument: 'an', not: true }, '023'],
    [{ column: 'b', argument: 'true' }, '02'],
    [{ column: 't', operator: '<', argument: '2026-01-02', format: '%Y-%m-%d' }, '2'],
    [{ column: 't', argument: '2026-01-02 09:00', format: '%Y-%m-%d %H:%M', timezone: 'Asia/Tokyo' }, '0'],
    [{ column: 'j', operator: 'IS NULL' }, '3'],
    [{ column: 'i', operator: 'IS NOT NULL' }, '012'],
  ])('%j keeps %s', (condition, expected) => expect(kept({ conditions: [condition] })).toBe(expected));

  it('are joined by AND, or by OR', () => {
    const conditions = [
      { column: 'b', argument: 'true' },
      { column: 'i', operator: '<', argument: '0' },
    ];
    expect(kept({ conditions })).toBe('2');
    expect(kept({ conditions, condition: 'OR' })).toBe('02');
  });

  it.each<[object, string]>([
    [{ column: 'i', operator: 'equal', argument: '1' }, '0'],
    [{ column: 'i', operator: 'not_equal', argument: '1' }, '123'],
    [{ column: 'i', operator: 'greater', argument: '1' }, '1'],
    [{ column: 'i', operator: 'greater_equal', argument: '1' }, '01'],
    [{ column: 'i', operator: 'less', argument: '1' }, '2'],
    [{ column: 'i', operator: 'less_equal', argument: '1' }, '02'],
    [{ column: 's', operator: 'regexp', argument: '^b' }, '2'],
    [{ column: 's', operator: 'regexp', argument: '^b', not: true }, '013'],
    [{ column: 'j', operator: 'is_null' }, '3'],
    [{ column: 'j', operator: 'is_not_null' }, '012'],
  ])('%j keeps %s', (condition, expected) => expect(kept({ conditions: [condition] })).toBe(expected));

  it.each<[object[], string, string]>([
    // b AND (i < 0 OR s is apple); b OR (i > 1 AND b is false); deeper, and turned around.
    [[{ b: true }, { OR: [{ lt: '0' }, { s: 'apple' }] }], 'AND', '02'],
    [[{ lt: '0' }, { AND: [{ b: false }, { s: 'Banane é' }] }], 'OR', '12'],
    [[{ b: true }, { OR: [{ lt: '-9' }, { AND: [{ s: 'apple' }, { b: true }] }] }], 'AND', '0'],
    [[{ OR: [{ b: true }, { b: false }], not: true }], 'AND', '3'],
    [[{ OR: [] }], 'AND', ''],
    [[{ AND: [] }], 'AND', '0123'],
  ])('groups %j joined by %s keep %s', (groups, condition, expected) => {
    const written = (short: Record<string, unknown>): object => {
      const not = short['not'] === true;
      for (const joining of ['AND', 'OR']) {
        const inside = short[joining] as Record<string, unknown>[] | undefined;
        if (inside !== undefined) return { condition: joining, conditions: inside.map(written), not };
      }
      if ('lt' in short) return { column: 'i', operator: 'less', argument: short['lt'] };
      if ('s' in short) return { column: 's', argument: short['s'] };
      return { column: 'b', argument: String(short['b']) };
    };
    const conditions = (groups as Record<string, unknown>[]).map(written);
    expect(kept({ conditions, condition })).toBe(expected);
  });

  it.each([
    [{}, 'ROW_OPTIONS'],
    [{ conditions: [{ argument: '1' }] }, 'ROW_GROUP'],
    [{ conditions: [{ column: 'i', conditions: [] }] }, 'ROW_GROUP'],
    [{ conditions: [{ conditions: [{ column: 'z', argument: '1' }] }] }, 'ROW_CONDITION'],
    [{ conditions: [{ column: 's', operator: 'regexp', argument: '(' }] }, 'ROW_CONDITION'],
    [{ conditions: [{ column: 'i', operator: 'regexp', argument: '1' }] }, 'ROW_CONDITION'],
    [{ where: 'i = 1', conditions: [] }, 'ROW_OPTIONS'],
    [{ conditions: [{ column: 'z', argument: '1' }] }, 'ROW_CONDITION'],
    [{ conditions: [{ column: 'i' }] }, 'ROW_CONDITION'],
    [{ conditions: [{ column: 'i', argument: 'x' }] }, 'ROW_CONDITION'],
    [{ conditions: [{ column: 'i', operator: 'start_with', argument: '1' }] }, 'ROW_CONDITION'],
    [{ conditions: [{ column: 'j', argument: '{}' }] }, 'ROW_CONDITION'],
    [{ conditions: [{ column: 't', argument: 'x', timezone: 'Nowhere' }] }, 'TIME_ZONE_UNKNOWN'],
  ])('refuses %j', (config, code) => {
    const open = (): unknown => row.open(rowConfig.parse(config), schemaOf(columns), filterContext());
    expect(open).toThrow(expect.objectContaining({ code }));
  });
});

describe('row in a job', () => {
  it('gives the same for any chunks', async () => {
    await using place = await workspace({
      'in/a.csv': Array.from({ length: 60 }, (_, index) => `${index},"n\n${index % 5}"\n`).join(''),
      'config.yml': `in:
  type: file
  path_prefix: in/
  parser: {type: csv, columns: [{name: a, type: long}, {name: b, type: string}]}
filters: [{type: row, where: "a >= 10 AND NOT b END_WITH '3'"}]
out: {type: file, path_prefix: out/r_, file_ext: csv, formatter: {type: csv, header_line: false, newline: LF, newline_in_field: LF}}
exec: {max_threads: 1, min_output_tasks: 1}
`,
    });
    const expected = Array.from({ length: 60 }, (_, index) => index)
      .filter((index) => index >= 10 && index % 5 !== 3)
      .map((index) => `${index},"n\n${index % 5}"\n`)
      .join('');
    for (const chunks of [[], ['-X', 'chunk_bytes=7']]) {
      const result = await place.ropeway(['run', ...chunks, 'config.yml']);
      expect(result.exitCode, result.stderr).toBe(0);
      const [name = ''] = await place.outputs();
      expect(await place.read(`out/${name}`)).toBe(expected);
    }
  });
});
