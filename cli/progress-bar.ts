/** How far a run is: a bar that redraws on a screen, a plain line now and then elsewhere. */
import type { Counters } from '#engine/counters.ts';
import type { Counts } from '#engine/counters.ts';
import { formatBytes, formatCount, formatDuration } from './quantity.ts';
import type { Terminal } from './terminal.ts';

const REDRAW_MS = 100;
/** Without a screen: seldom, so that the log of a night's run stays short. */
const PLAIN_LINE_MS = 10_000;
/** Nothing is drawn before this: a short run needs no bar. */
const QUIET_MS = 300;
const BAR_CELLS = 24;
/** Narrow screens get a short bar, so that the numbers fit. */
const BAR_CELLS_NARROW = 8;
const NARROW_COLUMNS = 110;

export interface ProgressOptions {
  readonly counters: Pick<Counters, 'read'>;
  readonly sizeBytes: number | undefined;
  /** Of what is watched; by default the bar's own time. */
  readonly elapsedMs?: () => number;
  /** Events as NDJSON. */
  readonly isJson: boolean;
}

export class ProgressBar {
  readonly #terminal: Terminal;
  readonly #options: ProgressOptions;
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout;
  #isDrawn = false;

  constructor(terminal: Terminal, options: ProgressOptions) {
    this.#terminal = terminal;
    this.#options = options;
    const isBar = terminal.isScreen && !options.isJson;
    this.#timer = setInterval(() => (isBar ? this.#draw() : this.#printLine()), isBar ? REDRAW_MS : PLAIN_LINE_MS);
    this.#timer.unref();
  }

  /** Clears the bar while something else is printed. */
  aside(print: () => void): void {
    this.#erase();
    print();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#erase();
  }

  #draw(): void {
    if (performance.now() - this.#startedAt < QUIET_MS) return;
    const barCells = this.#terminal.width < NARROW_COLUMNS ? BAR_CELLS_NARROW : BAR_CELLS;
    const counts = this.#options.counters.read();
    const line = progressLine(counts, this.#options.sizeBytes, this.#elapsedMs(), barCells);
    this.#terminal.say(`\r${line.slice(0, this.#terminal.width - 1)}\u001b[K`);
    this.#isDrawn = true;
  }

  #printLine(): void {
    const counts = this.#options.counters.read();
    const { sizeBytes, isJson } = this.#options;
    const elapsedMs = Math.round(this.#elapsedMs());
    if (isJson) this.#terminal.say(`${JSON.stringify({ event: 'progress', ...counts, sizeBytes, elapsedMs })}\n`);
    else this.#terminal.say(`${progressLine(counts, sizeBytes, elapsedMs)}\n`);
  }

  #elapsedMs(): number {
    return this.#options.elapsedMs?.() ?? performance.now() - this.#startedAt;
  }

  #erase(): void {
    if (this.#isDrawn) this.#terminal.say('\r\u001b[K');
    this.#isDrawn = false;
  }
}

/** `████████░░░░░  41 %  12,345,678 records  1.2 GB of 2.9 GB  245.1 MB/s  7.1 s left`. */
export function progressLine(
  counts: Counts,
  sizeBytes: number | undefined,
  elapsedMs: number,
  barCells = BAR_CELLS,
): string {
  const { bytesRead, recordsRead, recordsSkipped } = counts;
  const rate = bytesRead / Math.max(1, elapsedMs);
  const parts = [`${formatCount(recordsRead)} records`];
  if (recordsSkipped > 0) parts.push(`${formatCount(recordsSkipped)} skipped`);
  if (sizeBytes === undefined || sizeBytes === 0) {
    parts.push(formatBytes(bytesRead), `${formatBytes(rate * 1000)}/s`, formatDuration(elapsedMs));
    return parts.join('  ');
  }
  const share = Math.min(1, bytesRead / sizeBytes);
  const filled = Math.round(share * barCells);
  const bar = '█'.repeat(filled) + '░'.repeat(barCells - filled);
  parts.push(`${formatBytes(bytesRead)} of ${formatBytes(sizeBytes)}`, `${formatBytes(rate * 1000)}/s`);
  if (rate > 0 && share < 1) parts.push(`${formatDuration((sizeBytes - bytesRead) / rate)} left`);
  return `${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${parts.join('  ')}`;
}
