import { plugin } from '#spi/plugin.ts';

export const csvParserPlugin = plugin({
  kind: 'parser',
  name: 'csv',
  title: 'CSV',
  summary: 'Reads comma-separated values and their relatives (tabs, semicolons, other quotes).',
  stability: 'stable',
  config: async () => (await import('./config.ts')).csvParserConfig,
  examples: [
    {
      title: 'Tab-separated, with a header',
      yaml: 'type: csv\ndelimiter: "\\t"\nskip_header_lines: 1\ncolumns:\n- {name: id, type: long}\n- {name: day, type: timestamp, format: "%Y-%m-%d"}\n',
    },
  ],
  load: async () => (await import('./parser.ts')).csvParser,
});

export const csvFormatterPlugin = plugin({
  kind: 'formatter',
  name: 'csv',
  title: 'CSV',
  summary: 'Writes comma-separated values.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).csvFormatterConfig,
  examples: [
    { title: 'Lines that end with LF, everything quoted', yaml: 'type: csv\nnewline: LF\nquote_policy: ALL\n' },
  ],
  load: async () => (await import('./formatter.ts')).csvFormatter,
});
