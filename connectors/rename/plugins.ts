import { plugin } from '#spi/plugin.ts';

export const renamePlugin = plugin({
  kind: 'filter',
  name: 'rename',
  title: 'Rename columns',
  summary: 'Gives columns other names, one by one or by rules.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).renameConfig,
  examples: [
    { title: 'One by one', yaml: 'type: rename\ncolumns: {cust_no: customer_id}\n' },
    {
      title: 'Names that a database takes',
      yaml: "type: rename\nrules:\n- {rule: upper_to_lower}\n- {rule: character_types, pass_types: [a-z, '0-9'], pass_characters: _}\n- {rule: unique_number_suffix}\n",
    },
  ],
  load: async () => (await import('./filter.ts')).rename,
});
