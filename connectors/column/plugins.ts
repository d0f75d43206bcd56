import { plugin } from '#spi/plugin.ts';

export const columnPlugin = plugin({
  kind: 'filter',
  name: 'column',
  title: 'Choose columns',
  summary: 'Chooses, orders, copies, adds and drops columns and values inside json columns, and fills in defaults.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).columnConfig,
  examples: [
    {
      title: 'Exactly these columns',
      yaml: 'type: column\ncolumns:\n- {name: id}\n- {name: user, src: user_name}\n- {name: score, default: 0}\n',
    },
    {
      title: 'Add and drop',
      yaml: 'type: column\nadd_columns: [{name: source, type: string, default: web}]\ndrop_columns: [{name: password}]\n',
    },
    { title: 'Inside json', yaml: "type: column\ndrop_columns: [{name: '$.payload.token'}]\n" },
  ],
  load: async () => (await import('./filter.ts')).column,
});
