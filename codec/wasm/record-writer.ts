/**
 * The host of the kernels that write batches as text: it lays out their memory, runs them, prints the cells that they
 * leave to it, and empties their output region when it is full. It knows nothing of the format.
 */
import type { Batch, Vector } from '#spi/batch.ts';
import { BATCH_BYTES_TARGET, textLength, timestampAt } from '#spi/batch.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import type { Column } from '#spi/schema.ts';
import { ColumnBlocks } from './column-blocks.ts';
import { acquireKernel, kernelOf } from './kernel.ts';
import type { Kernel } from './kernel.ts';
import { COLUMN_BYTES, COLUMN_KEY, COLUMN_KEY_LENGTH, COLUMN_KIND, COLUMN_PROGRAM } from './layout.ts';
import type { TimePrinting } from './time-printing.ts';
import { openTimeTables } from './time-table.ts';
import type { TimeTable } from './time-table.ts';

/** A column as the kernel is to write it. */
export interface WrittenColumn {
  readonly type: Column['type'];
  /** For timestamps; those without are printed by the host. */
  readonly printing: TimePrinting | undefined;
  /** JSON: what precedes the value. */
  readonly key?: Uint8Array;
  /** CSV: a printed value may need quotes. */
  readonly isChecked?: boolean;
  /** Printed by the host. */
  readonly isForHost?: boolean;
}

export interface RecordWriterOptions extends KernelWriterOptions {
  readonly columns: readonly WrittenColumn[];
  readonly kernelName: 'writeCsv' | 'writeJson';
  /** At most `LINE_END_BYTES_MAX` bytes. */
  readonly lineEnd: Uint8Array;
  /** CSV: words of the control block from `CSV_WORDS` on, but for the text for null. */
  readonly csvWords?: readonly number[];
  readonly nullText?: Uint8Array;
  /** Appends one cell with what precedes it, by the exact rules. */
  readonly writeCell: (sink: ByteSink, vector: Vector, column: number, row: number) => void;
}

/** For tests: by default what is good for speed. */
export interface KernelWriterOptions {
  /** Of the output region. */
  readonly regionBytes?: number;
  /** Cells of a batch in JavaScript's memory for which a kernel is worth taking. */
  readonly ownKernelCellsMin?: number;
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

/** Added to the kind of what may need quotes. */
const KIND_CHECKED = 8;

/** A batch in JSON has about twice its bytes in CSV; longer ones are put together by the host. */
const REGION_BYTES = 4 * BATCH_BYTES_TARGET;
/** What the kernel writes unasked, beyond a key: a number, a time, and what a copy of 16 bytes has too much. */
const SLACK_BYTES = 512;

/**
 * A kernel writes even batches that have to be copied into it five times as fast, but its first batch takes
 * milliseconds: small tables do without.
 */
const OWN_KERNEL_CELLS_MIN = 2048;

/** A longer cell that is for the host is written behind the others at once. */
const CELL_BYTES_COPIED_MAX = 64 * 1024;

/** What lies in one kernel's memory, until it goes to its next user. */
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
  /** What does not fit into the output region, and single cells. */
  readonly #sink = new ByteSink(0);
  readonly #cell = new ByteSink(0);
  readonly #attachments = new WeakMap<Kernel, Attachment>();
  #current: Attachment | undefined;
  /** Taken for batches that lie in no kernel's memory. */
  #own: Kernel | undefined;

  constructor(options: RecordWriterOptions) {
    this.#options = options;
  }

  /** The text of the batch, borrowed until the next call; undefined when no kernel can write it. */
  write(batch: Batch): Uint8Array | undefined {
    const kernel = this.#kernelOf(batch) ?? this.#kernelAtHand(batch);
    if (kernel === undefined || batch.vectors.length === 0) return undefined;
    const { memory } = this.#attach(kernel);
    if (memory === undefined || !memory.blocks.place(batch)) return undefined;
    return this.#run(batch, kernel, memory);
  }

  /** Gives the kernel back that was taken, if any: what was written last is invalid. The next batch takes another. */
  release(): void {
    this.#own?.release();
    this.#own = undefined;
  }

  /** The kernel in whose memory one of the vectors lies. */
  #kernelOf({ vectors }: Batch): Kernel | undefined {
    const current = this.#current?.kernel;
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

  /** For a batch that lies in no kernel's memory: the one used last, or one of our own. */
  #kernelAtHand({ rowCount, vectors }: Batch): Kernel | undefined {
    const current = this.#current;
    if (current !== undefined && current.epoch === current.kernel.epoch) return current.kernel;
    const { ownKernelCellsMin = OWN_KERNEL_CELLS_MIN } = this.#options;
    if (rowCount * vectors.length >= ownKernelCellsMin) this.#own ??= acquireKernel();
    return this.#own;
  }

  #attach(kernel: Kernel): Attachment {
    let attachment = this.#current;
    if (attachment?.kernel !== kernel) attachment = this.#attachments.get(kernel);
    if (attachment?.epoch !== kernel.epoch) {
      attachment = { kernel, epoch: kernel.epoch, memory: layOut(this.#options, kernel) };
      this.#attachments.set(kernel, attachment);
    }
    this.#current = attachment;
    return attachment;
  }

  #run(batch: Batch, kernel: Kernel, memory: WriterMemory): Uint8Array {
    const { control, columns, start } = memory;
    const at = control / 4;
    const sink = this.#sink;
    const state = kernel.words;
    const run = kernel.run[this.#options.kernelName];
    sink.clear();
    state[at + words.rowCount] = batch.rowCount;
    state[at + words.row] = 0;
    state[at + words.column] = columns;
    state[at + words.out] = start;
    for (;;) {
      const reason = run(control);
      const out = state[at + words.out] as number; // within the control block
      if (reason === STOP_DONE) {
        if (sink.length === 0) return kernel.bytes.subarray(start, out);
        sink.writeBytes(kernel.bytes, start, out);
        return sink.view();
      }
      if (reason === STOP_HOST || out === start) {
        // For the host, or too long for the whole region.
        state[at + words.out] = this.#writeCell(batch, kernel, memory);
        state[at + words.column] = (state[at + words.column] as number) + COLUMN_BYTES; // as above
      } else {
        sink.writeBytes(kernel.bytes, start, out);
        state[at + words.out] = start;
      }
    }
  }

  /** Writes the cell at which the kernel stopped; returns where its output goes on. */
  #writeCell({ vectors }: Batch, kernel: Kernel, { control, columns, tables, start, limit }: WriterMemory): number {
    // All within the control block.
    const at = control / 4;
    const row = kernel.words[at + words.row] as number;
    const column = ((kernel.words[at + words.column] as number) - columns) / COLUMN_BYTES;
    const out = kernel.words[at + words.out] as number;
    const vector = vectors[column] as Vector; // the kernel stays within the batch
    const printing = this.#options.columns[column]?.printing;
    if (vector.type === 'timestamp' && printing !== undefined) {
      tables.get(printing)?.add(timestampAt(vector, row).seconds);
    }
    const sink = this.#sink;
    if (textLength(vector, row) > CELL_BYTES_COPIED_MAX) {
      sink.writeBytes(kernel.bytes, start, out);
      this.#options.writeCell(sink, vector, column, row);
      return start;
    }
    const cell = this.#cell;
    cell.clear();
    this.#options.writeCell(cell, vector, column, row);
    if (out + cell.length <= limit) {
      kernel.bytes.set(cell.view(), out);
      return out + cell.length;
    }
    sink.writeBytes(kernel.bytes, start, out);
    sink.writeBytes(cell.bytes, 0, cell.length);
    return start;
  }
}

/** Undefined when the kernel has no room. */
function layOut(options: RecordWriterOptions, kernel: Kernel): WriterMemory | undefined {
  const { columns, nullText = noBytes, regionBytes = REGION_BYTES } = options;
  const keyLengthMax = columns.reduce((most, { key = noBytes }) => Math.max(most, key.length), 0);
  const control = kernel.allocate(CONTROL_BYTES);
  const blocks = kernel.allocate(columns.length * COLUMN_BYTES);
  const nullAddress = kernel.allocate(nullText.length);
  const start = kernel.allocate(regionBytes + SLACK_BYTES + keyLengthMax + nullText.length);
  const printings = new Set(columns.flatMap(({ printing }) => printing ?? []));
  const tables = openTimeTables(kernel, printings);
  if (control === undefined || blocks === undefined || nullAddress === undefined) return undefined;
  if (start === undefined || tables === undefined || !fillColumns(options, kernel, blocks, tables)) return undefined;
  const limit = start + regionBytes;
  fillControl(options, kernel, control, { blocks, limit, nullAddress });
  return { control, columns: blocks, blocks: new ColumnBlocks(kernel, blocks), tables, start, limit };
}

interface Places {
  readonly blocks: number;
  readonly limit: number;
  readonly nullAddress: number;
}

function fillControl(
  { columns, lineEnd, csvWords = [], nullText = noBytes }: RecordWriterOptions,
  kernel: Kernel,
  control: number,
  { blocks, limit, nullAddress }: Places,
): void {
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
}

/** What does not change from batch to batch; false when the kernel has no room for the keys. */
function fillColumns(
  { columns }: RecordWriterOptions,
  kernel: Kernel,
  blocks: number,
  tables: ReadonlyMap<TimePrinting, TimeTable>,
): boolean {
  let keyAt = kernel.allocate(columns.reduce((sum, { key = noBytes }) => sum + key.length, 0));
  if (keyAt === undefined) return false;
  for (const [index, column] of columns.entries()) {
    const { type, printing, key = noBytes, isChecked = false, isForHost = false } = column;
    const block = (blocks + index * COLUMN_BYTES) / 4;
    const table = printing === undefined ? undefined : tables.get(printing);
    const isPrinted = !isForHost && (type !== 'timestamp' || table !== undefined);
    const isText = type === 'string' || type === 'json';
    kernel.words[block + COLUMN_KIND] = isPrinted
      ? kinds[type] | (isChecked && !isText ? KIND_CHECKED : 0)
      : kinds.host;
    kernel.words[block + COLUMN_PROGRAM] = table?.address ?? 0;
    kernel.words[block + COLUMN_KEY] = keyAt;
    kernel.words[block + COLUMN_KEY_LENGTH] = key.length;
    kernel.bytes.set(key, keyAt);
    keyAt += key.length;
  }
  return true;
}

const noBytes = new Uint8Array(0);
