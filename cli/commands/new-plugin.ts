/** `ropeway new plugin NAME --kind KIND`: a folder with a plugin that works, from `templates/plugin`. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { originOf, placeOf } from '#engine/plugins/load-plugins.ts';
import { systemReason } from '#spi/system-reason.ts';
import { openCatalog } from '#cli/catalog.ts';
import { runCommand } from '#cli/command-context.ts';
import type { SharedOptions } from '#cli/command-line.ts';
import { cliErrors } from '#cli/errors.ts';
import type { Installation } from '#cli/installation.ts';
import type { ScaffoldKind } from '#cli/scaffold-kinds.ts';

export interface NewPluginOptions extends SharedOptions {
  readonly kind: ScaffoldKind;
  readonly dir?: string;
}

const NAME_LENGTH_MAX = 60;
/** Git would heed the file in the template's folder, and npm leave it out of the package. */
const renamed: Readonly<Record<string, string>> = { gitignore: '.gitignore' };

export function newPlugin(written: string, options: NewPluginOptions, installation: Installation): Promise<number> {
  return runCommand(options, async ({ terminal }) => {
    const name = pluginName(written);
    const { catalog } = await openCatalog(options, installation);
    const taken = catalog.find((plugin) => plugin.name === name && placeOf(plugin) === options.kind);
    if (taken !== undefined)
      throw cliErrors.error('PLUGIN_NAME_USED', { name, kind: options.kind, from: originOf(taken) });
    const folder = options.dir ?? `ropeway-plugin-${name.replaceAll('_', '-')}`;
    const templates = fileURLToPath(new URL('templates/plugin/', installation.root));
    await writing(folder, async () => {
      await mkdir(folder, { recursive: true });
      if ((await readdir(folder)).length > 0) throw cliErrors.error('SCAFFOLD_EXISTS', { folder });
      for (const source of [join(templates, 'common'), join(templates, options.kind)]) {
        for (const file of await readdir(source)) {
          const text = await readFile(join(source, file), 'utf8');
          await writeFile(join(folder, renamed[file] ?? file), filled(text, name, options.kind));
        }
      }
    });
    terminal.out(`Made ${folder}, with the ${options.kind} '${name}'. It works already:

  ropeway plugins check ${folder}
  ropeway plugins describe ${name} --plugins ${folder}

Change it into yours; ${resolve(folder, 'README.md')} says how to test, build and publish it.
`);
  });
}

/** `access-log`, `ropeway-plugin-access-log` and `access_log` are all `access_log`. */
function pluginName(written: string): string {
  const name = written.replace(/^ropeway-plugin-/, '').replaceAll('-', '_');
  if (/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name) && name.length <= NAME_LENGTH_MAX) return name;
  throw cliErrors.error('PLUGIN_NAME', { name: written });
}

/** The templates are a plugin `my_plugin`, so that they are checked like all other sources. */
function filled(text: string, name: string, kind: ScaffoldKind): string {
  const words = name.split('_');
  const pascal = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return text
    .replaceAll('my_plugin', name)
    .replaceAll('my-plugin', words.join('-'))
    .replaceAll('MY_PLUGIN', name.toUpperCase())
    .replaceAll('MyPlugin', pascal)
    .replaceAll('myPlugin', pascal.charAt(0).toLowerCase() + pascal.slice(1))
    .replaceAll('my kind', kind);
}

async function writing(folder: string, call: () => Promise<void>): Promise<void> {
  try {
    await call();
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw cliErrors.error('SCAFFOLD_UNWRITABLE', { folder, reason }, { cause: error });
  }
}
