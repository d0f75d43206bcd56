/** Lines that are missing: how many, and how many bytes they had as they were printed, line ends included. */
export interface Gap {
  readonly lines: number;
  readonly bytes: number;
}

export const noGap: Gap = { lines: 0, bytes: 0 };

/** What lines stand for in a log: all that they hold or tell of, and of that what they only say is missing. */
export interface Holding {
  readonly all: Gap;
  readonly missing: Gap;
}

export const holdsNothing: Holding = { all: noGap, missing: noGap };

export function addHoldings(a: Holding, b: Holding): Holding {
  return { all: addGaps(a.all, b.all), missing: addGaps(a.missing, b.missing) };
}

/** What is lost with them: what they said was missing is missing already. */
export function lossOf({ all, missing }: Holding): Gap {
  return { lines: all.lines - missing.lines, bytes: all.bytes - missing.bytes };
}

export function addGaps(a: Gap, b: Gap): Gap {
  return { lines: a.lines + b.lines, bytes: a.bytes + b.bytes };
}
