import { plugin } from '#spi/plugin.ts';

export const defaultValuePlugin = plugin({
  kind: 'filter',
  name: 'default_value',
  title: 'Fill missing values',
  summary: 'Puts values where there are none, by column or by type.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).defaultValueConfig,
  examples: [
    {
      title: 'By column, and by type',
      yaml: "type: default_value\nreplace_empty_strings: true\ncolumns:\n- {name: country, value: JP}\ntypes:\n- {type: long, value: '0'}\n- {type: string, value: unknown}\n",
    },
  ],
  load: async () => (await import('./filter.ts')).defaultValue,
});
