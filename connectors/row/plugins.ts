import { plugin } from '#spi/plugin.ts';

export const rowPlugin = plugin({
  kind: 'filter',
  name: 'row',
  title: 'Choose records',
  summary: 'Keeps the records that meet a condition.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).rowConfig,
  examples: [
    { title: 'An expression', yaml: "type: row\nwhere: price >= 100 AND (shop = 'tokyo' OR shop IS NULL)\n" },
    {
      title: 'The old form',
      yaml: "type: row\ncondition: OR\nconditions:\n- {column: price, operator: '>', argument: 100}\n- {column: shop, operator: IS NULL}\n",
    },
  ],
  load: async () => (await import('./filter.ts')).row,
});
