/** `ropeway schema`: JSON Schema of a config file, for completion and checks in editors. */
import { catalog } from '#connectors/catalog.ts';
import { configJsonSchema } from '#engine/config/json-schema.ts';
import { runCommand } from '#cli/command-context.ts';

export function schema(): Promise<number> {
  return runCommand({ logLevel: 'info' }, async ({ terminal }) => {
    terminal.out(`${JSON.stringify(await configJsonSchema(catalog), undefined, 2)}\n`);
  });
}
