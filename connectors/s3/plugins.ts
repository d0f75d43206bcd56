import { plugin } from '#spi/plugin.ts';

export const s3InputPlugin = plugin({
  kind: 'file_input',
  name: 's3',
  title: 'Amazon S3',
  summary: 'Reads objects of Amazon S3 and compatible stores.',
  stability: 'beta',
  config: async () => (await import('./config.ts')).s3InputConfig,
  examples: [
    {
      title: 'New CSV files of a prefix, run by run',
      yaml:
        'type: s3\nbucket: my-logs\npath_prefix: csv/sales_\nregion: ap-northeast-1\naccess_key_id: AKIAEXAMPLE\n' +
        "secret_access_key: '{{ env.AWS_SECRET_ACCESS_KEY }}'\n" +
        'parser: {type: csv, columns: [{name: id, type: long}]}\n',
    },
    {
      title: 'One object of a store of your own',
      yaml:
        'type: s3\nbucket: data\npath: in/sales.csv\nendpoint: http://127.0.0.1:9000\nauth_method: env\n' +
        'parser: {type: csv, columns: [{name: id, type: long}]}\n',
    },
  ],
  load: async () => (await import('./input.ts')).s3Input,
});

export const s3OutputPlugin = plugin({
  kind: 'file_output',
  name: 's3',
  title: 'Amazon S3',
  summary: 'Writes objects to Amazon S3 and compatible stores; they appear when the whole run has succeeded.',
  stability: 'beta',
  config: async () => (await import('./config.ts')).s3OutputConfig,
  examples: [
    {
      title: 'Compressed JSON lines',
      yaml:
        'type: s3\nbucket: my-warehouse\npath_prefix: sales/2026\nfile_ext: .jsonl.gz\nregion: ap-northeast-1\n' +
        'auth_method: default\nformatter: {type: jsonl}\nencoders: [{type: gzip}]\n',
    },
  ],
  load: async () => (await import('./output.ts')).s3Output,
});

export const s3ConnectionPlugin = plugin({
  kind: 'connection',
  name: 's3',
  title: 'Amazon S3',
  summary: 'A store like Amazon S3: whether it can be worked with, and its buckets, folders and objects.',
  stability: 'beta',
  config: async () => (await import('./config.ts')).s3ConnectionConfig,
  examples: [
    {
      title: 'A bucket',
      yaml: 'type: s3\nbucket: my-logs\nregion: ap-northeast-1\nauth_method: default\n',
    },
  ],
  load: async () => (await import('./connection.ts')).s3Connection,
});
