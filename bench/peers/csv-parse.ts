/** csv-parse → objects with typed values → JSON.stringify → gzip. */
import { createReadStream } from 'node:fs';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DataFile } from '#bench/data.ts';
import type { Column } from '#bench/generator.ts';
import type { Command } from '#bench/measure.ts';
import { gzipFile, LinesOfObjects } from './json-lines.ts';
import { importPeer, program, type NpmPeer } from './npm-peer.ts';

export const csvParse: NpmPeer = { package: 'csv-parse', version: '7.0.3' };

export function csvParseRun({ path, columns }: DataFile, out = ''): Command {
  return program('csv-parse', [path, JSON.stringify(columns), out]);
}

interface CsvParse {
  readonly parse: (options: object) => NodeJS.ReadWriteStream;
}

if (import.meta.main) {
  const [input = '', columnsText = '[]', out = ''] = process.argv.slice(2);
  // Written by csvParseRun().
  const types = new Map((JSON.parse(columnsText) as Column[]).map(({ name, type }) => [name, type]));
  const { parse } = await importPeer<CsvParse>(csvParse);
  const cast = (text: string, { header, column }: { header: boolean; column: string }): unknown => {
    if (header) return text;
    if (text === '') return null;
    const type = types.get(column);
    return type === 'long' || type === 'double' ? Number(text) : text;
  };
  const source = createReadStream(input, { highWaterMark: 1 << 20 });
  const parser = parse({ columns: true, cast });
  let rows = 0;
  const count = (): number => rows++;
  if (out === '') {
    await pipeline(
      source,
      parser,
      new Writable({ objectMode: true, write: (_record, _encoding, done) => (count(), done()) }),
    );
  } else {
    const { entry, done } = gzipFile(out);
    await pipeline(source, parser, new LinesOfObjects(), entry);
    await done;
  }
  process.stdout.write(`${JSON.stringify({ rows })}\n`);
}
