/**
 * The host of the kernels that write batches as text: it lays out their memory, runs them, prints the cells that they
 * leave to it, and empties their output region when it is full. It knows nothing of the format.
 */
import type { Batch, Vector } from '#spi/batch.ts';
import { BATCH_BYTES_TARGET, timestampAt } from '#spi/batch.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import type { Column } from '#spi/schema.ts';
import { ColumnBlocks } from './column-blocks.ts';
import { kernelOf } from './kernel.ts';
import type { Kernel, RecordKernels } from './kernel.ts';
import { COLUMN_BYTES, COLUMN_KEY, COLUMN_KEY_LENGTH, COLUMN_KIND, COLUMN_PROGRAM } from './layout.ts';
import type { TimePrinting } from './time-printing.ts';
import { TimeTable } from './time-table.ts';

/** A column as the kernel is to write it. */
export interface WrittenColumn {
  readonly type: Column['type'];
  /** For timestamps; those without are printed by the host. */
  readonly printing: TimePrinting | undefined;
  /** JSON: what precedes the value. */
  readonly key?: Uint8Array;
  /** CSV: a printed value may need quotes. */
  readonly isChecked?: boolean;
}

export interface RecordWriterOptions {
  readonly columns: readonly WrittenColumn[];
  readonly kernelName: 'writeCsv' | 'writeJson';
  /** At most `LINE_END_BYTES_MAX` bytes. */
  readonly lineEnd: Uint8Array;
  /** CSV: words of the control block from `CSV_WORDS` on, but for the text for null. */
  readonly csvWords?: readonly number[];
  readonly nullText?: Uint8Array;
  /** One cell with what precedes it, by the exact rules. */
  readonly cell: (vector: Vector, column: number, row: number) => Uint8Array;
  /** Of the output region: small ones are for tests. */
  readonly regionBytes?: number;
}

export const LINE_END_BYTES_MAX = 16;

/** Words of the control block, as in the kernel. */
const words = {
  columns: 0, columnsEnd: 1, rowCount: 2, limit: 3, row: 4, column: 5, out: 6, lineEndLength: 7, lineEnd: 8,
  csv: 12, nullText: 18, nullLength: 19,
} as const; // prettier-ignore
/** With the room for one printed value at its end. */
const CONTROL_BYTES = 512;

/** Answers of the kernel; the third is that a cell does not fit. */
const STOP_DONE = 0;
const STOP_HOST = 2;

/** What the kernel is to write a column as. */
const kinds: Readonly<Record<Column['type'] | 'host', number>> = {
  string: 0,
  long: 1,
  double: 2,
  boolean: 3,
  timestamp: 4,
  host: 5,
  json: 6,
};

/** A batch in JSON has about twice its bytes in CSV; longer ones are put together by the host. */
const REGION_BYTES = 4 * BATCH_BYTES_TARGET;
/** What the kernel writes unasked, beyond a key: a number, a time, and what a copy of 16 bytes has too much. */
const SLACK_BYTES = 512;

/** What belongs to one kernel, until it goes to its next user. */
interface Attachment {
  readonly kernel: Kernel;
  readonly epoch: number;
  /** Undefined when the kernel had no room. */
  readonly memory: WriterMemory | undefined;
}

interface WriterMemory {
  readonly control: number;
  readonly columns: number;
  readonly blocks: ColumnBlocks;
  readonly tables: ReadonlyMap<TimePrinting, TimeTable>;
  /** The output region. */
  readonly start: number;
  readonly limit: number;
}

export class RecordWriter {
  readonly #options: RecordWriterOptions;
  readonly #sink = new ByteSink(0);
  #attached: Attachment | undefined;

  constructor(options: RecordWriterOptions) {
    this.#options = options;
  }

  /** The text of the batch, borrowed until the next call; undefined when no kernel can write it. */
  write(batch: Batch): Uint8Array | undefined {
    const kernel = this.#kernelFor(batch);
    if (kernel === undefined || batch.vectors.length === 0) return undefined;
    const memory = this.#attach(kernel);
    if (memory === undefined || !memory.blocks.place(batch)) return undefined;
    return this.#run(batch, kernel, memory);
  }

  /** The kernel in whose memory one of the vectors lies. */
  #kernelFor({ vectors }: Batch): Kernel | undefined {
    const current = this.#attached?.kernel;
    let last: Uint8Array | undefined;
    for (const { arena } of vectors) {
      if (arena === last) continue;
      if (arena === current?.bytes) return current;
      const kernel = kernelOf(arena.buffer);
      if (kernel !== undefined) return kernel;
      last = arena;
    }
    return undefined;
  }

  #attach(kernel: Kernel): WriterMemory | undefined {
    const attached = this.#attached;
    if (attached?.kernel === kernel && attached.epoch === kernel.epoch) return attached.memory;
    const memory = layOut(this.#options, kernel);
    this.#attached = { kernel, epoch: kernel.epoch, memory };
    return memory;
  }

  #run(batch: Batch, kernel: Kernel, memory: WriterMemory): Uint8Array {
    const { control, columns, start, limit } = memory;
    const at = control / 4;
    const sink = this.#sink;
    const state = kernel.words;
    const run = kernel.run[this.#options.kernelName] satisfies RecordKernels['writeJson'];
    sink.clear();
    state[at + words.rowCount] = batch.rowCount;
    state[at + words.row] = 0;
    state[at + words.column] = columns;
    state[at + words.out] = start;
    for (;;) {
      const reason = run(control);
      let out = state[at + words.out] as number; // within the control block, as all of them
      if (reason === STOP_DONE) {
        if (sink.length === 0) return kernel.bytes.subarray(start, out);
        sink.writeBytes(kernel.bytes, start, out);
        return sink.view();
      }
      if (reason !== STOP_HOST && out > start) {
        sink.writeBytes(kernel.bytes, start, out);
        out = start;
      } else {
        // For the host, or too long for the whole region.
        const block = state[at + words.column] as number;
        const column = (block - columns) / COLUMN_BYTES;
        const bytes = this.#cell(batch, column, state[at + words.row] as number);
        if (out + bytes.length <= limit) {
          kernel.bytes.set(bytes, out);
          out += bytes.length;
        } else {
          sink.writeBytes(kernel.bytes, start, out);
          sink.writeBytes(bytes);
          out = start;
        }
        state[at + words.column] = block + COLUMN_BYTES;
      }
      state[at + words.out] = out;
    }
  }

  #cell({ vectors }: Batch, column: number, row: number): Uint8Array {
    const vector = vectors[column] as Vector; // the kernel stays within the batch
    const printing = this.#options.columns[column]?.printing;
    if (vector.type === 'timestamp' && printing !== undefined) {
      this.#attached?.memory?.tables.get(printing)?.add(timestampAt(vector, row).seconds);
    }
    return this.#options.cell(vector, column, row);
  }
}

/** Undefined when the kernel has no room. */
function layOut(options: RecordWriterOptions, kernel: Kernel): WriterMemory | undefined {
  const { columns, lineEnd, nullText = noBytes, csvWords = [], regionBytes = REGION_BYTES } = options;
  const keyBytes = columns.map(({ key = noBytes }) => Math.ceil(key.length / 16) * 16);
  const keysBytes = keyBytes.reduce((sum, size) => sum + size, 0);
  const slackBytes = SLACK_BYTES + keyBytes.reduce((most, size) => Math.max(most, size), 0) + nullText.length;
  const control = kernel.allocate(CONTROL_BYTES);
  const blocks = kernel.allocate(columns.length * COLUMN_BYTES);
  const keys = kernel.allocate(keysBytes);
  const nullAddress = kernel.allocate(nullText.length);
  const start = kernel.allocate(regionBytes + slackBytes);
  const tables = openTables(columns, kernel);
  if (control === undefined || blocks === undefined || keys === undefined || nullAddress === undefined)
    return undefined;
  if (start === undefined || tables === undefined) return undefined;

  const limit = start + regionBytes;
  const at = control / 4;
  kernel.words[at + words.columns] = blocks;
  kernel.words[at + words.columnsEnd] = blocks + columns.length * COLUMN_BYTES;
  kernel.words[at + words.limit] = limit;
  kernel.words[at + words.lineEndLength] = lineEnd.length;
  kernel.bytes.set(lineEnd, control + words.lineEnd * 4);
  kernel.words.set(csvWords, at + words.csv);
  kernel.words[at + words.nullText] = nullAddress;
  kernel.words[at + words.nullLength] = nullText.length;
  kernel.bytes.set(nullText, nullAddress);
  let keyAt = keys;
  for (const [index, { type, printing, key, isChecked = false }] of columns.entries()) {
    const block = (blocks + index * COLUMN_BYTES) / 4;
    const table = printing === undefined ? undefined : tables.get(printing);
    kernel.words[block + COLUMN_KIND] = kinds[type === 'timestamp' && table === undefined ? 'host' : type];
    kernel.words[block + COLUMN_PROGRAM] = table?.address ?? 0;
    kernel.words[block + COLUMN_KEY] = key === undefined ? Number(isChecked) : keyAt;
    kernel.words[block + COLUMN_KEY_LENGTH] = key?.length ?? 0;
    if (key !== undefined) kernel.bytes.set(key, keyAt);
    keyAt += keyBytes[index] ?? 0;
  }
  return { control, columns: blocks, blocks: new ColumnBlocks(kernel, blocks), tables, start, limit };
}

const noBytes = new Uint8Array(0);

function openTables(columns: readonly WrittenColumn[], kernel: Kernel): Map<TimePrinting, TimeTable> | undefined {
  const tables = new Map<TimePrinting, TimeTable>();
  for (const { printing } of columns) {
    if (printing === undefined || tables.has(printing)) continue;
    const table = TimeTable.open(kernel, printing);
    if (table === undefined) return undefined;
    tables.set(printing, table);
  }
  return tables;
}
