import { plugin } from '#spi/plugin.ts';

export const removeColumnsPlugin = plugin({
  kind: 'filter',
  name: 'remove_columns',
  title: 'Remove columns',
  summary: 'Drops columns, or keeps only some.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).removeColumnsConfig,
  examples: [{ title: 'Drop two columns', yaml: 'type: remove_columns\nremove: [password, token]\n' }],
  load: async () => (await import('./filter.ts')).removeColumns,
});
