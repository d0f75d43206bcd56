import { plugin } from '#spi/plugin.ts';

export const configInputPlugin = plugin({
  kind: 'input',
  name: 'config',
  title: 'Values in the config',
  summary: 'Takes records from the config itself: for trying things out and for small tables.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).configInputConfig,
  examples: [
    {
      title: 'Two records',
      yaml: 'type: config\ncolumns:\n- {name: id, type: long}\n- {name: name, type: string}\nvalues: [[[1, one], [2, two]]]\n',
    },
  ],
  load: async () => (await import('./input.ts')).configInput,
});
