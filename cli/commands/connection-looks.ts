/** `ropeway connections test|browse`: the server's runners try the system, not this machine. */
import { z } from 'zod';
import type { Client } from '#api/client.ts';
import { runCommand } from '#cli/command-context.ts';
import type { CommandContext } from '#cli/command-context.ts';
import { countOf } from '#cli/command-line.ts';
import { openControl } from '#cli/control-client.ts';
import type { ControlOptions } from '#cli/control-client.ts';
import { idOf } from '#cli/control-names.ts';
import { resultOf } from '#cli/follow-run.ts';
import { printList } from '#cli/list-table.ts';
import type { ListColumn } from '#cli/list-table.ts';
import { plural } from '#cli/quantity.ts';

export interface ConnectionTestOptions extends ControlOptions {
  readonly use: 'in' | 'out';
}

const check = z.object({
  name: z.string(),
  outcome: z.enum(['passed', 'failed', 'skipped']),
  detail: z.string(),
  elapsedMs: z.number(),
  failure: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }).optional(),
});
const testResult = z.object({ checks: z.array(check) });

const marks = { passed: ['green', '✓'], failed: ['red', '✗'], skipped: ['dim', '–'] } as const;

export function testSaved(nameOrId: string, options: ConnectionTestOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const params = { id: await idOf(client, 'connection', nameOrId) };
    const started = await client.call('connections.test', { params, body: { use: options.use } });
    const { checks } = testResult.parse((await resultOf(ctx, client, started)).result);
    for (const each of checks) printCheck(ctx, each);
    const failed = checks.filter(({ outcome }) => outcome === 'failed').length;
    if (!ctx.isJson) ctx.terminal.say(`\n${plural(checks.length, 'check')}, ${failed} failed.\n`);
    return failed > 0 ? 1 : 0;
  });
}

function printCheck({ terminal, isJson }: CommandContext, each: z.output<typeof check>): void {
  if (isJson) {
    terminal.out(`${JSON.stringify(each)}\n`);
    return;
  }
  const { name, outcome, detail, elapsedMs, failure } = each;
  const [colour, mark] = marks[outcome];
  const time = outcome === 'skipped' ? '' : `${Math.round(elapsedMs)} ms`;
  terminal.say(`${terminal.style(colour, mark)} ${name.padEnd(8)} ${time.padStart(8)}  ${detail}\n`);
  if (failure?.hint !== undefined) terminal.say(`    ${terminal.style('blue', '=')} help: ${failure.hint}\n`);
  if (failure !== undefined) terminal.say(`    ${terminal.style('blue', '=')} code: ${failure.code}\n`);
}

export interface BrowseOptions extends ConnectionTestOptions {
  readonly prefix?: string;
  readonly limit: string;
}

const entry = z.object({
  name: z.string(),
  kind: z.string(),
  isContainer: z.boolean(),
  details: z.record(z.string(), z.unknown()).optional(),
});
const browseResult = z.object({ entries: z.array(entry), has_more: z.boolean() });

const columns: readonly ListColumn<z.output<typeof entry>>[] = [
  { title: 'NAME', cell: ({ name, isContainer }) => (isContainer ? `${name}/` : name), shrinks: true },
  { title: 'KIND', cell: ({ kind }) => kind },
  { title: 'DETAILS', cell: ({ details = {} }) => detailText(details), shrinks: true },
];

export function browseSaved(nameOrId: string, path: readonly string[], options: BrowseOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const limit = countOf(options.limit, '--limit');
    const client = await openControl(options);
    const { entries, has_more: hasMore } = await browsed(ctx, client, { nameOrId, path, options, limit });
    printList(ctx, entries, columns);
    if (hasMore) ctx.log.info('There are more: --limit or --prefix shows others.', { shown: entries.length });
  });
}

async function browsed(
  ctx: CommandContext,
  client: Client,
  request: {
    readonly nameOrId: string;
    readonly path: readonly string[];
    readonly options: BrowseOptions;
    readonly limit: number;
  },
): Promise<z.output<typeof browseResult>> {
  const { path, limit, options } = request;
  const params = { id: await idOf(client, 'connection', request.nameOrId) };
  const prefix = options.prefix === undefined ? {} : { prefix: options.prefix };
  const body = { use: options.use, path: [...path], limit, ...prefix };
  const started = await client.call('connections.browse', { params, body });
  return browseResult.parse((await resultOf(ctx, client, started)).result);
}

function detailText(details: Readonly<Record<string, unknown>>): string {
  return Object.entries(details)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('  ');
}
