import { noOptions, plugin } from '#spi/plugin.ts';

export const nullOutputPlugin = plugin({
  kind: 'output',
  name: 'null',
  title: 'Nowhere',
  summary: 'Throws all records away: for measuring and for checking inputs.',
  stability: 'stable',
  config: noOptions,
  examples: [{ title: 'Nowhere (the quotes matter: an unquoted null is nothing)', yaml: 'type: "null"\n' }],
  load: async () => (await import('./output.ts')).nullOutput,
});
