/** Liquid templates: `env` is the only variable, includes stay below the folder of the config. */
import { readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { Liquid, LiquidError } from 'liquidjs';
import type { FS } from 'liquidjs';
import { configErrors } from './errors.ts';

export interface LiquidOptions {
  readonly file: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export async function renderLiquid(source: string, { file, folder, env }: LiquidOptions): Promise<string> {
  const engine = new Liquid({
    // An unknown filter is an error; an unset variable renders as nothing, as in Ruby's Liquid.
    strictFilters: true,
    strictVariables: false,
    ownPropertyOnly: true,
    relativeReference: false,
    dynamicPartials: true,
    root: folder,
    fs: includeFiles(folder),
  });
  try {
    return String(await engine.parseAndRender(source, { env: { ...env } }));
  } catch (error) {
    if (!(error instanceof LiquidError)) throw error;
    const place = error.token?.getPosition() ?? [];
    const [line, column] = place;
    const where = { file, ...(line === undefined ? {} : { line }), ...(column === undefined ? {} : { column }) };
    // Liquid's message ends with its own idea of the place.
    const reason = error.originalError?.message ?? error.message.replace(/, (file|line):.*$/s, '');
    throw configErrors.error('LIQUID_TEMPLATE', { reason }, { where, cause: error });
  }
}

/** `{% include 'dir/name' %}` is `dir/_name.yml.liquid`, and nothing outside the folder. */
function includeFiles(folder: string): FS {
  const read = (path: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw configErrors.error('LIQUID_INCLUDE', { name: relative(folder, path), reason }, { cause: error });
    }
  };
  return {
    readFileSync: read,
    readFile: async (path) => read(path),
    existsSync: () => true,
    exists: async () => true,
    dirname,
    sep,
    contains: async () => true,
    containsSync: () => true,
    resolve(_root, name) {
      // Ruby's Liquid allows exactly such names.
      if (!/^[^./][a-zA-Z0-9_/]*$/.test(name)) {
        const reason = 'its name may hold letters, digits, `_` and `/` only';
        throw configErrors.error('LIQUID_INCLUDE', { name, reason });
      }
      const parts = name.split('/');
      const base = parts.pop() ?? '';
      return join(folder, ...parts, `_${base}.yml.liquid`);
    },
  };
}
