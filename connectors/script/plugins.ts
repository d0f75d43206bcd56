import { plugin } from '#spi/plugin.ts';

export const scriptPlugin = plugin({
  kind: 'filter',
  name: 'script',
  title: 'Script',
  summary: 'Runs JavaScript or TypeScript on every record, shut off from everything else.',
  stability: 'beta',
  config: async () => (await import('./config.ts')).scriptConfig,
  examples: [
    {
      title: 'A column more, and fewer records',
      yaml: `type: script
columns: [{name: total, type: double}]
code: |
  function transformRow(row) {
    if (row.count === 0) return null;
    row.total = row.price * row.count;
    return row;
  }
`,
    },
    {
      title: 'Several records for one',
      yaml: `type: script
drop_columns: [tags]
columns: [{name: tag, type: string}]
code: |
  function transformRow(row: {id: number; tags: string}) {
    return row.tags.split(',').map((tag) => ({id: row.id, tag}));
  }
`,
    },
  ],
  load: async () => (await import('./filter.ts')).script,
});
