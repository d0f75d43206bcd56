/**
 * Packed lines that are waiting to be sent. It holds so much and no more: then the oldest of the middle go, for the
 * beginning of a log says what was meant and its end what happened. What has gone is counted.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addGaps, lossOf, noGap } from './gap.ts';
import type { Gap, Holding } from './gap.ts';

export interface SpoolLimits {
  readonly bytesMax: number;
  readonly headBytes: number;
  readonly tailBytes: number;
  /** What is kept in memory; the rest lies on the disk. */
  readonly memoryBytes: number;
}

export const spoolLimits: SpoolLimits = {
  bytesMax: 64 * 1024 * 1024,
  headBytes: 1024 * 1024,
  tailBytes: 8 * 1024 * 1024,
  memoryBytes: 4 * 1024 * 1024,
};

/** As it is sent. */
export interface Chunk {
  readonly packed: Uint8Array;
  readonly lineCount: number;
}

interface Kept {
  readonly size: number;
  readonly lineCount: number;
  /** What would be missing without it. */
  readonly holds: Holding;
  readonly packed?: Uint8Array;
  readonly file?: string;
}

type Entry = Kept | { readonly gap: Gap };

export class Spool {
  readonly #limits: SpoolLimits;
  #entries: Entry[] = [];
  #size = 0;
  #inMemory = 0;
  #folder: Promise<string> | undefined;
  #count = 0;
  #wake: (() => void) | undefined;
  #lost: Gap = noGap;

  constructor(limits: SpoolLimits = spoolLimits) {
    this.#limits = limits;
  }

  /** What was let go here. */
  get lost(): Gap {
    return this.#lost;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  async add({ packed, lineCount }: Chunk, holds: Holding): Promise<void> {
    const size = packed.length;
    const isInMemory = this.#inMemory + size <= this.#limits.memoryBytes;
    const kept: Kept = { size, lineCount, holds, ...(isInMemory ? { packed } : { file: await this.#write(packed) }) };
    // A disk that takes nothing is no reason to fail.
    if (kept.packed === undefined && kept.file === '') this.#entries.push(this.#lose(kept));
    else {
      this.#entries.push(kept);
      this.#size += size;
      if (kept.packed !== undefined) this.#inMemory += size;
    }
    if (this.#size > this.#limits.bytesMax) await this.#drop();
    this.#wake?.();
  }

  /** The oldest, which stays until `remove`: a chunk, or what is missing there. Undefined when there is none. */
  async first(): Promise<Chunk | { readonly gap: Gap } | undefined> {
    const [entry] = this.#entries;
    if (entry === undefined || 'gap' in entry) return entry;
    const { lineCount } = entry;
    const packed = entry.packed ?? (await readFile(entry.file ?? '').catch(() => undefined));
    if (packed !== undefined) return { packed, lineCount };
    // It was not to be had from the disk again.
    const gap = this.#lose(entry);
    await this.#forget(entry);
    this.#entries[0] = gap;
    return gap;
  }

  async remove(): Promise<void> {
    const entry = this.#entries.shift();
    if (entry !== undefined) await this.#forget(entry);
  }

  /** Until there is something, or the signal. */
  async filled(signal: AbortSignal): Promise<void> {
    if (!this.isEmpty || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    this.#wake = undefined;
  }

  async close(): Promise<void> {
    if (this.#folder !== undefined) await rm(await this.#folder, { recursive: true, force: true });
  }

  async #write(packed: Uint8Array): Promise<string> {
    try {
      this.#folder ??= mkdtemp(join(tmpdir(), 'ropeway-log-'));
      this.#count += 1;
      const file = join(await this.#folder, String(this.#count));
      await writeFile(file, packed, { mode: 0o600 });
      return file;
    } catch {
      return '';
    }
  }

  async #drop(): Promise<void> {
    const sizes = this.#entries.map((entry) => ('gap' in entry ? 0 : entry.size));
    let first = 0;
    for (let kept = 0; kept < this.#limits.headBytes && first < sizes.length; first += 1) kept += sizes[first] ?? 0;
    let last = sizes.length;
    for (let kept = 0; kept < this.#limits.tailBytes && last > first;) kept += sizes[(last -= 1)] ?? 0;
    const dropped = this.#entries.slice(first, last);
    const gap = dropped.map((entry) => ('gap' in entry ? entry.gap : this.#lose(entry).gap)).reduce(addGaps, noGap);
    this.#entries.splice(first, dropped.length, { gap });
    for (const entry of dropped) await this.#forget(entry);
  }

  /** What is told in its place. */
  #lose({ holds }: Kept): { readonly gap: Gap } {
    this.#lost = addGaps(this.#lost, lossOf(holds));
    return { gap: holds.all };
  }

  async #forget(entry: Entry): Promise<void> {
    if ('gap' in entry) return;
    this.#size -= entry.size;
    if (entry.packed !== undefined) this.#inMemory -= entry.size;
    if (entry.file !== undefined) await rm(entry.file, { force: true });
  }
}
