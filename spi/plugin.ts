/**
 * A plugin is a value: what it is for, how to load what a person may write (`config`), and the implementation (`load`).
 * Validation, linting, JSON Schema, forms and reference pages all come from this value. Both are loaded late, because
 * a process names a handful of plugins: a worker thread, which is given configs that are resolved, needs no schemas.
 */
import type { z } from 'zod';
import type { Connection } from './connections.ts';
import type { Decoder, Encoder, FileInput, FileOutput, Formatter, Parser } from './files.ts';
import type { Guesser } from './guess.ts';
import type { Filter, Input, Output } from './records.ts';

/**
 * The version of everything in `spi/`, for plugins from outside: what is added leaves it as it is, what breaks a plugin
 * raises it.
 */
export const SPI_VERSION = 1;

/** The interface that `load` gives, by kind. */
export interface Kinds<C> {
  input: Input<C>;
  file_input: FileInput<C>;
  decoder: Decoder<C>;
  parser: Parser<C>;
  filter: Filter<C>;
  formatter: Formatter<C>;
  encoder: Encoder<C>;
  file_output: FileOutput<C>;
  output: Output<C>;
  connection: Connection<C>;
  guess: Guesser;
}

export type Kind = keyof Kinds<unknown>;

export type Stability = 'stable' | 'beta' | 'deprecated';

export interface Plugin<K extends Kind = Kind, S extends z.ZodObject = z.ZodObject> {
  readonly kind: K;
  /** What a config says as `type:`. */
  readonly name: string;
  readonly title: string;
  /** One sentence for pages, forms and the command line. */
  readonly summary: string;
  readonly stability: Stability;
  /** A strict object; every option with title and description, and a default unless it is mandatory. Plain JSON. */
  readonly config: () => Promise<S>;
  /** Each a section of a config as a user would write it; parsed and linted by a test. */
  readonly examples: readonly { readonly title: string; readonly yaml: string }[];
  /** The implementation, loaded when a config names it. */
  readonly load: () => Promise<Kinds<z.output<S>>[K]>;
}

/**
 * A plugin whose config type is forgotten: what the catalogue holds. `load` is declared as a method so that plugins
 * of any config type fit; the engine gives an implementation only configs that its own schema has resolved.
 */
export interface AnyPlugin<K extends Kind = Kind> {
  readonly kind: K;
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly stability: Stability;
  config(): Promise<z.ZodObject>;
  readonly examples: readonly { readonly title: string; readonly yaml: string }[];
  load(): Promise<Kinds<never>[K]>;
}

/** Every plugin that an engine knows. */
export type Catalog = readonly AnyPlugin[];

/** The `config` of a plugin that has no options. */
export async function noOptions(): Promise<z.ZodObject> {
  return (await import('./no-options.ts')).noOptions;
}

/** Checks the types of a declaration and forgets the config type. */
export function plugin<K extends Kind, S extends z.ZodObject>(declaration: Plugin<K, S>): AnyPlugin<K> {
  return declaration;
}
