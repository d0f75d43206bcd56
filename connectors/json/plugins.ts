import { plugin } from '#spi/plugin.ts';

export const jsonParserPlugin = plugin({
  kind: 'parser',
  name: 'json',
  title: 'JSON',
  summary: 'Reads JSON values one after the other: one per line, pretty-printed, or elements of arrays.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).jsonParserConfig,
  examples: [
    {
      title: 'Columns out of nested objects',
      yaml: 'type: json\ncolumns:\n- {name: id, type: long}\n- {name: city, type: string, element_at: /address/city}\n',
    },
  ],
  load: async () => (await import('./parser.ts')).jsonParser,
});

export const jsonFormatterPlugin = plugin({
  kind: 'formatter',
  name: 'json',
  title: 'JSON',
  summary: 'Writes one JSON array of objects.',
  stability: 'stable',
  config: async () => (await import('./formatter-config.ts')).jsonFormatterConfig,
  examples: [{ title: 'To be read by people', yaml: 'type: json\npretty: true\n' }],
  load: async () => (await import('./formatter.ts')).jsonFormatter,
});
