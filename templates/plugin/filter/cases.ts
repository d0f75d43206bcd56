/** How `ropeway plugins check` tries the plugin. */
import type { ConformanceCase } from 'ropeway/spi/conformance.js';

export const cases: readonly ConformanceCase[] = [
  {
    kind: 'filter',
    name: 'my_plugin',
    config: { column: 'country' },
    columns: [
      { name: 'id', type: 'long' },
      { name: 'country', type: 'string' },
    ],
    rows: [
      [1n, 'jp'],
      [2n, 'Österreich'],
      [3n, null],
    ],
    records: 3,
  },
];
