/** Templates of one format in a kernel's memory: one for each stretch of the zone's offset that has been met. */
import type { Kernel } from './kernel.ts';
import { TEMPLATE_BYTES, TEMPLATE_TABLE } from './time-printing.ts';
import type { TimePrinting } from './time-printing.ts';

/** Stretches kept: three decades of a zone with daylight saving. Times of others are printed by the host. */
const TEMPLATES_MAX = 64;
/** Within a day of them years have more or fewer than four digits. */
const SECONDS_FIRST = -62_167_132_800;
const SECONDS_LAST = 253_402_214_400;

export class TimeTable {
  readonly address: number;
  readonly #kernel: Kernel;
  readonly #printing: TimePrinting;
  #count = 0;

  /** Undefined when the kernel has no room left. */
  static open(kernel: Kernel, printing: TimePrinting): TimeTable | undefined {
    const byteCount = (templatesMax(printing) + 1) * TEMPLATE_BYTES;
    const address = kernel.allocate(byteCount);
    if (address === undefined) return undefined;
    // A template of length 0 is the end.
    kernel.bytes.fill(0, address, address + byteCount);
    return new TimeTable(kernel, printing, address);
  }

  private constructor(kernel: Kernel, printing: TimePrinting, address: number) {
    this.#kernel = kernel;
    this.#printing = printing;
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
    this.#count += 1;
  }
}

function templatesMax({ isFixed }: TimePrinting): number {
  return isFixed ? 1 : TEMPLATES_MAX;
}
