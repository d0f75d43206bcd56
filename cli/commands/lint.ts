/** `ropeway lint`: everything that is wrong with configs, without running them. */
import { openCatalog } from '#cli/catalog.ts';
import { runCommand } from '#cli/command-context.ts';
import type { SharedOptions } from '#cli/command-line.ts';
import { checkConfig } from '#cli/config-file.ts';
import type { Installation } from '#cli/installation.ts';
import { plural } from '#cli/quantity.ts';

export function lint(paths: readonly string[], options: SharedOptions, installation: Installation): Promise<number> {
  return runCommand(options, async (ctx) => {
    const { catalog } = await openCatalog(options, installation);
    let errors = 0;
    let warnings = 0;
    for (const path of paths) {
      for (const { severity, error } of await checkConfig(ctx, path, { ...options, catalog })) {
        ctx.report(error, severity);
        if (severity === 'error') errors += 1;
        else warnings += 1;
      }
    }
    const summary = `${plural(errors, 'error')}, ${plural(warnings, 'warning')} in ${plural(paths.length, 'file')}.`;
    if (ctx.isJson) ctx.terminal.out(`${JSON.stringify({ errors, warnings, files: paths.length })}\n`);
    else ctx.terminal.say(`${summary}\n`);
    // A linter's verdict: unknown options count, or they would stay for ever.
    return errors + warnings > 0 ? 2 : 0;
  });
}
