/** One connection to an FTP server. The library is behind this file: it loads with the first job that names FTP. */
import { isIP } from 'node:net';
import { PassThrough } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';
import type { Client, FileInfo } from 'basic-ftp';
import { isRopewayError } from '#spi/errors.ts';
import { tlsOptions } from '#connectors/network/tls-config.ts';
import type { TlsConfig } from '#connectors/network/tls-config.ts';
import type { FtpServerConfig } from './config.ts';
import { ftpErrors } from './errors.ts';
import { ftpFailure, replyCode } from './failure.ts';

/** A connection on which nothing moves for so long is given up. */
const SILENCE_MS = 60_000;
/** A listing is a text in memory; a folder of a million files has less. */
const LISTING_BYTES_MAX: number = 256 * 1024 * 1024;
/** What is on its way while a chunk is worked on. */
const AHEAD_BYTES: number = 1024 * 1024;

const FTP_PORT = 21;
const FTPS_PORT = 990;

export function portOf({ port, ssl, ssl_explicit: isExplicit }: FtpServerConfig): number {
  return port ?? (ssl && !isExplicit ? FTPS_PORT : FTP_PORT);
}

export function tlsConfigOf(config: FtpServerConfig): TlsConfig {
  const { ssl_trusted_ca_cert_file: file, ssl_trusted_ca_cert_data: text } = config;
  const option = text === undefined ? 'ssl_trusted_ca_cert_file' : 'ssl_trusted_ca_cert_data';
  const ca = text === undefined ? (file === undefined ? undefined : { option, file }) : { option, text };
  if (!config.ssl) return { mode: 'disable' };
  if (!config.ssl_verify) return { mode: 'require' };
  return { mode: config.ssl_verify_hostname ? 'verify-full' : 'verify-ca', ca };
}

export class FtpSession {
  /** The directory that the server puts the user in. */
  home = '/';
  readonly #client: Client;
  readonly #config: FtpServerConfig;
  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => this.close();
  #isAscii = false;

  private constructor(client: Client, config: FtpServerConfig, signal: AbortSignal) {
    this.#client = client;
    this.#config = config;
    this.#signal = signal;
  }

  static async open(config: FtpServerConfig, signal: AbortSignal): Promise<FtpSession> {
    if (!config.passive_mode) throw ftpErrors.error('FTP_PASSIVE_ONLY', {}, { where: { path: ['passive_mode'] } });
    const { Client: FtpClient } = await import('basic-ftp');
    const client = new FtpClient(SILENCE_MS, { allowSeparateTransferHost: false, maxListingBytes: LISTING_BYTES_MAX });
    const session = new FtpSession(client, config, signal);
    try {
      await session.#connect();
      return session;
    } catch (error) {
      session.close();
      throw error;
    }
  }

  get isClosed(): boolean {
    return this.#client.closed;
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#client.close();
  }

  /** Undefined when there is no such folder, or the user may not look into it. */
  async list(folder: string, action: string): Promise<readonly FileInfo[] | undefined> {
    return this.#doing(action, async () => {
      try {
        await this.#client.cd(folder);
      } catch (error) {
        if (replyCode(error) === 550) return undefined;
        throw error;
      }
      return this.#client.list();
    });
  }

  /** Undefined when the server does not say. */
  size(path: string, action: string): Promise<number | undefined> {
    return this.#doing(action, () => unlessUnknown(this.#client.size(path)));
  }

  /** In milliseconds; undefined when the server does not say. */
  async modified(path: string, action: string): Promise<number | undefined> {
    return this.#doing(action, async () => (await unlessUnknown(this.#client.lastMod(path)))?.getTime());
  }

  /** Lines end with CR LF in ASCII mode. */
  async setAscii(isAscii: boolean): Promise<void> {
    if (isAscii === this.#isAscii) return;
    await this.#doing('choosing the mode', () => this.#client.send(isAscii ? 'TYPE A' : 'TYPE I'));
    this.#isAscii = isAscii;
  }

  /** The bytes of the file from the position on. Left before its end, the connection is of no use any more. */
  async *download(path: string, from: number, action: string): AsyncGenerator<Uint8Array> {
    const through = new PassThrough({ highWaterMark: AHEAD_BYTES });
    let failure: { readonly error: unknown } | undefined;
    // The library ends the stream also when it fails.
    const done = this.#client.downloadTo(through, path, from).then(
      () => {},
      (error: unknown) => {
        failure = { error };
      },
    );
    for await (const chunk of through) yield chunk as Buffer; // a stream without an encoding
    await done;
    if (failure !== undefined) throw this.#failed(failure.error, action);
  }

  async upload(path: string, bytes: Uint8Array, action: string): Promise<void> {
    const source = new PassThrough();
    source.end(bytes);
    await this.#doing(action, () => this.#client.uploadFrom(source, path));
  }

  async remove(path: string, action: string): Promise<void> {
    await this.#doing(action, () => this.#client.remove(path));
  }

  async #connect(): Promise<void> {
    const { host, ssl, ssl_explicit: isExplicit, user = 'anonymous', password } = this.#config;
    const tls = await this.#tlsOptions();
    this.#signal.addEventListener('abort', this.#onAbort);
    await this.#doing('connecting', async () => {
      this.#signal.throwIfAborted();
      if (ssl && !isExplicit) await this.#client.connectImplicitTLS(host, portOf(this.#config), tls);
      else await this.#client.connect(host, portOf(this.#config));
    });
    if (ssl && isExplicit) await this.#startTls(tls);
    await this.#doing('logging in', async () => {
      // Names and passwords may have characters that need it.
      await this.#client.sendIgnoringError('OPTS UTF8 ON');
      await this.#client.login(user, password);
      await this.#client.useDefaultSettings();
      this.home = await this.#client.pwd();
    });
  }

  async #startTls(options: ConnectionOptions): Promise<void> {
    try {
      await this.#client.useTLS(options);
    } catch (error) {
      const isAnswer = replyCode(error) !== undefined;
      if (!isAnswer || !(error instanceof Error)) throw this.#failed(error, 'encrypting the connection');
      throw ftpErrors.error('FTP_TLS', { server: this.#server, reason: error.message.trim() }, { cause: error });
    }
  }

  async #tlsOptions(): Promise<ConnectionOptions> {
    const { host } = this.#config;
    const options = await tlsOptions(tlsConfigOf(this.#config));
    return { ...options, host, ...(isIP(host) === 0 ? { servername: host } : {}) };
  }

  get #server(): string {
    return `${this.#config.host}:${portOf(this.#config)}`;
  }

  async #doing<T>(action: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.#failed(error, action);
    }
  }

  #failed(error: unknown, action: string): unknown {
    if (isRopewayError(error)) return error;
    return ftpFailure(error, { server: this.#server, action, isStopped: this.#signal.aborted });
  }
}

/** Servers that do not know a command, or not for this file, say so; then it is not known. */
async function unlessUnknown<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    const reply = replyCode(error);
    if (reply !== undefined && reply >= 500 && reply !== 550) return undefined;
    throw error;
  }
}
