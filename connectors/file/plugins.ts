import { plugin } from '#spi/plugin.ts';

export const fileInputPlugin = plugin({
  kind: 'file_input',
  name: 'file',
  title: 'Local files',
  summary: 'Reads local files whose paths begin with a prefix.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).fileInputConfig,
  examples: [
    {
      title: 'All CSV exports of a folder',
      yaml: 'type: file\npath_prefix: exports/sales_\nparser: {type: csv, columns: [{name: id, type: long}]}\n',
    },
  ],
  load: async () => (await import('./input.ts')).fileInput,
});

export const fileOutputPlugin = plugin({
  kind: 'file_output',
  name: 'file',
  title: 'Local files',
  summary: 'Writes local files, one per output task.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).fileOutputConfig,
  examples: [
    {
      title: 'Compressed JSON lines',
      yaml: 'type: file\npath_prefix: out/sales_\nfile_ext: jsonl.gz\nformatter: {type: jsonl}\nencoders: [{type: gzip}]\n',
    },
  ],
  load: async () => (await import('./output.ts')).fileOutput,
});

export const fileConnectionPlugin = plugin({
  kind: 'connection',
  name: 'file',
  title: 'Local files',
  summary: 'Looks whether a local folder can be read and written to, and what is in it.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).fileConnectionConfig,
  examples: [{ title: 'The folder of the exports', yaml: 'type: file\npath_prefix: exports/sales_\n' }],
  load: async () => (await import('./connection.ts')).fileConnection,
});
