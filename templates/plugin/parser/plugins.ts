import { plugin } from 'ropeway/spi/plugin.js';
import type { AnyPlugin } from 'ropeway/spi/plugin.js';

/** What the package has. Declarations only: the rest loads when a config names the plugin. */
export const plugins: readonly AnyPlugin[] = [
  plugin({
    kind: 'parser',
    name: 'my_plugin',
    title: 'Names and values',
    summary: 'Reads a record of a name and a value from every line.',
    stability: 'beta',
    config: async () => (await import('./config.ts')).myPluginConfig,
    examples: [{ title: 'Settings', yaml: 'type: my_plugin\nseparator_text: "="\n' }],
    load: async () => (await import('./parser.ts')).myPlugin,
  }),
];
