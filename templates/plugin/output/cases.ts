/** How `ropeway plugins check` tries the plugin. */
import type { ConformanceCase } from 'ropeway/spi/conformance.js';

export const cases: readonly ConformanceCase[] = [
  { kind: 'output', name: 'my_plugin', config: async (folder) => ({ folder }) },
];
