/** How `ropeway plugins check` tries the plugin. */
import type { ConformanceCase } from 'ropeway/spi/conformance.js';

export const cases: readonly ConformanceCase[] = [{ kind: 'decoder', name: 'my_plugin', sample: '68 65 6c\n6C 6F\n' }];
