/** Options of everything that goes through SSH: who we are, whom we trust, and the way through a bastion host. */
import { z } from 'zod';
import { option } from '#spi/fields.ts';

const port = z.number().int().min(1).max(65_535);

/** How one logs in to an SSH server, and how its host key is checked. */
const loginFields = {
  user: option(z.string().min(1), { title: 'User', description: 'Name of the user on the SSH server.' }),
  password: option(z.string().optional(), {
    title: 'Password',
    description: 'Password of the user; also the answer when the server asks for it interactively.',
    'x-secret': true,
  }),
  secret_key_file: option(z.string().min(1).optional(), {
    title: 'Private key file',
    description: 'File of the private key, in the formats of OpenSSH, PEM or PuTTY. It is tried before the password.',
    examples: ['/home/etl/.ssh/id_ed25519'],
  }),
  secret_key: option(z.string().min(1).optional(), {
    title: 'Private key',
    description: 'The private key itself, instead of `secret_key_file`.',
    'x-secret': true,
  }),
  secret_key_passphrase: option(z.string().default(''), {
    title: 'Passphrase',
    description: 'Passphrase of the private key, if it has one.',
    'x-secret': true,
  }),
  host_key_fingerprint: option(z.string().min(1).optional(), {
    title: 'Fingerprint of the host key',
    description:
      'The server must have the key with this fingerprint, as `ssh-keygen -lf` prints it. Without it the key must be ' +
      'in the file of known hosts.',
    examples: ['SHA256:p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM'],
  }),
  known_hosts_file: option(z.string().min(1).optional(), {
    title: 'Known hosts',
    description: "File of the host keys that are trusted, in OpenSSH's format; without it `~/.ssh/known_hosts`.",
    'x-advanced': true,
  }),
  verify_host_key: option(z.boolean().default(true), {
    title: 'Check the host key',
    description:
      'Switched off, any server is trusted: whoever stands between here and there can read and change everything, ' +
      'the password included.',
    'x-advanced': true,
  }),
};

export const sshLoginFields = {
  host: option(z.string().min(1), {
    title: 'Host',
    description: 'Name or address of the SSH server.',
    examples: ['sftp.example.com'],
  }),
  port: option(port.default(22), { title: 'Port', description: 'Port of the SSH server.' }),
  ...loginFields,
};

const tunnelSchema = z.strictObject({
  ...sshLoginFields,
  connect_timeout: option(z.number().int().min(1).default(30), {
    title: 'Connect timeout',
    description: 'Seconds that connecting to the SSH server and logging in may take.',
    'x-advanced': true,
  }),
});

export type SshTunnelConfig = z.output<typeof tunnelSchema>;

/** The option of a plugin whose server may stand behind a bastion host; undefined without one. */
export const sshTunnelField = {
  ssh_tunnel: option(tunnelSchema.optional(), {
    title: 'SSH tunnel',
    description:
      'The way to the server leads through this SSH server (a bastion host). `host` and `port` outside of this ' +
      'section are then as the SSH server sees them.',
    examples: [{ host: 'bastion.example.com', user: 'etl', secret_key_file: '/home/etl/.ssh/id_ed25519' }],
  }),
};

const proxySchema = z.strictObject({
  type: option(z.enum(['http', 'socks', 'stream']), {
    title: 'Type',
    description: '`http` or `socks` (version 5). `stream` of Embulk, which is a way through SSH, is `ssh_tunnel` here.',
  }),
  host: option(z.string().min(1), { title: 'Host', description: 'Name or address of the proxy.' }),
  port: option(port.default(22), { title: 'Port', description: 'Port of the proxy.' }),
  user: option(z.string().optional(), { title: 'User', description: 'User name for the proxy.' }),
  password: option(z.string().optional(), {
    title: 'Password',
    description: 'Password for the proxy.',
    'x-secret': true,
  }),
  command: option(z.string().nullable().optional(), {
    title: 'Command',
    description: 'Taken for configs of Embulk: it belongs to `type: stream`.',
    'x-advanced': true,
  }),
});

export type SshProxyConfig = z.output<typeof proxySchema>;

export const sshProxyField = {
  proxy: option(proxySchema.optional(), {
    title: 'Proxy',
    description: 'Proxy through which the SSH server is reached.',
    examples: [{ type: 'http', host: 'proxy.example.com', port: 8080 }],
    'x-advanced': true,
  }),
};
