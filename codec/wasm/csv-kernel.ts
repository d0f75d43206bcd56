/**
 * The host of the CSV kernel (`assembly/csv-parse.ts`): lays out its memory, fills its control block, and reads its
 * answers. It knows nothing of what is done with them.
 */
import { batchRowsMax } from '#spi/batch.ts';
import type { Vector } from '#spi/batch.ts';
import type { Column } from '#spi/schema.ts';
import type { TimestampParser } from '#codec/time/timestamp-parser.ts';
import type { Kernel } from './kernel.ts';
import {
  COLUMN_BYTES,
  COLUMN_CELLS,
  COLUMN_KIND,
  COLUMN_NANOS,
  COLUMN_PROGRAM,
  COLUMN_VALUES,
  columnKinds,
} from './layout.ts';
import { timeReadingProgram } from './time-reading.ts';
import { kernelVector } from './vectors.ts';

export interface KernelColumn extends Column {
  /** Of timestamps: how they are read, or the kernel's program for it (`time-reading.ts`). */
  readonly parser?: TimestampParser;
  readonly timeProgram?: Uint8Array | undefined;
  /** The texts are left to the host. */
  readonly isDeferred?: boolean;
}

export interface CsvKernelOptions {
  readonly columns: readonly KernelColumn[];
  readonly dialect: {
    readonly delimiter: string;
    readonly quote: string | null;
    readonly escape: string | null;
    readonly newline: string;
    readonly trimIfNotQuoted: boolean;
    readonly maxQuotedSizeLimit: number;
    readonly commentLineMarker: string | null;
    /** Backslashes escape outside quotes, and only a backslash with an N is null, as in PostgreSQL's COPY. */
    readonly hasTextEscapes?: boolean;
  };
  readonly nullString: string | null;
}

/** Where to read: records that begin in `[position, limit)`, into the rows `[row, rowMax)`. */
export interface KernelRange {
  readonly position: number;
  readonly limit: number;
  readonly row: number;
  readonly rowMax: number;
}

export interface KernelText {
  readonly end: number;
  /** No more text follows. */
  readonly isLast: boolean;
  /** Memory for cells that are not pieces of the text. */
  readonly sideEnd: number;
  readonly sideLimit: number;
}

/** Words of the control block, as in the kernel. */
const words = {
  delimiter: 0, quote: 1, escape: 2, comment: 3, newline: 4, newlineLength: 5, nullText: 6, nullLength: 7, quotedMax: 8,
  columns: 9, columnsEnd: 10, rowMax: 11, rowStarts: 12, rowBreaks: 13, deferred: 14, deferredMax: 15, textEnd: 16,
  isLast: 17, row: 18, sideEnd: 19, sideMax: 20, position: 21, deferredCount: 22, breaks: 23,
  hasTextEscapes: 24,
} as const; // prettier-ignore
const CONTROL_BYTES = 128;

/** The answer of the kernel that a record is not for it. Others: rows or bytes are used up (0), more text (1). */
const STOP_FULL = 0;

// Lengths of the text for null that are none.
const EMPTY_IS_NULL = -1;
const NULL_IS_ESCAPED = -2;

/** A byte that no text has. */
const NO_BYTE = 256;
/** Cells left to the host before the kernel stops, beyond those of one record. */
const DEFERRED_CELLS = 8192;

export class CsvKernel {
  /** The columns that the kernel fills; without arenas. */
  readonly vectors: readonly Vector[];
  readonly #kernel: Kernel;
  readonly #control: number;
  /** Regions, as indexes of words. */
  readonly #rowStarts: number;
  readonly #rowBreaks: number;
  readonly #deferred: number;

  /** Undefined when the dialect is not for the kernel, or its memory is used up. */
  static open(options: CsvKernelOptions, kernel: Kernel): CsvKernel | undefined {
    if (options.dialect.trimIfNotQuoted) return undefined;
    const layout = allocate(options, kernel);
    return layout === undefined ? undefined : new CsvKernel(options, kernel, layout);
  }

  private constructor(options: CsvKernelOptions, kernel: Kernel, layout: Layout) {
    this.#kernel = kernel;
    this.vectors = layout.vectors;
    this.#control = layout.control;
    this.#rowStarts = layout.rowStarts / 4;
    this.#rowBreaks = layout.rowBreaks / 4;
    this.#deferred = layout.deferred / 4;
    this.#fill(options, layout);
  }

  #fill({ columns, dialect, nullString }: CsvKernelOptions, layout: Layout): void {
    const { bytes } = this.#kernel;
    const newline = Buffer.from(dialect.newline);
    const byteOf = (text: string | null): number => text?.charCodeAt(0) ?? NO_BYTE;
    this.#set('delimiter', byteOf(dialect.delimiter));
    this.#set('quote', byteOf(dialect.quote));
    this.#set('escape', byteOf(dialect.escape));
    this.#set('comment', dialect.commentLineMarker ? (Buffer.from(dialect.commentLineMarker)[0] ?? NO_BYTE) : NO_BYTE);
    this.#set('newline', (newline[0] ?? 0) | ((newline[1] ?? 0) << 8));
    this.#set('newlineLength', newline.length);
    this.#set('nullText', layout.nullText);
    const noNull = dialect.hasTextEscapes === true ? NULL_IS_ESCAPED : EMPTY_IS_NULL;
    this.#set('nullLength', nullString === null ? noNull : Buffer.byteLength(nullString));
    this.#set('hasTextEscapes', dialect.hasTextEscapes === true ? 1 : 0);
    if (nullString !== null) bytes.set(Buffer.from(nullString), layout.nullText);
    this.#set('quotedMax', dialect.maxQuotedSizeLimit);
    this.#set('columns', layout.columns);
    this.#set('columnsEnd', layout.columns + columns.length * COLUMN_BYTES);
    this.#set('rowStarts', layout.rowStarts);
    this.#set('rowBreaks', layout.rowBreaks);
    this.#set('deferred', layout.deferred);
    this.#set('deferredMax', columns.length + DEFERRED_CELLS);
    for (const [index, vector] of this.vectors.entries()) {
      this.#fillColumn(layout, index, vector, columns[index]?.isDeferred === true);
    }
  }

  #fillColumn({ columns, programs }: Layout, index: number, vector: Vector, isLeft: boolean): void {
    const block = (columns + index * COLUMN_BYTES) / 4;
    const { words: memory } = this.#kernel;
    const program = programs[index];
    const isDeferred = isLeft || (vector.type === 'timestamp' && program === undefined);
    memory[block + COLUMN_KIND] = columnKinds[isDeferred ? 'deferred' : vector.type];
    memory[block + COLUMN_CELLS] = vector.cells.byteOffset;
    memory[block + COLUMN_VALUES] = 'values' in vector ? vector.values.byteOffset : 0;
    memory[block + COLUMN_NANOS] = 'nanos' in vector ? vector.nanos.byteOffset : 0;
    memory[block + COLUMN_PROGRAM] = program ?? 0;
  }

  /** Reads records. True when it stopped at one that is not for the kernel, or that goes on behind the text. */
  parse({ position, limit, row, rowMax }: KernelRange, { end, isLast, sideEnd, sideLimit }: KernelText): boolean {
    this.#set('row', row);
    this.#set('rowMax', rowMax);
    this.#set('textEnd', end);
    this.#set('isLast', isLast ? 1 : 0);
    this.#set('sideEnd', sideEnd);
    this.#set('sideMax', sideLimit);
    return this.#kernel.run.parseCsv(this.#control, position, limit) !== STOP_FULL;
  }

  /** Behind the last row read. */
  get row(): number {
    return this.#get('row');
  }

  get position(): number {
    return this.#get('position');
  }

  get sideEnd(): number {
    return this.#get('sideEnd');
  }

  /** Line breaks inside the quotes of the rows read last. */
  get breaks(): number {
    return this.#get('breaks');
  }

  get deferredCount(): number {
    return this.#get('deferredCount');
  }

  deferredRow(index: number): number {
    return this.#kernel.words[this.#deferred + index * 2] as number; // within the region
  }

  deferredColumn(index: number): number {
    return this.#kernel.words[this.#deferred + index * 2 + 1] as number; // within the region
  }

  /** Where the row's record begins. */
  rowStart(row: number): number {
    return this.#kernel.words[this.#rowStarts + row] as number; // within the region
  }

  /** Line breaks inside the quotes of the rows `[from, to)`. */
  breaksBetween(from: number, to: number): number {
    let sum = 0;
    for (let row = from; row < to; row++) sum += this.#kernel.words[this.#rowBreaks + row] as number; // within the region
    return sum;
  }

  #get(word: keyof typeof words): number {
    return this.#kernel.words[this.#control / 4 + words[word]] as number; // within the control block
  }

  #set(word: keyof typeof words, value: number): void {
    this.#kernel.words[this.#control / 4 + words[word]] = value;
  }
}

/** Addresses in the kernel's memory. */
interface Layout {
  readonly control: number;
  readonly columns: number;
  readonly vectors: readonly Vector[];
  /** Of timestamps that the kernel can read. */
  readonly programs: readonly (number | undefined)[];
  readonly rowStarts: number;
  readonly rowBreaks: number;
  readonly deferred: number;
  readonly nullText: number;
}

function allocate({ columns, nullString }: CsvKernelOptions, kernel: Kernel): Layout | undefined {
  const rows = batchRowsMax({ columns });
  const take = (byteCount: number): number => {
    const address = kernel.allocate(byteCount);
    if (address === undefined) throw NO_ROOM;
    return address;
  };
  try {
    return {
      control: take(CONTROL_BYTES),
      columns: take(columns.length * COLUMN_BYTES),
      vectors: columns.map(({ type }) => kernelVector(kernel, type, rows) ?? refuse()),
      programs: columns.map(({ parser, timeProgram }) => {
        const program = parser === undefined ? timeProgram : timeReadingProgram(parser.source);
        if (program === undefined) return undefined;
        const address = take(program.length);
        kernel.bytes.set(program, address);
        return address;
      }),
      rowStarts: take(rows * 4),
      rowBreaks: take(rows * 4),
      deferred: take((columns.length + DEFERRED_CELLS) * 8),
      nullText: take(Buffer.byteLength(nullString ?? '') + 16),
    };
  } catch (error) {
    if (error === NO_ROOM) return undefined;
    throw error;
  }
}

const NO_ROOM = Symbol('no room');

function refuse(): never {
  throw NO_ROOM;
}
