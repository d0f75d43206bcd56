/** One SFTP session: the protocol's requests as promises, with the errors of this connector. */
import type { FileEntryWithStats, SFTPWrapper, Stats } from 'ssh2';
import type { RopewayError } from '#spi/errors.ts';
import type { ShownKey, SshConnection } from '#connectors/ssh/client.ts';
import { sftpErrors } from './errors.ts';

/** The largest data of a request that every server takes: packets of 34,000 bytes are what the protocol promises. */
export const PIECE_BYTES: number = 31 * 1024;

/** How often it is looked whether the server answers, while it may be silent. */
const SILENCE_TICKS = 4;

/** Codes of answers (draft-ietf-secsh-filexfer-02, section 7). */
const NO_SUCH_FILE = 2;
const PERMISSION_DENIED = 3;
const OP_UNSUPPORTED = 8;
const EOF = 1;

/** What was asked for, for messages. */
export interface Doing {
  /** As `reading`. */
  readonly action: string;
  /** As a URL. */
  readonly file: string;
}

type Callback<T> = (error: Error | undefined | null, value: T) => void;

export class SftpSession {
  readonly #ssh: SshConnection;
  readonly #sftp: SFTPWrapper;
  /** The library never answers what is asked after the end. */
  #hasEnded = false;
  readonly #watch: NodeJS.Timeout;
  #asked = 0;
  #answered = 0;

  /** `silenceSeconds`: the server is given up when it answers nothing for so long. */
  constructor(ssh: SshConnection, sftp: SFTPWrapper, silenceSeconds: number) {
    this.#ssh = ssh;
    this.#sftp = sftp;
    // Pending requests are told of it as well.
    sftp.on('error', () => {});
    const end = (): void => {
      this.#hasEnded = true;
      clearInterval(this.#watch);
    };
    sftp.on('end', end).on('close', end);
    let quietTicks = 0;
    let answered = 0;
    this.#watch = setInterval(
      () => {
        const isQuiet = this.#asked > this.#answered && this.#answered === answered;
        quietTicks = isQuiet ? quietTicks + 1 : 0;
        answered = this.#answered;
        if (quietTicks < SILENCE_TICKS) return;
        ssh.lost(new Error(`it has answered nothing for ${silenceSeconds} seconds`));
        void this.close();
      },
      (silenceSeconds * 1000) / SILENCE_TICKS,
    ).unref();
  }

  static async open(ssh: SshConnection, silenceSeconds: number): Promise<SftpSession> {
    return new SftpSession(ssh, await ssh.sftp(), silenceSeconds);
  }

  get isBroken(): boolean {
    return this.#hasEnded || this.#ssh.failure() !== undefined;
  }

  get hostKey(): ShownKey {
    return this.#ssh.hostKey;
  }

  close(): Promise<void> {
    clearInterval(this.#watch);
    return this.#ssh.close();
  }

  realpath(path: string, doing: Doing): Promise<string> {
    return this.#ask(doing, (done: Callback<string>) => this.#sftp.realpath(path, done));
  }

  /** Undefined when there is nothing of that name. */
  async stat(path: string, doing: Doing): Promise<Stats | undefined> {
    return this.#unlessMissing(this.#ask(doing, (done: Callback<Stats>) => this.#sftp.stat(path, done)));
  }

  fstat(handle: Buffer, doing: Doing): Promise<Stats> {
    return this.#ask(doing, (done: Callback<Stats>) => this.#sftp.fstat(handle, done));
  }

  open(path: string, flags: 'r' | 'r+' | 'w' | 'wx', doing: Doing, mode?: number): Promise<Buffer> {
    const attributes = mode === undefined ? {} : { mode };
    return this.#ask(doing, (done: Callback<Buffer>) => this.#sftp.open(path, flags, attributes, done));
  }

  closeHandle(handle: Buffer, doing: Doing): Promise<void> {
    return this.#ask(doing, (done: Callback<void>) => this.#sftp.close(handle, (error) => done(error, undefined)));
  }

  /** Bytes read from the position on, at most a piece; 0 at the end. */
  read(handle: Buffer, target: Buffer, position: number, doing: Doing): Promise<number> {
    return this.#ask(doing, (done: Callback<number>) => {
      this.#sftp.read(handle, target, 0, target.length, position, done);
    });
  }

  /** A piece at most. */
  write(handle: Buffer, bytes: Buffer, position: number, doing: Doing): Promise<void> {
    return this.#ask(doing, (done: Callback<void>) => {
      this.#sftp.write(handle, bytes, 0, bytes.length, position, (error) => done(error, undefined));
    });
  }

  /** The entries of a folder as the server gives them, some at a time; undefined when there is no such folder. */
  async list(path: string, doing: Doing): Promise<AsyncGenerator<readonly FileEntryWithStats[]> | undefined> {
    const opened = this.#ask(doing, (done: Callback<Buffer>) => this.#sftp.opendir(path, done));
    const handle = await this.#unlessMissing(opened);
    return handle === undefined ? undefined : this.#entries(handle, doing);
  }

  async *#entries(handle: Buffer, doing: Doing): AsyncGenerator<readonly FileEntryWithStats[]> {
    try {
      for (;;) {
        const entries = await this.#ask(doing, (done: Callback<readonly FileEntryWithStats[] | undefined>) => {
          this.#sftp.readdir(handle, (error, list) => {
            if (codeOf(error) === EOF) done(undefined, undefined);
            else done(error, list);
          });
        });
        if (entries === undefined) return;
        yield entries;
      }
    } finally {
      if (!this.isBroken) await this.closeHandle(handle, doing);
    }
  }

  mkdir(path: string, doing: Doing): Promise<void> {
    return this.#ask(doing, (done: Callback<void>) => this.#sftp.mkdir(path, (error) => done(error, undefined)));
  }

  /** False when there was nothing of that name. */
  async remove(path: string, doing: Doing): Promise<boolean> {
    const removed = this.#ask(doing, (done: Callback<true>) => this.#sftp.unlink(path, (error) => done(error, true)));
    return (await this.#unlessMissing(removed)) ?? false;
  }

  /** Puts the file in the place of another one, in one step; false when the server cannot do that. */
  async replace(from: string, to: string, doing: Doing): Promise<boolean> {
    return this.#ask(
      doing,
      (done: Callback<boolean>) => {
        this.#sftp.ext_openssh_rename(from, to, (error) => {
          if (codeOf(error) === OP_UNSUPPORTED) done(undefined, false);
          else done(error, true);
        });
      },
      false,
    );
  }

  /** Fails when the other name is taken. */
  rename(from: string, to: string, doing: Doing): Promise<void> {
    return this.#ask(doing, (done: Callback<void>) => this.#sftp.rename(from, to, (error) => done(error, undefined)));
  }

  /** `unable` is the answer when the server has not announced an extension. */
  #ask<T>(doing: Doing, request: (done: Callback<T>) => void, unable?: T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.isBroken) {
        reject(this.#failure(new Error('it has ended'), doing));
        return;
      }
      try {
        this.#asked += 1;
        request((error, value) => {
          this.#answered += 1;
          if (error === undefined || error === null) resolve(value);
          else reject(this.#failure(error, doing));
        });
      } catch (error) {
        this.#answered += 1;
        if (unable === undefined || !String(error).includes('does not support')) throw error;
        resolve(unable);
      }
    });
  }

  async #unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'SFTP_FILE_NOT_FOUND') return undefined;
      throw error;
    }
  }

  #failure(thrown: unknown, { action, file }: Doing): RopewayError | Error {
    const broken = this.#ssh.failure();
    if (broken !== undefined) return broken;
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const code = codeOf(error);
    // Without a code it is not an answer: the channel has ended, and the connection with it in a moment.
    if (code === undefined) return this.#ssh.lost(error);
    const options = { where: { file }, cause: error };
    const params = { action, file, reason: error.message.replace(/[.\s]+$/, '') };
    if (code === NO_SUCH_FILE) return sftpErrors.error('SFTP_FILE_NOT_FOUND', params, options);
    return sftpErrors.error(code === PERMISSION_DENIED ? 'SFTP_DENIED' : 'SFTP_FAILED', params, options);
  }
}

function codeOf(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined;
}
