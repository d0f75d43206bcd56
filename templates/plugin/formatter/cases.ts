/** How `ropeway plugins check` tries the plugin. */
import type { ConformanceCase } from 'ropeway/spi/conformance.js';

// Without columns and rows it is given records with everything that formats meet.
export const cases: readonly ConformanceCase[] = [{ kind: 'formatter', name: 'my_plugin', config: {} }];
