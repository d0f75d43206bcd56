import { plugin } from '#spi/plugin.ts';

const example =
  'sheets: [Sheet1]\nskip_header_lines: 1\ncolumns:\n- {name: id, type: long}\n- {name: name, type: string, column_number: C}\n- {name: day, type: timestamp, timezone: Asia/Tokyo}\n';

export const excelParserPlugin = plugin({
  kind: 'parser',
  name: 'excel',
  title: 'Excel',
  summary: 'Reads rows of sheets in workbooks of Excel (.xlsx).',
  stability: 'stable',
  config: async () => (await import('./config.ts')).excelParserConfig,
  examples: [{ title: 'One sheet with a header', yaml: `type: excel\n${example}` }],
  load: async () => (await import('./parser.ts')).excelParser,
});

export const poiExcelParserPlugin = plugin({
  kind: 'parser',
  name: 'poi_excel',
  title: 'Excel, by the name of the Embulk plugin',
  summary: 'Reads rows of sheets in workbooks of Excel (.xlsx); the same as `excel`.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).excelParserConfig,
  examples: [{ title: 'One sheet with a header', yaml: `type: poi_excel\n${example}` }],
  load: async () => (await import('./parser.ts')).excelParser,
});
