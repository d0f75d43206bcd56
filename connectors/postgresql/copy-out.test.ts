/** The rows of a COPY, whatever pieces the network makes of its messages. */
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import type { Connection } from 'pg';
import { describe, expect, it } from 'vitest';
import { CopyOut } from './copy-out.ts';

function message(kind: string, content: string): Buffer {
  const bytes = Buffer.alloc(5 + Buffer.byteLength(content));
  bytes.write(kind, 0, 'latin1');
  bytes.writeUInt32BE(bytes.length - 1, 1);
  bytes.write(content, 5);
  return bytes;
}

/** The rows that come out, and what is left to the driver. */
async function copied(bytes: Buffer, cuts: readonly number[]): Promise<{ rows: string; driver: string }> {
  const stream = new PassThrough();
  let driver = '';
  stream.on('data', (piece: Buffer) => (driver += piece.toString()));
  const copy = new CopyOut('COPY');
  // What a COPY needs of the driver's connection.
  copy.submit({ stream, query: () => {} } as unknown as Connection);
  const edges = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
  for (const [index, edge] of edges.slice(1).entries()) stream.write(Buffer.from(bytes.subarray(edges[index], edge)));
  const pieces: Buffer[] = [];
  for (let rows = await copy.next(); rows !== undefined; rows = await copy.next()) pieces.push(rows);
  await new Promise((resolve) => stream.end(resolve));
  return { rows: Buffer.concat(pieces).toString(), driver };
}

describe('CopyOut', () => {
  const rows = ['1\ta\n', '2\té😀\n', '\n', `3\t${'x'.repeat(300)}\n`];
  const head = [message('H', '\0\0\0'), message('d', rows[0] ?? ''), message('N', 'a notice\n'), message('S', 'zone')];
  const tail = Buffer.concat([message('c', ''), message('C', 'COPY 4'), message('Z', 'T')]);
  const bytes = Buffer.concat([...head, ...rows.slice(1).map((row) => message('d', row)), tail]);

  it('gives the same rows for any split of the bytes, and leaves the end to the driver', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 12 }), async (cuts) => {
        expect(await copied(bytes, cuts)).toEqual({ rows: rows.join(''), driver: tail.toString() });
      }),
    );
    const everywhere = Array.from({ length: bytes.length }, (_, index) => index);
    expect((await copied(bytes, everywhere)).rows).toBe(rows.join(''));
  });

  it('ends with the error that the driver finds behind the rows', async () => {
    const stream = new PassThrough();
    const copy = new CopyOut('COPY');
    stream.on('data', () => copy.handleError(new Error('division by zero')));
    copy.submit({ stream, query: () => {} } as unknown as Connection); // as above
    stream.write(Buffer.concat([message('H', ''), message('d', '1\n'), message('E', 'SERROR')]));
    expect(String(await copy.next())).toBe('1\n');
    await expect(copy.next()).rejects.toThrow('division by zero');
  });
});
