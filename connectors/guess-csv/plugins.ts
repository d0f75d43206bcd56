import { noOptions, plugin } from '#spi/plugin.ts';

export const csvGuessPlugin = plugin({
  kind: 'guess',
  name: 'csv',
  title: 'CSV',
  summary: 'Guesses charset, newline, delimiter, quotes, header and column types of CSV files.',
  stability: 'stable',
  config: noOptions,
  examples: [],
  load: async () => (await import('./csv-guess.ts')).csvGuesser({ isAllStrings: false }),
});

export const csvAllStringsGuessPlugin = plugin({
  kind: 'guess',
  name: 'csv_all_strings',
  title: 'CSV, all strings',
  summary: 'Like csv, but every column is a string.',
  stability: 'stable',
  config: noOptions,
  examples: [],
  load: async () => (await import('./csv-guess.ts')).csvGuesser({ isAllStrings: true }),
});
