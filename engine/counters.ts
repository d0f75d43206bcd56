/** What a run has done so far, in memory that all its threads share. Updated per batch, read by the progress display. */

/** A moment of a run. */
export interface Counts {
  readonly bytesRead: number;
  readonly recordsRead: number;
  readonly recordsWritten: number;
  readonly recordsSkipped: number;
  /** Cells that filters made null, because their values could not be used. */
  readonly cellsNulled: number;
  /** Of files, as they are stored; outputs of records count none. */
  readonly bytesWritten: number;
  readonly tasksDone: number;
}

const slots = [
  'bytesRead',
  'recordsRead',
  'recordsWritten',
  'recordsSkipped',
  'cellsNulled',
  'bytesWritten',
  'tasksDone',
] as const;

export class Counters {
  readonly memory: SharedArrayBuffer;
  readonly #values: BigInt64Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(slots.length * 8)) {
    this.memory = memory;
    this.#values = new BigInt64Array(memory);
  }

  /** Adds and returns the new total. */
  add(name: keyof Counts, count: number): number {
    return Number(Atomics.add(this.#values, slots.indexOf(name), BigInt(count))) + count;
  }

  read(): Counts {
    const values = slots.map((name, slot) => [name, Number(Atomics.load(this.#values, slot))]);
    // One for each name.
    return Object.fromEntries(values) as Record<keyof Counts, number>;
  }
}
