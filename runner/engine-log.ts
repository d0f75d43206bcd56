/** The engine's log, on its way to the runner: a line each, which is told from what plugins print by its mark. */
import type { LogFields, Logger } from '#spi/context.ts';
import { LOG_MARK } from './engine-protocol.ts';

type Level = keyof Logger;

export interface EngineLogLine {
  readonly level: Level;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

function at(level: Level): Logger['info'] {
  return (sentence, fields = {}) => {
    const line: EngineLogLine = { level, message: sentence, fields: plain(fields) };
    process.stderr.write(`${LOG_MARK}${JSON.stringify(line)}\n`);
  };
}

export const engineLog: Logger = { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };

function plain(fields: LogFields): Record<string, unknown> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [key, typeof value === 'bigint' ? value.toString() : value]));
}

/** Everything that was printed has been taken: what lies in this process would be lost with it. */
export async function flushOutput(): Promise<void> {
  await Promise.all([process.stdout, process.stderr].map((stream) => written(stream)));
}

async function written(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength === 0 || stream.destroyed) return;
  await new Promise<void>((resolve) => stream.write('', () => resolve()));
}

/** Undefined for a line that is not the engine's. */
export function engineLogLine(text: string): EngineLogLine | undefined {
  if (!text.startsWith(LOG_MARK)) return undefined;
  try {
    // The engine's own, but a plugin may print the same: then its line is as much of one.
    const { level, message, fields } = JSON.parse(text.slice(LOG_MARK.length)) as Partial<EngineLogLine>;
    const isLevel = level === 'error' || level === 'warn' || level === 'info' || level === 'debug';
    return isLevel && typeof message === 'string' ? { level, message, fields: { ...fields } } : undefined;
  } catch {
    return undefined;
  }
}
