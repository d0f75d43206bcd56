import { plugin } from '#spi/plugin.ts';

export const expandJsonPlugin = plugin({
  kind: 'filter',
  name: 'expand_json',
  title: 'Expand JSON',
  summary: 'Makes columns of the values inside a column of JSON objects.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).expandJsonConfig,
  examples: [
    {
      title: 'Three values of an object',
      yaml: "type: expand_json\njson_column_name: payload\nexpanded_columns:\n- {name: id, type: long}\n- {name: user.name, type: string}\n- {name: 'tags[0]', type: string}\n",
    },
  ],
  load: async () => (await import('./filter.ts')).expandJson,
});
