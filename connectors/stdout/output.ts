/** Prints records. Whole lines go out in one call, so that tasks in several threads never mix inside a line. */
import { writeSync } from 'node:fs';
import {
  cellFlags,
  CELL_CANONICAL,
  CELL_SURROGATE,
  isNull,
  stringAt,
  textLength,
  textStart,
  timestampAt,
} from '#spi/batch.ts';
import type { Batch, Vector } from '#spi/batch.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import { withPlace, isRopewayError } from '#spi/errors.ts';
import type { Output } from '#spi/records.ts';
import type { Schema } from '#spi/schema.ts';
import { systemReason } from '#spi/system-reason.ts';
import { writeMsgpackText } from '#codec/json/msgpack-text.ts';
import { formatDouble } from '#codec/number/double.ts';
import { timestampFormatter } from '#codec/time/timestamp-formatter.ts';
import type { TimestampFormatter } from '#codec/time/timestamp-formatter.ts';
import type { StdoutConfig } from './config.ts';
import { stdoutErrors } from './errors.ts';

const COMMA = 0x2c;
const NEWLINE = 0x0a;
/** Text is printed in pieces of about this size, cut at line ends. */
const FLUSH_BYTES = 64 * 1024;
/** A terminal or pipe that is full is asked again after this long; as often as the run lasts. */
const RETRY_MS = 2;

export const stdoutOutput: Output<StdoutConfig> = {
  async plan(config, schema) {
    timestampFormatters(config, schema);
    if (config.prints_column_names) {
      print(Buffer.from(`${schema.columns.map(({ name }) => name).join(',')}\n`));
    }
    return null;
  },
  async open(config, _plan, schema, ctx) {
    const formatters = timestampFormatters(config, schema);
    const sink = new ByteSink();
    return {
      async write(batch) {
        for (let row = 0; row < batch.rowCount; row++) {
          writeRow(sink, batch, row, formatters);
          if (sink.length >= FLUSH_BYTES) flush(sink, ctx.signal);
        }
        flush(sink, ctx.signal);
      },
      close: async () => ({}),
      abort: async () => {},
    };
  },
  commit: async () => ({}),
};

/** A timestamp column is printed in the format it was parsed with, by default with microseconds. */
function timestampFormatters(config: StdoutConfig, schema: Schema): readonly (TimestampFormatter | undefined)[] {
  return schema.columns.map(({ type, format }) => {
    if (type !== 'timestamp') return undefined;
    try {
      return timestampFormatter(format ?? '%Y-%m-%d %H:%M:%S.%6N %z', config.timezone);
    } catch (error) {
      throw isRopewayError(error) ? withPlace(error, { path: ['timezone'] }) : error;
    }
  });
}

function writeRow(
  sink: ByteSink,
  batch: Batch,
  row: number,
  formatters: readonly (TimestampFormatter | undefined)[],
): void {
  for (const [column, vector] of batch.vectors.entries()) {
    if (column > 0) sink.writeByte(COMMA);
    if (!isNull(vector, row)) writeCell(sink, vector, row, formatters[column]);
  }
  sink.writeByte(NEWLINE);
}

function writeCell(sink: ByteSink, vector: Vector, row: number, formatter: TimestampFormatter | undefined): void {
  const start = textStart(vector, row);
  const end = start + textLength(vector, row);
  const flags = cellFlags(vector, row);
  switch (vector.type) {
    case 'string':
      if (flags & CELL_SURROGATE) sink.writeString(stringAt(vector, row).replaceAll(/\p{Cs}/gu, '?'));
      else sink.writeBytes(vector.arena, start, end);
      return;
    case 'json':
      writeMsgpackText(sink, vector.arena, start, end);
      return;
    case 'boolean':
      sink.writeAscii(vector.values[row] === 1 ? 'true' : 'false');
      return;
    case 'long':
      if (flags & CELL_CANONICAL) sink.writeBytes(vector.arena, start, end);
      else sink.writeAscii(String(vector.values[row]));
      return;
    case 'double':
      if (flags & CELL_CANONICAL) sink.writeBytes(vector.arena, start, end);
      else sink.writeAscii(formatDouble(vector.values[row] as number)); // bounded by the caller
      return;
    case 'timestamp': {
      const { seconds, nanos } = timestampAt(vector, row);
      sink.writeString(formatter?.format(seconds, nanos) ?? '');
    }
  }
}

function flush(sink: ByteSink, signal: AbortSignal): void {
  print(sink.view(), signal);
  sink.clear();
}

/** Synchronous, because a worker thread's `process.stdout` would pile the text up in the main thread. */
function print(bytes: Uint8Array, signal?: AbortSignal): void {
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EAGAIN' && signal?.aborted !== true) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
        continue;
      }
      if (code === 'EPIPE') throw stdoutErrors.error('STDOUT_CLOSED', {}, { cause: error });
      throw stdoutErrors.error('STDOUT_UNWRITABLE', { reason: systemReason(error) ?? String(error) }, { cause: error });
    }
  }
}
