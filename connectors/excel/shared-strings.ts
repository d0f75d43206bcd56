/** The shared strings of a workbook: in memory while they are few, in a file of the run's folder when they are many. */
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { ByteSink } from '#spi/byte-sink.ts';
import type { TaskContext } from '#spi/context.ts';
import { excelErrors } from '#codec/excel/errors.ts';
import { sharedStringsHandler } from '#codec/excel/string-items.ts';
import type { Workbook } from '#codec/excel/workbook.ts';
import type { SharedTexts } from '#codec/excel/sheet-reader.ts';
import { inFolder } from '#connectors/spool/spool.ts';

/** Texts of a workbook at most: each takes eight bytes of memory, wherever it is. */
const TEXTS_MAX = 32 * 1024 * 1024;
/** Bytes of texts in memory, while they are put into a file and when they are read from it. */
const MEMORY_BYTES_MAX = 32 * 1024 * 1024;
const PAGE_BYTES = 64 * 1024;
const PAGES_MAX = MEMORY_BYTES_MAX / PAGE_BYTES;

let files = 0;

export class SharedStrings implements SharedTexts, Disposable {
  readonly #limits: { readonly memoryBytes: number; readonly folder: string };
  readonly #sink = new ByteSink();
  /** Where each text ends. */
  #ends = new Float64Array(1024);
  #count = 0;
  #fileBytes = 0;
  #file: { readonly descriptor: number; readonly path: string } | undefined;
  readonly #pages = new Map<number, Buffer>();

  constructor(folder: string, memoryBytes = MEMORY_BYTES_MAX) {
    this.#limits = { memoryBytes, folder };
  }

  static async read(workbook: Workbook, ctx: TaskContext): Promise<SharedStrings> {
    const strings = new SharedStrings(workbook.sharedStrings === undefined ? '' : await ctx.tempDir());
    if (workbook.sharedStrings === undefined) return strings;
    try {
      const handler = sharedStringsHandler((text) => strings.add(text));
      for await (const _slice of workbook.parts.parse(workbook.sharedStrings, handler)) await strings.makeRoom();
    } catch (error) {
      strings[Symbol.dispose]();
      throw error;
    }
    return strings;
  }

  add(text: string): void {
    if (this.#count === TEXTS_MAX) throw excelErrors.error('EXCEL_TOO_LARGE', { limit: TEXTS_MAX, part: 'texts' });
    if (this.#count === this.#ends.length) {
      const grown = new Float64Array(this.#ends.length * 2);
      grown.set(this.#ends);
      this.#ends = grown;
    }
    this.#sink.writeString(text.toWellFormed());
    this.#ends[this.#count++] = this.#fileBytes + this.#sink.length;
  }

  /** Writes what is in memory into the file, when it has become much. */
  async makeRoom(): Promise<void> {
    if (this.#sink.length < this.#limits.memoryBytes) return;
    const { folder } = this.#limits;
    await inFolder(folder, async () => {
      if (this.#file === undefined) {
        files += 1;
        // Threads share the folder.
        const path = join(folder, `strings-${threadId}-${files}`);
        this.#file = { descriptor: openSync(path, 'wx+'), path };
      }
      const bytes = this.#sink.view();
      for (let at = 0; at < bytes.length;) {
        const written = writeSync(this.#file.descriptor, bytes, at, bytes.length - at, this.#fileBytes + at);
        at += written;
      }
    });
    this.#fileBytes += this.#sink.length;
    this.#sink.clear();
  }

  at(index: number): string | undefined {
    if (!Number.isInteger(index) || index < 0 || index >= this.#count) return undefined;
    const start = index === 0 ? 0 : (this.#ends[index - 1] as number); // within the count
    const end = this.#ends[index] as number;
    if (start >= this.#fileBytes) {
      const { buffer } = this.#sink.bytes;
      return Buffer.from(buffer, start - this.#fileBytes, end - start).toString('utf8');
    }
    return this.#fromFile(start, end);
  }

  /** Texts in the file never end behind it: it grows by whole ones. */
  #fromFile(start: number, end: number): string {
    const first = Math.floor(start / PAGE_BYTES);
    const last = Math.floor(Math.max(start, end - 1) / PAGE_BYTES);
    const offset = first * PAGE_BYTES;
    const bytes =
      first === last
        ? this.#page(first)
        : Buffer.concat(Array.from({ length: last - first + 1 }, (_, page) => this.#page(first + page)));
    return bytes.toString('utf8', start - offset, end - offset);
  }

  #page(number: number): Buffer {
    const kept = this.#pages.get(number);
    if (kept !== undefined) return kept;
    const start = number * PAGE_BYTES;
    const page = Buffer.alloc(Math.min(PAGE_BYTES, this.#fileBytes - start));
    for (let at = 0; at < page.length;) {
      const read =
        this.#file === undefined ? 0 : readSync(this.#file.descriptor, page, at, page.length - at, start + at);
      if (read === 0) throw new Error('The file of shared strings became shorter.');
      at += read;
    }
    const [oldest] = this.#pages.keys();
    if (this.#pages.size >= PAGES_MAX && oldest !== undefined) this.#pages.delete(oldest);
    this.#pages.set(number, page);
    return page;
  }

  [Symbol.dispose](): void {
    if (this.#file === undefined) return;
    closeSync(this.#file.descriptor);
    rmSync(this.#file.path, { force: true });
    this.#file = undefined;
  }
}
