import { plugin } from 'ropeway/spi/plugin.js';
import type { AnyPlugin } from 'ropeway/spi/plugin.js';

/** What the package has. Declarations only: the rest loads when a config names the plugin. */
export const plugins: readonly AnyPlugin[] = [
  plugin({
    kind: 'decoder',
    name: 'my_plugin',
    title: 'Hexadecimal digits',
    summary: 'Decodes files of hexadecimal digits, two for every byte.',
    stability: 'beta',
    config: async () => (await import('./config.ts')).myPluginConfig,
    examples: [{ title: 'Digits', yaml: 'type: my_plugin\n' }],
    load: async () => (await import('./decoder.ts')).myPluginDecoder,
  }),
];
