import { plugin } from 'ropeway/spi/plugin.js';
import type { AnyPlugin } from 'ropeway/spi/plugin.js';

/** What the package has. Declarations only: the rest loads when a config names the plugin. */
export const plugins: readonly AnyPlugin[] = [
  plugin({
    kind: 'filter',
    name: 'my_plugin',
    title: 'Capitals',
    summary: 'Puts the texts of a column into capitals.',
    stability: 'beta',
    config: async () => (await import('./config.ts')).myPluginConfig,
    examples: [{ title: 'Country codes', yaml: 'type: my_plugin\ncolumn: country\n' }],
    load: async () => (await import('./filter.ts')).myPlugin,
  }),
];
