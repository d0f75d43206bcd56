import { noOptions, plugin } from '#spi/plugin.ts';

export const gzipGuessPlugin = plugin({
  kind: 'guess',
  name: 'gzip',
  title: 'gzip',
  summary: 'Recognizes gzip files.',
  stability: 'stable',
  config: noOptions,
  examples: [],
  load: async () => (await import('./magic-guess.ts')).gzipGuesser,
});

export const bzip2GuessPlugin = plugin({
  kind: 'guess',
  name: 'bzip2',
  title: 'bzip2',
  summary: 'Recognizes bzip2 files.',
  stability: 'stable',
  config: noOptions,
  examples: [],
  load: async () => (await import('./magic-guess.ts')).bzip2Guesser,
});

export const zstdGuessPlugin = plugin({
  kind: 'guess',
  name: 'zstd',
  title: 'Zstandard',
  summary: 'Recognizes Zstandard files.',
  stability: 'stable',
  config: noOptions,
  examples: [],
  load: async () => (await import('./magic-guess.ts')).zstdGuesser,
});

export const zipGuessPlugin = plugin({
  kind: 'guess',
  name: 'zip',
  title: 'zip',
  summary: 'Recognizes zip archives.',
  stability: 'stable',
  config: noOptions,
  examples: [],
  load: async () => (await import('./magic-guess.ts')).zipGuesser,
});

export const tarGuessPlugin = plugin({
  kind: 'guess',
  name: 'tar',
  title: 'tar',
  summary: 'Recognizes tar archives.',
  stability: 'stable',
  config: noOptions,
  examples: [],
  load: async () => (await import('./magic-guess.ts')).tarGuesser,
});
