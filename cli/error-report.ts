/** An error as a person reads it: what, where with the line and a caret, and what to do. */
import type { ErrorPlace, RopewayError } from '#spi/errors.ts';
import type { Terminal } from './terminal.ts';

/** A config file with positions of its nodes: what `engine/config` gives. */
export interface SourceText {
  readonly path: string;
  readonly text: string;
  placeOf(path: readonly (string | number)[], isKey?: boolean): TextPlace | undefined;
}

export interface TextPlace {
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
}

export interface ReportOptions {
  readonly severity?: 'error' | 'warning';
  readonly source?: SourceText | undefined;
}

/** Longest piece of a source line that is shown around the caret. */
const SHOWN_LINE_MAX = 120;

/**
 * Several lines, rustc-style:
 * ```
 * error[OPTION_UNKNOWN]: …
 *   --> config.yml:5:7
 *    |
 *  5 |       delimeter: ';'
 *    |       ^^^^^^^^^
 *    = help: …
 * ```
 */
export function errorReport(terminal: Terminal, error: RopewayError, options: ReportOptions = {}): string {
  const { severity = 'error', source } = options;
  const colour = severity === 'error' ? 'red' : 'yellow';
  const head = terminal.style(['bold', colour], `${severity}[${error.code}]`);
  const lines = [`${head}: ${terminal.style('bold', error.message)}`];
  const place = source === undefined ? undefined : placeIn(source, error.where);
  const margin = place === undefined ? 2 : String(place.line).length + 1;
  const pad = ' '.repeat(margin);
  const bar = terminal.style('blue', '|');
  const where = placeText(error.where, source, place);
  if (where !== undefined) lines.push(`${pad}${terminal.style('blue', '-->')} ${where}`);
  if (place !== undefined && source !== undefined) {
    const { text, caret } = sourceLine(source.text, place);
    lines.push(`${pad} ${bar}`, `${terminal.style('blue', String(place.line).padStart(margin))} ${bar} ${text}`);
    lines.push(`${pad} ${bar} ${terminal.style(['bold', colour], caret)}`);
  }
  lines.push(`${pad} ${terminal.style('blue', '=')} help: ${error.hint}`);
  return `${lines.join('\n')}\n`;
}

/** The place in the config: of the option that the error is about, or the one that it gives itself. */
function placeIn(source: SourceText, where: ErrorPlace): TextPlace | undefined {
  const { path, file, line, column = 1, isKey = false } = where;
  if (path !== undefined) return source.placeOf(path, isKey);
  return line !== undefined && file === source.path ? { line, column, endColumn: column + 1 } : undefined;
}

function placeText(
  where: ErrorPlace,
  source: SourceText | undefined,
  place: TextPlace | undefined,
): string | undefined {
  if (place !== undefined && source !== undefined) {
    const option = where.path === undefined ? '' : ` (${where.path.join('.')})`;
    return `${source.path}:${place.line}:${place.column}${option}`;
  }
  const parts: string[] = [];
  if (where.file !== undefined) parts.push([where.file, where.line, where.column].filter(isPresent).join(':'));
  else if (where.path !== undefined && where.path.length > 0) {
    parts.push([source?.path, where.path.join('.')].filter(isPresent).join(': '));
  }
  if (where.byte !== undefined) parts.push(`byte ${where.byte}`);
  if (where.record !== undefined) parts.push(`record ${where.record}`);
  if (where.table !== undefined) parts.push(`table ${where.table}`);
  if (where.field !== undefined) parts.push(`column '${where.field}'`);
  return parts.length === 0 ? undefined : parts.join(', ');
}

function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined;
}

function sourceLine(source: string, place: TextPlace): { text: string; caret: string } {
  const line = source.split('\n')[place.line - 1]?.replace(/\r$/, '') ?? '';
  const from = place.column <= SHOWN_LINE_MAX ? 0 : place.column - 1 - SHOWN_LINE_MAX / 2;
  const text = line.slice(from, from + SHOWN_LINE_MAX).replaceAll('\t', ' ');
  const width = Math.max(1, Math.min(place.endColumn, from + SHOWN_LINE_MAX + 1) - place.column);
  return { text, caret: ' '.repeat(place.column - 1 - from) + '^'.repeat(width) };
}
