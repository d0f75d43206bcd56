import { plugin } from '#spi/plugin.ts';

export const parquetParserPlugin = plugin({
  kind: 'parser',
  name: 'parquet',
  title: 'Parquet',
  summary: 'Reads columns of Parquet files; nested ones become JSON.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).parquetParserConfig,
  examples: [
    {
      title: 'Three columns',
      yaml: 'type: parquet\ncolumns:\n- {name: id, type: long}\n- {name: at, type: timestamp}\n- {name: tags, type: json}\n',
    },
  ],
  load: async () => (await import('./parser.ts')).parquetParser,
});

export const parquetFormatterPlugin = plugin({
  kind: 'formatter',
  name: 'parquet',
  title: 'Parquet',
  summary: 'Writes Parquet files: typed columns, compressed one by one, for warehouses and analysis.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).parquetFormatterConfig,
  examples: [{ title: 'For older readers', yaml: 'type: parquet\ncompression: snappy\n' }],
  load: async () => (await import('./formatter.ts')).parquetFormatter,
});
