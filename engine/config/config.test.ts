import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { option } from '#spi/fields.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import { readProperties, transactionTime } from './exec.ts';
import { loadConfig } from './load.ts';
import { mergeConfig } from './merge.ts';
import { printYaml } from '#codec/yaml/print-yaml.ts';
import { resolveOptions } from './resolve.ts';
import { resolvePlainScalar } from '#codec/yaml/plain-scalar.ts';
import { nearest } from './suggest.ts';
import { readYaml } from '#codec/yaml/yaml-reader.ts';

describe('resolvePlainScalar()', () => {
  it.each([
    ['yes', true, 'yes'],
    ['OFF', false, 'OFF'],
    ['True', true, true],
    ['2015-01-02', 1_420_156_800_000, '2015-01-02'],
    ['2015-01-02 10:00:00 +09:00', 1_420_160_400_000, '2015-01-02 10:00:00 +09:00'],
    ['2015-1-2', '2015-1-2', '2015-1-2'],
    ['~', null, null],
    ['010', 8, 8],
    ['0x10', 16, 16],
    ['08', '08', '08'],
    ['1:30', 90, 90],
    ['1_000', 1000, 1000],
    ['0.5', '0.5', '0.5'],
    ['1.5', 1.5, 1.5],
    ['1.0', { $float: '1.0' }, { $float: '1.0' }],
    ['9223372036854775808', { $integer: '9223372036854775808' }, { $integer: '9223372036854775808' }],
    ['.inf', 'Infinity', 'Infinity'],
    ['y', 'y', 'y'],
  ])('%s', (text, newer, older) => {
    expect(resolvePlainScalar(text, '0.11.5')).toEqual(newer);
    expect(resolvePlainScalar(text, '0.11.3')).toEqual(older);
  });
});

describe('readYaml()', () => {
  const read = (text: string): ReturnType<typeof readYaml> => readYaml(text, 'x.yml', '0.11.5');

  it('follows aliases and merges mappings', () => {
    const { value } = read('d: &d {a: 1, b: 2}\nin:\n  <<: *d\n  b: 3\n');
    expect(value['in']).toEqual({ a: 1, b: 3 });
  });

  it('keeps the order of keys that look like numbers', () => {
    expect(read('m: {k: 1, 2: x, 1: y}').value['m']).toEqual({
      $entries: [
        ['k', 1],
        ['2', 'x'],
        ['1', 'y'],
      ],
    });
  });

  it('says where things are', () => {
    const file = read('in:\n  type: file\n  columns:\n  - {name: a}\n');
    expect(file.placeOf(['in', 'type'])).toEqual({ line: 2, column: 9, endColumn: 13 });
    expect(file.placeOf(['in', 'columns', 0, 'name'])).toEqual({ line: 4, column: 12, endColumn: 13 });
    expect(file.placeOf(['in', 'type'], true)).toEqual({ line: 2, column: 3, endColumn: 7 });
    expect(file.placeOf(['in', 'columns'])).toEqual({ line: 3, column: 3, endColumn: 10 });
    expect(file.placeOf(['in', 'missing', 'x'])).toEqual({ line: 1, column: 1, endColumn: 3 });
  });

  it('warns of a key given twice', () => {
    const { value, warnings } = read('a: 1\na: 2\n');
    expect(value).toEqual({ a: 2 });
    expect(warnings).toMatchObject([{ code: 'YAML_KEY_REPEATED', where: { line: 2 } }]);
  });

  it.each([
    ['a: [', 'YAML_SYNTAX'],
    ['a: 1\n---\nb: 2\n', 'YAML_DOCUMENTS'],
    ['- 1', 'YAML_NOT_A_MAPPING'],
    ['', 'YAML_NOT_A_MAPPING'],
    ['a: <<', 'YAML_MERGE_KEY'],
    ['a: !!binary eA==', 'YAML_TAG_UNKNOWN'],
    [
      `a: &a [x, x]\n${Array.from({ length: 24 }, (_, n) => `b${n}: &b${n} [*${n === 0 ? 'a' : `b${n - 1}`}, *${n === 0 ? 'a' : `b${n - 1}`}]\n`).join('')}`,
      'YAML_TOO_MANY_NODES',
    ],
  ])('refuses %#', (text, code) => expect(() => read(text)).toThrow(expect.objectContaining({ code })));
});

describe('loadConfig()', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'config-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const load = async (name: string, text: string, env: Record<string, string> = {}): Promise<JsonObject> => {
    await writeFile(join(folder, name), text);
    return (await loadConfig(join(folder, name), { env, dialect: '0.11.5' })).value;
  };

  it('renders templates with the environment and includes', async () => {
    await writeFile(join(folder, '_part.yml.liquid'), 'path_prefix: {{ env.DIR }}/x\n');
    const value = await load('a.yml.liquid', "in:\n  type: file\n  {% include 'part' %}  x: '{{ env.UNSET }}'\n", {
      DIR: '/d',
    });
    expect(value).toEqual({ in: { type: 'file', path_prefix: '/d/x', x: '' } });
  });

  it.each([
    ['a.yml.liquid', "{% include '../secret' %}", 'LIQUID'],
    ['a.yml.liquid', "{% include 'nowhere' %}", 'LIQUID'],
    ['a.yml.liquid', '{% if %}', 'LIQUID'],
    ['a.yml.liquid', '{{ env.X | nofilter }}', 'LIQUID'],
    ['a.txt', 'in: {}', 'CONFIG_FILE_EXTENSION'],
  ])('%s: %s', async (name, text, code) => {
    const loading = load(name, text);
    if (code === undefined) await expect(loading).rejects.toMatchObject({ kind: 'config' });
    else await expect(loading).rejects.toMatchObject({ code: expect.stringContaining(code) });
  });
});

describe('mergeConfig()', () => {
  it('merges lists by index and replaces everything else', () => {
    const base = { a: { b: 1, c: [1, { x: 1 }, 3] }, d: 'x' };
    expect(mergeConfig(base, { a: { c: [null, { y: 2 }] }, d: null, e: [] })).toEqual({
      a: { b: 1, c: [null, { x: 1, y: 2 }, 3] },
      d: null,
      e: [],
    });
  });
});

describe('printYaml()', () => {
  it('prints flows inside blocks, as SnakeYAML does', () => {
    const value = {
      in: {
        type: 'file',
        parser: { columns: [{ name: 'a', type: 'long' }], quote: '"', delimiter: '\t', escape: null },
      },
      out: { type: 'stdout' },
    };
    expect(printYaml(value)).toBe(
      `in:\n  type: file\n  parser:\n    columns:\n    - {name: a, type: long}\n    quote: '"'\n    delimiter: "\\t"\n    escape: null\nout: {type: stdout}\n`,
    );
  });

  it.each([
    'yes',
    '0.5',
    '2015-01-02',
    'NULL',
    '',
    ' x',
    'a: b',
    '#x',
    'x #y',
    "it's",
    '- x',
    '[x',
    'a,b',
    '\u0000',
    '~',
    '010',
    '1e3',
    'é😀',
    ':',
    'a:',
  ])('prints %j so that it reads back', (text) =>
    expect(parse(printYaml({ a: { b: [text], c: text } }), { version: '1.1' })).toEqual({ a: { b: [text], c: text } }),
  );
});

describe('printYaml() with long flows', () => {
  it('continues them behind the indentation of their key', () => {
    const columns = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`column_${index}`, index]));
    const value = { out: { formatter: { columns }, list: [columns] } };
    const text = printYaml(value);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(100);
    expect(parse(text)).toEqual(value);
  });
});

describe('resolveOptions()', () => {
  const schema = z.strictObject({
    count: option(z.number().int().min(1).default(3), { title: 'Count', description: 'How many.' }),
    name: option(z.string(), { title: 'Name', description: 'Who.' }),
    on: option(z.boolean().default(false), { title: 'On', description: 'Whether.' }),
    quote: option(z.string().nullable().default('"'), { title: 'Quote', description: 'Null for none.' }),
    note: option(z.string().optional(), { title: 'Note', description: 'More.' }),
    kind: option(z.enum(['MINIMAL', 'ALL']).default('ALL'), { title: 'Kind', description: 'Which.' }),
    columns: option(z.array(z.strictObject({ name: z.string() })).default([]), {
      title: 'Columns',
      description: 'List.',
    }),
  });

  it('coerces scalars as Jackson does', () => {
    const written = { count: '10', name: 5, on: 0, quote: null, note: null, columns: [{ name: { $float: '1.0' } }] };
    expect(resolveOptions(schema, written)).toEqual({
      config: { count: 10, name: '5', on: false, quote: null, kind: 'ALL', columns: [{ name: '1.0' }] },
      errors: [],
      unknownKeys: [],
    });
    expect(resolveOptions(schema, { name: true, count: 1.9, on: 'true' }).config).toMatchObject({
      name: 'true',
      count: 1,
      on: true,
    });
  });

  it('coerces what may be a number or a name', () => {
    const level = option(z.union([z.number().int().min(1), z.enum(['fast'])]), { title: 'Level', description: 'How.' });
    const resolved = (value: Json): unknown => resolveOptions(z.strictObject({ level }), { level: value }).config;
    expect(['6', 6, { $float: '6.0' }, 'fast'].map(resolved)).toEqual(
      [6, 6, 6, 'fast'].map((value) => ({ level: value })),
    );
    expect(resolveOptions(z.strictObject({ level }), { level: 'slow' }).errors).toHaveLength(1);
  });

  it.each<[JsonObject, string, string]>([
    [{}, 'OPTION_REQUIRED', 'name'],
    [{ name: 'x', count: 'many' }, 'OPTION_TYPE', 'count'],
    [{ name: 'x', count: 0 }, 'OPTION_VALUE', 'count'],
    [{ name: 'x', count: null }, 'OPTION_NULL', 'count'],
    [{ name: null }, 'OPTION_NULL', 'name'],
    [{ name: {} }, 'OPTION_TYPE', 'name'],
    [{ name: 'x', on: 'yes' }, 'OPTION_TYPE', 'on'],
    [{ name: 'x', kind: 'all' }, 'OPTION_TYPE', 'kind'],
    [{ name: 'x', columns: 'a' }, 'OPTION_TYPE', 'columns'],
    [{ name: 'x', columns: [{}] }, 'OPTION_REQUIRED', 'columns.0.name'],
  ])('%j is %s', (written, code, path) => {
    const { errors } = resolveOptions(schema, written);
    expect(errors.map((error) => [error.code, error.where.path?.join('.')])).toEqual([[code, path]]);
  });

  it('finds every fault at once, and unknown keys with what was meant', () => {
    const { errors, unknownKeys } = resolveOptions(schema, { cuont: 1, count: 'x', columns: [{ name: 'a', nmae: 1 }] });
    expect(errors).toHaveLength(2);
    expect(unknownKeys.map(({ path, suggestion }) => [path.join('.'), suggestion])).toEqual([
      ['cuont', 'count'],
      ['columns.0.nmae', 'name'],
    ]);
  });
});

describe('readProperties()', () => {
  it('reads what is known and warns of the rest', () => {
    const { properties, warnings } = readProperties({
      max_threads: '4',
      yaml_dialect: '0.11.3',
      page_size: '1KB',
      max_thread: '1',
    });
    expect(properties).toEqual({ maxThreads: 4, dialect: '0.11.3' });
    expect(warnings).toMatchObject([{ code: 'PROPERTY_UNKNOWN' }]);
    expect(() => readProperties({ max_threads: 'x' })).toThrow(expect.objectContaining({ code: 'PROPERTY_VALUE' }));
  });
});

describe('transactionTime()', () => {
  it.each([
    ['2015-01-02 03:04:05 UTC', '2015-01-02T03:04:05.000Z'],
    ['2015-01-02 03:04:05.123 +00:00', '2015-01-02T03:04:05.123Z'],
    ['2015-01-02 03:04:05 +09:00', undefined],
    ['nonsense', undefined],
  ])('%s', (text, expected) => expect(transactionTime(text)?.toISOString()).toBe(expected));
});

describe('nearest()', () => {
  it.each([
    ['delimeter', 'delimiter'],
    ['cvs', 'csv'],
    ['quite_another', undefined],
  ])('%s → %s', (word, expected) => expect(nearest(word, ['delimiter', 'csv', 'quote'])).toBe(expected));
});
