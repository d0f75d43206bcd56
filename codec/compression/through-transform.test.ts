import { Transform } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { throughTransform } from './through-transform.ts';
import { gunzip } from './zlib-codecs.ts';

/** Turns of the event loop after which everything that can happen has happened. */
const TURNS = 20;

async function settle(): Promise<void> {
  for (let count = 0; count < TURNS; count++) await turn();
}

/** Passes each chunk on in a later turn, as a thread would; `made` counts them. */
class Slow extends Transform {
  made = 0;

  constructor(pieceBytes: number) {
    super({ readableHighWaterMark: pieceBytes + 1 });
  }

  override _transform(chunk: Buffer, _: string, done: (error?: Error | null, chunk?: Buffer) => void): void {
    setImmediate(() => {
      this.made += 1;
      if (chunk[0] === 0xff) done(new Error('a bad chunk'));
      else done(null, chunk);
    });
  }
}

class Source {
  given = 0;
  isClosed = false;
  readonly #chunks: readonly (Uint8Array | 'fail' | 'never')[];

  constructor(chunks: readonly (Uint8Array | 'fail' | 'never')[]) {
    this.#chunks = chunks;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const lent = new Uint8Array(8);
    try {
      for (const chunk of this.#chunks) {
        this.given += 1;
        if (chunk === 'fail') throw new Error('the source has failed');
        if (chunk === 'never') await new Promise(() => {});
        else lent.set(chunk);
        yield lent;
        // The chunk was lent: it is something else now.
        lent.fill(0x7e);
      }
    } finally {
      this.isClosed = true;
    }
  }
}

const chunk = (byte: number): Uint8Array => new Uint8Array(8).fill(byte);
const chunks = (count: number): Uint8Array[] => Array.from({ length: count }, (_, index) => chunk(index));
const options = {
  translate: (error: unknown, bytes: number) => new Error(`translated after ${bytes}`, { cause: error }),
};

describe('throughTransform()', () => {
  it('keeps the order, and copies what is lent', async () => {
    const bytes: number[] = [];
    for await (const piece of throughTransform(new Source(chunks(50)), new Slow(8), options)) bytes.push(...piece);
    expect(bytes).toEqual(chunks(50).flatMap((part) => [...part]));
  });

  it('works on the next piece while the consumer is busy, and not on all of them', async () => {
    const source = new Source(chunks(50));
    const transform = new Slow(8);
    const pieces = throughTransform(source, transform, options);
    await pieces.next();
    await settle();
    // One piece was taken, one is ready, one waits for its place; one more chunk waits to be worked on.
    expect(transform.made).toBe(3);
    expect(source.given).toBe(4);
    await pieces.return(undefined);
  });

  it('closes the source and the stream when the consumer leaves', async () => {
    const source = new Source(chunks(50));
    const transform = new Slow(8);
    for await (const piece of throughTransform(source, transform, options)) {
      expect(piece.length).toBe(8);
      break;
    }
    expect(source.isClosed).toBe(true);
    expect(transform.destroyed).toBe(true);
  });

  it('lets the consumer leave while the source is stuck', async () => {
    const pieces = throughTransform(new Source([chunk(1), 'never']), new Slow(8), options);
    await pieces.next();
    await settle();
    expect(await pieces.return(undefined)).toEqual({ done: true, value: undefined });
  });

  it("translates the stream's errors, and closes the source", async () => {
    const source = new Source([chunk(1), chunk(0xff), ...chunks(9)]);
    const pieces = throughTransform(source, new Slow(8), options);
    await pieces.next();
    await expect(pieces.next()).rejects.toMatchObject({ message: /^translated after \d+$/ });
    expect(source.isClosed).toBe(true);
  });

  it('gives errors of the source to the translation, as the cause', async () => {
    const pieces = throughTransform(new Source(['fail']), new Slow(8), options);
    await expect(pieces.next()).rejects.toMatchObject({ cause: { message: 'the source has failed' } });
  });
});

describe('gunzip()', () => {
  it('ignores padding behind the last member, however much there is', async () => {
    const packed = Buffer.concat([gzipSync('all of it'), new Uint8Array(300_000)]);
    async function* parts(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < packed.length; at += 1000) yield packed.subarray(at, at + 1000);
    }
    const read: Buffer[] = [];
    for await (const piece of gunzip(parts())) read.push(Buffer.from(piece));
    expect(Buffer.concat(read).toString()).toBe('all of it');
  });
});
