/** Code lengths of a Huffman code, none longer than a limit. */

/** Every symbol gets a code, also those that do not occur. */
export function codeLengths(counts: Uint32Array, longest: number): Uint8Array {
  const weights = new Float64Array(counts.length);
  for (let symbol = 0; symbol < counts.length; symbol++) weights[symbol] = Math.max(1, counts[symbol] ?? 0);
  for (;;) {
    const lengths = unlimitedLengths(weights);
    if (lengths.every((length) => length <= longest)) return lengths;
    // Flatter weights make shorter codes; the extremes are one after a few rounds.
    for (let symbol = 0; symbol < weights.length; symbol++)
      weights[symbol] = 1 + Math.floor((weights[symbol] ?? 0) / 2);
  }
}

/** Two sorted queues: leaves, and the trees made of them, which come out in order by themselves. */
function unlimitedLengths(weights: Float64Array): Uint8Array {
  const count = weights.length;
  const leaves = sortedSymbols(weights);
  // Below `count` the symbols, above the trees.
  const sums = new Float64Array(count * 2 - 1);
  sums.set(weights);
  const parents = new Int32Array(count * 2 - 1);
  let leaf = 0;
  let tree = count;
  for (let made = count; made < count * 2 - 1; made++) {
    let sum = 0;
    for (let child = 0; child < 2; child++) {
      // There is always one left; a tree that is not made yet has no sum.
      const symbol = leaves[leaf] ?? 0;
      const isLeaf = leaf < count && (tree >= made || (sums[symbol] ?? 0) <= (sums[tree] ?? 0));
      const node = isLeaf ? symbol : tree;
      if (isLeaf) leaf += 1;
      else tree += 1;
      parents[node] = made;
      sum += sums[node] ?? 0;
    }
    sums[made] = sum;
  }
  const depths = new Uint8Array(count * 2 - 1);
  for (let node = count * 2 - 3; node >= 0; node--) depths[node] = (depths[parents[node] ?? 0] ?? 0) + 1;
  return depths.subarray(0, count);
}

/** Symbols by weight, then by number: as numbers that are both, for sorting with a function of ours takes longer. */
function sortedSymbols(weights: Float64Array): Float64Array {
  const count = weights.length;
  const keys = new Float64Array(count);
  for (let symbol = 0; symbol < count; symbol++) keys[symbol] = (weights[symbol] ?? 0) * count + symbol;
  keys.sort();
  for (let index = 0; index < count; index++) keys[index] = (keys[index] ?? 0) % count;
  return keys;
}
