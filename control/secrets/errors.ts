/** What can go wrong with keys and secrets. No message holds a key, a secret or a part of one. */
import { errorCatalogue } from '#spi/errors.ts';

export const secretErrors = errorCatalogue({
  SECRET_KEY_MISSING: {
    kind: 'config',
    message: 'The secrets of this database are encrypted under the key {known}, and no key was given.',
    hint: 'Give the key in ROPEWAY_SECRET_KEY_FILE or ROPEWAY_SECRET_KEY, the same for every process.',
  },
  SECRET_KEY_NOWHERE: {
    kind: 'config',
    message: 'There is no key to encrypt secrets with, and no data folder where one could be made.',
    hint: 'Make one (openssl rand -base64 32) and give it in ROPEWAY_SECRET_KEY_FILE or ROPEWAY_SECRET_KEY.',
  },
  SECRET_KEY_WRONG: {
    kind: 'config',
    message: 'The key from {source} is {ours}, but the secrets of this database are encrypted under {known}.',
    hint: 'Give the old key too, behind the new one, until "ropeway db rotate-key" is done; or give the right one.',
  },
  SECRET_KEY_INVALID: {
    kind: 'config',
    message: 'Key {no} from {source} is not a key: {reason}',
    hint: 'A key is 32 random bytes in base64 or hex, one a line: openssl rand -base64 32',
  },
  SECRET_KEY_FILE_UNREADABLE: {
    kind: 'config',
    message: 'The key file {file} cannot be read: {reason}',
    hint: 'Check ROPEWAY_SECRET_KEY_FILE, and that this user may read the file.',
  },
  SECRET_KEY_FILE_OPEN: {
    kind: 'config',
    message: 'The key file {file} can be read by others (mode {mode}).',
    hint: 'chmod 600 the file.',
  },
  SECRET_KEY_UNKNOWN: {
    kind: 'config',
    message: 'The secret {path} of connection {connection} is encrypted under the key {key}, which was not given.',
    hint: 'Give that key too, behind the first one, in ROPEWAY_SECRET_KEY_FILE or ROPEWAY_SECRET_KEY.',
  },
  SECRET_BROKEN: {
    kind: 'data',
    message: 'The secret {path} of connection {connection} cannot be decrypted: it was changed, cut, or moved here.',
    hint: 'Enter the secret of that connection again.',
  },
});
