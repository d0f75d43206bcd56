/** Runs a script on every record, in a process of its own that can do nothing else. */
import type { Batch } from '#spi/batch.ts';
import type { Context } from '#spi/context.ts';
import type { RopewayError } from '#spi/errors.ts';
import type { Filter, FilterFaults, Filtered, FilterStream } from '#spi/records.ts';
import { columnIndex } from '#spi/schema.ts';
import type { Schema } from '#spi/schema.ts';
import { AnswerReader, nonsense } from './answer.ts';
import type { ScriptConfig } from './config.ts';
import { scriptErrors } from './errors.ts';
import { ANSWER_LENGTH_MAX, LOG_LINE_LENGTH_MAX, LOG_LINES_BATCH_MAX, LOG_LINES_MAX, ROWS_MAX } from './limits.ts';
import { ScriptProcess } from './process.ts';
import type { ScriptAnswer, ScriptFault, ScriptStart } from './protocol.ts';
import { RequestWriter } from './request.ts';
import { placeText, readScript } from './source.ts';
import type { PlaceText, ScriptSource } from './source.ts';

export const script: Filter<ScriptConfig> = {
  isRowwise: true,

  needsOrder: ({ stateful }) => stateful,

  open(config, input, ctx) {
    const source = readScript(config);
    return new ScriptStream({ config, source, input, ctx });
  },
};

interface Parts {
  readonly config: ScriptConfig;
  readonly source: ScriptSource;
  readonly input: Schema;
  readonly ctx: Context;
}

/** Characters of a record in a message. */
const RECORD_SHOWN_MAX = 200;

class ScriptStream implements FilterStream {
  readonly schema: Schema;
  readonly #parts: Parts;
  readonly #places: PlaceText;
  readonly #requests: RequestWriter;
  readonly #answers: AnswerReader;
  #process: ScriptProcess | undefined;
  #linesLogged = 0;
  #linesMore = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.schema = outputSchema(parts.config, parts.input);
    this.#places = placeText(parts.config);
    this.#requests = new RequestWriter(parts.input);
    this.#answers = new AnswerReader(parts.input, this.schema);
  }

  async apply(batch: Batch, faults: FilterFaults): Promise<Filtered> {
    const process = await this.#ready();
    const answer = process && (await this.#ask(process, this.#requests.write(batch), batch.rowCount));
    if (answer === undefined) return undefined;
    if (answer.threw !== undefined) throw this.#threw('SCRIPT_THREW', answer.threw, { record: 'any of its batch' });
    for (const fault of answer.faults ?? []) this.#tell(fault, batch, faults);
    const { rows } = answer;
    if (!Array.isArray(rows)) return nonsense('no records');
    return rows.length === 0 ? undefined : this.#answers.read(rows, batch);
  }

  async close(): Promise<void> {
    if (this.#linesMore > 0) {
      this.#parts.ctx.log.warn('The script says more than is logged.', { lines: this.#linesMore });
    }
    await this.#process?.close();
  }

  /**
   * The process, with the script begun; undefined when the run is stopped meanwhile. It may have come to its end over
   * records that do not count after all: then there is a new one.
   */
  async #ready(): Promise<ScriptProcess | undefined> {
    if (this.#process?.isAlive === true) return this.#process;
    await this.#process?.close();
    const { config } = this.#parts;
    const process = new ScriptProcess({ timeoutMs: config.timeout_ms, memoryMb: config.memory_mb_max });
    this.#process = process;
    const answer = await this.#ask(process, JSON.stringify(startOf(this.#parts, this.schema)), 0);
    if (answer?.threw === undefined) return answer === undefined ? undefined : process;
    await process.close();
    throw this.#threw('SCRIPT_BEGIN', answer.threw, {});
  }

  async #ask(process: ScriptProcess, text: string, count: number): Promise<ScriptAnswer | undefined> {
    const answer = await process.ask(text, count, this.#parts.ctx.signal);
    if (answer === undefined) return undefined;
    const parsed = parsedAnswer(answer);
    if (parsed.isTimeout === true) {
      // What the script has begun may go on with the next records.
      await process.close();
      throw process.timedOut(count);
    }
    if (parsed.isTooMuch === true) {
      const limit = `${ANSWER_LENGTH_MAX} characters, or ${ROWS_MAX} records,`;
      throw scriptErrors.error('SCRIPT_OUTPUT', { limit, count });
    }
    this.#log(parsed);
    return parsed;
  }

  #log({ logs = [], logsMore = 0 }: ScriptAnswer): void {
    this.#linesMore += logsMore;
    for (const text of logs) {
      if (this.#linesLogged >= LOG_LINES_MAX) this.#linesMore += 1;
      else this.#parts.ctx.log.info('The script says something.', { text });
      this.#linesLogged += 1;
    }
  }

  #tell(fault: ScriptFault, batch: Batch, faults: FilterFaults): void {
    if (!Number.isInteger(fault.row) || fault.row < 0 || fault.row >= batch.rowCount) nonsense('a fault');
    const text = this.#requests.record(batch, fault.row);
    const reason = this.#errorOf(fault, shortened(text));
    if (this.#parts.config.stop_on_invalid_record) throw reason;
    faults.reject({ reason, where: {}, text });
  }

  #errorOf(fault: ScriptFault, record: string): RopewayError {
    switch (fault.kind) {
      case 'threw':
        return this.#threw('SCRIPT_THREW', fault, { record });
      case 'result':
        return scriptErrors.error('SCRIPT_RESULT', { reason: fault.reason, record });
      case 'pending':
        return scriptErrors.error('SCRIPT_PENDING', { record });
    }
  }

  #threw(
    code: 'SCRIPT_THREW' | 'SCRIPT_BEGIN',
    { reason, line, column }: NonNullable<ScriptAnswer['threw']>,
    params: Readonly<Record<string, string>>,
  ): RopewayError {
    const place = line === undefined ? '' : ` at ${this.#places(line, column ?? 1)}`;
    return scriptErrors.error(code, { ...params, place, reason });
  }
}

function shortened(text: string): string {
  return text.length > RECORD_SHOWN_MAX ? `${text.slice(0, RECORD_SHOWN_MAX)}…` : text;
}

/** Of the process of the script, so anything may be in it. */
function parsedAnswer(text: string): ScriptAnswer {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return nonsense('no JSON');
  }
  if (typeof answer !== 'object' || answer === null) return nonsense('no object');
  // Every member is looked at where it is used.
  return answer;
}

function startOf({ config, source, input }: Parts, output: Schema): ScriptStart {
  return {
    ...source,
    timeoutMs: config.timeout_ms,
    input: input.columns.map(({ name, type }) => ({ name, type })),
    output: output.columns.map(({ name, type }) => ({ name, type })),
    long: config.long,
    timestamp: config.timestamp,
    stopsAtFault: config.stop_on_invalid_record,
    rowsMax: ROWS_MAX,
    answerLengthMax: ANSWER_LENGTH_MAX,
    logLinesMax: LOG_LINES_BATCH_MAX,
    logLineLengthMax: LOG_LINE_LENGTH_MAX,
  };
}

function outputSchema({ columns: declared, drop_columns: drops }: ScriptConfig, input: Schema): Schema {
  const known = input.columns.map(({ name }) => name).join(', ');
  const refuse = (name: string, reason: string, path: readonly (string | number)[]): never => {
    throw scriptErrors.error('SCRIPT_COLUMN', { name, reason, known }, { where: { path } });
  };
  for (const [index, { name }] of input.columns.entries()) {
    if (columnIndex(input, name) !== index) refuse(name, 'the input has two of this name', []);
  }
  for (const [position, name] of drops.entries()) {
    if (columnIndex(input, name) < 0) refuse(name, 'the input has none to drop', ['drop_columns', position]);
  }
  const types = new Map(declared.map(({ name, type }) => [name, type]));
  for (const [position, { name }] of declared.entries()) {
    const path = ['columns', position, 'name'];
    if (declared.findIndex((each) => each.name === name) !== position) refuse(name, 'it is named twice', path);
    if (drops.includes(name)) refuse(name, 'it is dropped as well', path);
  }
  const kept = input.columns
    .filter(({ name }) => !drops.includes(name))
    .map((column) => {
      const type = types.get(column.name) ?? column.type;
      return type === column.type ? column : { name: column.name, type };
    });
  const added = declared.filter(({ name }) => columnIndex(input, name) < 0).map(({ name, type }) => ({ name, type }));
  return { columns: [...kept, ...added] };
}
