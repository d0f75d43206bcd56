/** How `ropeway plugins check` tries the plugin. */
import type { ConformanceCase } from 'ropeway/spi/conformance.js';

export const cases: readonly ConformanceCase[] = [
  { kind: 'input', name: 'my_plugin', config: { records: 2500, tasks: 2 }, records: 5000 },
  { kind: 'input', name: 'my_plugin', config: { records: 0 }, records: 0 },
];
