/** Where the server is and who we are; and what else both the input and the output take. */
import { z } from 'zod';
import { sshTunnelField } from '#connectors/ssh/config-fields.ts';
import { openTo, option } from '#spi/fields.ts';

// The shape is long, and `z.output` of the configs gives the types that others need.
// oxlint-disable-next-line typescript/explicit-module-boundary-types
export function connectionFields() {
  return {
    host: option(z.string().min(1), {
      title: 'Host',
      description: 'Name or address of the server, or the folder of its Unix socket.',
      examples: ['db.example.com'],
    }),
    port: option(z.number().int().min(1).max(65_535).default(5432), {
      title: 'Port',
      description: 'Port of the server.',
    }),
    user: option(z.string().min(1), { title: 'User', description: 'Name of the database user.' }),
    password: option(z.string().default(''), {
      title: 'Password',
      description: 'Password of the user.',
      'x-secret': true,
    }),
    database: option(z.string().min(1), { title: 'Database', description: 'Name of the database.' }),
    schema: option(z.string().min(1).default('public'), {
      title: 'Schema',
      description: 'Schema of the table; it becomes the search path.',
    }),
    ssl: option(z.boolean().default(false), {
      title: 'TLS',
      description: 'Encrypts the connection without checking who the server is. Prefer `sslmode`.',
    }),
    sslmode: option(z.enum(['disable', 'require', 'verify-ca', 'verify-full']).optional(), {
      title: 'TLS mode',
      description:
        'As in libpq, instead of `ssl`: `require` encrypts, `verify-ca` checks the certificate of the server, ' +
        '`verify-full` its name as well; with `sslrootcert`, `require` is `verify-ca`.',
    }),
    sslrootcert: option(z.string().optional(), {
      title: 'CA file',
      description: 'PEM file of the authorities that are trusted; by default those that Node.js knows.',
    }),
    sslcert: option(z.string().min(1).optional(), {
      title: 'Client certificate',
      description: 'PEM file of the certificate by which the server knows us; as in libpq.',
      'x-advanced': true,
    }),
    sslkey: option(z.string().min(1).optional(), {
      title: 'Client key',
      description: 'PEM file of the private key of the client certificate.',
      'x-advanced': true,
    }),
    sslpassword: option(z.string().optional(), {
      title: 'Passphrase of the client key',
      description: 'For a key that is encrypted.',
      'x-advanced': true,
      'x-secret': true,
    }),
    ...sshTunnelField,
    application_name: option(z.string().default('ropeway'), {
      title: 'Application name',
      description: 'What the server shows as the name of this client.',
      'x-advanced': true,
    }),
    connect_timeout: option(z.number().int().min(1).default(300), {
      title: 'Connect timeout',
      description: 'Seconds that making a connection may take.',
      'x-advanced': true,
    }),
  };
}

// oxlint-disable-next-line typescript/explicit-module-boundary-types -- As above.
export function transferFields() {
  const fields = connectionFields();
  return {
    ...fields,
    database: openTo(fields.database, 'name'),
    schema: openTo(fields.schema, 'name'),
    options: option(z.record(z.string(), z.json()).default({}), {
      title: 'Driver properties',
      description: 'Taken for configs of Embulk; there is no Java driver that they could go to.',
      'x-advanced': true,
    }),
    driver_path: option(z.string().optional(), {
      title: 'Driver path',
      description: 'Taken for configs of Embulk; there is no Java driver.',
      'x-advanced': true,
    }),
    default_timezone: option(z.string().default('UTC'), {
      title: 'Default time zone',
      description: 'Zone in which timestamps are written as texts and as values of types without a zone.',
      examples: ['Asia/Tokyo'],
    }),
  };
}
