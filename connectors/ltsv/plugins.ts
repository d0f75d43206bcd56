import { plugin } from '#spi/plugin.ts';

export const ltsvParserPlugin = plugin({
  kind: 'parser',
  name: 'ltsv',
  title: 'LTSV',
  summary: 'Reads labelled tab-separated values: one record a line, label and value in each field.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).ltsvParserConfig,
  examples: [
    {
      title: 'An access log',
      yaml: 'type: ltsv\nnull_value_pattern: ^-$\ncolumns:\n- {name: host, type: string}\n- {name: status, type: long}\n- {name: time, type: timestamp, format: "%d/%b/%Y:%H:%M:%S %z"}\n',
    },
  ],
  load: async () => (await import('./parser.ts')).ltsvParser,
});
