/** PostgreSQL's COPY text by a kernel: the one that writes CSV, with backslashes in place of quotes. */
import { RecordWriter } from './record-writer.ts';
import type { KernelWriterOptions, RecordWriterOptions } from './record-writer.ts';

const TAB = 0x09;
const BACKSLASH = 0x5c;
/** As in the kernel. */
const BACKSLASHES = 3;

export type CopyWriterOptions = KernelWriterOptions & Pick<RecordWriterOptions, 'columns' | 'writeCell'>;

export function copyTextWriter(options: CopyWriterOptions): RecordWriter {
  return new RecordWriter({
    ...options,
    kernelName: 'writeCsv',
    lineEnd: Buffer.from('\n'),
    csvWords: [TAB, BACKSLASH, BACKSLASH, BACKSLASHES],
    nullText: Buffer.from('\\N'),
  });
}
