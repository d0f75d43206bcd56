/** JSON lines by a kernel, and by the exact writer what is not for it. */
import type { Batch } from '#spi/batch.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import { JsonLinesWriter } from '#codec/json/lines-writer.ts';
import type { JsonLinesOptions } from '#codec/json/lines-writer.ts';
import { writeJsonString } from '#codec/json/string.ts';
import { LINE_END_BYTES_MAX, RecordWriter } from './record-writer.ts';
import type { KernelWriterOptions, WrittenColumn } from './record-writer.ts';
import { timePrintings } from './time-printing.ts';

export interface BatchWriter {
  /** The text of the batch; borrowed until the next call. */
  write(batch: Batch): Uint8Array;
  /** No more batches for now: memory taken for them is free for others. */
  release(): void;
}

/** Writes the same as `JsonLinesWriter`. */
export function jsonLinesWriter(options: JsonLinesOptions, kernelOptions: KernelWriterOptions = {}): BatchWriter {
  const exact = new JsonLinesWriter(options);
  const lineEnd = exact.rowEnd;
  if (lineEnd.length > LINE_END_BYTES_MAX) return { write: (batch) => exact.write(batch), release: () => {} };
  const printings = timePrintings(options.formatters, escapeJson);
  const columns = options.schema.columns.map(({ type }, index): WrittenColumn => {
    const printing = printings[index];
    const key = exact.keys[index] as Uint8Array; // there is one for each column
    // Quotes that are always there come with the key.
    const isQuoted = type === 'string' || printing !== undefined;
    return { type, printing, key: isQuoted ? Buffer.concat([key, quoteMark]) : key };
  });
  const writer = new RecordWriter({
    ...kernelOptions,
    columns,
    kernelName: 'writeJson',
    lineEnd,
    writeCell: (sink, vector, column, row) => exact.writeCell(sink, vector, column, row),
  });
  return { write: (batch) => writer.write(batch) ?? exact.write(batch), release: () => writer.release() };
}

const quoteMark = Buffer.from('"');

/** As in a JSON string, without its quotes. */
function escapeJson(text: string): Uint8Array {
  const sink = new ByteSink();
  const bytes = Buffer.from(text);
  writeJsonString(sink, bytes, 0, bytes.length);
  return sink.view().subarray(1, -1);
}
