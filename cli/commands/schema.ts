/** `ropeway schema`: JSON Schema of a config file, for completion and checks in editors. */
import { configJsonSchema } from '#engine/config/json-schema.ts';
import { openCatalog } from '#cli/catalog.ts';
import { runCommand } from '#cli/command-context.ts';
import type { SharedOptions } from '#cli/command-line.ts';
import type { Installation } from '#cli/installation.ts';

export function schema(options: SharedOptions, installation: Installation): Promise<number> {
  return runCommand(options, async ({ terminal }) => {
    const { catalog } = await openCatalog(options, installation);
    terminal.out(`${JSON.stringify(await configJsonSchema(catalog), undefined, 2)}\n`);
  });
}
