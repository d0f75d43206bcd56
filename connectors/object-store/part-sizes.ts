/** How an object is divided for upload. */

/** The smallest that is worth a request, above the 5 MiB that stores ask for. */
export const PART_BYTES_MIN: number = 8 * 1024 * 1024;
/** The most parts that a store takes. */
export const PARTS_MAX = 10_000;
/** The largest object that every store of this kind takes. */
export const OBJECT_BYTES_MAX: number = 5 * 1024 ** 4;

/** Parts double in size after so many of them: memory grows only with objects that need it. */
const PARTS_OF_A_SIZE = 200;
/** With this as the largest, 10,000 parts hold a little more than the largest object. */
const PART_BYTES_MAX = 592 * 1024 * 1024;

/** Size of the part with the number, which counts from 1. */
export function partBytes(number: number): number {
  const doublings = Math.floor((number - 1) / PARTS_OF_A_SIZE);
  return Math.min(PART_BYTES_MIN * 2 ** doublings, PART_BYTES_MAX);
}
