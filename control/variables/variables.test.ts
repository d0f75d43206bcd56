import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filledPlaces, misplaced } from '#api/late-values.ts';
import { variable, variableList } from '#api/resources/variable.ts';
import type { Variable } from '#api/resources/variable.ts';
import { catalog } from '#connectors/catalog.ts';
import type { TextUse } from '#spi/fields.ts';
import type { JsonObject } from '#spi/json.ts';
import { brokenPattern, unacceptable } from './acceptance.ts';
import { checkVariables } from './declare.ts';
import type { KeptVariables } from './declare.ts';
import { insertValues } from './insert.ts';
import { namesIn, splitText } from './references.ts';
import { insertedTexts, resolveVariables, timestampOf } from './resolve.ts';
import type { RunBasis } from './resolve.ts';

const basis: RunBasis = { at: timestampOf('2026-03-31T15:30:00.123456Z'), given: {}, lastSuccess: undefined };

function declare(...declared: object[]): Variable[] {
  return variableList.parse(declared);
}

async function checked(config: JsonObject, declared: readonly Variable[]): Promise<KeptVariables> {
  const { errors, ...kept } = await checkVariables(config, declared, catalog);
  expect(errors).toEqual([]);
  return kept;
}

async function complaints(config: JsonObject, ...declared: object[]): Promise<string[]> {
  const { errors } = await checkVariables(config, declare(...declared), catalog);
  return errors.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('splitText()', () => {
  const declared = new Set(['a', 'b', 'long_name']);
  it.each([
    ['$a$', ['a']],
    ['x$a$y$b$', ['a', 'b']],
    ['$c$', []],
    ['$c$a$', ['a']],
    ['$$a$$', ['a']],
    ['$a$b$', ['a']],
    ['$a$$b$', ['a', 'b']],
    ['costs $5 and $ a $', []],
    ['$A$', []],
    ['$long_name$2', ['long_name']],
    ['$a', []],
    ['', []],
  ])('finds in %j %j', (text, names) => expect(namesIn(text, declared)).toEqual(names));

  it('loses nothing of a text', () => {
    const texts = fc.array(fc.constantFrom('$', 'a', 'b', 'c', '$a$', 'x y', '\n')).map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, (text) => {
        const pieces = splitText(text, declared);
        expect(pieces.map((piece) => (typeof piece === 'string' ? piece : `$${piece.name}$`)).join('')).toBe(text);
      }),
    );
  });
});

describe('variable', () => {
  it.each([
    [{ kind: 'text', name: '1a' }],
    [{ kind: 'text', name: 'a'.repeat(65) }],
    [{ kind: 'text', name: 'a-b' }],
    [{ kind: 'text', name: 'a', side: 'left' }],
    [{ kind: 'time_at_queue', name: 'a', timeZone: 'Mars/Olympus' }],
    [{ kind: 'time_at_queue', name: 'a', quantity: -1 }],
    [{ kind: 'time_at_queue', name: 'a', quantity: 1.5 }],
    [{ kind: 'time_at_queue', name: 'a', quantity: 1_000_001 }],
    [{ kind: 'time_at_queue', name: 'a', unit: 'week' }],
    [{ kind: 'time_at_queue', name: 'a', format: '' }],
    [{ kind: 'last_success', name: 'a' }],
    [{ kind: 'query', name: 'a', connection: 'c' }],
    [{ kind: 'query', name: 'a', connection: 'c', query: 'select 1', timeoutS: 601 }],
    [{ kind: 'loop', name: 'a' }],
  ])('refuses %j', (given) => expect(variable.safeParse(given).success).toBe(false));
});

const fileToStdout = {
  in: { type: 'file', path_prefix: 'in/$date$', parser: { type: 'csv' } },
  out: { type: 'stdout' },
};
const date = {
  kind: 'time_at_queue',
  name: 'date',
  unit: 'day',
  quantity: 1,
  format: '%Y%m%d',
  timeZone: 'Asia/Tokyo',
};

describe('checkVariables()', () => {
  it('finds the open texts of all sections, however deep', async () => {
    const config = {
      in: {
        type: 'http',
        url: 'https://api.example.com/v1/$day$',
        params: [
          { name: 'from', value: '$day$' },
          { name: 'many', values: ['1', '$day$'] },
        ],
        request_headers: { 'X-Day': '$day$' },
        request_body: '{"day": "$day$"}',
        parser: { type: 'jsonpath', root: '$.$day$' },
      },
      filters: [
        { type: 'row', where: "a > '$day$'" },
        { type: 'row', conditions: [{ condition: 'OR', conditions: [{ column: 'a', argument: '$day$' }] }] },
        { type: 'column', add_columns: [{ name: 'd', type: 'string', default: '$day$' }] },
        { type: 'add_time', to_column: { name: 't' }, from_value: { value: '$day$' } },
      ],
      out: {
        type: 'postgresql',
        host: 'db',
        table: 't_$day$',
        schema: '$day$',
        mode: 'insert',
        after_load: '-- $day$',
      },
      exec: { max_threads: 2 },
    };
    const { places } = await checked(config, declare({ kind: 'text', name: 'day' }));
    expect(places.map(({ path, use }) => `${path.join('.')} ${use}`)).toEqual([
      'in.url url',
      'in.params.0.value text',
      'in.params.1.values.1 text',
      'in.request_headers.X-Day line',
      'in.request_body code',
      'in.parser.root line',
      'filters.0.where code',
      'filters.1.conditions.0.conditions.0.argument text',
      'filters.2.add_columns.0.default text',
      'filters.3.from_value.value line',
      'out.table name',
      'out.schema name',
      'out.after_load code',
    ]);
  });

  it.each<[string, JsonObject, string]>([
    ['a host', { in: { type: 'sftp', host: '$x$', path_prefix: 'a' }, out: { type: 'stdout' } }, 'config.in.host'],
    ['a type', { in: { type: '$x$' }, out: { type: 'stdout' } }, 'config.in.type'],
    ['a secret', { in: { type: 'postgresql', password: '$x$' }, out: { type: 'stdout' } }, 'config.in.password'],
    [
      'headers with credentials',
      { in: { type: 'http', url: 'http://a/', auth_headers: { a: '$x$' } }, out: { type: 'stdout' } },
      'config.in.auth_headers.a',
    ],
    ['a connection', { in: { type: 'file', connection: '$x$' }, out: { type: 'stdout' } }, 'config.in.connection'],
    ['an unknown plugin', { in: { type: 'nobody', a: '$x$' }, out: { type: 'stdout' } }, 'config.in.a'],
    ['an unknown option', { in: { type: 'file', pathh: '$x$' }, out: { type: 'stdout' } }, 'config.in.pathh'],
    ['the program of a script', { filters: [{ type: 'script', code: '$x$' }] }, 'config.filters.0.code'],
    ['the name of an option', { in: { type: 'http', request_headers: { $x$: 'a' } } }, 'config.in.request_headers.$x$'],
    ['a section that is none', { exec: { a: ['$x$'] } }, 'config.exec.a.0'],
    ['the host of an address', { in: { type: 'http', url: 'https://$x$.example.com/' } }, 'config.in.url'],
    ['the end of a host', { in: { type: 'http', url: 'https://example.com$x$' } }, 'config.in.url'],
    ['a whole address', { in: { type: 'http', url: '$x$' } }, 'config.in.url'],
  ])('closes %s', async (_, config, path) => {
    const found = await complaints(config, { kind: 'text', name: 'x' });
    expect(found.map((text) => text.split(':')[0])).toEqual([path]);
  });

  it('leaves what nobody has declared as it is', async () => {
    const config = { in: { type: 'sftp', host: '$x$', path_prefix: '$y$' }, out: { type: 'stdout' } };
    expect((await checked(config, declare({ kind: 'text', name: 'z' }))).places).toEqual([]);
  });

  const sides = { in: { type: 'file', path_prefix: '$v$' }, out: { type: 'file', path_prefix: '$v$', file_ext: 'x' } };
  it.each([
    ['in', ['config.out.path_prefix']],
    ['out', ['config.in.path_prefix']],
    ['both', []],
  ])('keeps a variable of side %s from the other side', async (side, paths) => {
    const found = await complaints(sides, { kind: 'text', name: 'v', side });
    expect(found.map((text) => text.split(':')[0])).toEqual(paths);
  });

  it.each([
    ['in', 'in', 1],
    ['in', 'out', 0],
    ['in', 'both', 1],
    ['both', 'out', 1],
  ])('takes two of a name for %s and %s: %d complaints', async (first, second, count) => {
    const found = await complaints(
      {},
      { kind: 'text', name: 'v', side: first },
      { kind: 'text', name: 'v', side: second },
    );
    expect(found).toHaveLength(count);
  });

  it.each([
    [{ kind: 'text', name: 'v', pattern: '(' }, 'variables.0.pattern'],
    [{ kind: 'text', name: 'v', value: 'b', pattern: 'a+' }, 'variables.0.value'],
    [{ kind: 'text', name: 'v', value: 'b', options: ['a'] }, 'variables.0.value'],
    [{ kind: 'query', name: 'v', connection: 'c', query: "select '$v$'" }, 'variables.0.query'],
  ])('refuses the declaration %j', async (given, path) => {
    expect((await complaints({}, given)).map((text) => text.split(':')[0])).toEqual([path]);
  });
});

describe('resolveVariables()', () => {
  const resolve = (declared: object[], given: Partial<RunBasis> = {}) =>
    resolveVariables({ declared: declare(...declared), places: [] }, { ...basis, ...given });

  it.each<[object, Partial<RunBasis>, string | null]>([
    [date, {}, '20260331'],
    [{ ...date, direction: 'later' }, {}, '20260402'],
    [{ ...date, unit: 'month' }, {}, '20260301'],
    [{ ...date, unit: 'month', timeZone: 'UTC' }, {}, '20260228'],
    [{ ...date, unit: 'last_day_of_previous_month', quantity: 0 }, {}, '20260331'],
    [{ ...date, quantity: 0, format: '%s.%6N' }, {}, '1774971000.123456'],
    [{ kind: 'text', name: 'date', value: 'kept' }, {}, 'kept'],
    [{ kind: 'text', name: 'date', value: 'kept' }, { given: { date: 'given' } }, 'given'],
    [date, { given: { date: 'today' } }, 'today'],
    [{ ...date, kind: 'time_at_start' }, {}, null],
    [{ ...date, kind: 'time_at_start' }, { given: { date: 'now' } }, 'now'],
    [{ kind: 'last_success', name: 'date', never: '1970' }, {}, '1970'],
    [
      { kind: 'last_success', name: 'date', never: '1970', timeZone: 'Asia/Tokyo' },
      { lastSuccess: timestampOf('2026-01-01T00:00:00Z') },
      '2026-01-01T09:00:00+09:00',
    ],
    [{ kind: 'query', name: 'date', connection: 'c', query: 'select 1' }, {}, null],
    [{ kind: 'query', name: 'date', connection: 'c', query: 'select 1' }, { given: { date: '2' } }, '2'],
  ])('makes of %j with %j %j', (declared, given, value) => {
    const { shown, problems } = resolve([declared], given);
    expect([shown.map((each) => each.value), problems]).toEqual([[value], []]);
  });

  it.each<[object, Partial<RunBasis>, RegExp]>([
    [{ ...date, unit: 'month', quantity: 1_000_000 }, {}, /before the year 1/],
    [{ ...date, kind: 'time_at_start', unit: 'month', quantity: 1_000_000 }, {}, /before the year 1/],
    [{ ...date, format: '%1024Y'.repeat(20) }, {}, /longer than/],
    [date, { given: { other: 'x' } }, /declares no variable \$other\$/],
    [{ ...date, pattern: String.raw`\d{8}` }, { given: { date: '2026-01-01' } }, /does not match the pattern/],
    [{ ...date, options: ['a', 'b'] }, { given: { date: 'c' } }, /none of the options/],
  ])('cannot make a run of %j with %j', (declared, given, message) => {
    const { problems } = resolve([declared], given);
    expect(problems.map((problem) => problem.message)).toEqual([expect.stringMatching(message)]);
  });

  it('gives one value to both sides', () => {
    const both = [
      { ...date, side: 'in' },
      { kind: 'text', name: 'date', side: 'out', value: 'kept' },
    ];
    expect(resolve(both).shown.map(({ value }) => value)).toEqual(['20260331', 'kept']);
    expect(resolve(both, { given: { date: 'x' } }).shown.map(({ value }) => value)).toEqual(['x', 'x']);
  });

  it('lets the destination go first where both meet', async () => {
    const config = { filters: [{ type: 'column', add_columns: [{ name: 'c', type: 'string', default: '$v$' }] }] };
    const kept = await checked(
      config,
      declare(
        { kind: 'text', name: 'v', side: 'in', value: 'in' },
        { kind: 'text', name: 'v', side: 'out', value: 'out' },
      ),
    );
    expect(insertedTexts(resolveVariables(kept, basis))).toEqual([
      { path: ['filters', 0, 'add_columns', 0, 'default'], text: 'out' },
    ]);
  });

  it('says what goes into a path with a line break, whoever gave it', async () => {
    const kept = await checked(fileToStdout, declare({ ...date, format: '%Y%n%m' }));
    expect(resolveVariables(kept, basis).problems).toEqual([
      { name: 'date', message: expect.stringContaining('line break') as string },
    ]);
  });
});

describe('unacceptable()', () => {
  const text = (more: object = {}): Variable => variable.parse({ kind: 'text', name: 'v', ...more });
  const code: TextUse[] = ['code'];
  it.each<[string, TextUse[], boolean]>([
    ['20260101', code, true],
    ['orders_2026-01.東京', code, true],
    ['2026-01-01T00:00:00+09:00', code, true],
    ['2026-01-01 00:00:00', code, true],
    ['2026-01-01 00:00:00.123456 +0900', code, true],
    ['-5.5', code, true],
    ["' or 1=1 --", code, false],
    ["x'; drop table t; --", code, false],
    ['1 or true', code, false],
    ['1--', code, false],
    ['a/*b', code, false],
    ['f(x)', code, false],
    ['a"b', code, false],
    ['a`b', code, false],
    ['a\\b', code, false],
    ['a\nb', code, false],
    ['a;b', code, false],
    ['$$', code, false],
    ['', code, false],
    ["' or 1=1 --", ['text'], true],
    ['a/../b', ['path'], false],
    ['..', ['path'], false],
    ['..\\b', ['path'], false],
    ['a..b', ['path'], true],
    ['../x', ['url'], false],
    ['2026/01', ['path', 'url'], true],
    ['a/../b', ['path', 'text'], false],
  ])('%j into %j: %s', (value, uses, isTaken) => {
    expect(unacceptable(value, text(), new Set(uses)) === undefined).toBe(isTaken);
  });

  it('goes by the pattern and the options alone when there are any', () => {
    expect(unacceptable('a b', text({ pattern: '[a-z ]+' }), new Set(code))).toBeUndefined();
    expect(unacceptable('a b!', text({ pattern: '[a-z ]+' }), new Set(code))).toContain('does not match');
    expect(unacceptable("it's", text({ options: ["it's"] }), new Set(code))).toBeUndefined();
    expect(unacceptable('x', text({ options: ["it's"] }), new Set(code))).toContain('none of the options');
  });

  it('matches a pattern as a whole, and comes to an end with any', () => {
    expect(unacceptable('aXb', text({ pattern: 'a|b' }), new Set())).toContain('does not match');
    expect(unacceptable(`${'a'.repeat(60)}!`, text({ pattern: '(a+)+' }), new Set())).toContain('in time');
    expect(unacceptable('a'.repeat(2001), text({ pattern: 'a*' }), new Set())).toContain('longer than');
    expect(brokenPattern('[')).toBeDefined();
    expect(brokenPattern(String.raw`\p{L}+`)).toBeUndefined();
  });

  it('takes nothing into SQL that could end a text or begin a comment', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 12 }), (value) => {
        if (unacceptable(value, text(), new Set(code)) === undefined)
          expect(value).not.toMatch(/['"`\\;()]|--|\/\*|\$/);
      }),
    );
  });
});

describe('misplaced()', () => {
  it.each<[string, TextUse, boolean]>([
    ['a\nb', 'text', true],
    ['a\nb', 'code', true],
    ['a\nb', 'line', false],
    ['a\u2028b', 'path', false],
    ['a\u0000b', 'text', false],
    ['a\u0085b', 'name', false],
    ['a b', 'path', true],
    ['a b', 'url', false],
    ['a\\b', 'url', false],
    ['', 'name', true],
  ])('lets %j into %s: %s', (value, use, isPlaced) => expect(misplaced(value, use) === undefined).toBe(isPlaced));
});

describe('insertValues()', () => {
  const sql = { in: { type: 'postgresql', query: "select '$a$', '$s$', '$q$'" }, out: { type: 'stdout' } };
  const declared = [
    { kind: 'text', name: 'a', value: '$s$ $q$ {{ vars.x }}' },
    { kind: 'time_at_start', name: 's' },
    { kind: 'query', name: 'q', connection: 'c', query: "select '$a$' || '$s$'" },
  ];

  it('puts in what is known, and leaves places for the rest', async () => {
    const kept = await checked(sql, declare(...declared));
    const { config, order } = insertValues(sql, resolveVariables(kept, basis), (text) => text.toUpperCase());
    // A value is never looked through for other names.
    const value = '$s$ $q$ {{ vars.x }}';
    expect(config).toEqual(sql);
    expect(order.late?.places).toEqual([
      {
        path: ['in', 'query'],
        use: 'code',
        parts: [`SELECT '${value}', '`, { key: 'both.s' }, "', '", { key: 'both.q' }, "'"],
      },
    ]);
    expect(order.late?.queries[0]?.query).toEqual([`select '${value}' || '`, { key: 'both.s' }, "'"]);
    expect(order.late?.starts.map(({ key }) => key)).toEqual(['both.s']);
    const late = new Map([
      ['both.s', '$q$'],
      ['both.q', '$a$'],
    ]);
    const filled = filledPlaces(config, order.late?.places ?? [], late);
    expect(filled).toEqual({
      config: { ...sql, in: { ...sql.in, query: `SELECT '${value}', '$q$', '$a$'` } },
      places: [],
    });
  });

  it('changes nothing of what it was given', async () => {
    const before = structuredClone(fileToStdout);
    const kept = await checked(fileToStdout, declare(date));
    const { config, order } = insertValues(fileToStdout, resolveVariables(kept, basis), (text) => text);
    expect(config).toEqual({ ...fileToStdout, in: { ...fileToStdout.in, path_prefix: 'in/20260331' } });
    expect(order.late).toBeUndefined();
    expect(fileToStdout).toEqual(before);
  });
});
