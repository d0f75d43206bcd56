/** What must hold for every plugin there is. The catalogue is walked: a new plugin is tested by being in it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { catalog } from '#connectors/catalog.ts';
import { assert } from '#spi/assert.ts';
import { valueAt } from '#spi/batch.ts';
import type { Batch } from '#spi/batch.ts';
import { BatchBuilder } from '#spi/batch-builder.ts';
import type { TaskContext } from '#spi/context.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import type { AnyPlugin, Kind, Kinds } from '#spi/plugin.ts';
import type { Schema } from '#spi/schema.ts';
import { configJsonSchema } from '#engine/config/json-schema.ts';
import { resolveOptions } from '#engine/config/resolve.ts';
import { keptLog } from '#test/kit/memory-plugins.ts';
import { workbook } from '#test/kit/workbooks.ts';

const members = catalog.map((plugin): [string, AnyPlugin] => [`${plugin.kind} ${plugin.name}`, plugin]);

const configs = new Map(await Promise.all(catalog.map(async (plugin) => [plugin, await plugin.config()] as const)));

function configOf(plugin: AnyPlugin): z.ZodObject {
  const config = configs.get(plugin);
  assert(config, 'plugins of these tests are of the catalogue');
  return config;
}

function ofKind<K extends Kind>(kind: K): [string, AnyPlugin<K>][] {
  return catalog
    .filter((plugin): plugin is AnyPlugin<K> => plugin.kind === kind)
    .map((plugin) => [plugin.name, plugin]);
}

/** The implementation, its config type forgotten: configs here come out of the plugin's own schema. */
async function load<K extends Kind>(plugin: AnyPlugin<K>): Promise<Kinds<unknown>[K]> {
  return plugin.load();
}

function context(rejected: string[] = []): TaskContext {
  return {
    log: keptLog().log,
    signal: new AbortController().signal,
    tempDir: async () => '/nowhere',
    transactionTime: new Date(0),
    isPreview: false,
    taskIndex: 0,
    reject: ({ reason, where }) => rejected.push(`${where.line} ${reason.code}`),
    progress: () => {},
  };
}

interface SchemaNode {
  readonly title?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode | boolean;
}

function undocumented(node: SchemaNode, path: string): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, option]) => {
    const here = `${path}${name}`;
    const isWhole = option.title !== undefined && option.description?.endsWith('.') === true;
    const nested = [
      option.items,
      typeof option.additionalProperties === 'object' ? option.additionalProperties : undefined,
    ];
    return [
      ...(isWhole ? [] : [here]),
      ...nested.flatMap((inner) => (inner === undefined ? [] : undocumented(inner, `${here}.`))),
    ];
  });
}

describe.each(members)('%s', (_title, plugin) => {
  const jsonSchema = z.toJSONSchema(configOf(plugin), { io: 'input', unrepresentable: 'any' }) as SchemaNode;

  it('is told in words: a sentence about itself, title and sentences for every option', () => {
    expect(plugin.summary).toMatch(/\.$/);
    expect(undocumented(jsonSchema, '')).toEqual([]);
  });

  it('has names as configs have them', () => {
    // Plugins of Embulk keep the names they have.
    if (plugin.name !== 'commons-compress') expect(plugin.name).toMatch(/^[a-z0-9_]+$/);
    for (const name of Object.keys(jsonSchema.properties ?? {})) expect(name).toMatch(/^[a-z0-9_]+$/);
  });

  it('has examples that its schema takes without a complaint', () => {
    if (plugin.kind !== 'guess') expect(plugin.examples.length).toBeGreaterThan(0);
    for (const { yaml } of plugin.examples) {
      const written: unknown = parse(yaml);
      expect(isJsonObject(written) && written['type']).toBe(plugin.name);
      const nested = ['type', 'parser', 'decoders', 'formatter', 'encoders'];
      const own = Object.fromEntries(Object.entries(written as JsonObject).filter(([key]) => !nested.includes(key)));
      expect(resolveOptions(configOf(plugin), own)).toMatchObject({ errors: [], unknownKeys: [] });
    }
  });

  it('refuses an option that does not exist, and gives plain JSON as its config', () => {
    const [example] = plugin.examples;
    expect(configOf(plugin).safeParse({ no_such_option: 1 }).success).toBe(false);
    if (example === undefined) return;
    const { config } = resolveOptions(configOf(plugin), withoutType(parse(example.yaml) as JsonObject));
    expect(JSON.parse(JSON.stringify(config))).toEqual(config);
  });

  it('loads', async () => {
    expect(await plugin.load()).toBeTypeOf('object');
  });
});

function withoutType(written: JsonObject): JsonObject {
  const nested = ['type', 'parser', 'decoders', 'formatter', 'encoders'];
  return Object.fromEntries(Object.entries(written).filter(([key]) => !nested.includes(key)));
}

const columns = [
  { name: 'n', type: 'long' },
  { name: 's', type: 'string' },
  { name: 'd', type: 'double' },
];
const sheet = workbook({
  sheets: {
    s: [
      '<c><v>1</v></c><c t="inlineStr"><is><t>a\nb</t></is></c><c><v>1.5</v></c>',
      '<c><v>2</v></c><c t="str"><v>é😀</v></c>',
      '<c><v>0.5</v></c>',
      '<c r="B4" t="str"><v>q"q</v></c><c><v>-0.0</v></c>',
    ]
      .map((cells) => `<row>${cells}</row>`)
      .join(''),
  },
});

/** What each parser reads as three records and one bad one. */
const samples: Readonly<Record<string, string | Uint8Array>> = {
  csv: '1,"a\nb",1.5\r\n2,é😀,\nx,bad,1\n,"q""q",-0.0',
  json: '{"n":1,"s":"a\\nb","d":1.5}{"n":2,"s":"é😀"}\n[]{"s":"q\\"q","d":-0.0}',
  jsonl: '{"n":1,"s":"a\\nb","d":1.5}\n{"n":2,"s":"é😀"}\nbad\n{"s":"q\\"q","d":-0.0}',
  jsonpath: '[{"n":1,"s":"a\\nb","d":1.5}, {"n":2,"s":"é😀"},\n[], {"s":"q\\"q","d":-0.0}]',
  ltsv: 'n:1\ts:a b\td:1.5\nd:\tn:2\ts:é😀\r\nno label\ts:x\nd:-0.0\ts:q"q\n',
  fixed_width: '  1a b1.5 \r\n  2é😀     \r\nx  bad1   \r\n   q"q-0.0',
  excel: sheet,
  poi_excel: sheet,
  xml: '<r><x n="1"><s>a\nb</s><d>1.5</d></x><x n="2"><s>é😀</s></x><x n="x"/><x><s>q"q</s><d>-0.0</d></x></r>',
  parquet: await parquetSample(),
};

/** A whole number that has a fraction in the file: types are the file's, so values are all that can be bad. */
async function parquetSample(): Promise<Uint8Array> {
  const schema: Schema = {
    columns: [
      { name: 'd', type: 'double' },
      { name: 'n', type: 'double' },
      { name: 's', type: 'string' },
    ],
  };
  const rows = [
    [1.5, 1, 'a\nb'],
    [undefined, 2, 'é😀'],
    [1, 2.5, 'bad'],
    [-0, undefined, 'q"q'],
  ] as const;
  const builder = new BatchBuilder(schema);
  for (const [d, n, s] of rows) {
    if (d !== undefined) builder.setDouble(0, d);
    if (n !== undefined) builder.setDouble(1, n);
    builder.setString(2, s);
    builder.endRow();
  }
  const plugin = ofKind('formatter').find(([name]) => name === 'parquet')?.[1];
  assert(plugin, 'the catalogue has it');
  const writer = (await load(plugin)).open(configOf(plugin).parse({}), schema);
  const parts = [Buffer.from(writer.begin())];
  const batch = builder.take();
  if (batch !== undefined) parts.push(Buffer.from(writer.write(batch)));
  return Buffer.concat([...parts, Buffer.from(writer.end())]);
}

async function* cut(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(bytes.length);
  const edges = [0, ...cuts.map((at) => Math.min(at, bytes.length)).sort((a, b) => a - b), bytes.length];
  for (const [index, edge] of edges.slice(1).entries()) {
    const part = bytes.subarray(edges[index], edge);
    // Chunks are only lent: the same memory for each.
    buffer.set(part);
    yield buffer.subarray(0, part.length);
    buffer.fill(0x2a);
  }
}

/** What a parser must be told of the columns beyond names and types. */
const moreOfColumns: Readonly<Record<string, readonly JsonObject[]>> = {
  fixed_width: [{ width: 3 }, { width: 3 }, { width: 4 }],
  xml: [{ path: '@n' }],
};

/** What a parser must be told besides. */
const moreOptions: Readonly<Record<string, JsonObject>> = { xml: { root: 'r/x' } };

describe.each(ofKind('parser'))('parser %s', (name, plugin) => {
  const config = configOf(plugin).parse({
    ...moreOptions[name],
    columns: columns.map((column, index) => ({ ...column, ...moreOfColumns[name]?.[index] })),
  });

  async function parsed(
    text: string | Uint8Array,
    cuts: readonly number[] = [],
  ): Promise<{ rows: unknown[][]; rejected: string[] }> {
    const parser = await load(plugin);
    const rejected: string[] = [];
    const rows: unknown[][] = [];
    const file = { name: '/file', bytes: cut(typeof text === 'string' ? Buffer.from(text) : text, cuts) };
    for await (const batch of parser.parse(config, file, context(rejected))) rows.push(...rowsOf(batch));
    return { rows, rejected };
  }

  it('has a sample here', () => expect(samples[name]).toBeDefined());

  it('survives an empty file', async () => {
    expect(await parsed('')).toEqual({ rows: [], rejected: [] });
  });

  it('reads the same for any split of the bytes, and leaves bad records out', async () => {
    const text = samples[name] ?? '';
    const whole = await parsed(text);
    expect(whole.rows).toEqual([
      // Some formats have no way to say a line break.
      [1n, expect.stringMatching(/^a(?:\r?\n| )b$/), 1.5],
      [2n, 'é😀', null],
      [null, 'q"q', -0],
    ]);
    expect(whole.rejected).toHaveLength(1);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(90), { maxLength: 6 }), async (cuts) => {
        expect(await parsed(text, cuts)).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });
});

function rowsOf(batch: Batch): unknown[][] {
  return Array.from({ length: batch.rowCount }, (_, row) => batch.vectors.map((vector) => valueAt(vector, row)));
}

/** Rows of every type but those that a format cannot tell apart. */
const cells = fc.record({
  n: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  s: fc.option(fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => `x${text.replace(/[\0\r\n]/g, '')}`)),
  d: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
});

/** How a file without records begins and ends, where it is not empty. */
const emptyFiles: Readonly<Record<string, readonly unknown[]>> = {
  csv: ['n,s,d\r\n', ''],
  json: ['[', ']\n'],
  parquet: ['PAR1', expect.stringMatching(/PAR1$/)],
};

/** What a parser must be told to read what the formatter of its name writes. */
const toReadBack: Readonly<Record<string, JsonObject>> = {
  // Quotes are doubled, so nothing else may escape.
  csv: { skip_header_lines: 1, escape: null },
  json: { flatten_json_array: true },
};

describe.each(ofKind('formatter'))('formatter %s', (name, plugin) => {
  const schema: Schema = { columns: columns as unknown as Schema['columns'] };

  it('writes a file for no records', async () => {
    const formatter = await load(plugin);
    const writer = formatter.open(configOf(plugin).parse({}), schema);
    const begin = Buffer.from(writer.begin()).toString();
    const end = Buffer.from(writer.end()).toString('latin1');
    expect([begin, end]).toEqual(emptyFiles[name] ?? ['', '']);
  });

  it('writes what the parser of its name reads back', async () => {
    const formatter = await load(plugin);
    const parserPlugin = ofKind('parser').find(([parser]) => parser === name)?.[1];
    if (parserPlugin === undefined) return;
    const parser = await load(parserPlugin);
    const parserConfig = configOf(parserPlugin).parse({ columns, ...toReadBack[name] });
    await fc.assert(
      fc.asyncProperty(fc.array(cells, { maxLength: 5 }), async (rows) => {
        const writer = formatter.open(configOf(plugin).parse({}), schema);
        const parts = [Buffer.from(writer.begin())];
        const batch = batchOf(schema, rows);
        if (batch !== undefined) parts.push(Buffer.from(writer.write(batch)));
        parts.push(Buffer.from(writer.end()));
        const file = { name: '/file', bytes: cut(Buffer.concat(parts), []) };
        const read: unknown[][] = [];
        for await (const back of parser.parse(parserConfig, file, context())) read.push(...rowsOf(back));
        // A CSV line of nothing but one empty value is an empty line; three columns never are.
        expect(read).toEqual(rows.map(({ n, s, d }) => [n, s, d]));
      }),
      { numRuns: 100 },
    );
  });
});

function batchOf(
  schema: Schema,
  rows: readonly { n: bigint | null; s: string | null; d: number | null }[],
): Batch | undefined {
  const builder = new BatchBuilder(schema);
  for (const { n, s, d } of rows) {
    if (n !== null) builder.setLong(0, n);
    if (s !== null) builder.setString(1, s);
    if (d !== null) builder.setDouble(2, d);
    builder.endRow();
  }
  return builder.take();
}

describe.each(ofKind('encoder'))('encoder %s', (name, plugin) => {
  it('has a decoder of its name that undoes it', async () => {
    const decoderPlugin = ofKind('decoder').find(([decoder]) => decoder === name)?.[1];
    expect(decoderPlugin).toBeDefined();
    if (decoderPlugin === undefined) return;
    const [encoder, decoder] = await Promise.all([load(plugin), load(decoderPlugin)]);
    assert('decode' in decoder, 'what an encoder makes is one file');
    const bytes = new TextEncoder().encode('some text '.repeat(1000));
    const packed = encoder.encode(configOf(plugin).parse({}), cut(bytes, [5, 500]), context());
    const chunks: Buffer[] = [];
    for await (const chunk of decoder.decode({}, packed, { name: '/file' }, context())) chunks.push(Buffer.from(chunk));
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  });

  it('puts pieces of several threads together to a file, if it can', async () => {
    const decoderPlugin = ofKind('decoder').find(([decoder]) => decoder === name)?.[1];
    if (decoderPlugin === undefined) return;
    const [encoder, decoder] = await Promise.all([load(plugin), load(decoderPlugin)]);
    assert('decode' in decoder, 'what an encoder makes is one file');
    const config = configOf(plugin).parse({});
    const [first, second] = [encoder.openPieces?.(config), encoder.openPieces?.(config)];
    if (first === undefined || second === undefined) return;
    const pieces = ['first piece '.repeat(500), '', 'another one '.repeat(700)].map((text) => Buffer.from(text));
    // Models go to other threads as JSON.
    const model = JSON.parse(JSON.stringify(first.train(Buffer.concat(pieces).subarray(0, first.sampleBytes)))) as Json;
    const file = [first.head()];
    let summary = first.emptySummary;
    for (const [index, piece] of pieces.entries()) {
      const pieceEncoder = index % 2 === 0 ? first : second;
      pieceEncoder.begin(model);
      file.push(
        Buffer.from(pieceEncoder.write(piece.subarray(0, 7))),
        Buffer.from(pieceEncoder.write(piece.subarray(7))),
      );
      const end = pieceEncoder.end();
      file.push(Buffer.from(end.bytes));
      summary = first.combine(summary, end.summary);
    }
    file.push(first.tail(summary));
    const back: Buffer[] = [];
    const decoded = decoder.decode({}, cut(Buffer.concat(file), []), { name: '/file' }, context());
    for await (const chunk of decoded) back.push(Buffer.from(chunk));
    expect(Buffer.concat(back).toString()).toBe(Buffer.concat(pieces).toString());
  });
});

describe('configJsonSchema()', () => {
  it('names every plugin of a config in its place', async () => {
    const text = JSON.stringify(await configJsonSchema(catalog));
    for (const { kind, name } of catalog) if (kind !== 'guess') expect(text).toContain(`"const":"${name}"`);
  });
});
