import { plugin } from '#spi/plugin.ts';

export const gsubPlugin = plugin({
  kind: 'filter',
  name: 'gsub',
  title: 'Replace in texts',
  summary: 'Replaces parts of texts by regular expressions.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).gsubConfig,
  examples: [
    {
      title: 'One column, two rules',
      yaml: "type: gsub\ntarget_columns:\n  phone:\n  - {pattern: '[^0-9+]', to: ''}\n  - {pattern: '^0(\\d)', to: '+81$1'}\n",
    },
    { title: 'Small letters', yaml: 'type: gsub\ntarget_columns:\n  email: [{type: to_lower_case}]\n' },
  ],
  load: async () => (await import('./filter.ts')).gsub,
});
