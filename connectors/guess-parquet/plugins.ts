import { noOptions, plugin } from '#spi/plugin.ts';

export const parquetGuessPlugin = plugin({
  kind: 'guess',
  name: 'parquet',
  title: 'Parquet',
  summary: 'Recognizes Parquet files, and the columns of small ones.',
  stability: 'stable',
  config: noOptions,
  examples: [],
  load: async () => (await import('./parquet-guess.ts')).parquetGuesser,
});
