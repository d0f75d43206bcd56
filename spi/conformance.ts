/** What the conformance rules must be told to try a plugin: `ropeway plugins check` and our own tests run them. */
import type { Timestamp } from './batch.ts';
import type { JsonObject } from './json.ts';
import type { Kind } from './plugin.ts';
import type { Column } from './schema.ts';

/** A value of a record: as `valueAt` gives it. */
export type Cell = null | boolean | bigint | number | string | Timestamp;

/** How one plugin is tried. A rule that lacks something here is left out, and says what it lacks. */
export interface ConformanceCase {
  readonly kind: Kind;
  readonly name: string;
  /**
   * The section of a config without `type`; by default that of the first example. A function is given an empty folder
   * of its own. Plugins that reach out of the process are only tried with a config.
   */
  readonly config?: JsonObject | ((folder: string) => Promise<JsonObject>);
  /** Of parsers, decoders and guessers: a whole file. */
  readonly sample?: string | Uint8Array;
  /** Of parsers and decoders: `head` and then `body` again and again are a file without an end; by default the sample. */
  readonly endless?: { readonly head: string | Uint8Array; readonly body: string | Uint8Array };
  /** Records of the sample, or of the input. */
  readonly records?: number;
  /** Of parsers: the records of the sample. */
  readonly expected?: readonly (readonly Cell[])[];
  /** Bad records of the sample. */
  readonly rejected?: number;
  /** Of filters: what they are given. */
  readonly columns?: readonly Column[];
  readonly rows?: readonly (readonly Cell[])[];
  /** Of formatters: what the parser of its name is told to read its files, besides the columns. */
  readonly readBack?: JsonObject;
  /**
   * Of connections: options that lead to this port of 127.0.0.1, where nobody listens. By default those of `host`,
   * `port`, `endpoint` and `url` that there are.
   */
  readonly server?: (port: number) => JsonObject;
  /** Rules that do not hold, by their titles, and why that is right. */
  readonly waivers?: Readonly<Record<string, string>>;
}
