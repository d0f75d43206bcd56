import { noOptions, plugin } from '#spi/plugin.ts';

export const jsonGuessPlugin = plugin({
  kind: 'guess',
  name: 'json',
  title: 'JSON',
  summary: 'Recognizes files of JSON objects.',
  stability: 'stable',
  config: noOptions,
  examples: [],
  load: async () => (await import('./json-guess.ts')).jsonGuesser,
});
