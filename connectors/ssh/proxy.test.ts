/** The way through proxies, to an echo behind them. */
import { createServer as createHttpServer } from 'node:http';
import { createConnection, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SshProxyConfig } from './config-fields.ts';
import { connectByProxy } from './proxy.ts';

async function listen(server: Server): Promise<AsyncDisposable & { port: number }> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    // A server that listens to TCP has such an address.
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      await new Promise((done) => server.close(done));
    },
  };
}

/** What a proxy is told, and how much of what it says comes at a time. */
interface ProxyLog {
  readonly asked: string[];
}

function httpProxy(log: ProxyLog): Server {
  const server = createHttpServer((_, answer) => answer.writeHead(400).end());
  server.on('connect', ({ url = '', headers }, client: Socket) => {
    log.asked.push(`${url} ${headers['proxy-authorization'] ?? ''}`);
    const [host = '', port] = url.split(':');
    if (host === 'forbidden') {
      client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    const target = createConnection({ host, port: Number(port) }, () => {
      client.write('HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n');
      client.pipe(target).pipe(client);
    });
    target.on('error', () => client.destroy());
    client.on('error', () => target.destroy());
  });
  return server;
}

/** RFC 1928 as far as the tests go, a byte at a time. */
function socksProxy(log: ProxyLog, login: string | undefined): Server {
  return createServer({ allowHalfOpen: true }, async (client) => {
    client.on('error', () => {});
    const take = async (count: number): Promise<Buffer> => {
      for (;;) {
        const bytes = client.read(count) as Buffer | null;
        if (bytes !== null) return bytes;
        await new Promise((done) => client.once('readable', done));
      }
    };
    const text = async (): Promise<string> => (await take((await take(1))[0] ?? 0)).toString();
    const [, count = 0] = await take(2);
    const methods = await take(count);
    const method = login === undefined ? 0 : 2;
    if (!methods.includes(method)) {
      client.end(Buffer.from([5, 255]));
      return;
    }
    client.write(Buffer.from([5, method]));
    if (login !== undefined) {
      await take(1);
      const given = `${await text()}:${await text()}`;
      client.write(Buffer.from([1, given === login ? 0 : 1]));
      if (given !== login) return void client.end();
    }
    const [, , , kind] = await take(4);
    const host = kind === 1 ? [...(await take(4))].join('.') : await text();
    const port = (await take(2)).readUInt16BE();
    log.asked.push(`${kind} ${host}:${port}`);
    const target = createConnection({ host, port }, () => {
      for (const byte of [5, 0, 0, 3, 4, 97, 98, 99, 100, 0, 1]) client.write(Buffer.from([byte]));
      client.pipe(target).pipe(client);
    });
    target.on('error', () => client.end(Buffer.from([5, 5, 0, 1, 0, 0, 0, 0, 0, 0])));
  });
}

let echo: AsyncDisposable & { port: number };
const signal = new AbortController().signal;

async function through(proxy: SshProxyConfig, host = '127.0.0.1', port = echo.port): Promise<string> {
  const socket = await connectByProxy(proxy, { host, port }, signal);
  socket.end('hello');
  return (await buffer(socket)).toString();
}

describe('connectByProxy()', () => {
  beforeAll(async () => {
    echo = await listen(
      createServer({ allowHalfOpen: true }, (socket) => {
        socket.write('welcome, ');
        socket.pipe(socket);
      }),
    );
  });
  afterAll(() => echo[Symbol.asyncDispose]());

  it('asks an HTTP proxy', async () => {
    const log = { asked: [] as string[] };
    await using server = await listen(httpProxy(log));
    const proxy = { type: 'http', host: '127.0.0.1', port: server.port } as const;
    expect(await through(proxy)).toBe('welcome, hello');
    expect(await through({ ...proxy, user: 'me', password: 'hüsh' })).toBe('welcome, hello');
    const login = Buffer.from('me:hüsh').toString('base64');
    expect(log.asked).toEqual([`127.0.0.1:${echo.port} `, `127.0.0.1:${echo.port} Basic ${login}`]);
    await expect(through(proxy, 'forbidden')).rejects.toThrow(/it answers 403 Forbidden/);
    await expect(through(proxy, '127.0.0.1', 1)).rejects.toMatchObject({ code: 'SSH_PROXY_FAILED', transient: true });
  });

  it('asks a SOCKS proxy', async () => {
    const log = { asked: [] as string[] };
    await using open = await listen(socksProxy(log, undefined));
    await using closed = await listen(socksProxy(log, 'me:hüsh'));
    const proxy = { type: 'socks', host: '127.0.0.1', port: open.port } as const;
    expect(await through(proxy)).toBe('welcome, hello');
    expect(await through({ ...proxy, port: closed.port, user: 'me', password: 'hüsh' }, 'localhost')).toBe(
      'welcome, hello',
    );
    expect(log.asked).toEqual([`1 127.0.0.1:${echo.port}`, `3 localhost:${echo.port}`]);
    await expect(through({ ...proxy, port: closed.port })).rejects.toThrow(/another login/);
    await expect(through({ ...proxy, port: closed.port, user: 'me', password: 'tell-nobody' })).rejects.toThrow(
      /does not let this user in/,
    );
    await expect(through(proxy, '127.0.0.1', 1)).rejects.toThrow(/the connection is refused/);
  });

  it('tells of what is no proxy, and stops', async () => {
    const web = createServer((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .end('SSH-2.0-x\r\n\r\n'),
    );
    await using other = await listen(web);
    for (const [type, reason] of [
      ['http', /does not speak HTTP/],
      ['socks', /does not speak SOCKS 5/],
    ] as const) {
      await expect(through({ type, host: '127.0.0.1', port: other.port })).rejects.toThrow(reason);
    }
    const proxy = { type: 'http', host: '127.0.0.1', port: echo.port } as const;
    await expect(connectByProxy(proxy, { host: 'x', port: 1 }, AbortSignal.abort())).rejects.toMatchObject({
      code: 'SSH_PROXY_FAILED',
    });
  });
});
