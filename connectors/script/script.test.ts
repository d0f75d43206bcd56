import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { FilterFaults } from '#spi/records.ts';
import { at, filterContext, filteredLater, schemaOf } from '#test/kit/filter-cases.ts';
import type { Cell, Filtered } from '#test/kit/filter-cases.ts';
import { keptLog } from '#test/kit/memory-plugins.ts';
import { workspace } from '#test/kit/workspace.ts';
import { scriptConfig } from './config.ts';
import { script } from './filter.ts';

type Rows = readonly (readonly Cell[])[];

function run(config: object, columns: string, rows: Rows, batchRows = 1024): Promise<Filtered> {
  return filteredLater(script, scriptConfig.parse(config), columns, rows, { batchRows });
}

/** What a function of this body makes of the rows. */
async function transformed(body: string, columns: string, rows: Rows, more: object = {}): Promise<Rows> {
  return (await run({ code: `function transformRow(row) { ${body} }`, ...more }, columns, rows)).rows;
}

const all = 'b:boolean l:long d:double s:string t:timestamp j:json';
const time = at('2026-01-02T03:04:05.123456789Z');
const samples: Rows = [
  [true, 1n, 1.5, 'é😀"\n', time, '{"a":[1,2.0,"x"],"b":null}'],
  [false, -9223372036854775808n, -0, '', at('1969-12-31T23:59:59.999999999Z'), '12345678901234567890'],
  [null, 9007199254740993n, Number.NaN, 'lone \ud800', at('-005000-01-01T00:00:00Z'), 'null'],
  [true, 0n, Number.NEGATIVE_INFINITY, '\u2028', at('9999-12-31T23:59:59Z'), '"text"'],
  [null, null, null, null, null, null],
];

/** Types, the body of a function on the cell `x`, the cell, its new type, and what it becomes. */
const conversions: readonly (readonly [from: string, body: string, cell: Cell, to: string, expected: Cell])[] = [
  ['long', 'return { x: row.x + 1 }', 1n, 'long', 2n],
  ['long', 'return { x: typeof row.x }', 9007199254740993n, 'string', 'bigint'],
  ['long', 'return { x: row.x * 2n }', 9007199254740993n, 'long', 18014398509481986n],
  ['long', 'return { x: row.x / 2 }', 1n, 'double', 0.5],
  ['double', 'return { x: -row.x }', 0, 'double', -0],
  ['double', 'return { x: 1 / 0 }', 0, 'double', Number.POSITIVE_INFINITY],
  ['string', 'return { x: row.x.toUpperCase() + "\ud800" }', 'é', 'string', 'É\ud800'],
  ['string', 'return { x: row.x.length > 1 }', 'ab', 'boolean', true],
  ['string', 'return { x: null }', 'ab', 'string', null],
  ['string', 'return {}', 'ab', 'string', null],
  ['timestamp', 'return { x: row.x.add({ hours: 1 }) }', time, 'timestamp', at('2026-01-02T04:04:05.123456789Z')],
  ['timestamp', 'return { x: row.x.toString() }', time, 'string', '2026-01-02T03:04:05.123456789Z'],
  ['timestamp', 'return { x: new Date(0) }', time, 'timestamp', at('1970-01-01T00:00:00Z')],
  [
    'timestamp',
    'return { x: Temporal.Instant.fromEpochNanoseconds(-1n) }',
    time,
    'timestamp',
    at('1969-12-31T23:59:59.999999999Z'),
  ],
  ['json', 'row.x.a.push(3); return row', '{"a":[1,2.0]}', 'json', '{"a":[1,2,3]}'],
  ['json', 'return { x: row.x.id }', '{"id":1234567890123456789}', 'long', 1234567890123456789n],
  ['json', 'row.x.x = 1; return row', '{"id":1234567890123456789}', 'json', '{"id":1234567890123456789,"x":1}'],
  ['json', 'return { x: [undefined, { a: "\\ud800" }] }', '1', 'json', '[null,{"a":"\ud800"}]'],
  ['json', 'return { x: "text" }', '1', 'json', '"text"'],
];

describe('script', () => {
  it.each([{}, { long: 'bigint' }, { timestamp: 'date' }])('leaves every value as it is, with %j', async (more) => {
    const result = await run({ code: 'const transformRow = (row) => row;', ...more }, all, samples);
    expect(result).toEqual({ schema: all, rows: samples, rejected: [], nulled: [] });
  });

  it('leaves random values as they are, wherever batches end', async () => {
    const row = fc.tuple(
      fc.option(fc.boolean()),
      fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      fc.option(fc.double()),
      fc.option(fc.string({ unit: 'binary' })),
      fc.option(fc.record({ seconds: fc.integer(), nanos: fc.nat(999_999_999) })),
      fc.option(fc.json({ maxDepth: 2 }).map((text) => JSON.stringify(JSON.parse(text)))),
    );
    const [rows = []] = fc.sample(fc.array(row, { minLength: 120, maxLength: 120 }), { numRuns: 1, seed: 7 });
    const code = 'async function transformRow(row) { return [{ ...row }]; }';
    for (const batchRows of [1000, 7]) {
      expect((await run({ code }, all, rows, batchRows)).rows).toEqual(rows);
    }
    const list = 'function transformRows(rows) { return rows.map((row) => row); }';
    expect((await run({ code: list }, all, rows, 33)).rows).toEqual(rows);
  });

  it('gives values of the documented types, and takes them', async () => {
    // A column and a record for each, in one process.
    const bodies = conversions.map(([, body]) => `(row) => { ${body} }`);
    const code = `const bodies = [\n${bodies.join(',\n')}];
      function transformRow(row) {
        const name = 'c' + row.n;
        return { ...row, [name]: bodies[row.n]({ x: row[name] }).x };
      }`;
    const columns = conversions.map(([, , , type], index) => ({ name: `c${index}`, type }));
    const input = ['n:long', ...conversions.map(([type], index) => `c${index}:${type}`)].join(' ');
    const place = (cell: Cell, at: number): Cell[] => [
      BigInt(at),
      ...conversions.map((_, to) => (to === at ? cell : null)),
    ];
    const { rows } = await run(
      { code, columns },
      input,
      conversions.map(([, , cell], at) => place(cell, at)),
    );
    for (const [index, [, body, , , expected]] of conversions.entries()) {
      expect(rows[index], body).toEqual(place(expected, index));
    }
  });

  it('gives Dates when told to, and keeps what is below milliseconds when they stay', async () => {
    const body = 'if (row.t.getTime() % 2 === 0) row.t.setTime(row.t.getTime() + 1); return row';
    const rows = [[at('1969-12-31T23:59:59.999999999Z')], [at('2026-01-01T00:00:00.000000001Z')]];
    expect(await transformed(body, 't:timestamp', rows, { timestamp: 'date' })).toEqual([
      [at('1969-12-31T23:59:59.999999999Z')],
      [at('2026-01-01T00:00:00.001Z')],
    ]);
  });

  it('leaves records out, and makes several of one', async () => {
    const body = 'return row.n === 2 ? null : row.n === 3 ? [] : [row, { n: row.n * 10 }]';
    expect(await transformed(body, 'n:long', [[1n], [2n], [3n], [4n]])).toEqual([[1n], [10n], [4n], [40n]]);
  });

  it('adds, retypes and drops columns', async () => {
    const config = {
      code: 'function transformRow(row) { return { ...row, a: String(row.a), n: row.secret.length }; }',
      columns: [
        { name: 'n', type: 'long' },
        { name: 'a', type: 'string' },
      ],
      drop_columns: ['secret'],
    };
    const { schema, rows } = await run(config, 'a:long secret:string z:double', [[1n, 'abc', 0.5]]);
    expect(schema).toBe('a:string z:double n:long');
    expect(rows).toEqual([['1', 0.5, 3n]]);
  });

  it('takes TypeScript, and functions for some records at a time', async () => {
    const code = `
      interface Row { n: number }
      const seen: number[] = [];
      function transformRows(rows: readonly Row[]): Row[] {
        return rows.filter(({ n }) => n > 1).map((row) => ({ n: row.n as number }));
      }`;
    expect((await run({ code }, 'n:long', [[1n], [2n], [3n]])).rows).toEqual([[2n], [3n]]);
  });

  it('takes names that objects have already', async () => {
    const names = '__proto__:long constructor:long toString:string then:string hasOwnProperty:json';
    const rows = [[1n, 2n, 'a', 'b', '[1.0]']];
    const code = 'function transformRow(row) { row.constructor += 1; return row; }';
    expect((await run({ code }, names, rows)).rows).toEqual([[1n, 3n, 'a', 'b', '[1.0]']]);
  });

  it('logs what goes to the console, up to a limit', async () => {
    const { log, lines } = keptLog();
    const code = `console.log('begin', { a: [1] }, new Error('x'));
      function transformRow(row) { for (let i = 0; i < 30; i++) console.error(i, 'y'.repeat(9999)); return row; }`;
    const rows = Array.from({ length: 8 }, () => [1n]);
    const context = { ...filterContext(), log };
    await filteredLater(script, scriptConfig.parse({ code }), 'n:long', rows, { batchRows: 1, context });
    expect(lines.filter((line) => line.startsWith('info The script says something.'))).toHaveLength(100);
    expect(lines.at(-1)).toBe('warn The script says more than is logged.');
  });

  it.each<[string, object, string, string]>([
    ['none', {}, 'SCRIPT_OPTIONS', 'not none'],
    ['both', { code: '', file: 'x' }, 'SCRIPT_OPTIONS', 'not both'],
    ['no file', { file: '/nowhere/x.ts' }, 'SCRIPT_FILE', '/nowhere/x.ts'],
    ['no function', { code: 'let a = 1' }, 'SCRIPT_FUNCTION', 'neither'],
    ['two functions', { code: 'let transformRow, transformRows' }, 'SCRIPT_FUNCTION', 'both'],
    ['syntax', { code: 'function transformRow(row) {\n  return row +;\n}' }, 'SCRIPT_SYNTAX', 'line 2, column 15'],
    ['enum', { code: 'let transformRow;\n  enum A { B }' }, 'SCRIPT_SYNTAX', 'line 2, column 3'],
    ['export', { code: 'export default function transformRow(row) {}' }, 'SCRIPT_SYNTAX', 'line 1, column 1'],
    ['import', { code: 'import fs from "fs"; let transformRow' }, 'SCRIPT_SYNTAX', 'line 1, column 1'],
    ['import()', { code: 'let transformRow;\nimport/**/("fs")' }, 'SCRIPT_IMPORT', 'line 2, column 1'],
    ['hidden import()', { code: 'let transformRow = `${[...import("fs")]}`' }, 'SCRIPT_IMPORT', 'column 27'],
    ['length', { code: ' '.repeat(1_000_001) }, 'SCRIPT_SYNTAX', 'longer'],
    ['unknown drop', { code: 'let transformRow', drop_columns: ['z'] }, 'SCRIPT_COLUMN', "'z'"],
    [
      'drop and give',
      { code: 'let transformRow', drop_columns: ['n'], columns: [{ name: 'n', type: 'long' }] },
      'SCRIPT_COLUMN',
      'dropped',
    ],
    [
      'twice',
      {
        code: 'let transformRow',
        columns: [
          { name: 'a', type: 'long' },
          { name: 'a', type: 'json' },
        ],
      },
      'SCRIPT_COLUMN',
      'twice',
    ],
  ])('refuses before anything runs: %s', (_, config, code, text) => {
    const open = (): unknown => script.open(scriptConfig.parse(config), schemaOf('n:long'), filterContext());
    expect(open).toThrow(expect.objectContaining({ code, message: expect.stringContaining(text) }));
  });

  it('refuses two columns of one name', () => {
    const config = scriptConfig.parse({ code: 'let transformRow' });
    expect(() => script.open(config, schemaOf('n:long n:long'), filterContext())).toThrow('two of this name');
  });
});

/** Bodies of the function, and how they fail. */
const faulty: readonly (readonly [body: string, code: string, text: string])[] = [
  ['throw new Error("bad " + row.n)', 'SCRIPT_THREW', 'at line 2, column 18: Error: bad 0. The record was {"n":0}.'],
  ['throw "text"', 'SCRIPT_THREW', 'threw: text.'],
  ['throw { get message() { throw 1 }, toString() { throw 2 } }', 'SCRIPT_THREW', 'something that cannot be shown'],
  ['return row.x.y', 'SCRIPT_THREW', 'TypeError'],
  ['return row.n + 1n', 'SCRIPT_THREW', 'Cannot mix BigInt'],
  ['return Promise.reject(new Error("no"))', 'SCRIPT_THREW', 'Error: no'],
  ['return new Promise(() => {})', 'SCRIPT_PENDING', 'never settled'],
  ['const deep = (n) => deep(n + 1) + 1; return deep(0)', 'SCRIPT_THREW', 'RangeError: Maximum call stack'],
  ['return 1', 'SCRIPT_RESULT', '1 is no record'],
  ['return "text"', 'SCRIPT_RESULT', '"text" is no record'],
  ['return [[row]]', 'SCRIPT_RESULT', 'a list in a list is no record'],
  ['return [row, undefined]', 'SCRIPT_RESULT', 'undefined is no record'],
  ['return { m: 1 }', 'SCRIPT_RESULT', "there is no column 'm'"],
  ['return { n: "1" }', 'SCRIPT_RESULT', `"1" does not fit the column 'n', which is long`],
  ['return { n: 1.5 }', 'SCRIPT_RESULT', "1.5 does not fit the column 'n'"],
  ['return { n: 2 ** 53 }', 'SCRIPT_RESULT', "9007199254740992 does not fit the column 'n'"],
  ['return { n: 2n ** 63n }', 'SCRIPT_RESULT', "9223372036854775808 does not fit the column 'n'"],
  ['return { n: {} }', 'SCRIPT_RESULT', 'a value of type object does not fit'],
  ['return { get n() { throw new Error("getter") } }', 'SCRIPT_THREW', 'getter'],
  ['return new Proxy({}, { ownKeys() { throw new Error("trap") } })', 'SCRIPT_THREW', 'trap'],
];

describe('script, at fault', () => {
  /** What was told of each, in one process. */
  const told: string[] = [];

  beforeAll(async () => {
    const bodies = faulty.map(([body]) => `(row) => { ${body} }`);
    const code = `const bodies = [\n${bodies.join(',\n')}];\nfunction transformRow(row) { return bodies[row.n](row); }`;
    const config = scriptConfig.parse({ code, stop_on_invalid_record: false });
    const rows = faulty.map((_, index) => [BigInt(index)]);
    const reject: FilterFaults['reject'] = ({ reason, text }) => told.push(`${text} ${reason.code}: ${reason.message}`);
    const options = { faults: { reject, nullCell() {} } };
    expect((await filteredLater(script, config, 'n:long', rows, options)).rows).toEqual([]);
  });

  it.each(faulty.map(([body, code, text], index) => ({ body, code, text, index })))(
    '$body',
    ({ code, text, index }) => {
      expect(told[index]).toMatch(new RegExp(`^\\{"n":${index}\\} ${code}: `));
      expect(told[index]).toContain(text);
    },
  );

  it.each<[string, string]>([
    ['j:json', 'const a = {}; a.a = a; return { j: a }'],
    ['j:json', 'return { j: () => {} }'],
    ['t:timestamp', 'return { t: "2026-01-01" }'],
    ['t:timestamp', 'return { t: new Date(NaN) }'],
    ['b:boolean', 'return { b: 0 }'],
    ['d:double', 'return { d: 1n }'],
    ['s:string', 'return { s: new String("x") }'],
  ])('refuses for %s: %s', async (column, body) => {
    await expect(transformed(body, column, [[null]])).rejects.toMatchObject({ code: /SCRIPT_(RESULT|THREW)/ });
  });

  it('leaves such records out when told to, and only those', async () => {
    const code = `function transformRow(row) {
      if (row.n === 1) throw new Error('one');
      if (row.n === 2 || row.n === 5) return new Promise(() => {});
      if (row.n === 3) return { x: 1 };
      return row;
    }`;
    const rows = [[0n], [1n], [2n], [3n], [4n], [5n]];
    const result = await run({ code, stop_on_invalid_record: false }, 'n:long', rows);
    expect(result.rows).toEqual([[0n], [4n]]);
    expect(result.rejected).toEqual(['SCRIPT_THREW', 'SCRIPT_PENDING', 'SCRIPT_RESULT', 'SCRIPT_PENDING']);
  });

  it.each<[string, string, string]>([
    ['let transformRow;\nnull.x', 'SCRIPT_BEGIN', 'at line 2, column 1: TypeError'],
    ['var transformRow = 5', 'SCRIPT_THREW', 'not a function'],
    ['function transformRows() { return 1 }', 'SCRIPT_RESULT', 'transformRows gives a list'],
    ['const __ropeway = 1; let transformRow', 'SCRIPT_BEGIN', 'already been declared'],
  ])('%j', async (code, error, text) => {
    await expect(run({ code }, 'n:long', [[1n]])).rejects.toMatchObject({
      code: error,
      message: expect.stringContaining(text),
    });
  });
});

describe('script in a job', () => {
  const code = [
    'let called = 0;',
    'function transformRow(row) {',
    '  called += 1;',
    '  if (row.a % 5 === 0) return null;',
    "  const more = { ...row, c: row.b.split('-').at(-1) };",
    '  return row.a % 3 === 0 ? [more, { ...more, a: -row.a }] : more;',
    '}',
  ];
  const job = (filter: string, threads = 1): string => `in:
  type: file
  path_prefix: in/
  parser: {type: csv, columns: [{name: a, type: long}, {name: b, type: string}]}
filters:
- type: script
${filter}
- {type: row, where: a != 7}
- {type: rename, rules: [{rule: lower_to_upper}]}
out: {type: file, path_prefix: out/r_, file_ext: csv, formatter: {type: csv, header_line: false, newline: LF}}
exec: {max_threads: ${threads}, min_output_tasks: 1}
`;
  const inline = `  columns: [{name: c, type: string}]
  code: |
${code.map((line) => `    ${line}`).join('\n')}`;

  function expectedLine(a: number): string {
    const rest = `,"x\n-${a}",${a}\n`;
    if (a % 5 === 0 || a === 7) return '';
    return a % 3 === 0 ? `${a}${rest}${-a}${rest}` : `${a}${rest}`;
  }

  it('gives the same for any chunks', async () => {
    await using place = await workspace({
      'in/a.csv': Array.from({ length: 40 }, (_, index) => `${index + 1},"x\n-${index + 1}"\n`).join(''),
      'clean.ts': `type Row = {a: number; b: string};\n${code.join('\n').replaceAll('(row)', '(row: Row)')}`,
      'config.yml': job(inline),
      'file.yml': job('  columns: [{name: c, type: string}]\n  file: clean.ts'),
    });
    const expected = Array.from({ length: 40 }, (_, index) => expectedLine(index + 1)).join('');
    for (const args of [['config.yml'], ['-X', 'chunk_bytes=97', 'config.yml'], ['file.yml']]) {
      const result = await place.ropeway(['run', ...args]);
      expect(result.exitCode, result.stderr).toBe(0);
      const [name = ''] = await place.outputs();
      expect(await place.read(`out/${name}`)).toBe(expected);
    }
    const preview = await place.ropeway(['preview', '-G', 'config.yml']);
    expect(preview.stdout).toContain('C (string)');
  });

  it('gives the same bytes on two threads', async () => {
    const lines = Array.from({ length: 60_000 }, (_, index) => `${index + 1},"x\n-${index + 1}"\n`);
    const padding = 'y'.repeat(160);
    await using place = await workspace({
      'in/a.csv': lines.map((line) => line.replace('x\n', `${padding}\n`)).join(''),
      'one.yml': job(inline),
      'two.yml': job(inline, 2),
    });
    const outputs: string[] = [];
    for (const name of ['one.yml', 'two.yml']) {
      const result = await place.ropeway(['run', name]);
      expect(result.exitCode, result.stderr).toBe(0);
      outputs.push(await place.read(`out/${(await place.outputs())[0] ?? ''}`));
    }
    expect(outputs[0]?.length).toBeGreaterThan(8_000_000);
    expect(outputs[1] === outputs[0]).toBe(true);
  });

  it('keeps to the order of the file when it is told that records depend on each other', async () => {
    const filter = `  stateful: true
  code: |
    let sum = 0;
    function transformRow(row) { sum += row.a; return { ...row, a: sum }; }`;
    const rows = Array.from({ length: 5000 }, (_, index) => index);
    await using place = await workspace({
      'in/a.csv': rows.map((row) => `${row},x\n`).join(''),
      'c.yml': job(filter, 2),
    });
    const result = await place.ropeway(['run', '-X', 'chunk_bytes=1000', 'c.yml']);
    expect(result.exitCode, result.stderr).toBe(0);
    const text = await place.read(`out/${(await place.outputs())[0] ?? ''}`);
    const sums = rows.map((row) => (row * (row + 1)) / 2).filter((sum) => sum !== 7);
    expect(text).toBe(sums.map((sum) => `${sum},x\n`).join(''));
  });

  it('fails with its place in the script, and leaves no output and no process', async () => {
    await using place = await workspace({
      'in/a.csv': '1,x\n2,y\n',
      'c.yml': job('  code: |\n    function transformRow(row) {\n      return row.b.nothing.at(0);\n    }'),
      'bad.yml': job('  code: |\n    function transformRow(row) {\n      return row +;\n    }'),
    });
    const result = await place.ropeway(['run', 'c.yml']);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain('error[SCRIPT_THREW]: The script threw at line 2, column 24: TypeError');
    expect(await place.outputs()).toEqual([]);
    const lint = await place.ropeway(['lint', 'bad.yml']);
    expect(lint.exitCode).toBe(2);
    expect(lint.stdout + lint.stderr).toContain('SCRIPT_SYNTAX');
  });
});
