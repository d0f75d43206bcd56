/** `ropeway discover config.yml shop public`: what is there to load, one container at a time. */
import { listEntries } from '#engine/connections/list-entries.ts';
import { openConnection } from '#engine/connections/open-connection.ts';
import { runContext } from '#engine/run-context.ts';
import type { ConnectionUse, Entry } from '#spi/connections.ts';
import { ErrorList, runCommand } from '#cli/command-context.ts';
import type { CommandContext } from '#cli/command-context.ts';
import type { SharedOptions } from '#cli/command-line.ts';
import { openCatalog } from '#cli/catalog.ts';
import { openConfig } from '#cli/config-file.ts';
import { cliErrors } from '#cli/errors.ts';
import type { Installation } from '#cli/installation.ts';
import { plural } from '#cli/quantity.ts';

export interface DiscoverOptions extends SharedOptions {
  readonly of: ConnectionUse;
  readonly limit: string;
  readonly all?: boolean;
  readonly prefix?: string;
}

export function discover(
  configPath: string,
  path: readonly string[],
  options: DiscoverOptions,
  installation: Installation,
): Promise<number> {
  return runCommand(options, async (ctx) => {
    const limit = options.all === true ? undefined : limitOf(options.limit);
    const { catalog } = await openCatalog(options, installation);
    const { value } = await openConfig(ctx, configPath, options);
    const { connection, errors } = await openConnection(value, options.of, catalog);
    if (connection === undefined) throw new ErrorList(errors);
    const context = runContext({ log: ctx.log, signal: ctx.signal, transactionTime: new Date() });
    const { prefix } = options;
    const request = { path, ...(prefix === undefined ? {} : { prefix }), ...(limit === undefined ? {} : { limit }) };
    const pages = listEntries(connection, request, { ctx: context });
    let count = 0;
    try {
      let step = await pages.next();
      for (; step.done !== true; step = await pages.next()) {
        count += step.value.length;
        ctx.terminal.out(step.value.map(ctx.isJson ? jsonLine : wordLine(step.value)).join(''));
        await ctx.terminal.drained(ctx.signal);
      }
      sayEnd(ctx, count, step.value.hasMore);
    } finally {
      await pages.return({ hasMore: true });
      await context.close();
    }
  });
}

function limitOf(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw cliErrors.error('LIMIT_INVALID', { value: text });
  return Number(text);
}

function jsonLine(entry: Entry): string {
  return `${JSON.stringify(entry)}\n`;
}

const NAME_WIDTH_MAX = 48;

/** Names in a column as wide as the page needs; a container ends with a slash, as `ls -p` shows it. */
function wordLine(page: readonly Entry[]): (entry: Entry) => string {
  const width = Math.min(NAME_WIDTH_MAX, Math.max(...page.map((entry) => shownName(entry).length)));
  const kindWidth = Math.max(...page.map(({ kind }) => kind.length));
  return (entry) => {
    const { kind, details = {} } = entry;
    const more = Object.entries(details).map(([key, value]) => `${key}=${printable(plain(value))}`);
    return `${[shownName(entry).padEnd(width), kind.padEnd(kindWidth), ...more].join('  ').trimEnd()}\n`;
  };
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function shownName({ name, isContainer }: Entry): string {
  return isContainer ? `${printable(name)}/` : printable(name);
}

/** Names come from elsewhere: control characters in them would reach the terminal. */
function printable(text: string): string {
  return /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text) ? JSON.stringify(text).replaceAll(/\p{Cf}/gu, escaped) : text;
}

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`;
}

function sayEnd({ terminal, isJson }: CommandContext, entries: number, hasMore: boolean): void {
  if (isJson) terminal.say(`${JSON.stringify({ event: 'result', entries, hasMore })}\n`);
  else if (hasMore) terminal.say(`\n${plural(entries, 'name')}, and there are more: --limit or --all shows them.\n`);
  else if (entries === 0) terminal.say('There is nothing, or nothing that may be seen.\n');
}
