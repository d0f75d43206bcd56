/** udsv → typed objects → JSON.stringify → gzip. */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import type { DataFile } from '#bench/data.ts';
import type { Command } from '#bench/measure.ts';
import { gzipFile } from './json-lines.ts';
import { importPeer, program, type NpmPeer } from './npm-peer.ts';

export const udsv: NpmPeer = { package: 'udsv', version: '0.7.3' };

export function udsvRun({ path }: DataFile, out = ''): Command {
  return program('udsv', [path, out]);
}

interface Parser {
  readonly typedObjs: unknown;
  chunk(text: string, shape: unknown, take: (record: object) => void): void;
  end(): void;
}

interface Udsv {
  readonly inferSchema: (sample: string) => unknown;
  readonly initParser: (schema: unknown) => Parser;
}

if (import.meta.main) {
  const [input = '', out = ''] = process.argv.slice(2);
  const { inferSchema, initParser } = await importPeer<Udsv>(udsv);
  const target = out === '' ? undefined : gzipFile(out);
  let parser: Parser | undefined;
  let rows = 0;
  let lines = '';
  const take = (record: object): void => {
    rows += 1;
    if (target !== undefined) lines += `${JSON.stringify(record)}\n`;
  };
  for await (const text of createReadStream(input, { highWaterMark: 1 << 20, encoding: 'utf8' })) {
    // An encoding is set: the pieces are texts.
    parser ??= initParser(inferSchema(text as string));
    parser.chunk(text as string, parser.typedObjs, take);
    if (target !== undefined && !target.entry.write(lines)) await once(target.entry, 'drain');
    lines = '';
  }
  parser?.end();
  target?.entry.end(lines);
  await target?.done;
  process.stdout.write(`${JSON.stringify({ rows })}\n`);
}
