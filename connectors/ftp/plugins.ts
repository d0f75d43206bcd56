import { plugin } from '#spi/plugin.ts';

export const ftpInputPlugin = plugin({
  kind: 'file_input',
  name: 'ftp',
  title: 'FTP',
  summary: 'Reads files of an FTP or FTPS server.',
  stability: 'beta',
  config: async () => (await import('./config.ts')).ftpInputConfig,
  examples: [
    {
      title: 'New CSV files of a folder, encrypted',
      yaml:
        "type: ftp\nhost: ftp.example.com\nuser: etl\npassword: '{{ env.FTP_PASSWORD }}'\nssl: true\n" +
        'path_prefix: /exports/sales_\nparser: {type: csv, columns: [{name: id, type: long}]}\n',
    },
  ],
  load: async () => (await import('./input.ts')).ftpInput,
});

export const ftpConnectionPlugin = plugin({
  kind: 'connection',
  name: 'ftp',
  title: 'FTP',
  summary: 'An FTP or FTPS server: whether it can be worked with, and its folders and files.',
  stability: 'beta',
  config: async () => (await import('./config.ts')).ftpConnectionConfig,
  examples: [
    {
      title: 'A server whose certificate is checked',
      yaml: "type: ftp\nhost: ftp.example.com\nuser: etl\npassword: '{{ env.FTP_PASSWORD }}'\nssl: true\n",
    },
  ],
  load: async () => (await import('./connection.ts')).ftpConnection,
});
