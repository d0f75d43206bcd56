/** Whose turn it is: between workspaces by what they hold and have used, within one by rank. Pure. */

export interface WorkspaceShare {
  readonly id: string;
  readonly weight: number;
  readonly guaranteedSeats: number;
  /** Cost of what it holds now: the larger share of CPU or memory of each run. */
  heldCost: number;
  heldSeats: number;
  /** Cost in seconds of late, halved every half hour, divided by that half hour: comparable to a cost held. */
  readonly usage: number;
}

/** What a run weighs, between a small one and a whole machine of the largest kind. */
export function costOf(cpuMillis: number, memoryMb: number): number {
  return Math.max(cpuMillis / 1000, memoryMb / 1024);
}

/** Who is below its guarantee comes first; then who has had the least for its weight. The id makes it one order. */
export function isBefore(a: WorkspaceShare, b: WorkspaceShare): boolean {
  const [aBelow, bBelow] = [a.heldSeats < a.guaranteedSeats, b.heldSeats < b.guaranteedSeats];
  if (aBelow !== bBelow) return aBelow;
  const [aScore, bScore] = [score(a), score(b)];
  return aScore === bScore ? a.id < b.id : aScore < bScore;
}

function score({ heldCost, usage, weight }: WorkspaceShare): number {
  return (heldCost + usage) / weight;
}

/** Of ten seats one is kept for a workspace that holds none; where there is but one workspace, for nobody. */
const RESERVE_SHARE = 0.1;

export function reservedSeats(seats: number, workspaces: number): number {
  return workspaces < 2 ? 0 : Math.floor(seats * RESERVE_SHARE);
}
