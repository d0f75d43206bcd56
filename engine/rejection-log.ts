/** Tells people about skipped records without drowning them: the first ones in full, then only counts by reason. */
import type { Logger, Rejection } from '#spi/context.ts';

/** Skipped records of a run that are shown one by one. */
export const REJECTIONS_SHOWN_MAX = 20;
/** Cells of a run that became null and are shown one by one. */
export const NULL_CELLS_SHOWN_MAX = 20;
/** Characters of a skipped record's text that are shown. */
const TEXT_SHOWN_MAX = 200;

/** How many records were skipped for which reason (error code). */
export type SkipCounts = Readonly<Record<string, number>>;

export class RejectionLog {
  readonly #log: Logger;
  readonly #counts = new Map<string, number>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** `total` counts the skipped records of the whole run, this one included. */
  add(rejection: Rejection, total: number): void {
    const { reason, where, text } = rejection;
    this.#counts.set(reason.code, (this.#counts.get(reason.code) ?? 0) + 1);
    if (total > REJECTIONS_SHOWN_MAX + 1) return;
    if (total === REJECTIONS_SHOWN_MAX + 1) {
      this.#log.warn('More records are being skipped; from here on they are only counted.');
      return;
    }
    this.#log.warn('Skipped a record.', {
      code: reason.code,
      reason: reason.message,
      ...where,
      ...(text === undefined ? {} : { text: shorten(text) }),
    });
  }

  /** A cell whose value could not be used. `total` counts those of the whole run, this one included. */
  addNullCell(describe: () => Rejection, total: number): void {
    if (total > NULL_CELLS_SHOWN_MAX + 1) return;
    if (total === NULL_CELLS_SHOWN_MAX + 1) {
      this.#log.warn('More values cannot be used; from here on they are only counted.');
      return;
    }
    const { reason, where, text } = describe();
    this.#log.warn('A value cannot be used: the cell becomes null.', {
      code: reason.code,
      reason: reason.message,
      ...where,
      ...(text === undefined ? {} : { text: shorten(text) }),
    });
  }

  counts(): SkipCounts {
    return Object.fromEntries(this.#counts);
  }
}

function shorten(text: string): string {
  return text.length <= TEXT_SHOWN_MAX ? text : `${text.slice(0, TEXT_SHOWN_MAX)}…`;
}
