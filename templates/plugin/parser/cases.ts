/** How `ropeway plugins check` tries the plugin. */
import type { ConformanceCase } from 'ropeway/spi/conformance.js';

export const cases: readonly ConformanceCase[] = [
  {
    kind: 'parser',
    name: 'my_plugin',
    config: {},
    sample: 'host: localhost\nbad\n\ngreeting: é😀: hello\nempty: ',
    records: 3,
    rejected: 1,
  },
];
