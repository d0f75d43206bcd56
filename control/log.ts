/** The log of the control plane, for operators: a JSON object a line, on standard error. Pino stands behind this file. */
import { pino } from 'pino';
import type { LogFields, Logger } from '#spi/context.ts';
import type { JsonObject } from '#spi/json.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogOptions {
  readonly level?: LogLevel;
  /** Where the lines go instead. */
  readonly write?: (line: string) => void;
}

/** Fields that must not be seen, wherever they stand. */
const secretNames = /pass(word|phrase)|secret|token|authorization|cookie|credential|private_?key|envelope/i;
const REDACTED = '[redacted]';
const DEPTH_MAX = 6;

export function makeLog({ level = 'info', write }: LogOptions = {}): Logger {
  const destination =
    write === undefined
      ? pino.destination({ fd: process.stderr.fd, sync: true })
      : { write: (line: string) => write(line) };
  const log = pino(
    { level, base: { pid: process.pid }, messageKey: 'message', timestamp: pino.stdTimeFunctions.isoTime },
    destination,
  );
  const at =
    (name: keyof Logger): Logger['info'] =>
    (sentence, fields = {}) => {
      if (log.isLevelEnabled(name)) log[name](clean(fields), sentence);
    };
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}

/** An error as fields of a line: for operators, so with its stack. */
export function errorFields(error: unknown, depth = 0): JsonObject {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack = '', cause } = error;
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const inner = cause === undefined || depth >= DEPTH_MAX ? {} : { cause: errorFields(cause, depth + 1) };
  return { name, message, ...code, stack, ...inner };
}

function clean(fields: LogFields): object {
  return cleanObject(fields, 0);
}

/** Plain JSON, without what is secret by its name. */
function cleanObject(fields: Readonly<Record<string, unknown>>, depth: number): object {
  return Object.fromEntries(
    Object.entries(fields).map(([key, item]) => [key, secretNames.test(key) ? REDACTED : cleanValue(item, depth + 1)]),
  );
}

function cleanValue(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEPTH_MAX) return '[deep]';
  return Array.isArray(value)
    ? value.map((item) => cleanValue(item, depth + 1))
    : cleanObject(value as Record<string, unknown>, depth);
}
