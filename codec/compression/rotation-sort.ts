/**
 * Sorts all rotations of a block, for the Burrows-Wheeler transform. Prefix doubling with counting sorts: time
 * n log n whatever the data (repetitions are the worst case of faster methods), four arrays of the block's length.
 */

/** Positions in the order of the rotations that begin there. */
export function sortRotations(bytes: Uint8Array, length: number): Int32Array {
  let order = new Int32Array(length);
  let ranks = new Int32Array(length);
  let spareOrder = new Int32Array(length);
  let spareRanks = new Int32Array(length);
  const starts = new Int32Array(Math.max(65_537, length + 1));
  // By the first two bytes.
  for (let at = 0; at < length; at++) {
    const next = at + 1 < length ? at + 1 : 0;
    ranks[at] = ((bytes[at] as number) << 8) | (bytes[next] as number); // positions are within the block
  }
  for (let at = 0; at < length; at++) spareOrder[at] = at;
  countingSort(spareOrder, ranks, order, starts, 65_536);
  let distinct = rank(order, ranks, spareRanks, 0);
  [ranks, spareRanks] = [spareRanks, ranks];
  for (let width = 2; distinct < length && width < length; width *= 2) {
    // In order of the second halves: the present order, moved back by the width.
    for (let place = 0; place < length; place++) {
      const at = (order[place] as number) - width;
      spareOrder[place] = at < 0 ? at + length : at;
    }
    countingSort(spareOrder, ranks, order, starts, distinct);
    distinct = rank(order, ranks, spareRanks, width);
    [ranks, spareRanks] = [spareRanks, ranks];
  }
  return order;
}

/** A stable sort of `input` by rank into `output`. */
function countingSort(
  input: Int32Array,
  ranks: Int32Array,
  output: Int32Array,
  starts: Int32Array,
  rankCount: number,
): void {
  starts.fill(0, 0, rankCount + 1);
  for (let place = 0; place < input.length; place++) {
    const slot = (ranks[input[place] as number] as number) + 1; // ranks are below rankCount
    starts[slot] = (starts[slot] as number) + 1;
  }
  for (let slot = 1; slot <= rankCount; slot++) starts[slot] = (starts[slot] as number) + (starts[slot - 1] as number);
  for (let place = 0; place < input.length; place++) {
    const at = input[place] as number;
    const slot = ranks[at] as number;
    const target = starts[slot] as number;
    starts[slot] = target + 1;
    output[target] = at;
  }
}

/** Numbers the rotations in order; equal ones (by rank, and by the rank `width` on) get the same. Returns how many. */
function rank(order: Int32Array, ranks: Int32Array, output: Int32Array, width: number): number {
  const { length } = order;
  let current = -1;
  let lastFirst = -1;
  let lastSecond = -1;
  for (let place = 0; place < length; place++) {
    const at = order[place] as number;
    const far = at + width < length ? at + width : at + width - length;
    const first = ranks[at] as number;
    const second = width === 0 ? 0 : (ranks[far] as number);
    if (first !== lastFirst || second !== lastSecond) current += 1;
    lastFirst = first;
    lastSecond = second;
    output[at] = current;
  }
  return current + 1;
}
