/** How a batch goes through the function of a script, inside its realm (see `harness.ts`). */
import type { ScriptAnswer, ScriptFault, ScriptStart, WireCell } from './protocol.ts';
import type { Kept, RealmReader, RealmWriter, Row } from './realm-rows.ts';

export type Describe = (error: unknown) => Omit<ScriptFault, 'row' | 'kind'>;

export interface RealmLog {
  take(): Pick<ScriptAnswer, 'logs' | 'logsMore'>;
}

/** Calls of the function for one batch. */
export interface RealmCalls {
  use(transform: (input: unknown) => unknown): void;
  /** Forgets the batch before. */
  clear(): void;
  /** Notes what the function gives, now or when its promise is settled. */
  call(row: number, argument: unknown): void;
  attempt(row: number, work: () => void): void;
  faultCount(): number;
  fault(row: number, kind: ScriptFault['kind'], what: Omit<ScriptFault, 'row' | 'kind'>): void;
  /** There is a fault, and nothing is to be done after one. */
  isOver(): boolean;
  /** The calls whose promises are not settled. */
  waiting(): readonly number[];
  outs(): readonly unknown[];
  /** In the order of the records, whatever order promises are settled in. */
  faults(): readonly ScriptFault[];
}

export function makeCalls(describe: Describe, { stopsAtFault }: Pick<ScriptStart, 'stopsAtFault'>): RealmCalls {
  const ThePromise = Promise;
  let transform: (input: unknown) => unknown = () => null;
  let outs: unknown[] = [];
  let faults: ScriptFault[] = [];
  let pending: boolean[] = [];
  const calls: RealmCalls = {
    use(given) {
      transform = given;
    },
    clear() {
      [outs, faults, pending] = [[], [], []];
    },
    call(row, argument) {
      calls.attempt(row, () => {
        const out = transform(argument);
        if (!(out instanceof ThePromise)) {
          outs[row] = out;
          return;
        }
        const [theirOuts, theirPending] = [outs, pending];
        theirPending[row] = true;
        out.then(
          (value: unknown) => {
            theirPending[row] = false;
            theirOuts[row] = value;
          },
          (error: unknown) => {
            theirPending[row] = false;
            calls.fault(row, 'threw', describe(error));
          },
        );
      });
    },
    attempt(row, work) {
      try {
        work();
      } catch (error) {
        calls.fault(row, 'threw', describe(error));
      }
    },
    fault(row, kind, what) {
      faults[faults.length] = { row, kind, ...what };
    },
    faultCount: () => faults.length,
    isOver: () => stopsAtFault && faults.length > 0,
    waiting: () => pending.flatMap((isPending, row) => (isPending ? [row] : [])),
    outs: () => outs,
    faults: () => faults.sort((a, b) => a.row - b.row),
  };
  return calls;
}

interface Steps {
  begin(transform: (input: unknown) => unknown): string;
  /** The answer; or nothing while promises are under way. */
  step(input: string): string;
  /** The answer when all promises are settled that can be. */
  finish(): string;
}

interface Surroundings {
  readonly reader: RealmReader;
  readonly writer: RealmWriter;
  readonly log: RealmLog;
  readonly calls: RealmCalls;
}

export function makeSteps(settings: Omit<ScriptStart, 'code'>, around: Surroundings): Steps {
  const { reader, writer, log, calls } = around;
  const { parse, stringify } = JSON;
  const { isArray } = Array;
  const TheMap = Map;
  const { functionName, rowsMax, answerLengthMax } = settings;
  const isPerRow = functionName === 'transformRow';
  let rows: Row[] = [];
  let kept: Kept[] = [];
  let written: (readonly WireCell[])[] = [];

  const write = (out: unknown, from: number): void => {
    const cells = writer.write(out, from, kept[from]);
    if (typeof cells === 'string') calls.fault(from < 0 ? 0 : from, 'result', { reason: cells });
    else written[written.length] = cells;
  };
  const writeAll = (): void => {
    const outs = calls.outs();
    const indexes = isPerRow ? undefined : new TheMap(rows.map((row, index) => [row as unknown, index]));
    for (let row = 0; row < outs.length && !calls.isOver() && written.length <= rowsMax; row++) {
      const out = outs[row];
      if (out === null || out === undefined) continue;
      if (indexes !== undefined && !isArray(out)) calls.fault(row, 'result', { reason: 'transformRows gives a list' });
      const list: readonly unknown[] = isArray(out) ? out : [out];
      const [countBefore, faultsBefore] = [written.length, calls.faultCount()];
      // The results are the script's own objects: reading them may be its code.
      calls.attempt(row, () => {
        for (let at = 0; at < list.length && !calls.isOver() && written.length <= rowsMax; at++) {
          write(list[at], indexes === undefined ? row : (indexes.get(list[at]) ?? -1));
        }
      });
      // A record is left out as a whole.
      if (isPerRow && calls.faultCount() > faultsBefore) written.length = countBefore;
    }
  };
  const answer = (): string => {
    written = [];
    writeAll();
    try {
      const text = written.length > rowsMax ? '' : stringify({ rows: written, faults: calls.faults(), ...log.take() });
      if (text !== '' && text.length <= answerLengthMax) return text;
    } catch (error) {
      // Texts have a greatest length.
      if (!(error instanceof RangeError)) throw error;
    }
    return '{"isTooMuch":true}';
  };
  return {
    begin(transform) {
      calls.use(transform);
      return stringify(log.take());
    },
    step(input) {
      rows = parse(input) as Row[];
      kept = [];
      calls.clear();
      for (let row = 0; row < rows.length && !calls.isOver(); row++) {
        const read = rows[row] as Row; // bounded by the loop
        calls.attempt(row, () => {
          kept[row] = reader.read(read);
        });
        if (isPerRow && kept[row] !== undefined) calls.call(row, read);
      }
      if (!isPerRow && !calls.isOver()) calls.call(0, rows);
      return calls.isOver() || calls.waiting().length === 0 ? answer() : '';
    },
    finish() {
      for (const row of calls.waiting()) calls.fault(row, 'pending', { reason: '' });
      return answer();
    },
  };
}
