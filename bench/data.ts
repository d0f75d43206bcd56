/** The benchmark's input files: made once, kept in a folder, and used again while they are as they should be. */
import { createReadStream, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { digestColumns, type Digest } from './agree.ts';
import { columnsOf, generateRows, type Column, type Kind } from './generator.ts';
import { csvRecords, textOf } from './rows.ts';

export const SEED = 42;

/** Goes up when the generator, or what the digests are made of, changes. */
const LAYOUT = 1;

const WRITE_CHARACTERS = 1 << 20;

export interface Size {
  /** The file ends with the record that reaches this size. */
  readonly bytes?: number;
  readonly rows?: number;
}

export interface DataFile {
  readonly path: string;
  readonly kind: Kind;
  readonly columns: readonly Column[];
  readonly bytes: number;
  readonly rows: number;
  /** What every result must hold. */
  readonly whole: Digest;
  /** The same without the column that the jobs with filters remove. */
  readonly filtered: Digest;
}

/** The column that the jobs with filters remove, by its position. */
export const REMOVED_COLUMN = 2;

type Facts = Pick<DataFile, 'bytes' | 'rows' | 'whole' | 'filtered'>;

/** The file of that kind and size, from `folder` if it is there. */
export async function dataFile(folder: string, kind: Kind, size: Size): Promise<DataFile> {
  mkdirSync(folder, { recursive: true });
  const name = `${kind}-${size.rows === undefined ? `${size.bytes}b` : `${size.rows}r`}-seed${SEED}-v${LAYOUT}`;
  const path = join(folder, `${name}.csv`);
  const known = readFacts(path);
  const facts = known ?? (await makeFile(path, kind, size));
  if (known !== undefined) await warm(path);
  return { path, kind, columns: columnsOf(kind), ...facts };
}

/** Not beginning with the path of the data: jobs read everything that does. */
function factsPath(path: string): string {
  return join(dirname(path), `facts-${basename(path)}.json`);
}

/** The facts are written after the data: with them, the file is whole. */
function readFacts(path: string): Facts | undefined {
  if (!existsSync(factsPath(path)) || !existsSync(path)) return undefined;
  // Written by makeFile() of the same layout, which the name of the file tells.
  const facts = JSON.parse(readFileSync(factsPath(path), 'utf8')) as Facts;
  return statSync(path).size === facts.bytes ? facts : undefined;
}

async function makeFile(path: string, kind: Kind, size: Size): Promise<Facts> {
  const bytes = await writeRows(path, kind, size);
  const columns = columnsOf(kind);
  const all = [...columns.keys()];
  const lists = [all, all.filter((position) => position !== REMOVED_COLUMN)];
  const [whole, filtered] = await digestColumns(csvRecords(textOf([path]), columns), columns, lists);
  if (whole === undefined || filtered === undefined) throw new Error('there must be a digest for each list');
  const facts: Facts = { bytes, rows: whole.rows, whole, filtered };
  writeFileSync(`${factsPath(path)}.part`, JSON.stringify(facts));
  renameSync(`${factsPath(path)}.part`, factsPath(path));
  return facts;
}

/** Writes piece by piece, each after the one before has arrived. The number of bytes. */
export async function writeRows(path: string, kind: Kind, size: Size): Promise<number> {
  const { header, next } = generateRows(kind, SEED);
  const bytesMax = size.bytes ?? Infinity;
  const rowsMax = size.rows ?? Infinity;
  await using file = await open(path, 'w');
  let written = 0;
  let text = header;
  let bytes = Buffer.byteLength(header);
  for (let row = 0; row < rowsMax && bytes < bytesMax; row++) {
    const line = next();
    text += line;
    bytes += Buffer.byteLength(line);
    if (text.length < WRITE_CHARACTERS) continue;
    written += (await file.write(Buffer.from(text))).bytesWritten;
    text = '';
  }
  written += (await file.write(Buffer.from(text))).bytesWritten;
  if (written !== bytes) throw new Error(`only ${written} of ${bytes} bytes could be written`);
  return bytes;
}

/** Reads the file once, so that no contender pays for a cold disk. */
async function warm(path: string): Promise<void> {
  const stream = createReadStream(path, { highWaterMark: WRITE_CHARACTERS });
  for await (const _ of stream);
}
