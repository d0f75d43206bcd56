/** The file `known_hosts` of OpenSSH (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
import { createHmac } from 'node:crypto';

const PORT_DEFAULT = 22;

export interface KnownKey {
  /** As `ssh-ed25519`. */
  readonly type: string;
  /** The key as the server sends it. */
  readonly key: Buffer;
  readonly isRevoked: boolean;
}

/** The keys that the file has for a server. Lines that are none are skipped, as OpenSSH does. */
export function knownKeys(text: string, host: string, port: number): KnownKey[] {
  const names = namesOf(host, port);
  return text.split('\n').flatMap((line): KnownKey[] => {
    const [first = '', ...others] = line.trim().split(/\s+/);
    if (first === '' || first.startsWith('#')) return [];
    const marker = first.startsWith('@') ? first : '';
    // Keys of authorities sign certificates, which are not asked for here.
    if (marker !== '' && marker !== '@revoked') return [];
    const [hosts = '', type = '', key = ''] = marker === '' ? [first, ...others] : others;
    if (key === '' || !names.some((name) => matchesHosts(hosts, name))) return [];
    return [{ type, key: Buffer.from(key, 'base64'), isRevoked: marker !== '' }];
  });
}

/** How a server is called in the file; keys of a host without a port hold for all its ports. */
function namesOf(host: string, port: number): string[] {
  const name = host.toLowerCase();
  return port === PORT_DEFAULT ? [name] : [`[${name}]:${port}`, name];
}

function matchesHosts(hosts: string, name: string): boolean {
  if (hosts.startsWith('|')) return matchesHash(hosts, name);
  const patterns = hosts.toLowerCase().split(',');
  if (patterns.some((pattern) => pattern.startsWith('!') && matchesPattern(pattern.slice(1), name))) return false;
  return patterns.some((pattern) => matchesPattern(pattern, name));
}

function matchesHash(hashed: string, name: string): boolean {
  const [, version, salt = '', hash] = hashed.split('|');
  if (version !== '1') return false;
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

function matchesPattern(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(name);
}
