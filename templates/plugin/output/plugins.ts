import { plugin } from 'ropeway/spi/plugin.js';
import type { AnyPlugin } from 'ropeway/spi/plugin.js';

/** What the package has. Declarations only: the rest loads when a config names the plugin. */
export const plugins: readonly AnyPlugin[] = [
  plugin({
    kind: 'output',
    name: 'my_plugin',
    title: 'JSON lines of my_plugin',
    summary: 'Writes a file of JSON lines per task, as long as your own target is not there yet.',
    stability: 'beta',
    config: async () => (await import('./config.ts')).myPluginConfig,
    examples: [{ title: 'Into a folder', yaml: 'type: my_plugin\nfolder: out\n' }],
    load: async () => (await import('./output.ts')).myPlugin,
  }),
];
