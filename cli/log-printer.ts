/** The log on the terminal: one line per entry on stderr, as words or as NDJSON, and into a file when asked. */
import { appendFileSync } from 'node:fs';
import type { LogFields, Logger, LogLevel } from '#spi/context.ts';
import type { Terminal } from './terminal.ts';

export const logLevels: readonly LogLevel[] = ['error', 'warn', 'info', 'debug', 'trace'];

export interface LogOptions {
  readonly level: LogLevel;
  /** NDJSON instead of words. */
  readonly isJson: boolean;
  /** Lines go into this file instead of the terminal. */
  readonly file?: string;
  /** Called around a line on the screen, so that a progress bar can step aside. */
  readonly aside?: (print: () => void) => void;
}

export function printedLogger(terminal: Terminal, options: LogOptions): Logger {
  const threshold = logLevels.indexOf(options.level);
  const at =
    (level: LogLevel): Logger['info'] =>
    (sentence, fields = {}) => {
      if (logLevels.indexOf(level) > threshold) return;
      const entry = { level, sentence, fields };
      if (options.file !== undefined) {
        appendFileSync(
          options.file,
          options.isJson ? jsonLine(entry) : `${new Date().toISOString()} ${textLine(entry)}`,
        );
        return;
      }
      const line = options.isJson ? jsonLine(entry) : styledLine(terminal, entry);
      if (options.aside === undefined) terminal.say(line);
      else options.aside(() => terminal.say(line));
    };
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}

interface Entry {
  readonly level: LogLevel;
  readonly sentence: string;
  readonly fields: LogFields;
}

function jsonLine({ level, sentence, fields }: Entry): string {
  const plain = Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, typeof value === 'bigint' ? value.toString() : value]),
  );
  return `${JSON.stringify({ event: 'log', time: new Date().toISOString(), level, message: sentence, ...plain })}\n`;
}

function textLine({ level, sentence, fields }: Entry): string {
  return `${level}: ${sentence}${fieldText(fields)}\n`;
}

function styledLine(terminal: Terminal, entry: Entry): string {
  const colour = { error: 'red', warn: 'yellow', info: 'blue', debug: 'gray', trace: 'gray' } as const;
  const label = terminal.style(['bold', colour[entry.level]], `${entry.level}:`);
  return `${label} ${entry.sentence}${terminal.style('dim', fieldText(entry.fields))}\n`;
}

/** ` file=in.csv line=3 reason="…"`: values as they are, quoted when they have blanks or control characters. */
function fieldText(fields: LogFields): string {
  return Object.entries(fields)
    .flatMap(([key, value]) => (value === undefined ? [] : [` ${key}=${fieldValue(value)}`]))
    .join('');
}

function fieldValue(value: LogFields[string]): string {
  if (typeof value === 'object') return JSON.stringify(value);
  const text = String(value);
  return /^[^\s"\p{Cc}]+$/u.test(text) ? text : JSON.stringify(text);
}
