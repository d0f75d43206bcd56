import { plugin } from '#spi/plugin.ts';

export const jsonlParserPlugin = plugin({
  kind: 'parser',
  name: 'jsonl',
  title: 'JSON lines',
  summary: 'Reads one JSON object per line; a broken line is skipped, and the next one read.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).jsonlParserConfig,
  examples: [
    {
      title: 'Three columns',
      yaml: 'type: jsonl\ncolumns:\n- {name: id, type: long}\n- {name: at, type: timestamp, format: "%Y-%m-%dT%H:%M:%S%z"}\n- {name: tags, type: json}\n',
    },
  ],
  load: async () => (await import('./parser.ts')).jsonlParser,
});

export const jsonlFormatterPlugin = plugin({
  kind: 'formatter',
  name: 'jsonl',
  title: 'JSON lines',
  summary: 'Writes one JSON object per line.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).jsonlFormatterConfig,
  examples: [{ title: 'Dates only', yaml: 'type: jsonl\ndefault_timestamp_format: "%Y-%m-%d"\n' }],
  load: async () => (await import('./formatter.ts')).jsonlFormatter,
});
