/** Requests against servers of this machine. */
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { certificateAuthority } from '#test/kit/certificates.ts';
import { httpsServer } from '#test/kit/https-server.ts';
import { drain, httpSender, textOf } from './http-sender.ts';
import type { HttpAnswer, Send, SenderOptions } from './http-sender.ts';
import { httpsFields } from './https-config.ts';
import { takesAtOnce } from './reused-reads.ts';

const authority = certificateAuthority();
afterAll(() => authority[Symbol.dispose]());

const going = new AbortController().signal;
const get = { method: 'GET', headers: {}, signal: going };

function sender(options: Partial<SenderOptions> = {}): Promise<Send> {
  const tls = z.strictObject(httpsFields()).parse({ tls_ca_file: authority.caFile });
  return httpSender({ sockets: 4, openTimeoutMs: 5000, idleTimeoutMs: 5000, tls, proxy: undefined, ...options });
}

interface Listening extends AsyncDisposable {
  readonly url: URL;
}

async function plainServer(listener: RequestListener): Promise<Listening> {
  return listening(createServer(listener));
}

async function listening(server: Server): Promise<Listening> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    // A server that listens to TCP has such an address.
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('hex');
}

/** As object stores are read: nothing is kept of a piece. */
async function takenAtOnce({ body }: HttpAnswer): Promise<string> {
  const hash = createHash('sha1');
  body.on('data', (piece: Buffer) => {
    hash.update(piece);
    takesAtOnce(body);
    piece.fill(0);
  });
  await once(body, 'end');
  return hash.digest('hex');
}

/** As streams are read: all pieces are kept until the end. */
async function kept({ body }: HttpAnswer): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(piece as Buffer); // without an encoding
  return hashOf(Buffer.concat(pieces));
}

/** First one, then the other: what was taken at once is put aside. */
async function changingItsMind({ body }: HttpAnswer): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  const take = (piece: Buffer): void => {
    pieces.push(Buffer.from(piece));
    size += piece.length;
    takesAtOnce(body);
    if (size < 1_000_000) return;
    body.off('data', take);
    body.pause();
  };
  body.on('data', take);
  await once(body, 'pause');
  for await (const piece of body) pieces.push(piece as Buffer); // without an encoding
  return hashOf(Buffer.concat(pieces));
}

describe('httpSender()', () => {
  const bytes = randomBytes(5_000_000);
  const ways = [takenAtOnce, kept, changingItsMind];

  it.each(['http', 'https'])(
    'gives every byte by %s, however it is read, and uses connections again',
    async (scheme) => {
      const ports = new Set<number | undefined>();
      const listener: RequestListener = ({ socket }, answer) => {
        ports.add(socket.remotePort);
        answer.end(bytes);
      };
      await using plain = await plainServer(listener);
      await using secure = await httpsServer(authority.issue('store', ['IP:127.0.0.1']), listener);
      const url = scheme === 'http' ? plain.url : new URL(`https://127.0.0.1:${secure.port}`);
      const send = await sender();
      for (let round = 0; round < 3; round++) {
        for (const way of ways) expect(await way(await send(url, get)), way.name).toBe(hashOf(bytes));
      }
      expect(ports.size).toBe(1);
      const all = await Promise.all(ways.map(async (way) => way(await send(url, get))));
      expect(new Set(all)).toEqual(new Set([hashOf(bytes)]));
    },
  );

  it('sends method, headers, body, and the path as it is', async () => {
    await using server = await plainServer(async (asked, answer) => {
      const { method, url, headers } = asked;
      const said = await textOf(asked, 1000);
      answer.end(JSON.stringify([method, url, headers['x-own'], headers['content-length'], said]));
    });
    const send = await sender();
    const headers = { 'x-own': 'é'.normalize('NFD').slice(0, 1) };
    const put = await send(server.url, { method: 'PUT', headers, signal: going, body: 'grün', path: '/a/../b//c?d=' });
    expect(JSON.parse(await textOf(put.body, 1000))).toEqual(['PUT', '/a/../b//c?d=', 'e', '5', 'grün']);
    const empty = await send(server.url, { ...get, method: 'POST', body: new Uint8Array(0) });
    expect(JSON.parse(await textOf(empty.body, 1000))).toEqual(['POST', '/', null, '0', '']);
  });

  it('waits no longer than allowed for an answer', async () => {
    await using server = await plainServer(() => {});
    const asked = (await sender({ idleTimeoutMs: 50 }))(server.url, get);
    await expect(asked).rejects.toMatchObject({ message: 'there was no answer in time', code: 'ETIMEDOUT' });
  });

  it('waits no longer than allowed in the middle of an answer, but for those who do not read what has come', async () => {
    await using server = await plainServer((_asked, answer) => void answer.write('x'));
    const { body } = await (await sender())(server.url, get);
    await once(body, 'readable');
    const { socket } = body as IncomingMessage; // that of an answer
    // As when nothing has moved for so long; the second time nothing is left to be read.
    socket.emit('timeout');
    expect([body.destroyed, String(body.read())]).toEqual([false, 'x']);
    const failed = once(body, 'error');
    socket.emit('timeout');
    expect(await failed).toMatchObject([{ message: 'the answer stopped in its middle', code: 'ETIMEDOUT' }]);
  });

  it('waits no longer than allowed: connecting took too long', async () => {
    const server = createTcpServer((socket) => socket.on('error', () => {}));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    // As above.
    const { port } = server.address() as AddressInfo;
    const send = await sender({ openTimeoutMs: 50 });
    const asked = send(new URL(`https://127.0.0.1:${port}`), get);
    await expect(asked).rejects.toMatchObject({ message: 'connecting took too long', code: 'ETIMEDOUT' });
    server.close();
  });

  it('stops at once', async () => {
    await using server = await plainServer(({ url }, answer) => void (url === '/' && answer.write('x')));
    const send = await sender();
    for (const path of ['/', '/silent']) {
      const stop = new AbortController();
      const answer = send(server.url, { ...get, path, signal: stop.signal });
      if (path === '/') await answer;
      stop.abort();
      await expect(answer.then(({ body }) => drain(body, 10))).rejects.toThrow(/abort/);
    }
  });
});

describe('drain()', () => {
  it('reads to the end, or closes what is too long', async () => {
    await using server = await plainServer((_asked, answer) => void answer.end('x'.repeat(1000)));
    const send = await sender();
    const [whole, long] = [await send(server.url, get), await send(server.url, get)];
    await drain(whole.body, 1000);
    await drain(long.body, 10);
    expect([whole.body.readableEnded, long.body.destroyed, long.body.readableEnded]).toEqual([true, true, false]);
  });
});
