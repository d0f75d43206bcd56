import fc from 'fast-check';
import { isScalar, parseDocument, visit } from 'yaml';
import type { Document } from 'yaml';
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '#spi/json.ts';
import { editYaml, writeYaml } from './edit-yaml.ts';
import { alignLists, sameConfig } from './same-config.ts';
import { yamlDialects } from './plain-scalar.ts';
import { readYaml } from './yaml-reader.ts';

const read = (text: string, dialect: '0.11.5' | '0.11.3' = '0.11.5'): JsonObject =>
  readYaml(text, 'x.yml', dialect).value;

/** What YAML reads as something else, or what its syntax is made of. */
const traps = [
  ...[
    'yes',
    'No',
    'null',
    '~',
    '',
    ' ',
    '0777',
    '0o17',
    '0x1F',
    '1_000',
    '12:30:45',
    '2026-01-02',
    '2026-01-02 03:04:05',
  ],
  ...[
    '.5',
    '0.5',
    '1.0',
    '1e3',
    '.inf',
    '.NaN',
    '-',
    '?',
    ':',
    'a: b',
    'a #b',
    '#a',
    '- a',
    '"',
    "'",
    '{',
    '[a]',
    '&a',
  ],
  ...[
    '*a',
    '!x',
    '|',
    '>',
    '%',
    '@',
    '`',
    '<<',
    '=',
    '---',
    '...',
    'a\nb',
    'a\n\nb\n',
    ' a\nb',
    'a \nb',
    '\n',
    'a\n ',
    '\t',
  ],
  ...[
    'a\tb',
    '\u0085',
    '\u2028',
    '\ufeff',
    '日本',
    '\u{1f600}',
    '__proto__',
    'constructor',
    '$integer',
    '$date$',
    'a\r\nb',
  ],
  ...[
    '{{ vars.x }}',
    'a\nb\n',
    'a\n  b\n',
    'a: |\n  b',
    '  - x\n',
    'x'.repeat(120),
    'a\n#b',
    '\\',
    '\\n',
    "it's",
    'a:',
  ],
];
const texts = fc.oneof(fc.constantFrom(...traps), fc.string({ unit: 'grapheme', maxLength: 12 }));
const numbers = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, 0.5, -0.25, 1e21, 1e-7, 2 ** 53),
);
const tagged = fc.constantFrom(
  { $integer: '9007199254740993' },
  { $float: '1.0' },
  { $float: '0.0' },
  { $float: '1e+21' },
);
const keys = fc.oneof(fc.constantFrom('type', 'name', 'in', 'out', 'columns'), texts);
const values = fc.letrec<{ value: Json; mapping: JsonObject }>((tie) => ({
  mapping: fc.dictionary(keys, tie('value'), { maxKeys: 5 }),
  value: fc.oneof(
    { maxDepth: 4 },
    texts,
    numbers,
    fc.boolean(),
    fc.constant(null),
    tagged,
    fc.array(tie('value'), { maxLength: 5 }),
    tie('mapping'),
  ),
}));
const configs = values.mapping;

describe('writeYaml()', () => {
  it('reads back as the same, in both dialects', () => {
    fc.assert(
      fc.property(configs, (config) => {
        const text = writeYaml(config);
        for (const dialect of yamlDialects) {
          if (!sameConfig(read(text, dialect), config)) expect(read(text, dialect), text).toEqual(config);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('editYaml()', () => {
  it('leaves what says it already, byte for byte', () => {
    const text = 'in:   {type: file,   path_prefix: "x"}  # here\n\n\nout: &o\n    type: stdout\n';
    expect(editYaml(text, read(text), '0.11.5')).toBe(text);
  });

  it('makes any config any other', () => {
    fc.assert(
      fc.property(configs, configs, (one, other) => {
        const edited = editYaml(writeYaml(one), other, '0.11.5');
        if (!sameConfig(read(edited), other)) expect(read(edited), edited).toEqual(other);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps the comments of what an edit does not touch', () => {
    let kept = 0;
    fc.assert(
      fc.property(
        configs,
        fc.array(fc.tuple(fc.nat(), values.value), { minLength: 1, maxLength: 3 }),
        (config, edits) => {
          const { text, comments } = commented(config);
          const before = read(text);
          if (!sameConfig(before, config)) expect(before, text).toEqual(config);
          const touched: string[] = [];
          let wanted: JsonObject = config;
          for (const [pick, value] of edits) {
            const places = mappingPlaces(wanted);
            const place = places[pick % places.length] ?? [];
            const key = Object.keys(at(wanted, place) as JsonObject)[0] ?? 'new';
            wanted = put(wanted, [...place, key], value) as JsonObject;
            touched.push(JSON.stringify([...place, key]).slice(0, -1));
          }
          const edited = editYaml(text, wanted, '0.11.5');
          if (!sameConfig(read(edited), wanted)) expect(read(edited), edited).toEqual(wanted);
          for (const [path, mark] of comments) {
            if (touched.some((prefix) => path.startsWith(prefix))) continue;
            expect(edited, text).toContain(mark);
            kept += 1;
          }
        },
      ),
      { numRuns: 300 },
    );
    expect(kept).toBeGreaterThan(300);
  });

  const job = `# Nightly.
in:
  type: file
  path_prefix: "data/"  # the bucket comes later
  parser: &csv
    type: csv
    # as the shop writes them
    columns:
    - {name: id, type: long}     # the key
    - {name: at, type: timestamp}
    # not used yet
    - {name: note, type: string}
    skip: 0777
    strict: yes
out:
  type: stdout
  prompt: 'no'
`;

  // oxlint-disable-next-line typescript/no-explicit-any -- each case knows its text
  it.each<[string, string, (config: any) => void, string[]]>([
    [
      'a scalar, in its quotes',
      job,
      (config) => void (config.in.path_prefix = 'yes'),
      ['path_prefix: "yes" # the bucket comes later', 'skip: 0777', 'strict: yes', "prompt: 'no'", '# Nightly.'],
    ],
    [
      'a plain scalar that would become something else',
      job,
      (config) => void (config.out.type = '0.5'),
      ["type: '0.5'", 'parser: &csv'],
    ],
    [
      'a number, whatever the dialect makes of the old one',
      job,
      (config) => void (config.in.parser.skip = 0.5),
      ['skip: .5', '- {name: id, type: long} # the key'],
    ],
    [
      'a column in the middle',
      job,
      (config) => void config.in.parser.columns.splice(1, 0, { name: 'by', type: 'string' }),
      ['# the key\n    - {name: by, type: string}\n    - {name: at', '# not used yet\n    - {name: note'],
    ],
    [
      'a column out of the middle',
      job,
      (config) => void config.in.parser.columns.splice(1, 1),
      ['# the key\n    # not used yet\n    - {name: note'],
    ],
    [
      'a column of another type, moved to the front',
      job,
      ({ in: { parser } }) => void parser.columns.unshift({ ...parser.columns.pop(), type: 'json' }),
      ['{name: note, type: json}', '# the key', '# not used yet'],
    ],
    [
      'a new section',
      job,
      (config) => void (config.exec = { max_threads: 2 }),
      ['exec:\n  max_threads: 2\n', '# the key'],
    ],
    [
      'a text of several lines',
      job,
      (config) => void (config.in.query = 'select 1\nfrom x'),
      ['query: |-\n    select 1\n'],
    ],
    [
      'the anchor of an alias',
      'a: &x {b: 1} # one\nc: *x\nd: 2 # two\n',
      (config) => void (config.a.b = 5),
      ['a: &x {b: 5} # one', 'c:\n  b: 1\n', '# two'],
    ],
    [
      'an alias alone',
      'a: &x {b: 1} # one\nc: *x # three\n',
      (config) => void (config.c.b = 5),
      ['a: &x {b: 1} # one', '# three'],
    ],
    ['an anchor that goes', 'a: &x {b: 1}\nc: *x\n', (config) => void delete config.a, ['c:\n  b: 1\n']],
    [
      'what was merged in',
      'a: &x {b: 1, e: 2}\nc:\n  <<: *x # both\n  f: 1 # six\n',
      (config) => void (config.c.b = 7),
      ['<<: *x', 'b: 7', '# six'],
    ],
    [
      'away what was merged in',
      'a: &x {b: 1, e: 2}\nc:\n  <<: *x\n  f: 1 # six\n',
      (config) => void delete config.c.b,
      ['e: 2', '# six'],
    ],
    ['over Windows lines', 'a: 1 # x\r\nb: 2\r\n', (config) => void (config.b = 3), ['a: 1 # x\r\nb: 3\r\n']],
  ])('writes %s', (_, text, change, pieces) => {
    const wanted = structuredClone(read(text));
    change(wanted);
    const edited = editYaml(text, wanted, '0.11.5');
    expect(read(edited)).toEqual(wanted);
    for (const piece of pieces) expect(edited).toContain(piece);
  });

  it('reads numbers, words and dates in the dialect that is asked for', () => {
    const text = 'a: 2026-01-02 # day\nb: yes\nc: 0777\nd: 1_000\n';
    const wanted = { a: '2026-01-02', b: 'yes', c: 511, d: 1000 };
    expect(editYaml(text, wanted, '0.11.3')).toBe(text);
    expect(editYaml(text, wanted, '0.11.5')).toBe("a: '2026-01-02' # day\nb: 'yes'\nc: 0777\nd: 1_000\n");
  });
});

describe('readYaml()', () => {
  it.each([
    ['brackets', '['.repeat(100_000), 'YAML_TOO_DEEP'],
    ['dashes', '- '.repeat(20_000), 'YAML_TOO_DEEP'],
    ['an alias of itself', 'a: &a [*a]', 'YAML_TOO_DEEP'],
  ])('refuses nesting without end: %s', (_, text, code) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code }));
  });

  it('counts what it is told to', () => {
    const limits = { nodes: 10, depth: 3 };
    const limited = (text: string) => () => readYaml(text, 'x.yml', '0.11.5', limits);
    expect(limited('a: [1, 2, 3]')).not.toThrow();
    expect(limited(`a: [${'1, '.repeat(10)}]`)).toThrow(expect.objectContaining({ code: 'YAML_TOO_MANY_NODES' }));
    expect(limited('a: {b: {c: {d: 1}}}')).toThrow(
      expect.objectContaining({ code: 'YAML_TOO_DEEP', where: { file: 'x.yml', line: 1, column: 16 } }),
    );
  });
});

describe('alignLists()', () => {
  it.each<[Json[], Json[], (number | undefined)[]]>([
    [
      [1, 2, 3],
      [1, 3],
      [0, 2],
    ],
    [
      [1, 2],
      [1, 9, 2],
      [0, undefined, 1],
    ],
    [
      [{ name: 'a', t: 1 }, { name: 'b' }],
      [{ name: 'b' }, { name: 'a', t: 2 }],
      [1, 0],
    ],
    [
      ['x', {}],
      [{ a: 1 }, 'y'],
      [1, 0],
    ],
  ])('finds what each was: %j → %j', (before, after, places) => expect(alignLists(before, after)).toEqual(places));
});

function commented(config: JsonObject): { text: string; comments: Map<string, string> } {
  const comments = new Map<string, string>();
  const document: Document = parseDocument(writeYaml(config), { version: '1.1', schema: 'failsafe' });
  visit(document, {
    Pair: (_, pair, ancestors) => {
      const path = pathTo(ancestors, pair);
      const holders = ancestors as readonly { flow?: boolean }[];
      if (path === undefined || holders.some(({ flow }) => flow === true) || !isScalar(pair.key)) return;
      const mark = `mark-${comments.size}-`;
      pair.key.commentBefore = ` ${mark}`;
      comments.set(path, mark);
    },
  });
  return { text: document.toString({ lineWidth: 0 }), comments };
}

/** Undefined inside of lists: their members have no lasting place. */
function pathTo(ancestors: readonly unknown[], last: unknown): string | undefined {
  const keysOnTheWay: string[] = [];
  for (const step of [...ancestors, last] as readonly { key?: unknown; items?: unknown; value?: unknown }[]) {
    if (Array.isArray(step.items) && step.constructor.name === 'YAMLSeq') return undefined;
    if (isScalar(step.key)) keysOnTheWay.push(String(step.key.value));
  }
  return JSON.stringify(keysOnTheWay).slice(0, -1);
}

function mappingPlaces(value: Json, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return [path, ...Object.entries(value).flatMap(([key, item]) => mappingPlaces(item ?? null, [...path, key]))];
}

function at(value: Json, path: readonly string[]): Json {
  return path.reduce<Json>((inner, key) => (inner as JsonObject)[key] ?? null, value);
}

function put(value: Json, [key, ...rest]: readonly string[], item: Json): Json {
  if (key === undefined) return item;
  const entries = Object.entries(value as JsonObject).filter(([name]) => name !== key);
  return Object.fromEntries([...entries, [key, put((value as JsonObject)[key] ?? null, rest, item)]]);
}
