/** Plugins from outside, loaded and put beside the ones that are there. */
import { isRopewayError } from '#spi/errors.ts';
import type { AnyPlugin, Catalog } from '#spi/plugin.ts';
import { notePackage } from './blame.ts';
import { declarationFault } from './declaration.ts';
import { pluginErrors } from './errors.ts';
import type { PluginPackage } from './plugin-package.ts';
import { shareModules } from './shared-modules.ts';

/** Everything a thread needs to have the same plugins. Plain JSON. */
export interface ForeignPlugins {
  readonly packages: readonly PluginPackage[];
  /** URL of the modules of `spi/`, with a star for the name. */
  readonly spi: string;
}

/** A plugin that does not come with Ropeway. */
export interface ForeignPlugin extends AnyPlugin {
  /** The package, in words. */
  readonly from: string;
  readonly folder: string;
}

export function originOf(plugin: AnyPlugin): string {
  return 'from' in plugin ? String(plugin.from) : 'Ropeway itself';
}

/** The catalogue with the plugins of the packages behind it. */
export async function withPlugins(builtIn: Catalog, { packages, spi }: ForeignPlugins): Promise<Catalog> {
  shareModules(spi);
  const catalog: AnyPlugin[] = [...builtIn];
  for (const one of packages) {
    for (const plugin of await loadPackage(one)) {
      const other = catalog.find((member) => member.name === plugin.name && placeOf(member) === placeOf(plugin));
      if (other !== undefined) throw taken(plugin, other);
      catalog.push(plugin);
    }
  }
  return catalog;
}

/** What a config chooses from by the name alone. */
export function placeOf({ kind }: AnyPlugin): string {
  if (kind === 'file_input') return 'input';
  return kind === 'file_output' ? 'output' : kind;
}

function taken(plugin: ForeignPlugin, other: AnyPlugin): Error {
  const params = { kind: placeOf(plugin), name: plugin.name, first: originOf(other), second: originText(plugin) };
  return pluginErrors.error('PLUGIN_NAME_TAKEN', params);
}

function originText({ from }: ForeignPlugin): string {
  return from;
}

async function loadPackage(one: PluginPackage): Promise<readonly ForeignPlugin[]> {
  notePackage(one.name, one.folder);
  const { plugins } = await guarded(one, () => importModule(one.module));
  if (!Array.isArray(plugins)) {
    throw pluginErrors.error('PLUGIN_DECLARATION', { module: one.name, reason: 'there is no list `plugins`' });
  }
  return plugins.map((declaration: unknown) => foreign(one, declaration));
}

/** A module of a plugin package. */
export async function importModule(url: string): Promise<Readonly<Record<string, unknown>>> {
  return (await import(url)) as Readonly<Record<string, unknown>>;
}

function foreign(one: PluginPackage, declaration: unknown): ForeignPlugin {
  const fault = declarationFault(declaration);
  if (fault !== undefined) throw pluginErrors.error('PLUGIN_DECLARATION', { module: one.name, reason: fault });
  // Just checked.
  const plugin = declaration as AnyPlugin;
  const from = `${one.name} (${one.folder})`;
  return {
    ...plugin,
    from,
    folder: one.folder,
    config: () => guarded(one, () => plugin.config()),
    load: () => guarded<Awaited<ReturnType<AnyPlugin['load']>>>(one, () => plugin.load()),
  };
}

/** What a module throws while it loads is a fault of the package, and nobody's who runs a job with it. */
async function guarded<T>(one: PluginPackage, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (isRopewayError(error)) throw error;
    const params = { module: one.name, reason: reasonOf(error), advice: adviceFor(error, one) };
    throw pluginErrors.error('PLUGIN_MODULE_FAILED', params, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Where in the plugin: the first line of the stack that is in a file.
  const place = /\(?(file:\/\/\S+?|\/\S+?:\d+:\d+)\)?$/m.exec(error.stack ?? '')?.[1];
  return place === undefined ? error.message : `${error.message} (${place})`;
}

function adviceFor(error: unknown, { name }: PluginPackage): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING') {
    return 'Node runs no TypeScript below node_modules: the package must hold JavaScript, see docs/plugin-authors.md.';
  }
  if (code.endsWith('MODULE_NOT_FOUND')) return `Run \`npm install\` where ${name} is, or install the package again.`;
  return `This is a fault of ${name}: tell those who make it.`;
}
