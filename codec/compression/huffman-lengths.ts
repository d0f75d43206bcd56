/** Code lengths of a Huffman code, none longer than a limit. */

/** Every symbol gets a code, also those that do not occur. */
export function codeLengths(counts: Uint32Array, longest: number): Uint8Array {
  let weights = Array.from(counts, (count) => Math.max(1, count));
  for (;;) {
    const lengths = unlimitedLengths(weights);
    if (Math.max(...lengths) <= longest) return lengths;
    // Flatter weights make shorter codes; the extremes are one after a few rounds.
    weights = weights.map((weight) => 1 + Math.floor(weight / 2));
  }
}

/** Two sorted queues: leaves, and the trees made of them, which come out in order by themselves. */
function unlimitedLengths(weights: readonly number[]): Uint8Array {
  const leaves = Array.from(weights.keys()).sort((a, b) => (weights[a] ?? 0) - (weights[b] ?? 0) || a - b);
  const count = weights.length;
  const parents = new Int32Array(count * 2 - 1);
  const sums = new Float64Array(count * 2 - 1);
  for (const [index, weight] of weights.entries()) sums[index] = weight;
  let leaf = 0;
  let tree = count;
  const takeSmallest = (made: number): number => {
    const isLeaf = leaf < count && (tree >= made || (sums[leaves[leaf] as number] as number) <= (sums[tree] as number));
    return isLeaf ? (leaves[leaf++] as number) : tree++; // there is always one left
  };
  for (let made = count; made < count * 2 - 1; made++) {
    const first = takeSmallest(made);
    const second = takeSmallest(made);
    parents[first] = made;
    parents[second] = made;
    sums[made] = (sums[first] as number) + (sums[second] as number);
  }
  const depths = new Uint8Array(count * 2 - 1);
  for (let node = count * 2 - 3; node >= 0; node--) depths[node] = (depths[parents[node] as number] as number) + 1;
  return depths.slice(0, count);
}
