/** The plugins of a command: those that come with Ropeway, and the ones from outside that it is told to use. */
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { catalog as builtIn } from '#connectors/catalog.ts';
import type { ForeignPlugins } from '#engine/plugins/load-plugins.ts';
import type { Catalog } from '#spi/plugin.ts';
import type { SharedOptions } from './command-line.ts';
import type { Installation } from './installation.ts';

/** Places of plugins, as in `--plugins`, separated like the folders of PATH. */
const VARIABLE = 'ROPEWAY_PLUGINS';

export interface OpenedCatalog {
  readonly catalog: Catalog;
  /** What worker threads need to have the same catalogue. */
  readonly plugins?: ForeignPlugins;
}

export async function openCatalog(options: SharedOptions, installation: Installation): Promise<OpenedCatalog> {
  const places = pluginPlaces(options);
  // Nothing is loaded for those who have none: starting is measured.
  if (places.length === 0) return { catalog: builtIn };
  const [{ pluginPackage }, { withPlugins }] = await Promise.all([
    import('#engine/plugins/plugin-package.ts'),
    import('#engine/plugins/load-plugins.ts'),
  ]);
  const from = [process.cwd(), fileURLToPath(installation.root)] as const;
  const packages = [];
  const folders = new Set<string>();
  for (const place of places) {
    const one = await pluginPackage(place, [...from]);
    // The variable and the option may name the same one.
    if (!folders.has(one.folder)) packages.push(one);
    folders.add(one.folder);
  }
  const plugins: ForeignPlugins = { packages, spi: installation.spi };
  return { catalog: await withPlugins(builtIn, plugins), plugins };
}

function pluginPlaces({ plugins = [] }: SharedOptions): readonly string[] {
  const named = (process.env[VARIABLE] ?? '').split(delimiter).filter((place) => place !== '');
  return [...named, ...plugins];
}
