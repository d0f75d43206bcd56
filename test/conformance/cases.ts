/** How the plugins that come with Ropeway are tried. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { parquetFormatterConfig } from '#connectors/parquet/config.ts';
import { parquetFormatter } from '#connectors/parquet/formatter.ts';
import { bzip2 } from '#codec/compression/bzip2-encoder.ts';
import { collect, cut } from '#conformance/records.ts';
import { BatchBuilder } from '#spi/batch-builder.ts';
import type { Cell, ConformanceCase } from '#spi/conformance.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import { workbook } from '#test/kit/workbooks.ts';
import { zipFile } from '#test/kit/zip-files.ts';
import { columnTypes } from '#spi/schema.ts';
import type { Column, Schema } from '#spi/schema.ts';

/** `a:long b` → columns; without a type it is a string. */
function columnsOf(text: string): Column[] {
  return text.split(' ').map((word) => {
    const [name = '', written = 'string'] = word.split(':');
    return { name, type: columnTypes.find((type) => type === written) ?? 'string' };
  });
}

function filter(
  name: string,
  config: JsonObject,
  columns: string,
  rows: readonly (readonly Cell[])[],
): ConformanceCase {
  return { kind: 'filter', name, config, columns: columnsOf(columns), rows };
}

const columns = [
  { name: 'n', type: 'long' },
  { name: 's', type: 'string' },
  { name: 'd', type: 'double' },
];

/** Three records and a bad one. Some formats have no way to say a line break. */
function parser(
  name: string,
  sample: string | Uint8Array,
  parts: { text?: string; columns?: Json; more?: JsonObject; endless?: ConformanceCase['endless'] } = {},
): ConformanceCase {
  const expected = [
    [1n, parts.text ?? 'a\nb', 1.5],
    [2n, 'é😀', null],
    [null, 'q"q', -0],
  ];
  return {
    kind: 'parser',
    name,
    config: { columns: parts.columns ?? columns, ...parts.more },
    sample,
    expected,
    rejected: 1,
    ...(parts.endless === undefined ? {} : { endless: parts.endless }),
  };
}

/** A whole number that has a fraction in the file: types are the file's, so values are all that can be bad. */
function parquetSample(): Uint8Array {
  const schema: Schema = { columns: columnsOf('d:double n:double s') };
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
  const writer = parquetFormatter.open(parquetFormatterConfig.parse({}), schema);
  const parts = [Buffer.from(writer.begin())];
  const batch = builder.take();
  if (batch !== undefined) parts.push(Buffer.from(writer.write(batch)));
  return Buffer.concat([...parts, Buffer.from(writer.end())]);
}

async function someFiles(folder: string): Promise<JsonObject> {
  await mkdir(join(folder, 'in'));
  await writeFile(join(folder, 'in', 'a.csv'), '1,x\n');
  await writeFile(join(folder, 'in', 'b.csv'), '2,y\n3,z\n');
  return { path_prefix: join(folder, 'in/') };
}

const text = Buffer.from('some text '.repeat(50));
const zip = zipFile([{ name: 'a.txt', content: text }]);
const tarEntry = tarFile({ name: 'a.txt', content: text });
/** Two empty blocks are the end. */
const tar = Buffer.concat([tarEntry, Buffer.alloc(1024)]);

/** A header of 512 bytes, and the content in blocks of as many. */
function tarFile({ name, content }: { readonly name: string; readonly content: Buffer }): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('ustar\x0000', 257);
  // The sum is made with spaces in its own place.
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

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

export const cases: readonly ConformanceCase[] = [
  parser('csv', '1,"a\nb",1.5\r\n2,é😀,\nx,bad,1\n,"q""q",-0.0', { text: 'a\r\nb' }),
  parser('json', '{"n":1,"s":"a\\nb","d":1.5}{"n":2,"s":"é😀"}\n[]{"s":"q\\"q","d":-0.0}'),
  parser('jsonl', '{"n":1,"s":"a\\nb","d":1.5}\n{"n":2,"s":"é😀"}\nbad\n{"s":"q\\"q","d":-0.0}'),
  parser('jsonpath', '[{"n":1,"s":"a\\nb","d":1.5}, {"n":2,"s":"é😀"},\n[], {"s":"q\\"q","d":-0.0}]', {
    endless: { head: '[1', body: ',{"n":1,"s":"a"}' },
  }),
  parser('ltsv', 'n:1\ts:a b\td:1.5\nd:\tn:2\ts:é😀\r\nno label\ts:x\nd:-0.0\ts:q"q\n', { text: 'a b' }),
  parser('fixed_width', '  1a b1.5 \r\n  2é😀     \r\nx  bad1   \r\n   q"q-0.0', {
    text: 'a b',
    columns: columns.map((column, index) => ({ ...column, width: [3, 3, 4][index] ?? 0 })),
  }),
  parser('parquet', parquetSample()),
  parser('excel', sheet),
  parser('poi_excel', sheet),
  parser(
    'xml',
    '<r><x n="1"><s>a\nb</s><d>1.5</d></x><x n="2"><s>é😀</s></x><x n="x"/><x><s>q"q</s><d>-0.0</d></x></r>',
    {
      columns: columns.map((column, index) => (index === 0 ? { ...column, path: '@n' } : column)),
      more: { root: 'r/x' },
      endless: { head: '<r>', body: '<x n="1"><s>a</s></x>' },
    },
  ),
  // CSV files have a header by default, and their quotes are doubled, so nothing else may escape.
  { kind: 'formatter', name: 'csv', readBack: { skip_header_lines: 1, escape: null } },
  { kind: 'formatter', name: 'json', readBack: { flatten_json_array: true } },
  { kind: 'decoder', name: 'bzip2', sample: await collect(bzip2(cut(text), 9)) },
  { kind: 'decoder', name: 'zip', sample: zip },
  { kind: 'decoder', name: 'tar', sample: tar, endless: { head: '', body: tarEntry } },
  {
    kind: 'decoder',
    name: 'commons-compress',
    config: {},
    sample: zip,
    waivers: { 'has names as configs have them, and no second name for one thing': "The name of Embulk's plugin." },
  },
  { kind: 'decoder', name: 'gzip', sample: gzipSync(text) },
  { kind: 'guess', name: 'gzip', sample: gzipSync(text) },
  { kind: 'guess', name: 'zstd', sample: zstdCompressSync(text) },
  { kind: 'guess', name: 'csv', sample: 'id,name\n1,a\n2,b\n' },
  { kind: 'guess', name: 'csv_all_strings', sample: 'id,name\n1,a\n2,b\n' },
  { kind: 'guess', name: 'json', sample: '{"id":1,"name":"a"}\n{"id":2,"name":"b"}\n' },
  { kind: 'guess', name: 'ltsv', sample: 'id:1\tname:a\nid:2\tname:b\n' },
  { kind: 'decoder', name: 'zstd', sample: zstdCompressSync(text) },
  {
    kind: 'input',
    name: 'config',
    config: { columns: [{ name: 'a', type: 'long' }], values: [[[1], [2]], [[3]]] },
    records: 3,
  },
  { kind: 'output', name: 'null', config: {} },
  { kind: 'file_input', name: 'file', config: someFiles },
  { kind: 'connection', name: 'file', config: someFiles },
  {
    kind: 'connection',
    name: 'gcs',
    waivers: {
      'is named as an input or output, and has no option that is not one of theirs':
        'Buckets are listed by `project`, which a job has no use for: it names its bucket.',
    },
  },
  {
    kind: 'file_output',
    name: 'file',
    config: async (folder) => ({ path_prefix: join(folder, 'out'), file_ext: 'txt' }),
  },
  filter('rename', { columns: { a: 'b' } }, 'a:long s', [
    [1n, 'x'],
    [null, null],
  ]),
  filter('remove_columns', { remove: ['s'] }, 'a:long s', [[1n, 'x']]),
  filter('column', { columns: [{ name: 'a' }, { name: 'b', src: 's' }] }, 'a:long s', [[1n, 'x']]),
  filter('typecast', { columns: [{ name: 's', type: 'long' }] }, 'a:long s', [
    [1n, '12'],
    [2n, 'x'],
  ]),
  {
    ...filter('row', { where: 'a >= 2' }, 'a:long s', [
      [1n, 'x'],
      [2n, 'y'],
      [3n, null],
    ]),
    records: 2,
  },
  filter('timestamp_format', { columns: [{ name: 's', type: 'timestamp', from_format: ['%Y-%m-%d'] }] }, 's', [
    ['2026-01-02'],
    ['never'],
  ]),
  {
    ...filter(
      'expand_json',
      { json_column_name: 'j', expanded_columns: [{ name: 'id', type: 'long' }] },
      'j:json a:long',
      [
        ['{"id":1}', 1n],
        ['{"id":"x"}', 2n],
      ],
    ),
    waivers: {
      'has names as configs have them, and no second name for one thing': "time_zone is the name in Embulk's plugin.",
    },
  },
  filter('add_time', { to_column: { name: 'at' }, from_value: { mode: 'upload_time' } }, 'a:long', [[1n], [2n]]),
  filter('mask', { columns: [{ name: 's', type: 'email' }] }, 's a:long', [
    ['someone@example.com', 1n],
    ['x', 2n],
  ]),
  filter('hash', { columns: [{ name: 's' }] }, 's a:long', [
    ['x', 1n],
    ['y', null],
  ]),
  filter('gsub', { target_columns: { s: [{ pattern: 'a', to: 'b' }] } }, 's a:long', [
    ['aa', 1n],
    [null, 2n],
  ]),
  filter('string_transform', { columns: [{ name: 's', type: 'to_upper_case' }] }, 's a:long', [
    ['aé', 1n],
    [null, 2n],
  ]),
  filter('default_value', { columns: [{ name: 's', value: 'none' }] }, 's a:long', [
    ['a', 1n],
    [null, null],
  ]),
  filter('script', { code: 'function transformRow(row) { return { ...row, s: `${row.s}!` }; }' }, 's a:long', [
    ['a', 1n],
    [null, null],
  ]),
  filter('speedometer', { speed_limit: 0 }, 's a:long', [['x', 1n]]),
];
