/**
 * A store of one object, as a process: S3 and Google Cloud Storage as far as inputs ask them for a whole object or for
 * ranges. It checks nothing and keeps nothing, so that what is measured is who asks. `node range-server.ts FILE KEY`
 * prints its port.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

const [path = '', key = ''] = process.argv.slice(2);
const file = openSync(path, 'r');
const { size } = fstatSync(file);
const headers = { etag: '"1"', 'x-goog-generation': '1', 'last-modified': new Date().toUTCString() };

function answerWith(asked: IncomingMessage, answer: ServerResponse): void {
  const url = new URL(asked.url ?? '/', 'http://store');
  if (url.pathname.startsWith('/storage/') && url.searchParams.get('alt') !== 'media') {
    answer.setHeader('content-type', 'application/json');
    answer.end(JSON.stringify({ name: key, size: String(size), generation: '1', metadata: {} }));
    return;
  }
  const match = /^bytes=(\d+)-(\d*)$/.exec(asked.headers.range ?? '');
  const from = Number(match?.[1] ?? 0);
  const to = match?.[2] ? Math.min(Number(match[2]) + 1, size) : size;
  const range = match === null ? {} : { 'content-range': `bytes ${from}-${to - 1}/${size}` };
  answer.writeHead(match === null ? 200 : 206, { ...headers, ...range, 'content-length': to - from });
  answer.end(asked.method === 'HEAD' ? undefined : bytesOf(from, to));
}

function bytesOf(from: number, to: number): Buffer {
  const bytes = Buffer.allocUnsafe(to - from);
  for (let length = 0; length < bytes.length;) {
    const read = readSync(file, bytes, length, bytes.length - length, from + length);
    if (read === 0) throw new Error(`${path} has become shorter`);
    length += read;
  }
  return bytes;
}

const server = createServer(answerWith);
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(typeof address === 'object' ? address?.port : address);
});
process.on('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  closeSync(file);
});
