import { plugin } from 'ropeway/spi/plugin.js';
import type { AnyPlugin } from 'ropeway/spi/plugin.js';

/** What the package has. Declarations only: the rest loads when a config names the plugin. */
export const plugins: readonly AnyPlugin[] = [
  plugin({
    kind: 'parser',
    name: 'access_log',
    title: 'Access log',
    summary: 'Reads access logs of web servers: the common log format and the combined one.',
    stability: 'beta',
    config: async () => (await import('./config.ts')).accessLogConfig,
    examples: [
      { title: 'Logs of Apache or nginx', yaml: 'type: access_log\n' },
      { title: 'Without queries', yaml: 'type: access_log\nformat: common\nwith_query: false\n' },
    ],
    load: async () => (await import('./parser.ts')).accessLogParser,
  }),
];
