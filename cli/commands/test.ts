/** `ropeway test config.yml`: tries what the config names, step by step, so that it is seen where it ends. */
import { runContext } from '#engine/run-context.ts';
import { openConnection, sideWord } from '#engine/connections/open-connection.ts';
import type { OpenConnection } from '#engine/connections/open-connection.ts';
import { testConnection } from '#engine/connections/test-connection.ts';
import { errorRecord } from '#engine/error-transfer.ts';
import type { Check, CheckName, ConnectionUse } from '#spi/connections.ts';
import type { RopewayError } from '#spi/errors.ts';
import type { JsonObject } from '#spi/json.ts';
import type { Catalog } from '#spi/plugin.ts';
import { ErrorList, runCommand } from '#cli/command-context.ts';
import type { CommandContext } from '#cli/command-context.ts';
import type { SharedOptions } from '#cli/command-line.ts';
import { openCatalog } from '#cli/catalog.ts';
import { openConfig } from '#cli/config-file.ts';
import type { Installation } from '#cli/installation.ts';
import { plural } from '#cli/quantity.ts';

export interface TestOptions extends SharedOptions {
  readonly only?: ConnectionUse;
}

/** What is tried, in the words of the person who waits for it. */
const titles: Readonly<Record<CheckName, string>> = {
  resolve: 'find the server',
  connect: 'connect',
  tls: 'encrypt',
  log_in: 'log in',
  list: 'list',
  read: 'read',
  write: 'write',
};
const TITLE_WIDTH = Math.max(...Object.values(titles).map((title) => title.length));

const marks = { passed: ['green', '✓'], failed: ['red', '✗'], skipped: ['dim', '–'] } as const;

export function test(configPath: string, options: TestOptions, installation: Installation): Promise<number> {
  return runCommand(options, async (ctx) => {
    const { catalog } = await openCatalog(options, installation);
    const { value } = await openConfig(ctx, configPath, options);
    const connections = await openConnections(ctx, value, catalog, options.only);
    const context = runContext({ log: ctx.log, signal: ctx.signal, transactionTime: new Date() });
    const tally = { passed: 0, failed: 0, skipped: 0 };
    try {
      for (const connection of connections) {
        if (!ctx.isJson) ctx.terminal.say(`${heading(ctx, connection)}\n`);
        for await (const check of testConnection(connection, { ctx: context })) {
          tally[check.outcome] += 1;
          report(ctx, connection, check);
        }
      }
    } finally {
      await context.close();
    }
    const { passed, failed, skipped } = tally;
    if (ctx.isJson) ctx.terminal.say(`${JSON.stringify({ event: 'result', passed, failed, skipped })}\n`);
    else ctx.terminal.say(`\n${plural(passed, 'check')} passed, ${failed} failed, ${skipped} skipped.\n`);
    return failed > 0 ? 1 : 0;
  });
}

/** Both sides that have one. A side without a connection is only said when the other one has one. */
async function openConnections(
  ctx: CommandContext,
  config: JsonObject,
  catalog: Catalog,
  only: ConnectionUse | undefined,
): Promise<readonly OpenConnection[]> {
  const sides: readonly ConnectionUse[] = only === undefined ? ['in', 'out'] : [only];
  const connections: OpenConnection[] = [];
  const errors: RopewayError[] = [];
  for (const side of sides) {
    const opened = await openConnection(config, side, catalog);
    if (opened.connection !== undefined) connections.push(opened.connection);
    else errors.push(...opened.errors);
  }
  const isFatal = connections.length === 0 || errors.some((error) => !isAbsence(error));
  if (isFatal) throw new ErrorList(errors);
  for (const error of errors) ctx.log.info('Not tested.', { reason: error.message });
  return connections;
}

/** There is nothing to test on that side: a config in the making, or values that need no system. */
function isAbsence({ code }: RopewayError): boolean {
  return code === 'CONNECTION_NONE' || code === 'SECTION_MISSING';
}

function heading({ terminal }: CommandContext, { use, type }: OpenConnection): string {
  return terminal.style('bold', `${sideWord(use)} ${type}`);
}

function report({ terminal, isJson }: CommandContext, { use, type }: OpenConnection, check: Check): void {
  const { name, outcome, detail, elapsedMs, reason } = check;
  if (isJson) {
    const error = reason === undefined ? {} : { error: errorRecord(reason) };
    terminal.out(`${JSON.stringify({ side: use, type, check: name, outcome, detail, elapsedMs, ...error })}\n`);
    return;
  }
  const [colour, mark] = marks[outcome];
  const time = outcome === 'skipped' ? '' : elapsed(elapsedMs);
  terminal.say(
    `  ${terminal.style(colour, mark)} ${titles[name].padEnd(TITLE_WIDTH)} ${time.padStart(8)}  ${detail}\n`,
  );
  if (reason === undefined) return;
  const indent = ' '.repeat(4);
  terminal.say(`${indent}${terminal.style('blue', '=')} help: ${reason.hint}\n`);
  terminal.say(`${indent}${terminal.style('blue', '=')} code: ${reason.code}\n`);
}

function elapsed(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}
