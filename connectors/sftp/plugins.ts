import { plugin } from '#spi/plugin.ts';

export const sftpInputPlugin = plugin({
  kind: 'file_input',
  name: 'sftp',
  title: 'SFTP',
  summary: 'Reads files of an SFTP server; large ones by several threads.',
  stability: 'beta',
  config: async () => (await import('./config.ts')).sftpInputConfig,
  examples: [
    {
      title: 'New CSV files of a folder, run by run',
      yaml:
        'type: sftp\nhost: sftp.example.com\nuser: etl\nsecret_key_file: /home/etl/.ssh/id_ed25519\n' +
        'host_key_fingerprint: SHA256:p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM\npath_prefix: /exports/sales_\n' +
        'parser: {type: csv, columns: [{name: id, type: long}]}\n',
    },
    {
      title: 'Files that were changed since the last run, through a bastion host',
      yaml:
        "type: sftp\nhost: files.internal\nuser: etl\npassword: '{{ env.SFTP_PASSWORD }}'\n" +
        'path_prefix: /exports/\nuse_modified_time: true\n' +
        'ssh_tunnel: {host: bastion.example.com, user: etl, secret_key_file: /home/etl/.ssh/id_ed25519}\n' +
        'parser: {type: csv, columns: [{name: id, type: long}]}\n',
    },
  ],
  load: async () => (await import('./input.ts')).sftpInput,
});

export const sftpOutputPlugin = plugin({
  kind: 'file_output',
  name: 'sftp',
  title: 'SFTP',
  summary: 'Writes files to an SFTP server; they get their names when the whole run has succeeded.',
  stability: 'beta',
  config: async () => (await import('./config.ts')).sftpOutputConfig,
  examples: [
    {
      title: 'Compressed JSON lines',
      yaml:
        'type: sftp\nhost: sftp.example.com\nuser: etl\nsecret_key_file: /home/etl/.ssh/id_ed25519\n' +
        'path_prefix: /uploads/sales_\nfile_ext: jsonl.gz\nformatter: {type: jsonl}\nencoders: [{type: gzip}]\n',
    },
  ],
  load: async () => (await import('./output.ts')).sftpOutput,
});

export const sftpConnectionPlugin = plugin({
  kind: 'connection',
  name: 'sftp',
  title: 'SFTP',
  summary: 'An SFTP server: whether it can be worked with, and its folders and files.',
  stability: 'beta',
  config: async () => (await import('./config.ts')).sftpConnectionConfig,
  examples: [
    {
      title: 'A server that is known by its fingerprint',
      yaml:
        'type: sftp\nhost: sftp.example.com\nuser: etl\nsecret_key_file: /home/etl/.ssh/id_ed25519\n' +
        'host_key_fingerprint: SHA256:p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM\n',
    },
  ],
  load: async () => (await import('./connection.ts')).sftpConnection,
});
