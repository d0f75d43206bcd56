import { plugin } from '#spi/plugin.ts';

export const stdoutPlugin = plugin({
  kind: 'output',
  name: 'stdout',
  title: 'Standard output',
  summary: 'Prints records as comma-separated text without quotes: for looking at them.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).stdoutConfig,
  examples: [{ title: 'With column names', yaml: 'type: stdout\nprints_column_names: true\n' }],
  load: async () => (await import('./output.ts')).stdoutOutput,
});
