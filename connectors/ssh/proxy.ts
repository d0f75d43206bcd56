/** The way to an SSH server through a proxy: HTTP's CONNECT (RFC 9110, section 9.3.6) or SOCKS 5 (RFC 1928, 1929). */
import { createConnection, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { isRopewayError } from '#spi/errors.ts';
import type { SshProxyConfig } from './config-fields.ts';
import { sshErrors } from './errors.ts';

/** What a proxy may say before the connection is through. */
const ANSWER_BYTES_MAX = 16 * 1024;

interface Place {
  readonly host: string;
  readonly port: number;
}

/** A connection through the proxy to the target; `signal` ends the attempt. */
export async function connectByProxy(proxy: SshProxyConfig, target: Place, signal: AbortSignal): Promise<Socket> {
  if (proxy.type === 'stream') throw sshErrors.error('SSH_PROXY_STREAM', {}, { where: { path: ['proxy', 'type'] } });
  const socket = createConnection({ host: proxy.host, port: proxy.port, noDelay: true, keepAlive: true });
  const stop = (): void => void socket.destroy(new Error('it took too long'));
  signal.addEventListener('abort', stop);
  try {
    if (signal.aborted) stop();
    const answers = new Answers(socket);
    if (proxy.type === 'http') await askHttp(proxy, target, socket, answers);
    else await askSocks(proxy, target, socket, answers);
    answers.end();
    return socket;
  } catch (error) {
    socket.destroy();
    if (isRopewayError(error)) throw error;
    throw refused(proxy, target, error instanceof Error ? error.message : String(error));
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function refused(proxy: SshProxyConfig, target: Place, reason: string): Error {
  const params = { proxy: placeOf(proxy), target: placeOf(target), reason };
  return sshErrors.error('SSH_PROXY_FAILED', params, { where: { path: ['proxy'] } });
}

function placeOf({ host, port }: Place): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

async function askHttp(proxy: SshProxyConfig, target: Place, socket: Socket, answers: Answers): Promise<void> {
  const login = `${proxy.user ?? ''}:${proxy.password ?? ''}`;
  const authorization =
    proxy.user === undefined ? '' : `Proxy-Authorization: Basic ${Buffer.from(login).toString('base64')}\r\n`;
  socket.write(`CONNECT ${placeOf(target)} HTTP/1.1\r\nHost: ${placeOf(target)}\r\n${authorization}\r\n`);
  const head = (await answers.until('\r\n\r\n')).toString('latin1');
  const status = /^HTTP\/1\.[01] (\d{3})([^\r\n]*)/.exec(head);
  if (status?.[1]?.startsWith('2') === true) return;
  throw refused(proxy, target, status === null ? 'it does not speak HTTP' : `it answers ${status[1]}${status[2]}`);
}

const socksReasons: Readonly<Record<number, string>> = {
  1: 'it failed',
  2: 'its rules forbid it',
  3: 'the network is unreachable',
  4: 'the host is unreachable',
  5: 'the connection is refused',
};
const NO_LOGIN = 0;
const PASSWORD_LOGIN = 2;

async function askSocks(proxy: SshProxyConfig, target: Place, socket: Socket, answers: Answers): Promise<void> {
  const methods = proxy.user === undefined ? [NO_LOGIN] : [NO_LOGIN, PASSWORD_LOGIN];
  socket.write(Buffer.from([5, methods.length, ...methods]));
  const [version, method] = await answers.bytes(2);
  if (version !== 5) throw refused(proxy, target, 'it does not speak SOCKS 5');
  if (method === PASSWORD_LOGIN) {
    socket.write(Buffer.concat([Buffer.from([1]), counted(proxy.user ?? ''), counted(proxy.password ?? '')]));
    const [, status] = await answers.bytes(2);
    if (status !== 0) throw refused(proxy, target, 'it does not let this user in');
  } else if (method !== NO_LOGIN) {
    throw refused(proxy, target, 'it wants another login than it is given');
  }
  const port = Buffer.from([target.port >> 8, target.port & 255]);
  const host = target.host;
  const address =
    isIP(host) === 4
      ? Buffer.from([1, ...host.split('.').map(Number)])
      : Buffer.concat([Buffer.from([3]), counted(host)]);
  socket.write(Buffer.concat([Buffer.from([5, 1, 0]), address, port]));
  const [, status = 1, , kind] = await answers.bytes(4);
  if (status !== 0) throw refused(proxy, target, socksReasons[status] ?? `it answers ${status}`);
  const length = kind === 1 ? 4 : kind === 4 ? 16 : ((await answers.bytes(1))[0] ?? 0);
  await answers.bytes(length + 2);
}

function counted(text: string): Buffer {
  const bytes = Buffer.from(text).subarray(0, 255);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** What the proxy says, byte by byte taken from the socket; what comes after it belongs to the server. */
class Answers {
  readonly #socket: Socket;
  #kept = Buffer.alloc(0);
  #wake: () => void = () => {};
  #failure: Error | undefined;
  readonly #onReadable = (): void => this.#wake();
  readonly #onError = (error: Error): void => this.#fail(error);
  readonly #onEnd = (): void => this.#fail(new Error('it ended the connection'));

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('readable', this.#onReadable).on('error', this.#onError).on('end', this.#onEnd).on('close', this.#onEnd);
  }

  async bytes(count: number): Promise<Buffer> {
    while (this.#kept.length < count) await this.#more();
    return this.#take(count);
  }

  async until(end: string): Promise<Buffer> {
    for (;;) {
      const at = this.#kept.indexOf(end);
      if (at !== -1) return this.#take(at + end.length);
      if (this.#kept.length > ANSWER_BYTES_MAX) throw new Error('it answers without an end');
      await this.#more();
    }
  }

  /** The socket is free for others. */
  end(): void {
    this.#socket.off('readable', this.#onReadable).off('end', this.#onEnd).off('close', this.#onEnd);
    if (this.#kept.length > 0) this.#socket.unshift(this.#kept);
  }

  #take(count: number): Buffer {
    const taken = this.#kept.subarray(0, count);
    this.#kept = this.#kept.subarray(count);
    return taken;
  }

  async #more(): Promise<void> {
    for (;;) {
      // A socket without an encoding gives buffers.
      const chunk = this.#socket.read() as Buffer | null;
      if (chunk !== null) {
        this.#kept = Buffer.concat([this.#kept, chunk]);
        return;
      }
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }
}
