/**
 * The log of one attempt: what the engine prints and what the runner says, redacted, in order, on its way to the
 * control plane. It holds up nobody: whatever cannot be dealt with in time is counted instead.
 */
import type { RunnerLogLine } from '#api/runner.ts';
import { engineLogLine } from '#runner/engine-log.ts';
import { Backlog } from './backlog.ts';
import { addGaps, holdsNothing, lossOf, noGap } from './gap.ts';
import type { Gap, Holding } from './gap.ts';
import { LINE_BYTES_MAX, LineSplitter } from './line-splitter.ts';
import { gapLine } from './log-sender.ts';
import { Packer } from './packer.ts';
import type { Redactor } from './redactor.ts';
import type { Spool } from './spool.ts';

/** Packed, of one attempt: then only warnings follow. */
const LOG_BYTES_MAX = 200 * 1024 * 1024;
/** And these have an end, too. */
const WARNINGS_BYTES_MAX = 20 * 1024 * 1024;
/** How long it works before it sees whether there is more to read: a pipe holds little. */
const SLICE_MS = 2;
const ALWAYS: ReadonlySet<string> = new Set(['error', 'warn']);

export interface RunLogOptions {
  readonly spool: Spool;
  readonly redactor: Redactor;
  /** Lines wait so long for others. */
  readonly batchMs: number;
  /** For whoever looks at the runner's place. */
  readonly print: (text: string) => void;
  readonly bytesMax?: number;
}

export class RunLog {
  readonly #redactor: Redactor;
  readonly #inputs: { readonly backlog: Backlog; readonly splitter: LineSplitter }[] = [];
  readonly #packer: Packer;
  readonly #spool: Spool;
  readonly #print: (text: string) => void;
  readonly #batchMs: number;
  readonly #bytesMax: number;
  #packedBytes = 0;
  /** What was let go because the log is full. */
  #over: Gap = noGap;
  /** What has not come as far as the spool. */
  #missed: Gap = noGap;
  #text = '';
  #working: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor({ spool, redactor, batchMs, print, bytesMax = LOG_BYTES_MAX }: RunLogOptions) {
    this.#redactor = redactor;
    this.#print = print;
    this.#batchMs = batchMs;
    this.#bytesMax = bytesMax;
    this.#spool = spool;
    this.#packer = new Packer((chunk, holds) => {
      this.#packedBytes += chunk.packed.length;
      return spool.add(chunk, holds);
    });
  }

  /** Takes the bytes of one stream: lines of several would get into each other. */
  input(): (chunk: Buffer) => void {
    const backlog = new Backlog();
    const splitter = new LineSplitter({
      line: (text, size) => this.#printed(text, size),
      gap: (gap) => this.#gap(gap),
    });
    this.#inputs.push({ backlog, splitter });
    return (chunk) => {
      backlog.push(chunk);
      // It may be over before it has given its promise.
      this.#working ??= this.#work().finally(() => (this.#working = undefined));
    };
  }

  /** What of all that was printed is not in the log. */
  get missing(): Gap {
    return addGaps(this.#missed, this.#spool.lost);
  }

  /** The runner's own words. */
  say(level: RunnerLogLine['level'], message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    const clean = this.#redactor.redactAll({ message, fields: { ...fields, source: 'runner' } });
    this.#put({ at: now(), level, ...clean }, holdsNothing);
    this.#printText();
    this.#flushLater();
  }

  /** Everything that was printed is in the spool. */
  async close(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
    for (const { splitter } of this.#inputs) splitter.end();
    if (this.#over.bytes > 0) this.#pack(gapLine(this.#over), { all: this.#over, missing: this.#over });
    this.#printText();
    clearTimeout(this.#timer);
    await this.#packer.flush();
  }

  async #work(): Promise<void> {
    for (;;) {
      const until = performance.now() + SLICE_MS;
      let isLeft = true;
      while (isLeft && performance.now() < until && !this.#packer.isFull) {
        isLeft = this.#inputs.map((input) => lookAt(input)).includes(true);
      }
      this.#printText();
      if (this.#packer.isFull) await this.#packer.flush();
      if (!isLeft) break;
      // What can be read is read first.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#flushLater();
  }

  #flushLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#packer.flush();
    }, this.#batchMs);
  }

  #printed(text: string, size: number): void {
    const clean = this.#redactor.redact(text);
    const line = engineLogLine(clean) ?? plainLine(clean, size);
    this.#put({ at: now(), ...line }, { all: { lines: 1, bytes: size }, missing: noGap });
  }

  #gap(gap: Gap): void {
    this.#missed = addGaps(this.#missed, gap);
    this.#put(gapLine(gap), { all: gap, missing: gap });
  }

  /** Into the log, if there is room for it. */
  #put(line: RunnerLogLine, holds: Holding): void {
    const isOver = this.#packedBytes > this.#bytesMax;
    const isImportant = ALWAYS.has(line.level) || holds.all.bytes === 0;
    if (isOver && (!isImportant || this.#packedBytes > this.#bytesMax + WARNINGS_BYTES_MAX)) {
      if (this.#over.bytes === 0)
        this.#pack({ at: now(), level: 'warn', message: 'The log is full: only warnings follow.' }, holdsNothing);
      this.#over = addGaps(this.#over, holds.all);
      this.#missed = addGaps(this.#missed, lossOf(holds));
      return;
    }
    this.#pack(line, holds);
  }

  #pack(line: RunnerLogLine, holds: Holding): void {
    this.#packer.push(line, holds);
    const fields =
      line.fields === undefined || Object.keys(line.fields).length === 0 ? '' : ` ${JSON.stringify(line.fields)}`;
    this.#text += `${line.at} ${line.level}: ${line.message}${fields}\n`;
  }

  #printText(): void {
    if (this.#text !== '') this.#print(this.#text);
    this.#text = '';
  }
}

/** Deals with a piece; false when there is none. */
function lookAt({ backlog, splitter }: { backlog: Backlog; splitter: LineSplitter }): boolean {
  const next = backlog.shift();
  if (next === undefined) return false;
  if ('newlines' in next) splitter.lose(next);
  else splitter.push(next);
  return true;
}

/** What somebody printed. A line that is too long is cut, and says how long it was. */
function plainLine(text: string, size: number): Omit<RunnerLogLine, 'at'> {
  // With its end.
  if (size <= LINE_BYTES_MAX + 1) return { level: 'info', message: text };
  const kept = Buffer.from(text).subarray(0, LINE_BYTES_MAX).toString('utf8');
  return { level: 'info', message: `${kept}…`, fields: { cut_bytes: size } };
}

let lastMs = 0;
let lastText = '';

/** Many lines come in the same millisecond. */
function now(): string {
  const ms = Date.now();
  if (ms === lastMs) return lastText;
  lastMs = ms;
  lastText = new Date(ms).toISOString();
  return lastText;
}
