/**
 * One connection to an SSH server. All of the library is behind this folder: it is loaded late, its errors become
 * ours, and a stopped run ends the connection at once.
 */
import { createConnection } from 'node:net';
import type { Duplex } from 'node:stream';
import type {
  AnyAuthMethod,
  CipherAlgorithm,
  Client,
  ConnectConfig,
  NextAuthHandler,
  ParsedKey,
  SFTPWrapper,
} from 'ssh2';
import type { Context } from '#spi/context.ts';
import { isRopewayError } from '#spi/errors.ts';
import type { RopewayError } from '#spi/errors.ts';
import { sshErrors } from './errors.ts';
import { forwardFailure, sshFailure } from './failure.ts';
import type { FailingConnection } from './failure.ts';
import { fingerprintOf, hostKeyCheck, typeOf } from './host-key.ts';
import type { HostKeyAlgorithm, HostKeyCheck, HostKeyOptions } from './host-key.ts';
import { privateKey } from './private-key.ts';
import type { PrivateKeyOptions } from './private-key.ts';

/** A server that says nothing is asked for a sign of life, and given up after so many without one. */
const KEEP_ALIVE_MS = 15_000;
const KEEP_ALIVES_MAX = 3;
/** The end of a connection is waited for no longer. */
const CLOSE_TIMEOUT_MS = 2000;

export interface SshLogin extends HostKeyOptions, PrivateKeyOptions {
  readonly user: string;
  readonly password?: string | undefined;
}

export interface ConnectSettings {
  /** Where the options stand in the config. */
  readonly at: readonly string[];
  /** What connecting and logging in may take, and the option that says so. */
  readonly timeout: { readonly option: string; readonly seconds: number };
  /** The way to the server, when it is not TCP from here; made anew for every try. */
  readonly openSocket?: (() => Promise<Duplex>) | undefined;
}

export interface ShownKey {
  readonly type: string;
  readonly fingerprint: string;
}

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** AES with the processor's instructions first; what is weak is not offered. */
const ciphers: CipherAlgorithm[] = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
  'chacha20-poly1305@openssh.com',
];

export async function connectSsh(
  login: SshLogin,
  settings: ConnectSettings,
  ctx: Pick<Context, 'log' | 'signal'>,
): Promise<SshConnection> {
  const server = `${login.user}@${login.host}:${login.port}`;
  const { Client: SshClient, utils } = (await import('ssh2')).default;
  const key = await privateKey(login, settings.at, utils.parseKey);
  if (key === undefined && login.password === undefined) {
    throw sshErrors.error('SSH_CREDENTIALS_MISSING', { server }, { where: { path: [...settings.at, 'user'] } });
  }
  const check = await hostKeyCheck(login, { server, at: settings.at });
  let refusal: RopewayError | undefined;
  for (const algorithms of check.algorithms) {
    const connection = new SshConnection(new SshClient(), server, settings, ctx);
    try {
      await connection.open(login, { key, algorithms, check });
      if (!login.verify_host_key) ctx.log.warn('The host key of an SSH server is not checked.', { server });
      return connection;
    } catch (error) {
      // The server may have the right key among those of other types.
      const refused = connection.hostKeyRefusal;
      if (refused === undefined && (refusal === undefined || !isHandshakeFailure(error))) throw error;
      refusal ??= refused;
    }
  }
  throw refusal ?? new Error('There is always a list of algorithms.');
}

interface Opening {
  readonly key: ParsedKey | undefined;
  readonly algorithms: readonly HostKeyAlgorithm[];
  readonly check: HostKeyCheck;
}

export class SshConnection implements AsyncDisposable {
  readonly server: string;
  /** Why the key of the server was refused. */
  hostKeyRefusal: RopewayError | undefined;
  /** What the server has shown of itself. */
  hostKey: ShownKey = { type: '', fingerprint: '' };
  readonly #client: Client;
  readonly #settings: ConnectSettings;
  readonly #signal: AbortSignal;
  readonly #tried: string[] = [];
  readonly #closed: Promise<void>;
  readonly #onAbort = (): void => void this.#client.destroy();
  #accepted: readonly string[] = [];
  #wasReady = false;
  #isClosing = false;
  #failure: RopewayError | undefined;
  #onFailure: (failure: RopewayError) => void = () => {};

  constructor(client: Client, server: string, settings: ConnectSettings, { signal }: Pick<Context, 'signal'>) {
    this.#client = client;
    this.server = server;
    this.#settings = settings;
    this.#signal = signal;
    this.#closed = new Promise((resolve) => client.once('close', () => resolve()));
  }

  /** Connects and logs in. */
  async open(login: SshLogin, opening: Opening): Promise<void> {
    const failed = new Promise<never>((_, reject) => {
      this.#onFailure = reject;
    });
    // It may come before anybody waits for it.
    failed.catch(() => {});
    this.#client.on('error', (error) => this.#fail(error));
    this.#client.on('close', () => this.#fail(new Error('it was closed by the other side')));
    this.#signal.addEventListener('abort', this.#onAbort);
    try {
      if (this.#signal.aborted) throw new Error('stopped before it was open');
      const socket = (await this.#settings.openSocket?.()) ?? tcpSocket(login);
      const ready = new Promise<void>((resolve) => this.#client.once('ready', () => resolve()));
      this.#client.connect(this.#connectConfig(login, opening, socket));
      await Promise.race([ready, failed]);
      this.#wasReady = true;
    } catch (error) {
      const failure = this.hostKeyRefusal ?? this.#failure ?? sshFailure(error, this.#state());
      this.#isClosing = true;
      this.#client.destroy();
      this.#signal.removeEventListener('abort', this.#onAbort);
      throw failure;
    }
  }

  /** Why the connection broke; undefined while it stands. */
  failure(): RopewayError | undefined {
    return this.#failure;
  }

  /** What goes through the connection has ended without an answer: the connection counts as broken. */
  lost(error: Error): RopewayError {
    this.#fail(error);
    return this.#failure ?? sshFailure(error, this.#state());
  }

  /** A connection from the server to the target. */
  forward(target: Target): Promise<Duplex> {
    const place = `${target.host}:${target.port}`;
    return new Promise((resolve, reject) => {
      const refuse = (error: unknown): void => reject(forwardFailure(this.#failure ?? error, this.#state(), place));
      try {
        this.#client.forwardOut('127.0.0.1', 0, target.host, target.port, (error, channel) => {
          if (error === undefined) resolve(channel);
          else refuse(error);
        });
      } catch (error) {
        refuse(error);
      }
    });
  }

  /** The SFTP subsystem of the server. */
  sftp(): Promise<SFTPWrapper> {
    return new Promise((resolve, reject) => {
      const refuse = (error: unknown): void => reject(this.#failure ?? sshFailure(error, this.#state()));
      try {
        this.#client.sftp((error, sftp) => {
          if (error === undefined) resolve(sftp);
          else refuse(error);
        });
      } catch (error) {
        refuse(error);
      }
    });
  }

  /** Ends the connection and what goes through it. Safe to call twice. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#client.end();
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
    });
    await Promise.race([this.#closed, limit]);
    clearTimeout(timer);
    this.#client.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #connectConfig(login: SshLogin, { key, algorithms, check }: Opening, sock: Duplex): ConnectConfig {
    return {
      sock,
      username: login.user,
      readyTimeout: this.#settings.timeout.seconds * 1000,
      keepaliveInterval: KEEP_ALIVE_MS,
      keepaliveCountMax: KEEP_ALIVES_MAX,
      algorithms: { cipher: ciphers, serverHostKey: [...algorithms] },
      hostVerifier: (hostKey: Buffer) => {
        this.hostKey = { type: typeOf(hostKey), fingerprint: fingerprintOf(hostKey) };
        this.hostKeyRefusal = check.refusal(hostKey);
        return this.hostKeyRefusal === undefined;
      },
      authHandler: (left, _isPartial, next) => this.#nextAuth(login, key, left, next),
    };
  }

  /** The key, then the password; interactively only where the server takes it in no other way: it counts failures. */
  #nextAuth({ user, password }: SshLogin, key: ParsedKey | undefined, left: unknown, next: NextAuthHandler): void {
    // Before the first try the server has not said what it takes.
    const accepted = Array.isArray(left) ? left.map(String) : undefined;
    if (accepted !== undefined) this.#accepted = accepted;
    const takes = (method: string): boolean =>
      !this.#tried.includes(method) && (accepted === undefined || accepted.includes(method));
    const attempt = (method: AnyAuthMethod): void => {
      this.#tried.push(method.type);
      next(method);
    };
    if (key !== undefined && takes('publickey')) attempt({ type: 'publickey', username: user, key });
    else if (password !== undefined && takes('password')) attempt({ type: 'password', username: user, password });
    else if (password !== undefined && takes('keyboard-interactive') && accepted?.includes('password') !== true) {
      attempt({
        type: 'keyboard-interactive',
        username: user,
        prompt: (_name, _instructions, _language, prompts, finish) => finish(prompts.map(() => password)),
      });
    }
    // The library ends with `false`, which its types leave out.
    else next(false as unknown as AnyAuthMethod);
  }

  #fail(error: unknown): void {
    if (this.#isClosing || this.#failure !== undefined) return;
    this.#failure = sshFailure(error, this.#state());
    this.#onFailure(this.#failure);
  }

  #state(): FailingConnection {
    return {
      server: this.server,
      at: this.#settings.at,
      isStopped: this.#signal.aborted,
      wasReady: this.#wasReady,
      timeout: this.#settings.timeout,
      login: { tried: this.#tried, accepted: this.#accepted },
    };
  }
}

/** The server has no key of a type that was asked for. */
function isHandshakeFailure(error: unknown): boolean {
  return isRopewayError(error) && error.code === 'SSH_HANDSHAKE';
}

function tcpSocket({ host, port }: Target): Duplex {
  return createConnection({ host, port, noDelay: true, keepAlive: true });
}
