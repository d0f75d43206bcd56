/** Tells titles and headers from data. */
import { guessTypes } from './column-types.ts';
import type { GuessedType, Row } from './column-types.ts';

/** Lines that are looked at for the end of a title. */
const SKIPPED_LINES_MAX = 10;

/** Title lines at the top: those before the line whose number of columns no line behind it exceeds. */
export function guessSkippedLines(rows: readonly Row[]): number {
  const counts = rows.map((row) => row.length);
  const window = Math.min(rows.length, SKIPPED_LINES_MAX);
  for (let line = 1; line <= Math.min(SKIPPED_LINES_MAX, rows.length - 1); line++) {
    const before = counts[line - 1] ?? 0;
    if (counts.slice(line, window).every((count) => count <= before)) return line - 1;
  }
  return 0;
}

export interface Header {
  readonly isHeader: boolean;
  /** Cells of the first row. */
  readonly names: Row;
  /** Types of the data. */
  readonly types: readonly GuessedType[];
  /** Whether blanks around values are to be taken away. */
  readonly trims: boolean;
}

/** Decides whether the first row is a header, and whether values must be trimmed to make sense. */
export function findHeader({
  plain,
  trimmed,
  trims: given,
  lineCount,
}: {
  plain: readonly Row[];
  trimmed: readonly Row[];
  trims: boolean | undefined;
  /** Lines that the rows come from: more than there are rows when some cannot be read. */
  lineCount: number;
}): Header {
  const names = plain[0] ?? [];
  if (lineCount === 1) {
    const trims = given ?? !sameTypes(guessTypes(plain), guessTypes(trimmed));
    return { isHeader: false, names, types: guessTypes(trims ? trimmed : plain), trims };
  }
  const plainOthers = guessTypes(plain.slice(1));
  const trimmedOthers = guessTypes(trimmed.slice(1));
  const trims = given ?? !sameTypes(plainOthers, trimmedOthers);
  const others = trims ? trimmedOthers : plainOthers;
  const first = guessTypes((trims ? trimmed : plain).slice(0, 1));
  const isNamed = !sameTypes(first, others) && first.every(({ type }) => type === 'string' || type === 'boolean');
  if (isNamed || hasOddLength(trims ? trimmed : plain)) return { isHeader: true, names, types: others, trims };
  return { isHeader: false, names, types: guessTypes(trims ? trimmed : plain), trims };
}

function sameTypes(a: readonly GuessedType[], b: readonly GuessedType[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ type, format }, index) => type === b[index]?.type && format === b[index]?.format)
  );
}

const VARIANCE_MAX = 0.2;
const DIFFERENCE_MIN = 0.7;

/** Some column of texts of one length below a text of quite another: a name above codes. */
function hasOddLength(rows: readonly Row[]): boolean {
  return (rows[0] ?? []).some((_, column) => {
    const lengths = rows.map((row) => row[column] ?? null).flatMap((value) => (value === null ? [] : [value.length]));
    const [header, ...others] = lengths;
    if (header === undefined || others.length === 0) return false;
    const mean = others.reduce((sum, length) => sum + length, 0) / others.length;
    const variance = others.reduce((sum, length) => sum + (length - mean) ** 2, 0) / others.length;
    if (variance > VARIANCE_MAX) return false;
    return mean === 0 ? header > 1 : Math.abs(mean - header) / mean > DIFFERENCE_MIN;
  });
}
