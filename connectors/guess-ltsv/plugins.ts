import { noOptions, plugin } from '#spi/plugin.ts';

export const ltsvGuessPlugin = plugin({
  kind: 'guess',
  name: 'ltsv',
  title: 'LTSV',
  summary: 'Recognizes labelled tab-separated values, and finds out labels and types.',
  stability: 'stable',
  config: noOptions,
  examples: [],
  load: async () => (await import('./ltsv-guess.ts')).ltsvGuesser,
});
