/** Rows on their way to a server: what it gets, and who waits for whom. */
import { Writable } from 'node:stream';
import fc from 'fast-check';
import type { Connection } from 'pg';
import { describe, expect, it } from 'vitest';
import { CopyIn } from './copy-in.ts';

/** What a COPY needs of the driver's connection: a stream that takes bytes when it is told to. */
class Server {
  readonly copy = new CopyIn('COPY');
  readonly #received: Buffer[] = [];
  readonly #held: (() => void)[] = [];

  constructor({ isSlow = false } = {}) {
    const stream = new Writable({
      write: (bytes: Buffer, _encoding, done) => {
        this.#received.push(Buffer.from(bytes));
        if (isSlow) this.#held.push(done);
        else done();
      },
    });
    const connection = { stream, query: () => {} } as unknown as Connection; // as above
    this.copy.submit(connection);
    this.copy.handleCopyInResponse(connection);
  }

  /** Lets the piece go that was sent last. */
  take(): void {
    this.#held.shift()?.();
  }

  /** The kinds of messages, and what was in them. */
  get messages(): { kinds: string; content: string } {
    const bytes = Buffer.concat(this.#received);
    let kinds = '';
    let content = '';
    for (let at = 0; at < bytes.length;) {
      const size = bytes.readUInt32BE(at + 1);
      kinds += bytes.toString('latin1', at, at + 1);
      content += bytes.toString('latin1', at + 5, at + 1 + size);
      at += 1 + size;
    }
    return { kinds, content };
  }
}

describe('CopyIn', () => {
  it('sends the rows in messages, whatever the sizes of the pieces', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(300_000), { maxLength: 6 }), async (sizes) => {
        const server = new Server();
        const pieces = sizes.map((size, index) => String.fromCharCode(97 + index).repeat(size));
        for (const piece of pieces) await server.copy.write(Buffer.from(piece));
        const finished = server.copy.finish();
        server.copy.handleCommandComplete({ text: 'COPY 12' });
        server.copy.handleReadyForQuery();
        expect(await finished).toBe(12);
        const { kinds, content } = server.messages;
        expect(kinds).toMatch(/^d*c$/);
        expect(content).toBe(pieces.join(''));
      }),
      { numRuns: 30 },
    );
  });

  it('waits for the server when two pieces are on their way', async () => {
    const server = new Server({ isSlow: true });
    const piece = Buffer.alloc(200_000, 'x');
    expect(server.copy.write(piece)).toBeUndefined();
    let isTaken = false;
    const second = server.copy.write(piece)?.then(() => {
      isTaken = true;
    });
    expect(second).toBeDefined();
    await new Promise(setImmediate);
    expect(isTaken).toBe(false);
    server.take();
    await second;
  });

  it('ends with the error of the server, whoever waits', async () => {
    const server = new Server({ isSlow: true });
    const piece = Buffer.alloc(200_000, 'x');
    await server.copy.write(piece);
    const waiting = server.copy.write(piece);
    server.copy.handleError(new Error('the disk is full'));
    await expect(waiting).rejects.toThrow('the disk is full');
    await expect(server.copy.write(piece)).rejects.toThrow('the disk is full');
    await expect(server.copy.finish()).rejects.toThrow('the disk is full');
  });

  it('ends with the error of a server that does not begin', async () => {
    const copy = new CopyIn('COPY');
    const begun = copy.begun();
    copy.handleError(new Error('permission denied'));
    await expect(begun).rejects.toThrow('permission denied');
  });
});
