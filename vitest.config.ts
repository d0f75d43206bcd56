import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{spi,codec,connectors,engine,cli,test,scripts,bench}/**/*.test.ts'],
    testTimeout: 20_000,
  },
});
