import { plugin } from 'ropeway/spi/plugin.js';
import type { AnyPlugin } from 'ropeway/spi/plugin.js';

/** What the package has. Declarations only: the rest loads when a config names the plugin. */
export const plugins: readonly AnyPlugin[] = [
  plugin({
    kind: 'input',
    name: 'my_plugin',
    title: 'Numbers',
    summary: 'Gives records with ids that count up, as long as your own source is not there yet.',
    stability: 'beta',
    config: async () => (await import('./config.ts')).myPluginConfig,
    examples: [{ title: 'Ten records', yaml: 'type: my_plugin\nrecords: 10\n' }],
    load: async () => (await import('./input.ts')).myPlugin,
  }),
];
