/**
 * Names of the tables between the tasks and the commit. They end with a mark that holds the time and the run, so that
 * those of runs that died are known and can be taken away.
 */
import { randomBytes } from 'node:crypto';

/** `<time in base 36, 9 places><8 hexadecimal digits>`. */
export type RunId = string;

const TIME_DIGITS = 9;
const MARK = 'ropeway';
/** The longest end of a name: the run, the mark, and a task number of six digits. */
const SUFFIX_LENGTH_MAX = `_${'0'.repeat(TIME_DIGITS + 8)}_${MARK}_000000`.length;

export function newRunId(now: number): RunId {
  return now.toString(36).padStart(TIME_DIGITS, '0') + randomBytes(4).toString('hex');
}

/** Milliseconds since 1970 at which the run began. */
export function timeOf(run: RunId): number {
  return Number.parseInt(run.slice(0, TIME_DIGITS), 36);
}

/** The end of such names, as a regular expression of JavaScript and of databases. */
export const RUN_NAME_END = `_([0-9a-z]{${TIME_DIGITS}}[0-9a-f]{8})_${MARK}_([0-9]{1,6}|[a-z]+)$`;

export interface RunNames {
  /** The beginning of the names of a target's tables. */
  prefix(table: string): string;
  /** `purpose` is a task number or a word of lower-case letters. */
  name(table: string, run: RunId, purpose: string | number): string;
  /** What a name says, when it is one of the target's. */
  parse(table: string, name: string): { readonly run: RunId; readonly purpose: string } | undefined;
}

/** `cut` gives the beginning of a name that leaves so much room behind it. */
export function runNames(cut: (name: string, room: number) => string): RunNames {
  const prefix = (table: string): string => cut(table, SUFFIX_LENGTH_MAX);
  const end = new RegExp(`^${RUN_NAME_END}`);
  return {
    prefix,
    name: (table, run, purpose) => `${prefix(table)}_${run}_${MARK}_${purpose}`,
    parse(table, name) {
      if (!name.startsWith(prefix(table))) return undefined;
      const [, run, purpose] = end.exec(name.slice(prefix(table).length)) ?? [];
      return run === undefined || purpose === undefined ? undefined : { run, purpose };
    },
  };
}
