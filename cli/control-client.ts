/** The control plane as the command line reaches it: where it is, and the token, which is never an argument. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeClient } from '#api/client.ts';
import type { Client } from '#api/client.ts';
import { systemReason } from '#spi/system-reason.ts';
import type { SharedOptions } from './command-line.ts';
import { cliErrors } from './errors.ts';

export interface ControlOptions extends SharedOptions {
  readonly url?: string;
  readonly tokenFile?: string;
  /** The data folder of a server on this machine: its token is in it. */
  readonly data?: string;
}

const URL_DEFAULT = 'http://127.0.0.1:8080';
const DATA_DEFAULT = 'ropeway-data';
const TOKEN_FILE = 'token';

export async function openControl(options: ControlOptions): Promise<Client> {
  const url = addressOf(options);
  return makeClient({ url: url.href.replace(/\/$/, ''), token: await tokenOf(options, url) });
}

function addressOf(options: ControlOptions): URL {
  const text = options.url ?? (variable('ROPEWAY_URL') || URL_DEFAULT);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
  // What is no address may hold a password: only its beginning is said.
  if (!isPlain) throw cliErrors.error('SERVER_ADDRESS', { value: text.split('@').at(-1)?.slice(0, 100) ?? '' });
  return url;
}

async function tokenOf({ tokenFile, data }: ControlOptions, url: URL): Promise<string> {
  if (tokenFile !== undefined) return readToken(tokenFile);
  if (data !== undefined) return readToken(join(data, TOKEN_FILE));
  const given = variable('ROPEWAY_TOKEN').trim();
  if (given !== '') return given;
  // The token of a server on this machine is nothing to show to another machine.
  if (!isLoopback(url.hostname)) throw cliErrors.error('TOKEN_UNNAMED', { host: url.host });
  return readToken(join(DATA_DEFAULT, TOKEN_FILE));
}

async function readToken(file: string): Promise<string> {
  try {
    const token = (await readFile(file, 'utf8')).trim();
    if (token !== '') return token;
    throw cliErrors.error('TOKEN_FILE', { file, reason: 'it is empty' });
  } catch (error) {
    const reason = systemReason(error);
    throw reason === undefined ? error : cliErrors.error('TOKEN_FILE', { file, reason }, { cause: error });
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function variable(name: string): string {
  return process.env[name] ?? '';
}
