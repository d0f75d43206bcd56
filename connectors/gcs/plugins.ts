import { plugin } from '#spi/plugin.ts';

export const gcsInputPlugin = plugin({
  kind: 'file_input',
  name: 'gcs',
  title: 'Google Cloud Storage',
  summary: 'Reads objects of Google Cloud Storage.',
  stability: 'beta',
  config: async () => (await import('./config.ts')).gcsInputConfig,
  examples: [
    {
      title: 'New CSV files of a prefix, run by run',
      yaml:
        'type: gcs\nbucket: my-logs\npath_prefix: csv/sales_\nauth_method: json_key\n' +
        'json_keyfile: /etc/ropeway/key.json\nparser: {type: csv, columns: [{name: id, type: long}]}\n',
    },
    {
      title: 'Two objects, on a machine of Compute Engine',
      yaml:
        'type: gcs\nbucket: data\npaths: [in/a.csv, in/b.csv]\nauth_method: compute_engine\n' +
        'parser: {type: csv, columns: [{name: id, type: long}]}\n',
    },
  ],
  load: async () => (await import('./input.ts')).gcsInput,
});

export const gcsOutputPlugin = plugin({
  kind: 'file_output',
  name: 'gcs',
  title: 'Google Cloud Storage',
  summary: 'Writes objects to Google Cloud Storage; they appear when the whole run has succeeded.',
  stability: 'beta',
  config: async () => (await import('./config.ts')).gcsOutputConfig,
  examples: [
    {
      title: 'Compressed JSON lines',
      yaml:
        'type: gcs\nbucket: my-warehouse\npath_prefix: sales/2026\nfile_ext: .jsonl.gz\n' +
        'auth_method: application_default\nformatter: {type: jsonl}\nencoders: [{type: gzip}]\n',
    },
  ],
  load: async () => (await import('./output.ts')).gcsOutput,
});

export const gcsConnectionPlugin = plugin({
  kind: 'connection',
  name: 'gcs',
  title: 'Google Cloud Storage',
  summary: 'Google Cloud Storage: whether it can be worked with, and its buckets, folders and objects.',
  stability: 'beta',
  config: async () => (await import('./config.ts')).gcsConnectionConfig,
  examples: [
    {
      title: 'A bucket',
      yaml: 'type: gcs\nbucket: my-logs\nauth_method: json_key\njson_keyfile: /etc/ropeway/key.json\n',
    },
    {
      title: 'The buckets of a project',
      yaml: 'type: gcs\nproject: my-project\nauth_method: application_default\n',
    },
  ],
  load: async () => (await import('./connection.ts')).gcsConnection,
});
