/** CSV by a kernel, and by the exact writer what is not for it. */
import { CsvWriter } from '#codec/csv/writer.ts';
import type { CsvWriterOptions } from '#codec/csv/writer.ts';
import type { Column, Schema } from '#spi/schema.ts';
import type { BatchWriter } from './json-lines-kernel.ts';
import { LINE_END_BYTES_MAX, RecordWriter } from './record-writer.ts';
import type { KernelWriterOptions, WrittenColumn } from './record-writer.ts';
import { timePrintings } from './time-printing.ts';
import type { TimePrinting } from './time-printing.ts';

export interface CsvBatchWriter extends BatchWriter {
  /** One line of texts, such as the header. */
  writeLine(texts: readonly string[]): Uint8Array;
}

const policies: Readonly<Record<CsvWriterOptions['policy'], number>> = { MINIMAL: 0, ALL: 1, NONE: 2 };

/** Line breaks inside quotes may become so many bytes. */
const NEWLINE_BYTES_MAX = 2;

/** Writes the same as `CsvWriter`. */
export function csvWriter(
  options: CsvWriterOptions,
  { columns }: Schema,
  kernelOptions: KernelWriterOptions = {},
): CsvBatchWriter {
  const exact = new CsvWriter(options);
  const writer = recordWriter(options, columns, exact, kernelOptions);
  return {
    writeLine: (texts) => exact.writeLine(texts),
    write: (batch) => writer?.write(batch) ?? exact.write(batch),
    release: () => writer?.release(),
  };
}

/** Undefined when the options are not for the kernel. */
function recordWriter(
  options: CsvWriterOptions,
  columns: readonly Column[],
  exact: CsvWriter,
  kernelOptions: KernelWriterOptions,
): RecordWriter | undefined {
  const csvWords = wordsOf(options);
  const lineEnd = Buffer.from(options.newline);
  if (csvWords === undefined || lineEnd.length > LINE_END_BYTES_MAX) return undefined;
  const printings = timePrintings(options.formatters);
  return new RecordWriter({
    ...kernelOptions,
    columns: columns.map(({ type }, index): WrittenColumn => {
      const printing = printings[index];
      return { type, printing, isChecked: needsCheck(options, alphabetOf(type, printing)) };
    }),
    kernelName: 'writeCsv',
    lineEnd,
    csvWords,
    nullText: Buffer.from(options.nullText),
    writeCell: (sink, vector, column, row) => exact.writeCell(sink, vector, column, row),
  });
}

/** The options as the kernel takes them; undefined when they are not for it. */
function wordsOf({ delimiter, quote, escape, policy, newlineInField }: CsvWriterOptions): number[] | undefined {
  const bytes = [delimiter, quote, escape].map((text) => (/^[\0-\x7f]$/.test(text) ? text.charCodeAt(0) : -1));
  const newline = Buffer.from(newlineInField);
  if (bytes.includes(-1) || newline.length > NEWLINE_BYTES_MAX || /[\r\n]/.test(delimiter + quote)) return undefined;
  return [...bytes, policies[policy], (newline[0] ?? 0) | ((newline[1] ?? 0) << 8), newline.length];
}

/** Every character that a printed value may have. */
function alphabetOf(type: Column['type'], printing: TimePrinting | undefined): string {
  switch (type) {
    case 'boolean':
      return 'truefalse';
    case 'long':
      return '-0123456789';
    case 'double':
      return '-0123456789.E';
    case 'timestamp':
      return printing?.alphabet ?? '';
    case 'string':
    case 'json':
      return '';
  }
}

/** Whether a text of these characters may be special, or the text for null. */
function needsCheck({ delimiter, quote, policy, nullText }: CsvWriterOptions, alphabet: string): boolean {
  if (policy === 'ALL' || [delimiter, quote, '\r', '\n'].some((special) => alphabet.includes(special))) return true;
  return nullText !== '' && [...nullText].every((character) => alphabet.includes(character));
}
