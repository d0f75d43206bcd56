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
      title: 'Conditions and groups of them',
      yaml: 'type: row\nconditions:\n- {column: price, operator: greater_equal, argument: 100}\n- condition: OR\n  conditions:\n  - {column: shop, operator: equal, argument: tokyo}\n  - {column: shop, operator: is_null}\n',
    },
  ],
  load: async () => (await import('./filter.ts')).row,
});
