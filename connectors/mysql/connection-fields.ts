/** Options of everything that connects to MySQL. */
import { z } from 'zod';
import { option } from '#spi/fields.ts';
import { sshTunnelField } from '#connectors/ssh/config-fields.ts';

// The shape is long, and `z.output` of the configs gives the types that others need.
// oxlint-disable-next-line typescript/explicit-module-boundary-types
export function serverFields() {
  return {
    host: option(z.string().min(1), {
      title: 'Host',
      description: 'Name or address of the server, or the path of its Unix socket.',
      examples: ['db.example.com'],
    }),
    port: option(z.number().int().min(1).max(65_535).default(3306), {
      title: 'Port',
      description: 'Port of the server.',
    }),
    user: option(z.string().min(1), { title: 'User', description: 'Name of the database user.' }),
    password: option(z.string().default(''), {
      title: 'Password',
      description: 'Password of the user.',
      'x-secret': true,
    }),
    ssl: option(z.enum(['disable', 'enable', 'verify_ca', 'verify']).or(z.boolean()).default('disable'), {
      title: 'TLS',
      description:
        '`enable` encrypts without checking who the server is, `verify_ca` checks its certificate, `verify` its name ' +
        'as well; true and false are `enable` and `disable`.',
    }),
    ssl_ca: option(z.string().min(1).optional(), {
      title: 'CA file',
      description: 'PEM file of the authorities that are trusted; by default those that Node.js knows.',
    }),
    ssl_cert: option(z.string().min(1).optional(), {
      title: 'Client certificate',
      description: 'PEM file of the certificate by which the server knows us.',
      'x-advanced': true,
    }),
    ssl_key: option(z.string().min(1).optional(), {
      title: 'Client key',
      description: 'PEM file of the key of the client certificate.',
      'x-advanced': true,
    }),
    ssl_key_passphrase: option(z.string().optional(), {
      title: 'Passphrase of the client key',
      description: 'For a key that is encrypted.',
      'x-advanced': true,
      'x-secret': true,
    }),
    ...sshTunnelField,
    connect_timeout: option(z.number().int().min(1).default(300), {
      title: 'Connect timeout',
      description: 'Seconds that making a connection may take.',
      'x-advanced': true,
    }),
    socket_timeout: option(z.number().int().min(0).default(1800), {
      title: 'Socket timeout',
      description: 'Seconds for which the server may say nothing while we wait for it; 0 is without limit.',
      'x-advanced': true,
    }),
  };
}

/** The same with the database, and what is taken for configs of Embulk. */
// oxlint-disable-next-line typescript/explicit-module-boundary-types
export function connectionFields() {
  return {
    ...serverFields(),
    database: option(z.string().min(1), {
      title: 'Database',
      description: 'Name of the database.',
      'x-variables': 'name',
    }),
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
      description: 'Zone in which timestamps are written as texts, and by outputs as DATETIME, DATE and TIME.',
      examples: ['Asia/Tokyo'],
    }),
  };
}
