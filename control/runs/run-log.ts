/** The log of a run, as it was sent: packed chunks of lines, read from any line on. */
import { gunzipSync } from 'node:zlib';
import { sql } from 'kysely';
import { z } from 'zod';
import { ID_PATTERN } from '#api/fields.ts';
import type { LogLine } from '#api/resources/run.ts';
import { countPattern, makeCursor, readCursor } from '#control/http/cursor.ts';
import type { Store } from '#control/store/store.ts';

type Db = Store['db'];

/** Of a chunk, unpacked: a runner packs far less into one. */
const CHUNK_BYTES_MAX = 16 * 1024 * 1024;
const CHUNKS_AT_ONCE = 4;

/** Where a line stands; the next one is at `line + 1`, or in a later chunk. */
export interface LogPosition {
  readonly attemptNo: number;
  readonly executionId: string;
  readonly seq: number;
  readonly line: number;
}

export interface PlacedLine {
  readonly line: LogLine;
  readonly position: LogPosition;
}

interface Chunk {
  readonly attempt_no: number;
  readonly execution_id: string;
  readonly seq: number;
  readonly content: Uint8Array;
}

export interface LogRange {
  readonly runId: string;
  readonly attemptNo?: number | undefined;
  /** The lines after this one. */
  readonly after?: LogPosition | undefined;
}

/** As far as it has come. */
export async function* logLines(db: Db, { runId, attemptNo, after }: LogRange): AsyncGenerator<PlacedLine> {
  let last = after;
  for (;;) {
    const chunks = await chunksFrom(db, { runId, attemptNo, after: last });
    let isNew = false;
    for (const chunk of chunks) {
      const place = { attemptNo: chunk.attempt_no, executionId: chunk.execution_id, seq: chunk.seq };
      const isSame = last !== undefined && isSameChunk(last, place);
      const first = isSame && last !== undefined ? last.line + 1 : 0;
      for (const [index, text] of unpacked(chunk).entries()) {
        if (index < first) continue;
        last = { ...place, line: index };
        yield { line: lineOf(text, chunk.attempt_no), position: last };
      }
      if (!isSame) {
        isNew = true;
        // A chunk without lines is behind us too.
        last = last !== undefined && isSameChunk(last, place) ? last : { ...place, line: 0 };
      }
    }
    if (!isNew) return;
  }
}

function isSameChunk(left: Omit<LogPosition, 'line'>, right: Omit<LogPosition, 'line'>): boolean {
  return left.attemptNo === right.attemptNo && left.executionId === right.executionId && left.seq === right.seq;
}

async function chunksFrom(db: Db, { runId, attemptNo, after }: LogRange): Promise<Chunk[]> {
  let rows = db
    .selectFrom('log_chunk')
    .select(['attempt_no', 'execution_id', 'seq', 'content'])
    .where('run_id', '=', runId);
  if (attemptNo !== undefined) rows = rows.where('attempt_no', '=', attemptNo);
  if (after !== undefined) {
    const { attemptNo: no, executionId, seq } = after;
    rows = rows.where(
      sql<boolean>`(attempt_no, execution_id, seq) >= (${no}::integer, ${executionId}, ${seq}::integer)`,
    );
  }
  return rows.orderBy('attempt_no').orderBy('execution_id').orderBy('seq').limit(CHUNKS_AT_ONCE).execute();
}

function unpacked({ content }: Chunk): readonly string[] {
  try {
    const text = gunzipSync(content, { maxOutputLength: CHUNK_BYTES_MAX }).toString();
    return text.split('\n').filter((line) => line !== '');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // That something is missing is part of the log.
    return [JSON.stringify({ level: 'warn', message: 'A part of the log cannot be read.', fields: { reason } })];
  }
}

const sentLine = z.object({
  at: z.iso.datetime().nullable().default(null),
  level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  message: z.string(),
  fields: z.record(z.string(), z.unknown()).default({}),
});

/** What is no line of ours is shown as it is. */
function lineOf(text: string, attemptNo: number): LogLine {
  const read = sentLine.safeParse(jsonOf(text));
  if (read.success) return { attemptNo, ...read.data };
  return { attemptNo, at: null, level: 'info', message: text, fields: {} };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** For people and their tools. */
export function logText({ at, level, message, fields }: LogLine): string {
  const details = Object.keys(fields).length === 0 ? '' : ` ${JSON.stringify(fields)}`;
  return `${at ?? '-'} ${level.toUpperCase().padEnd(5)} ${message}${details}\n`;
}

const patterns = [countPattern, ID_PATTERN, countPattern, countPattern];

export function logCursor({ attemptNo, executionId, seq, line }: LogPosition): string {
  return makeCursor('log', [String(attemptNo), executionId, String(seq), String(line)]);
}

export function readLogCursor(cursor: string | undefined): LogPosition | undefined {
  const position = readCursor('log', cursor, patterns);
  if (position === undefined) return undefined;
  const [attemptNo, executionId = '', seq, line] = position;
  return { attemptNo: Number(attemptNo), executionId, seq: Number(seq), line: Number(line) };
}
