/** From a section of a job to the plugin at work, and from its errors to places in the config file. */
import { isRopewayError, RopewayError } from '#spi/errors.ts';
import { assert } from '#spi/assert.ts';
import type { Catalog, Kind, Kinds } from '#spi/plugin.ts';
import type { Section } from './job.ts';

/** A loaded plugin. Its config type is the plugin's own affair: the schema has checked the value. */
export type Loaded<K extends Kind> = Kinds<unknown>[K];

export async function loadSection<K extends Kind>(section: Section<K>, catalog: Catalog): Promise<Loaded<K>> {
  const plugin = catalog.find((member) => member.kind === section.kind && member.name === section.name);
  assert(plugin, `a job names only plugins of the catalogue (${section.kind} ${section.name})`);
  // The implementation's config type is forgotten in the catalogue; the section's config has passed its schema.
  return (await plugin.load()) as unknown as Loaded<K>;
}

/** Runs a call of the section's plugin; a config path in its error becomes a path from the top of the file. */
export async function inSection<T>(section: Section, call: () => Promise<T> | T): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw placed(section, error);
  }
}

export function inSectionSync<T>(section: Section, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw placed(section, error);
  }
}

/** The same for a generator: every pull is a call. */
export async function* iterateInSection<T, R>(
  section: Section,
  iterable: AsyncIterable<T> | AsyncGenerator<T, R>,
): AsyncGenerator<T, R | undefined> {
  try {
    const iterator = iterable[Symbol.asyncIterator]();
    try {
      for (;;) {
        const step = await iterator.next();
        if (step.done === true) return step.value as R | undefined;
        yield step.value;
      }
    } finally {
      await iterator.return?.();
    }
  } catch (error) {
    throw placed(section, error);
  }
}

/** The same for a generator that is asked for its result, and not cut short. */
export async function* inSectionFully<T, R>(section: Section, generator: AsyncGenerator<T, R>): AsyncGenerator<T, R> {
  try {
    return yield* generator;
  } catch (error) {
    throw placed(section, error);
  }
}

// Plugins pull from each other: an error from a decoder passes through the parser. The innermost section places it.
const placedErrors = new WeakSet<object>();

/** The error with a config path from the top of the file; the innermost section that an error passes decides. */
export function placed(section: Pick<Section, 'path'>, error: unknown): unknown {
  if (!isRopewayError(error) || placedErrors.has(error)) return error;
  const { path } = error.where;
  const isAboutConfig = path !== undefined || error.kind === 'config';
  const where = isAboutConfig ? { ...error.where, path: [...section.path, ...(path ?? [])] } : error.where;
  const result = new RopewayError(error.code, error, { where, cause: error.cause });
  placedErrors.add(result);
  return result;
}
