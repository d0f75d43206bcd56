/**
 * A package of plugins from outside: a folder whose package.json says where its plugins are (decision 0007).
 * Only what is named is looked at; no folder is searched.
 */
import { readFile, realpath, stat } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isJsonObject } from '#spi/json.ts';
import type { JsonObject } from '#spi/json.ts';
import { SPI_VERSION } from '#spi/plugin.ts';
import { systemReason } from '#spi/system-reason.ts';
import { pluginErrors } from './errors.ts';

/** Plain JSON: it goes to worker threads as it is. */
export interface PluginPackage {
  /** As its package.json names it. */
  readonly name: string;
  readonly folder: string;
  /** URL of the module that exports `plugins`. */
  readonly module: string;
  /** URL of the module with the cases of `ropeway plugins check`, when there is one. */
  readonly cases?: string;
}

/** A package.json is written by people. */
const FILE_BYTES_MAX = 1024 * 1024;

/**
 * The package at a place: a folder, or the name of an installed package. Relative paths count from the first of the
 * folders; packages are looked for from each of them.
 */
export async function pluginPackage(place: string, from: readonly [string, ...string[]]): Promise<PluginPackage> {
  const file = await packageFile(place, from);
  const content = await readPackage(file);
  const folder = await realpath(dirname(file));
  const declared = content['ropeway'];
  if (!isJsonObject(declared)) throw undeclared(file, 'it has no "ropeway"');
  const name = typeof content['name'] === 'string' ? content['name'] : folder;
  checkVersion(name, file, declared);
  const module = await entryOf(folder, file, declared);
  const cases = await casesOf(folder, file, declared);
  return { name, folder, module, ...(cases === undefined ? {} : { cases }) };
}

async function packageFile(place: string, from: readonly [string, ...string[]]): Promise<string> {
  const folder = resolve(from[0], place);
  const isFolder = (await stat(folder).catch(() => undefined))?.isDirectory() === true;
  if (isFolder) return join(folder, 'package.json');
  if (/^(\.|\/)|\\/.test(place) || isAbsolute(place)) throw unreadable(place, 'there is no such folder');
  for (const base of from) {
    const found = installedPackage(place, base);
    if (found !== undefined) return found;
  }
  throw unreadable(place, `it is neither a folder nor a package that is installed for ${from[0]}`);
}

function installedPackage(name: string, base: string): string | undefined {
  try {
    return findPackageJSON(name, pathToFileURL(join(base, 'package.json')));
  } catch {
    // Node throws for what is not installed, and for what is no name.
    return undefined;
  }
}

async function readPackage(file: string): Promise<JsonObject> {
  try {
    if ((await stat(file)).size > FILE_BYTES_MAX) throw undeclared(file, `it is larger than ${FILE_BYTES_MAX} bytes`);
    const content: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (isJsonObject(content)) return content;
    throw undeclared(file, 'it is not an object');
  } catch (error) {
    if (error instanceof SyntaxError) throw undeclared(file, `it is not JSON (${error.message})`);
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw unreadable(file, reason);
  }
}

function checkVersion(name: string, file: string, declared: JsonObject): void {
  const wanted = declared['spi'];
  if (wanted === SPI_VERSION) return;
  if (typeof wanted !== 'number') throw undeclared(file, '"spi" must be the number of the plugin interface');
  const isNewer = wanted > SPI_VERSION;
  const advice = isNewer ? 'Install a newer Ropeway.' : `Install a version of ${name} that is made for it.`;
  throw pluginErrors.error('PLUGIN_SPI_VERSION', { module: name, wanted, version: SPI_VERSION, advice });
}

/** The sources, where Node can run them; else what was built of them. */
async function entryOf(folder: string, file: string, declared: JsonObject): Promise<string> {
  const { source, plugins } = declared;
  if (source === undefined && plugins === undefined) throw undeclared(file, 'it has neither "plugins" nor "source"');
  if (source !== undefined && !isInstalled(folder)) {
    const path = inside(folder, file, source);
    if (await isFile(path)) return pathToFileURL(path).href;
  }
  const path = inside(folder, file, plugins ?? source);
  if (await isFile(path)) return pathToFileURL(path).href;
  const isUnbuilt = source !== undefined && plugins !== undefined;
  throw undeclared(file, `${path} does not exist${isUnbuilt ? '; build the package' : ''}`);
}

async function casesOf(folder: string, file: string, declared: JsonObject): Promise<string | undefined> {
  const { cases } = declared;
  if (cases === undefined) return undefined;
  const path = inside(folder, file, cases);
  // Cases are not published as a rule.
  return (await isFile(path)) ? pathToFileURL(path).href : undefined;
}

/** Node strips no types below node_modules. */
function isInstalled(folder: string): boolean {
  return folder.split(sep).includes('node_modules');
}

function inside(folder: string, file: string, value: unknown): string {
  if (typeof value !== 'string') throw undeclared(file, 'a path in "ropeway" is not a text');
  const path = resolve(folder, value);
  if (relative(folder, path).startsWith('..')) throw undeclared(file, `${value} leads out of the folder`);
  return path;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}

function unreadable(place: string, reason: string): Error {
  return pluginErrors.error('PLUGIN_FOLDER_UNREADABLE', { place, reason });
}

function undeclared(file: string, reason: string): Error {
  return pluginErrors.error('PLUGIN_FOLDER_UNDECLARED', { file, reason }, { where: { file } });
}
