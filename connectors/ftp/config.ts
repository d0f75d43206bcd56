import { z } from 'zod';
import { option } from '#spi/fields.ts';
import { selectionFields } from '#connectors/remote-files/config-fields.ts';

/** Where the server is, who we are, and how the connection is encrypted. */
const connectionFields = {
  host: option(z.string().min(1), {
    title: 'Host',
    description: 'Name or address of the server.',
    examples: ['ftp.example.com'],
  }),
  port: option(z.number().int().min(1).max(65_535).optional(), {
    title: 'Port',
    description: 'Port of the server; without it 21, and 990 for TLS from the beginning.',
  }),
  user: option(z.string().min(1).optional(), { title: 'User', description: 'Name of the user; without it anonymous.' }),
  password: option(z.string().default(''), {
    title: 'Password',
    description: 'Password of the user. Without `ssl` everybody on the way can read it.',
    'x-secret': true,
  }),
  ssl: option(z.boolean().default(false), {
    title: 'TLS',
    description: 'Encrypts commands and files (FTPS).',
    'x-group': 'tls',
  }),
  ssl_explicit: option(z.boolean().default(true), {
    title: 'TLS on request',
    description: 'The connection begins plain, and TLS is asked for; otherwise it is encrypted from the beginning.',
    'x-group': 'tls',
  }),
  ssl_verify: option(z.boolean().default(true), {
    title: 'Check the certificate',
    description: 'The certificate of the server must be of an authority that is trusted.',
    'x-group': 'tls',
  }),
  ssl_verify_hostname: option(z.boolean().default(true), {
    title: 'Check the name',
    description: 'The certificate must be for the name of the host as well.',
    'x-group': 'tls',
  }),
  ssl_trusted_ca_cert_file: option(z.string().min(1).optional(), {
    title: 'CA file',
    description: 'PEM file of the authorities that are trusted; by default those that Node.js knows.',
    'x-group': 'tls',
    'x-advanced': true,
  }),
  ssl_trusted_ca_cert_data: option(z.string().min(1).optional(), {
    title: 'CA certificates',
    description: 'The same as a text in the config.',
    'x-group': 'tls',
    'x-advanced': true,
  }),
  passive_mode: option(z.boolean().default(true), {
    title: 'Passive mode',
    description: 'Connections for files are made from here. The other way, from the server to here, is not there.',
    'x-advanced': true,
  }),
  max_connection_retry: option(z.number().int().nonnegative().default(5), {
    title: 'Retries',
    description: 'How often in a row something is tried again that failed for a reason that passes.',
    'x-advanced': true,
  }),
};

const serverSchema = z.strictObject(connectionFields);
/** What connecting needs. */
export type FtpServerConfig = z.output<typeof serverSchema>;

export const ftpConnectionConfig = z.strictObject({
  ...connectionFields,
  path_prefix: option(z.string().default(''), {
    title: 'Path prefix',
    description:
      "The folder to look into; that of a job and what the names of its files begin with, for example. Without it the user's directory.",
    examples: ['/exports/sales_'],
  }),
});
export type FtpConnectionConfig = z.output<typeof ftpConnectionConfig>;

export const ftpInputConfig = z.strictObject({
  ...connectionFields,
  ...selectionFields,
  path_prefix: option(z.string(), {
    title: 'Path prefix',
    description:
      'A folder, and what the names in it begin with. Files below matching sub-folders are read, too. Without a slash ' +
      "at its beginning it counts from the user's directory.",
    examples: ['/exports/sales_'],
    'x-variables': 'path',
  }),
  ascii_mode: option(z.boolean().default(false), {
    title: 'ASCII mode',
    description:
      'The server converts the ends of lines, and lines end with LF here. Broken connections cannot be taken up then.',
    'x-advanced': true,
  }),
});
export type FtpInputConfig = z.output<typeof ftpInputConfig>;
