import { plugin } from '#spi/plugin.ts';

export const addTimePlugin = plugin({
  kind: 'filter',
  name: 'add_time',
  title: 'Add a time',
  summary: 'Adds a column with a time: from another column, from the config, or that of the run.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).addTimeConfig,
  examples: [
    {
      title: 'From a column',
      yaml: "type: add_time\nto_column: {name: time, type: long}\nfrom_column: {name: created_at, timestamp_format: '%Y-%m-%d %H:%M:%S'}\n",
    },
    {
      title: 'The time of the run',
      yaml: 'type: add_time\nto_column: {name: loaded_at}\nfrom_value: {mode: upload_time}\n',
    },
  ],
  load: async () => (await import('./filter.ts')).addTime,
});
