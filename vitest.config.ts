import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // What plugins from outside import, as the loader gives it to them.
  resolve: { alias: [{ find: /^ropeway\/spi\/(.*)\.js$/, replacement: `${import.meta.dirname}/spi/$1.ts` }] },
  test: {
    include: ['{spi,codec,connectors,engine,api,control,runner,cli,conformance,test,scripts,bench}/**/*.test.ts'],
    // By itself it leaves a core to itself, and of two there is one left then.
    maxWorkers: availableParallelism(),
    globalSetup: 'test/kit/fresh-bundle.ts',
    // They tell what hangs from what works, on any machine; the longest tests take a tenth of it.
    testTimeout: 180_000,
    // Servers are started in hooks.
    hookTimeout: 180_000,
  },
});
