/**
 * A Google Cloud Storage on this machine for tests: fake-gcs-server for everything but uploads in parts, which it does
 * not know. Those are the same protocol as S3's: moto takes them, and what it has put together goes to the other one.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createServer, request } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { createServer as createSocket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fakeGcsServer } from './fake-gcs.ts';
import { startS3 } from './s3-server.ts';
import type { S3Server } from './s3-server.ts';

export interface GcsServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  createBucket(name: string): Promise<void>;
  put(bucket: string, name: string, body: string | Uint8Array): Promise<void>;
  get(bucket: string, name: string): Promise<Buffer>;
  /** What the store tells of an object. */
  stat(bucket: string, name: string): Promise<Readonly<Record<string, unknown>>>;
  names(bucket: string): Promise<string[]>;
  /** Begins an upload, with a part or without, and leaves it there. */
  begin(bucket: string, name: string, part?: string): Promise<void>;
  /** Names of uploads that are neither completed nor given up. */
  uploads(bucket: string): Promise<string[]>;
}

/** The host by which fake-gcs-server knows requests of the XML API. */
const HOST = 'storage.googleapis.com';
const STARTS_MAX = 200;

export async function startGcs(): Promise<GcsServer> {
  const [fake, s3] = await Promise.all([startFake(), startS3()]);
  const front = createServer((incoming, answer) => {
    void route(incoming, answer, { fake, s3 }).catch(() => answer.destroy());
  });
  await new Promise<void>((done) => front.listen(0, '127.0.0.1', done));
  // A server that listens to TCP has such an address.
  const { port } = front.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    async createBucket(name) {
      await s3.createBucket(name);
      await post(`${fake.url}/storage/v1/b?project=test`, JSON.stringify({ name }), 'application/json');
    },
    put: (bucket, name, body) =>
      post(`${upload(fake, bucket)}?uploadType=media&name=${encodeURIComponent(name)}`, body, 'text/plain'),
    async get(bucket, name) {
      const answer = await fetch(`${objects(fake, bucket)}/${encodeURIComponent(name)}?alt=media`);
      return Buffer.from(await answer.arrayBuffer());
    },
    async stat(bucket, name) {
      const answer = await fetch(`${objects(fake, bucket)}/${encodeURIComponent(name)}`);
      // The store's own layout.
      return (await answer.json()) as Readonly<Record<string, unknown>>;
    },
    async names(bucket) {
      const answer = await fetch(objects(fake, bucket));
      // As above.
      const { items = [] } = (await answer.json()) as { items?: { name: string }[] };
      return items.map(({ name }) => name);
    },
    begin: (bucket, name, part) => s3.begin(bucket, name, part),
    uploads: (bucket) => s3.uploads(bucket),
    async [Symbol.asyncDispose]() {
      front.closeAllConnections();
      await new Promise((done) => front.close(done));
      await Promise.all([fake[Symbol.asyncDispose](), s3[Symbol.asyncDispose]()]);
    },
  };
}

interface Fake extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
}

const objects = ({ url }: Fake, bucket: string): string => `${url}/storage/v1/b/${bucket}/o`;
const upload = ({ url }: Fake, bucket: string): string => `${url}/upload/storage/v1/b/${bucket}/o`;

async function post(url: string, body: string | Uint8Array, contentType: string): Promise<void> {
  // A copy in memory of its own, as fetch wants it.
  const bytes = typeof body === 'string' ? body : new Uint8Array(body);
  const answer = await fetch(url, { method: 'POST', body: bytes, headers: { 'content-type': contentType } });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
}

async function startFake(): Promise<Fake> {
  const command = fakeGcsServer();
  if (command === undefined) throw new Error('fake-gcs-server is not there: npm test builds it.');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const args = ['-backend', 'memory', '-scheme', 'http', '-host', '127.0.0.1', '-port', String(port)];
  const child = spawn(command, args, { stdio: 'ignore' });
  await ready(child, `${url}/_internal/healthcheck`);
  return {
    url,
    port,
    async [Symbol.asyncDispose]() {
      const exited = new Promise((done) => child.once('exit', done));
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function ready(child: ChildProcess, url: string): Promise<void> {
  for (let start = 0; start < STARTS_MAX && child.exitCode === null; start++) {
    const isUp = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return;
    // It does not say when it listens.
    await new Promise((done) => setTimeout(done, 25));
  }
  throw new Error('fake-gcs-server does not start');
}

/** It cannot choose one itself. */
async function freePort(): Promise<number> {
  const server = createSocket();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  // As above.
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

interface Peers {
  readonly fake: Fake;
  readonly s3: S3Server;
}

async function route(incoming: IncomingMessage, answer: ServerResponse, peers: Peers): Promise<void> {
  const { method = 'GET' } = incoming;
  const url = new URL(incoming.url ?? '/', 'http://front');
  const isOfParts = url.searchParams.has('uploads') || url.searchParams.has('uploadId');
  const body = await bodyOf(incoming);
  if (!isOfParts) {
    const headers = { ...incoming.headers, host: HOST };
    await forward({ method, path: incoming.url ?? '/', port: peers.fake.port, headers, body }, answer);
    return;
  }
  const headers: OutgoingHttpHeaders = { host: `127.0.0.1:${peers.s3.port}` };
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (/^(content-|x-goog-meta-)/.test(name)) headers[name.replace('x-goog-', 'x-amz-')] = value;
  }
  const isCompletion = method === 'POST' && url.searchParams.has('uploadId');
  const asked = { method, path: incoming.url ?? '/', port: peers.s3.port, headers, body };
  await forward(asked, answer, isCompletion ? () => handOver(url, peers) : undefined);
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer); // a stream without an encoding
  return Buffer.concat(chunks);
}

interface Forwarded {
  readonly method: string;
  readonly path: string;
  readonly port: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

function forward(asked: Forwarded, answer: ServerResponse, afterSuccess?: () => Promise<void>): Promise<void> {
  const { method, path, port, headers, body } = asked;
  return new Promise((done, fail) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers }, (reply) => {
      const status = reply.statusCode ?? 502;
      const before = status < 300 ? (afterSuccess?.() ?? Promise.resolve()) : Promise.resolve();
      before.then(() => {
        answer.writeHead(status, reply.headers);
        reply.pipe(answer);
        reply.on('end', done);
      }, fail);
    });
    outgoing.on('error', fail);
    outgoing.end(body);
  });
}

/** The object that moto has put together, with what was said of it. */
async function handOver({ pathname }: URL, { fake, s3 }: Peers): Promise<void> {
  const [bucket = '', ...rest] = pathname.slice(1).split('/');
  const name = decodeURIComponent(rest.join('/'));
  const answer = await fetch(`${s3.url}${pathname}`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  const contentType = answer.headers.get('content-type') ?? '';
  const metadata = Object.fromEntries(
    [...answer.headers].flatMap(([key, value]) =>
      key.startsWith('x-amz-meta-') ? [[key.slice('x-amz-meta-'.length), value]] : [],
    ),
  );
  const parts = [
    `--cut\r\ncontent-type: application/json\r\n\r\n${JSON.stringify({ name, contentType, metadata })}\r\n`,
    `--cut\r\ncontent-type: ${contentType}\r\n\r\n`,
  ];
  const body = Buffer.concat([Buffer.from(parts.join('')), bytes, Buffer.from('\r\n--cut--\r\n')]);
  await post(`${upload(fake, bucket)}?uploadType=multipart`, body, 'multipart/related; boundary=cut');
}
