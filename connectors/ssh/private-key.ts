/** Private keys: from a file or from the config, in the formats that people have them in. */
import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ParsedKey, utils } from 'ssh2';
import type { RopewayError } from '#spi/errors.ts';
import { systemReason } from '#spi/system-reason.ts';
import { sshErrors } from './errors.ts';

export interface PrivateKeyOptions {
  readonly secret_key_file?: string | undefined;
  readonly secret_key?: string | undefined;
  readonly secret_key_passphrase: string;
}

/** Where the key comes from, for messages. */
interface Origin {
  readonly name: string;
  readonly option: 'secret_key' | 'secret_key_file';
  readonly at: readonly string[];
}

/** The key; undefined when the options name none. */
export async function privateKey(
  options: PrivateKeyOptions,
  at: readonly string[],
  parseKey: typeof utils.parseKey,
): Promise<ParsedKey | undefined> {
  const { secret_key_file: file, secret_key: inline, secret_key_passphrase: passphrase } = options;
  if (inline !== undefined) {
    return parsed(inline, passphrase, { name: 'of `secret_key`', option: 'secret_key', at }, parseKey);
  }
  if (file === undefined) return undefined;
  const text = await readKey(file, [...at, 'secret_key_file']);
  return parsed(text, passphrase, { name: file, option: 'secret_key_file', at }, parseKey);
}

function parsed(text: string, passphrase: string, origin: Origin, parseKey: typeof utils.parseKey): ParsedKey {
  try {
    const result = parseKey(sshFormat(text, passphrase), passphrase);
    if (result instanceof Error) throw result;
    // OpenSSH's format could hold several keys, but does not.
    const key = Array.isArray(result) ? result[0] : result;
    if (key?.isPrivateKey() === true) return key;
    throw new Error('it is a public key');
  } catch (error) {
    throw unusable(error, text, passphrase, origin);
  }
}

function unusable(error: unknown, text: string, passphrase: string, { name, option, at }: Origin): RopewayError {
  const reason = (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
  if (!/passphrase|decrypt|ENCRYPTED/i.test(reason) && !text.includes('ENCRYPTED')) {
    return sshErrors.error('SSH_KEY_INVALID', { file: name, reason }, { where: { path: [...at, option] } });
  }
  const params = { file: name, fault: passphrase === '' ? 'missing' : 'wrong' };
  return sshErrors.error('SSH_KEY_PASSPHRASE', params, { where: { path: [...at, 'secret_key_passphrase'] } });
}

async function readKey(file: string, path: readonly string[]): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const params = { file, reason: systemReason(error) ?? String(error) };
    throw sshErrors.error('SSH_KEY_FILE', params, { where: { path }, cause: error });
  }
}

/** Keys in PKCS #8, which the library does not read, in the older forms that it does read. */
function sshFormat(text: string, passphrase: string): string {
  if (!/^-----BEGIN (?:ENCRYPTED )?PRIVATE KEY-----/m.test(text)) return text;
  const key = createPrivateKey({ key: text, passphrase });
  if (key.asymmetricKeyType === 'rsa') return key.export({ format: 'pem', type: 'pkcs1' });
  if (key.asymmetricKeyType === 'ec') return key.export({ format: 'pem', type: 'sec1' });
  throw new Error(`a key of the type ${key.asymmetricKeyType ?? 'unknown'} has to be in the format of OpenSSH`);
}
