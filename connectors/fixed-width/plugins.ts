import { plugin } from '#spi/plugin.ts';

export const fixedWidthParserPlugin = plugin({
  kind: 'parser',
  name: 'fixed_width',
  title: 'Fixed width',
  summary: 'Reads records whose columns have fixed places, counted in characters or in bytes.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).fixedWidthParserConfig,
  examples: [
    {
      title: 'Bytes of Shift_JIS',
      yaml: 'type: fixed_width\nunit: bytes\ncharset: MS932\ncolumns:\n- {name: code, type: long, width: 6}\n- {name: name, type: string, width: 20}\n- {name: day, type: timestamp, width: 8, format: "%Y%m%d"}\n',
    },
  ],
  load: async () => (await import('./parser.ts')).fixedWidthParser,
});
