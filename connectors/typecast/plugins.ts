import { plugin } from '#spi/plugin.ts';

export const typecastPlugin = plugin({
  kind: 'filter',
  name: 'typecast',
  title: 'Convert types',
  summary: 'Converts columns, or values inside json columns, to other types.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).typecastConfig,
  examples: [
    {
      title: 'Columns',
      yaml: "type: typecast\ncolumns:\n- {name: price, type: double}\n- {name: ordered_at, type: timestamp, format: '%Y-%m-%d'}\n",
    },
    {
      title: 'A value inside a json column',
      yaml: "type: typecast\ncolumns:\n- {name: '$.payload.id', type: string}\n",
    },
  ],
  load: async () => (await import('./filter.ts')).typecast,
});
