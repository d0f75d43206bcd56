/** Secrets come on the standard input or in files: other users of a machine see arguments. */
import { createReadStream } from 'node:fs';
import { Writable } from 'node:stream';
import { createInterface } from 'node:readline/promises';
import { systemReason } from '#spi/system-reason.ts';
import { pairsOf } from './command-line.ts';
import { cliErrors } from './errors.ts';
import type { Terminal } from './terminal.ts';

export interface SecretOptions {
  /** Names; their values are on the standard input. */
  readonly secret?: readonly string[];
  /** `name=file`. */
  readonly secretFile?: readonly string[];
}

/** Keys and certificates are a few kilobytes. */
const BYTES_MAX = 1_048_576;

/** By the name of the option. */
export async function readSecrets(
  options: SecretOptions,
  terminal: Terminal,
): Promise<readonly (readonly [string, string])[]> {
  const files = pairsOf(options.secretFile, { option: '--secret-file', form: 'name=FILE' });
  const read = files.map(async ([name, file]) => [name, await valueOf(name, createReadStream(file))] as const);
  return [...(await Promise.all(read)), ...(await ofInput(options.secret ?? [], terminal))];
}

async function ofInput(names: readonly string[], terminal: Terminal): Promise<readonly (readonly [string, string])[]> {
  const [only] = names;
  if (only === undefined) return [];
  if (process.stdin.isTTY) return ofPerson(names, terminal);
  if (names.length === 1) return [[only, await valueOf(only, process.stdin)]];
  const lines = (await valueOf(names.join(', '), process.stdin)).split(/\r?\n/);
  if (lines.length === names.length) return names.map((name, at) => [name, lines[at] ?? ''] as const);
  const reason = `the input has ${lines.length} lines`;
  throw cliErrors.error('SECRET_UNREADABLE', { name: names.join(', '), reason });
}

/** Nothing of what is typed is shown. */
async function ofPerson(names: readonly string[], terminal: Terminal): Promise<readonly (readonly [string, string])[]> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  const values: (readonly [string, string])[] = [];
  try {
    for (const name of names) {
      terminal.say(`${name}: `);
      values.push([name, await lines.question('')]);
      terminal.say('\n');
    }
  } finally {
    lines.close();
  }
  return values;
}

/** Without the end of its last line. */
async function valueOf(name: string, stream: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      // Streams without an encoding give buffers.
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (bytes > BYTES_MAX)
        throw cliErrors.error('SECRET_UNREADABLE', { name, reason: `more than ${BYTES_MAX} bytes` });
    }
  } catch (error) {
    const reason = systemReason(error);
    throw reason === undefined ? error : cliErrors.error('SECRET_UNREADABLE', { name, reason }, { cause: error });
  }
  const value = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
  if (value === '') throw cliErrors.error('SECRET_UNREADABLE', { name, reason: 'there is nothing' });
  return value;
}
