import { errorCatalogue } from '#spi/errors.ts';

/** What the SSH server or the way to it says; parameters are `server` (`user@host:port`) and those of the entry. */
export const sshErrors = errorCatalogue({
  SSH_HOST_UNKNOWN: {
    kind: 'connector',
    message: 'The host of the SSH server {server} is not known: {reason}.',
    hint: 'Check `host`, and the name service of this machine.',
    transient: true,
  },
  SSH_UNREACHABLE: {
    kind: 'connector',
    message: 'The SSH server {server} cannot be reached: {reason}.',
    hint: 'Check `host` and `port`, that the server runs, and firewalls between here and there.',
    transient: true,
  },
  SSH_CONNECT_TIMEOUT: {
    kind: 'connector',
    message: 'The SSH server {server} did not let us in within {seconds} seconds.',
    hint: 'Check `host` and `port`, and firewalls between here and there; `{option}` is the time allowed.',
    transient: true,
  },
  SSH_HANDSHAKE: {
    kind: 'connector',
    message: 'No encrypted connection to the SSH server {server} can be made: {reason}.',
    hint: 'Check that it is an SSH server that answers at this port, and which algorithms it offers.',
  },
  SSH_CONNECTION_LOST: {
    kind: 'connector',
    message: 'The connection to the SSH server {server} broke: {reason}.',
    hint: 'Look into the log of the server, and at devices that end idle connections; then run again.',
    transient: true,
  },
  SSH_AUTH_REFUSED: {
    kind: 'connector',
    message: 'The SSH server {server} refuses {tried}; it takes: {accepted}.',
    hint: 'Check `user` and the password, and that the public key is among the authorized keys of this user there.',
  },
  SSH_CREDENTIALS_MISSING: {
    kind: 'config',
    message: 'There is neither a password nor a private key for the SSH server {server}.',
    hint: 'Set `secret_key_file`, `secret_key` or `password`.',
  },
  SSH_KEY_FILE: {
    kind: 'config',
    message: 'The private key {file} cannot be read: {reason}.',
    hint: 'Check the path and its permissions; a relative path counts from the folder in which the command runs.',
  },
  SSH_KEY_INVALID: {
    kind: 'config',
    message: 'The private key {file} cannot be used: {reason}.',
    hint: 'It takes a private key of OpenSSH, PEM or PuTTY; `ssh-keygen -p -f FILE` writes one anew in the format of OpenSSH.',
  },
  SSH_KEY_PASSPHRASE: {
    kind: 'config',
    message: 'The private key {file} cannot be opened: its passphrase is {fault}.',
    hint: 'Set `secret_key_passphrase`.',
  },
  SSH_KNOWN_HOSTS_FILE: {
    kind: 'config',
    message: 'The file of known hosts {file} cannot be read: {reason}.',
    hint: 'Check `known_hosts_file`, or set `host_key_fingerprint` instead.',
  },
  SSH_FINGERPRINT: {
    kind: 'config',
    message: "The fingerprint '{fingerprint}' is not one.",
    hint: 'Write it as `ssh-keygen -lf` prints it: SHA256: and 43 characters, or MD5: and 16 bytes with colons.',
  },
  SSH_HOST_KEY_UNKNOWN: {
    kind: 'connector',
    message: 'The SSH server {server} is not known: it shows a key of the type {type} with the fingerprint {seen}.',
    hint: 'Compare it with what the people say who run the server; if it is the same, set `host_key_fingerprint: {seen}`.',
  },
  SSH_HOST_KEY_CHANGED: {
    kind: 'connector',
    message:
      'The SSH server {server} is not the one that it should be: it shows a key of the type {type} with the ' +
      'fingerprint {seen}, and {expected}.',
    hint: 'Ask the people who run the server: either its key was replaced, or somebody else answers. Only if they confirm it, set `host_key_fingerprint: {seen}`.',
  },
  SSH_FORWARD_REFUSED: {
    kind: 'connector',
    message: 'The SSH server {server} may not forward connections to {target}: {reason}.',
    hint: 'There AllowTcpForwarding, PermitOpen or options of the authorized key forbid it.',
  },
  SSH_FORWARD_UNREACHABLE: {
    kind: 'connector',
    message: 'The SSH server {server} does not reach {target}: {reason}.',
    hint: 'Check `host` and `port` of the target as the SSH server sees them, and that the target runs.',
    transient: true,
  },
  SSH_PROXY_FAILED: {
    kind: 'connector',
    message: 'The proxy {proxy} does not lead to the SSH server {target}: {reason}.',
    hint: 'Check the options of `proxy`, and whether the proxy may connect to this port.',
    transient: true,
  },
  SSH_PROXY_STREAM: {
    kind: 'config',
    message: '`type: stream` is not a kind of proxy here.',
    hint: 'The way through another SSH server is the section `ssh_tunnel`.',
  },
  SSH_STOPPED: {
    kind: 'data',
    message: 'The run was stopped while the SSH server {server} was at work.',
    hint: 'Start it again when you are ready.',
  },
});
