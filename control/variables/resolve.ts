/** What variables are for a run, as far as it can be said when the run is created. */
import { filledParts, misplaced, valueKey, writtenText } from '#api/late-values.ts';
import type { LateValues, TextPlace, Values } from '#api/late-values.ts';
import type { QueryVariable, RunValue, TimeVariable, Variable } from '#api/resources/variable.ts';
import { rubyText } from '#codec/time/ruby-text.ts';
import { shiftInstant } from '#codec/time/shift.ts';
import { zoneOfRegion } from '#codec/time/zone.ts';
import type { TextUse } from '#spi/fields.ts';
import type { Timestamp } from '#spi/batch.ts';
import { unacceptable } from './acceptance.ts';
import { Scope, usesOf } from './declare.ts';
import type { KeptVariables } from './declare.ts';

export interface RunBasis {
  /** The instant that the run is about. */
  readonly at: Timestamp;
  /** Values for this run alone, by name: of both sides, when both declare it. */
  readonly given: Readonly<Record<string, string>>;
  /** When the last run that succeeded began. */
  readonly lastSuccess: Timestamp | undefined;
}

export interface ValueProblem {
  readonly name: string;
  readonly message: string;
}

export interface ResolvedVariables {
  readonly values: Values;
  readonly places: readonly TextPlace[];
  readonly late: Pick<LateValues, 'starts' | 'queries'>;
  /** As they are shown. */
  readonly shown: RunValue[];
  /** Without any the run may be created. */
  readonly problems: readonly ValueProblem[];
}

/** A value that is longer is a mistake: a format can repeat itself. */
const FORMATTED_LENGTH_MAX = 10_000;

export function resolveVariables(kept: KeptVariables, basis: RunBasis): ResolvedVariables {
  const { declared, places } = kept;
  const problems: ValueProblem[] = [];
  const values = new Map<string, string>();
  const uses = usesOf(kept);
  for (const name of Object.keys(basis.given)) {
    if (!declared.some((variable) => variable.name === name)) {
      problems.push({ name, message: `the transfer declares no variable $${name}$` });
    }
  }
  const late: LateValues = { places: [], starts: [], queries: [] };
  const scope = new Scope(declared);
  const shown = declared.map((variable): RunValue => {
    const { name, side, kind } = variable;
    const key = valueKey(variable);
    const complain = (message: string): void => void problems.push({ name, message });
    const own = uses.get(key) ?? new Set<TextUse>();
    const isGiven = Object.hasOwn(basis.given, name);
    const value = isGiven
      ? givenValue(basis.given[name] ?? '', variable, own, complain)
      : declaredValue(variable, basis, { complain, late, scope });
    if (value !== undefined) {
      values.set(key, value);
      for (const use of own) {
        const reason = misplaced(value, use);
        if (reason !== undefined) complain(`$${name}$ cannot be ${quoted(value)}: ${reason}`);
      }
    }
    return { name, side, kind, value: value ?? null, isGiven };
  });
  const queries = late.queries.map((query) => ({ ...query, query: filledParts(query.query, values) }));
  return { values, places, late: { starts: late.starts, queries }, shown, problems };
}

function givenValue(
  value: string,
  variable: Variable,
  uses: ReadonlySet<TextUse>,
  complain: (message: string) => void,
): string {
  const reason = unacceptable(value, variable, uses);
  if (reason !== undefined) complain(`$${variable.name}$ may not be given as ${quoted(value)}: ${reason}`);
  return value;
}

interface Finding {
  readonly complain: (message: string) => void;
  readonly late: LateValues;
  readonly scope: Scope;
}

/** Undefined when it comes later. */
function declaredValue(variable: Variable, basis: RunBasis, { complain, late, scope }: Finding): string | undefined {
  switch (variable.kind) {
    case 'text':
      return variable.value;
    case 'last_success': {
      if (basis.lastSuccess === undefined) return variable.never;
      return timeText(basis.lastSuccess, { ...variable, quantity: 0, unit: 'minute' }) ?? variable.never;
    }
    case 'time_at_queue': {
      const text = timeText(basis.at, signed(variable));
      if (text === undefined) complain(outOfCalendar(variable));
      return text;
    }
    case 'time_at_start': {
      // What cannot be said now cannot be said soon after.
      if (timeText(basis.at, signed(variable)) === undefined) complain(outOfCalendar(variable));
      const { quantity, unit, format, timeZone } = signed(variable);
      late.starts.push({ key: valueKey(variable), quantity, unit, format, time_zone: timeZone });
      return undefined;
    }
    case 'query':
      late.queries.push(lateQuery(variable, scope));
      return undefined;
  }
}

function lateQuery(variable: QueryVariable, scope: Scope): LateValues['queries'][number] {
  return {
    key: valueKey(variable),
    handle: variable.connection,
    query: scope.parts(variable.query, 'filters'),
    ...(variable.missing === undefined ? {} : { missing: variable.missing }),
    format: variable.format,
    time_zone: variable.timeZone,
    timeout_s: variable.timeoutS,
    on_retry: variable.onRetry,
  };
}

export interface TimeText {
  /** Below zero: earlier. */
  readonly quantity: number;
  readonly unit: TimeVariable['unit'];
  readonly format: string;
  readonly timeZone: string;
}

function signed({ quantity, direction, unit, format, timeZone }: TimeVariable): TimeText {
  // There is no zero below zero.
  return { quantity: direction === 'ago' ? 0 - quantity : quantity, unit, format, timeZone };
}

/** Undefined when it is out of the calendar of four digits, or out of all measure. */
export function timeText(at: Timestamp, { quantity, unit, format, timeZone }: TimeText): string | undefined {
  const zone = zoneOfRegion(timeZone);
  const moved = zone && shiftInstant(at, { unit, quantity }, zone);
  if (zone === undefined || moved === undefined) return undefined;
  const text = rubyText(moved, format, zone);
  return text.length > FORMATTED_LENGTH_MAX ? undefined : text;
}

function outOfCalendar({ name }: TimeVariable): string {
  return `$${name}$ would be before the year 1, after the year 9999, or longer than ${FORMATTED_LENGTH_MAX} characters`;
}

/** Of an ISO text in UTC, as the store gives it. */
export function timestampOf(instant: string): Timestamp {
  const nanos = Temporal.Instant.from(instant).epochNanoseconds;
  const seconds = (nanos - (((nanos % BILLION) + BILLION) % BILLION)) / BILLION;
  return { seconds: Number(seconds), nanos: Number(nanos - seconds * BILLION) };
}

const BILLION = 1_000_000_000n;
const SHOWN_LENGTH_MAX = 100;

function quoted(value: string): string {
  const shown = value.length > SHOWN_LENGTH_MAX ? `${value.slice(0, SHOWN_LENGTH_MAX)}…` : value;
  return JSON.stringify(shown);
}

/** Texts with the values that are known in place; others stand as `$name$`. */
export function insertedTexts({ places, values }: Pick<ResolvedVariables, 'places' | 'values'>): {
  path: (string | number)[];
  text: string;
}[] {
  return places.map(({ path, parts }) => ({ path: [...path], text: writtenText(filledParts(parts, values)) }));
}
