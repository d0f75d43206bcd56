/** Options of a connection as a command line gives them: values as in a config file, secrets apart. */
import { secretOptions } from '#control/definitions/connection-options.ts';
import { readYaml } from '#codec/yaml/yaml-reader.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import type { Catalog } from '#spi/plugin.ts';
import { pairsOf } from './command-line.ts';
import { cliErrors } from './errors.ts';
import { readSecrets } from './secret-input.ts';
import type { SecretOptions } from './secret-input.ts';
import type { Terminal } from './terminal.ts';

export interface OptionArguments extends SecretOptions {
  /** `key=value`, dotted keys for options inside options. */
  readonly option?: readonly string[];
  /** Names of options to remove. */
  readonly unset?: readonly string[];
}

interface Parts {
  readonly plugin: string;
  readonly catalog: Catalog;
  readonly terminal: Terminal;
}

/** As a merge patch: null removes. Nothing is read before it is known that no secret is among the arguments. */
export async function connectionOptions(given: OptionArguments, parts: Parts): Promise<JsonObject> {
  const pairs = pairsOf(given.option, { option: '-o', form: 'key=value' });
  await refuseSecrets(pairs, parts);
  let options: JsonObject = {};
  for (const [key, text] of pairs) options = put(options, key.split('.'), scalarOf(key, text));
  for (const key of given.unset ?? []) options = put(options, key.split('.'), null);
  for (const [key, value] of await readSecrets(given, parts.terminal)) options = put(options, key.split('.'), value);
  return options;
}

async function refuseSecrets(pairs: readonly (readonly [string, string])[], { plugin, catalog }: Parts): Promise<void> {
  const declared = catalog.find(({ kind, name }) => kind === 'connection' && name === plugin);
  // The server knows more plugins than we do, or says that there is none.
  if (declared === undefined) return;
  const secret = await secretOptions(declared);
  for (const [key, text] of pairs) {
    // A mapping may hold a secret below it.
    const isBelow = secret.some((name) => name.startsWith(`${key}.`) && text.includes(name.slice(key.length + 1)));
    if (secret.some((name) => key === name || key.startsWith(`${name}.`)) || isBelow) {
      throw cliErrors.error('SECRET_IN_ARGUMENT', { name: key });
    }
  }
}

/** `5432` is a number and `"5432"` a text, as in a config file. */
function scalarOf(key: string, text: string): Json {
  if (text === '') return '';
  return readYaml(`value: ${text}\n`, `-o ${key}`, '0.11.5').value['value'] ?? null;
}

function put(value: JsonObject, [key = '', ...rest]: readonly string[], item: Json): JsonObject {
  const inner = value[key];
  return { ...value, [key]: rest.length === 0 ? item : put(isJsonObject(inner) ? inner : {}, rest, item) };
}
