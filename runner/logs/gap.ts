/** Lines that are missing: how many, and how many bytes they had as they were printed, line ends included. */
export interface Gap {
  readonly lines: number;
  readonly bytes: number;
}

export const noGap: Gap = { lines: 0, bytes: 0 };

export function addGaps(a: Gap, b: Gap): Gap {
  return { lines: a.lines + b.lines, bytes: a.bytes + b.bytes };
}
