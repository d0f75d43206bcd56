import { z } from 'zod';
import { option } from '#spi/fields.ts';
import { selectionFields } from '#connectors/remote-files/config-fields.ts';
import { sshLoginFields, sshProxyField, sshTunnelField } from '#connectors/ssh/config-fields.ts';

/** Where the server is, who we are, and how patient we are. */
const connectionFields = {
  ...sshLoginFields,
  user_directory_is_root: option(z.boolean().default(true), {
    title: "User's directory is root",
    description: "Paths count from the directory that the server puts the user in; otherwise from the server's root.",
  }),
  timeout: option(z.number().int().min(1).default(600), {
    title: 'Timeout',
    description: 'Seconds that connecting and logging in may take, and for which the server may answer nothing.',
    'x-advanced': true,
  }),
  max_connection_retry: option(z.number().int().nonnegative().default(5), {
    title: 'Retries',
    description: 'How often in a row something is tried again that failed for a reason that passes.',
    'x-advanced': true,
  }),
  ...sshProxyField,
  ...sshTunnelField,
};

const serverSchema = z.strictObject(connectionFields);
/** What both directions have in common. */
export type SftpServerConfig = z.output<typeof serverSchema>;

export const sftpConnectionConfig = z.strictObject({
  ...connectionFields,
  path_prefix: option(z.string().min(1).default('/'), {
    title: 'Path prefix',
    description: 'The folder to look into; that of a job and what the names of its files begin with, for example.',
    examples: ['/exports/sales_'],
  }),
});
export type SftpConnectionConfig = z.output<typeof sftpConnectionConfig>;

export const sftpInputConfig = z.strictObject({ ...connectionFields, ...selectionFields });
export type SftpInputConfig = z.output<typeof sftpInputConfig>;

export const sftpOutputConfig = z.strictObject({
  ...connectionFields,
  path_prefix: option(z.string().min(1), {
    title: 'Path prefix',
    description: 'How the paths of the files begin. Folders that do not exist are made.',
    examples: ['/uploads/sales_'],
    'x-variables': 'path',
  }),
  file_ext: option(z.string(), {
    title: 'File extension',
    description: 'How the paths end. The default sequence ends with a dot already.',
    examples: ['csv', 'csv.gz'],
    'x-variables': 'path',
  }),
  sequence_format: option(z.string().default('%03d.%02d.'), {
    title: 'Sequence format',
    description: 'The middle of the paths: a Java format with the task number and the number of the file in the task.',
    examples: ['.%03d.%02d.'],
    'x-advanced': true,
  }),
  rename_file_after_upload: option(z.boolean().default(true), {
    title: 'Rename after upload',
    description:
      'Files are uploaded as NAME.RUN.tmp and get their names when the whole run has succeeded; until then existing ones ' +
      'stay as they are. Switched off, files are written in place.',
    'x-advanced': true,
  }),
  local_buffering: option(z.boolean().default(true), {
    title: 'Local buffering',
    description: 'Taken for configs of Embulk; nothing is copied to the local disk.',
    'x-advanced': true,
  }),
  temp_file_threshold: option(z.number().int().min(52_428_800).max(10_737_418_240).default(5_368_709_120), {
    title: 'Size of temporary files',
    description: 'Taken for configs of Embulk; nothing is copied to the local disk.',
    'x-advanced': true,
  }),
});
export type SftpOutputConfig = z.output<typeof sftpOutputConfig>;
