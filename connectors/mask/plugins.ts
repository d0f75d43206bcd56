import { plugin } from '#spi/plugin.ts';

export const maskPlugin = plugin({
  kind: 'filter',
  name: 'mask',
  title: 'Mask values',
  summary: 'Replaces characters of sensitive values by asterisks.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).maskConfig,
  examples: [
    {
      title: 'Columns',
      yaml: "type: mask\ncolumns:\n- {name: email, type: email, length: 5}\n- {name: phone, type: regex, pattern: '[0-9]'}\n- {name: card, type: substring, start: 0, end: 12}\n",
    },
    { title: 'Inside json', yaml: 'type: mask\ncolumns:\n- {name: user, paths: [{key: $.name}]}\n' },
  ],
  load: async () => (await import('./filter.ts')).mask,
});
