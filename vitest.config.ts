import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{spi,codec,connectors,engine,cli,test,scripts,bench}/**/*.test.ts'],
    globalSetup: 'test/kit/fresh-bundle.ts',
    testTimeout: 20_000,
  },
});
