/** `ropeway plugins check DIR`: the conformance rules over the plugins of a package. */
import { fileURLToPath } from 'node:url';
import { AssertionError } from 'node:assert';
import { rulesFor } from '#conformance/suite.ts';
import type { RuleRun } from '#conformance/suite.ts';
import { importModule } from '#engine/plugins/load-plugins.ts';
import { pluginPackage } from '#engine/plugins/plugin-package.ts';
import type { PluginPackage } from '#engine/plugins/plugin-package.ts';
import type { ConformanceCase } from '#spi/conformance.ts';
import { openCatalog } from '#cli/catalog.ts';
import { runCommand } from '#cli/command-context.ts';
import type { CommandContext } from '#cli/command-context.ts';
import type { SharedOptions } from '#cli/command-line.ts';
import { cliErrors } from '#cli/errors.ts';
import type { Installation } from '#cli/installation.ts';
import { plural } from '#cli/quantity.ts';

interface Verdict {
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly detail?: string;
}

const marks = { passed: ['green', '✓'], failed: ['red', '✗'], skipped: ['dim', '–'] } as const;

export function checkPlugins(place: string, options: SharedOptions, installation: Installation): Promise<number> {
  return runCommand(options, async (ctx) => {
    const one = await pluginPackage(place, [process.cwd(), fileURLToPath(installation.root)]);
    const plugins = [...(options.plugins ?? []), one.folder];
    const { catalog } = await openCatalog({ ...options, plugins }, installation);
    const own = catalog.filter((plugin) => 'folder' in plugin && plugin.folder === one.folder);
    const cases = await casesOf(one);
    const tally = { passed: 0, failed: 0, skipped: 0 };
    for (const plugin of own) {
      const title = `${plugin.kind.replace('_', ' ')} ${plugin.name}`;
      if (!ctx.isJson) ctx.terminal.say(`${ctx.terminal.style('bold', title)}\n`);
      for (const rule of rulesFor(plugin, catalog, cases)) {
        const verdict = await stoppable(verdictOf(rule), ctx.signal);
        tally[verdict.outcome] += 1;
        report(ctx, title, rule.title, verdict);
      }
    }
    const { passed, failed, skipped } = tally;
    if (ctx.isJson) ctx.terminal.say(`${JSON.stringify({ event: 'result', ...tally })}\n`);
    else ctx.terminal.say(`\n${plural(passed, 'rule')} passed, ${failed} failed, ${skipped} skipped.\n`);
    if (own.length === 0) ctx.log.warn('The package has no plugins.');
    return failed > 0 ? 1 : 0;
  });
}

async function casesOf({ cases: module }: PluginPackage): Promise<readonly ConformanceCase[]> {
  if (module === undefined) return [];
  const { cases } = await importModule(module);
  if (!Array.isArray(cases)) throw cliErrors.error('CASES_UNDECLARED', { file: fileURLToPath(module) });
  return cases as readonly ConformanceCase[];
}

/** A rule that waits for something that never comes must not be waited for by whoever has had enough. */
async function stoppable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(cliErrors.error('CHECK_CANCELLED'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

async function verdictOf(rule: RuleRun): Promise<Verdict> {
  try {
    const reason = await rule.run();
    return reason === undefined ? { outcome: 'passed' } : { outcome: 'skipped', detail: reason };
  } catch (error) {
    return { outcome: 'failed', detail: failureText(error) };
  }
}

/** What differs is enough for a rule; for what a plugin throws by itself its author wants to know where. */
function failureText(error: unknown): string {
  if (error instanceof AssertionError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function report(ctx: CommandContext, plugin: string, rule: string, { outcome, detail }: Verdict): void {
  const { terminal, isJson } = ctx;
  if (isJson) {
    terminal.out(`${JSON.stringify({ plugin, rule, outcome, ...(detail === undefined ? {} : { detail }) })}\n`);
    return;
  }
  const [colour, mark] = marks[outcome];
  const why = outcome === 'skipped' ? terminal.style('dim', `: ${detail ?? ''}`) : '';
  terminal.say(`  ${terminal.style(colour, mark)} ${rule}${why}\n`);
  if (outcome === 'failed') terminal.say(`${(detail ?? '').replace(/^/gm, '      ')}\n`);
}
