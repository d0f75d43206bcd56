/** Templates of one format in a kernel's memory: one for each stretch of the zone's offset that has been met. */
import type { Kernel } from './kernel.ts';
import { DATES_BYTES, TEMPLATE_BYTES, TEMPLATE_DATES, TEMPLATE_TABLE } from './time-printing.ts';
import type { TimePrinting } from './time-printing.ts';

/** Stretches kept: three decades of a zone with daylight saving. Times of others are printed by the host. */
const TEMPLATES_MAX = 64;
/** Within a day of them years have more or fewer than four digits. */
const SECONDS_FIRST = -62_167_132_800;
const SECONDS_LAST = 253_402_214_400;

/** The tables of formats, with the dates that they share; undefined when the kernel has no room. */
export function openTimeTables(
  kernel: Kernel,
  printings: ReadonlySet<TimePrinting>,
): ReadonlyMap<TimePrinting, TimeTable> | undefined {
  const tables = new Map<TimePrinting, TimeTable>();
  const dates = printings.size === 0 ? 0 : zeros(kernel, DATES_BYTES);
  for (const printing of printings) {
    // A template of length 0 is the end.
    const address = zeros(kernel, (templatesMax(printing) + 1) * TEMPLATE_BYTES);
    if (address === undefined || dates === undefined) return undefined;
    tables.set(printing, new TimeTable(kernel, printing, { address, dates }));
  }
  return tables;
}

function zeros(kernel: Kernel, byteCount: number): number | undefined {
  const address = kernel.allocate(byteCount);
  if (address !== undefined) kernel.bytes.fill(0, address, address + byteCount);
  return address;
}

export class TimeTable {
  readonly address: number;
  readonly #kernel: Kernel;
  readonly #printing: TimePrinting;
  readonly #dates: number;
  #count = 0;

  constructor(kernel: Kernel, printing: TimePrinting, { address, dates }: { address: number; dates: number }) {
    this.#kernel = kernel;
    this.#printing = printing;
    this.#dates = dates;
    this.address = address;
    this.add(0);
  }

  /** The kernel did not know the second: next time it does, if it can at all. */
  add(seconds: number): void {
    if (this.#count >= templatesMax(this.#printing) || seconds < SECONDS_FIRST || seconds > SECONDS_LAST) return;
    const template = this.#printing.templateAt(seconds);
    if (template === undefined) return;
    const at = this.address + this.#count * TEMPLATE_BYTES;
    this.#kernel.bytes.set(template, at);
    this.#kernel.words[(at + TEMPLATE_TABLE) / 4] = this.address;
    this.#kernel.words[(at + TEMPLATE_DATES) / 4] = this.#dates;
    this.#count += 1;
  }
}

function templatesMax({ isFixed }: TimePrinting): number {
  return isFixed ? 1 : TEMPLATES_MAX;
}
