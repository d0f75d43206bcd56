/** What a command works with: terminal, log, signals; and how its errors end the process. */
import type { Logger } from '#spi/context.ts';
import { isRopewayError } from '#spi/errors.ts';
import type { RopewayError } from '#spi/errors.ts';
import { asRopewayError, errorRecord } from '#engine/error-transfer.ts';
import { ignoredOptions } from './command-line.ts';
import type { SharedOptions } from './command-line.ts';
import { errorReport } from './error-report.ts';
import type { SourceText } from './error-report.ts';
import { printedLogger } from './log-printer.ts';
import type { ProgressBar } from './progress-bar.ts';
import { stopSignals } from './stop-signals.ts';
import { processTerminal } from './terminal.ts';
import type { Terminal } from './terminal.ts';

export interface CommandContext {
  readonly terminal: Terminal;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly isJson: boolean;
  /** The config file at hand: errors show its lines. */
  source?: SourceText;
  /** Steps aside for log lines while it runs. */
  progress?: ProgressBar;
  /** Prints a problem the way the user asked for. */
  report(error: RopewayError, severity?: 'error' | 'warning'): void;
}

/** Exit codes by kind of error (sysexits' EX_SOFTWARE for bugs). */
const exitCodes = { config: 2, data: 1, connector: 1, internal: 70 } as const;

/** Several errors at once: everything that is wrong with a config. */
export class ErrorList extends Error {
  readonly errors: readonly RopewayError[];
  constructor(errors: readonly RopewayError[]) {
    super(`${errors.length} errors`);
    this.errors = errors;
  }
}

/** Runs the body of a command; whatever it throws is reported, and becomes the exit code. */
export async function runCommand(
  options: SharedOptions,
  body: (ctx: CommandContext) => Promise<number | void>,
  { stopWords = 'Stopping. The same signal again ends at once.' }: { readonly stopWords?: string } = {},
): Promise<number> {
  const terminal = processTerminal();
  const isJson = options.json ?? false;
  const stop = stopSignals((name) => log.warn(stopWords, { signal: name }));
  const log = printedLogger(terminal, {
    level: options.logLevel,
    isJson,
    ...(options.logPath === undefined || options.logPath === '-' ? {} : { file: options.logPath }),
    aside: (print) => (ctx.progress === undefined ? print() : ctx.progress.aside(print)),
  });
  const ctx: CommandContext = {
    terminal,
    log,
    signal: stop.signal,
    isJson,
    report(error, severity = 'error') {
      if (isJson) terminal.say(`${JSON.stringify({ event: severity, ...errorRecord(error) })}\n`);
      else terminal.say(errorReport(terminal, error, { severity, source: ctx.source }));
    },
  };
  try {
    const ignored = ignoredOptions(options);
    if (ignored.length > 0) log.warn('Options for JRuby and Java plugins have no meaning here.', { ignored });
    return (await body(ctx)) ?? 0;
  } catch (thrown) {
    return reportThrown(ctx, thrown, stop.exitCode());
  } finally {
    ctx.progress?.stop();
    stop.dispose();
  }
}

function reportThrown(ctx: CommandContext, thrown: unknown, signalCode: number | undefined): number {
  const errors = thrown instanceof ErrorList ? thrown.errors : [asRopewayError(thrown)];
  ctx.progress?.stop();
  for (const error of errors) {
    ctx.report(error);
    const { stack } = errorRecord(error);
    if (stack !== undefined && !ctx.isJson) ctx.terminal.say(ctx.terminal.style('dim', `\n${stack}\n`));
  }
  if (signalCode !== undefined) return signalCode;
  return Math.max(...errors.map((error) => (isRopewayError(error) ? exitCodes[error.kind] : 70)));
}
