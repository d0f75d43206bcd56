import { plugin } from '#spi/plugin.ts';

export const timestampFormatPlugin = plugin({
  kind: 'filter',
  name: 'timestamp_format',
  title: 'Convert times',
  summary: 'Brings times into other formats, zones, units and types.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).timestampFormatConfig,
  examples: [
    {
      title: 'From one text to another',
      yaml: "type: timestamp_format\ndefault_to_timezone: Asia/Tokyo\ncolumns:\n- {name: at, from_format: ['%Y/%m/%d %H:%M'], to_format: '%Y-%m-%d %H:%M:%S'}\n",
    },
    {
      title: 'UNIX time in milliseconds to a timestamp, and a text to UNIX time',
      yaml: 'type: timestamp_format\ncolumns:\n- {name: at, type: timestamp, from_unit: ms}\n- {name: day, type: long, from_format: ["%Y-%m-%d"], from_timezone: Asia/Tokyo}\n',
    },
  ],
  load: async () => (await import('./filter.ts')).timestampFormat,
});
