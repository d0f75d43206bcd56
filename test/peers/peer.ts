/**
 * Real systems that the connectors of the catalogue are tried with. Each says how jobs write to a place in it (a
 * table, a folder, a prefix), how they read it, and which faults it can be given. The suites beside this file run
 * every peer through the same hazards.
 */
import type { Column } from '#spi/schema.ts';

/** A section of a config. */
export type Section = Readonly<Record<string, unknown>>;

export interface Peer extends AsyncDisposable {
  /** The plugins' name. */
  readonly name: string;
  /** Puts records in place of everything that is at the place. Absent for what only reads. */
  readonly out?: (place: string) => Section;
  /** Reads what is at the place; absent for what only writes. */
  readonly in?: (place: string, columns: readonly Column[]) => Section;
  /** Puts records there without our outputs: CSV with a line of names. For peers that only read. */
  readonly seed?: (place: string, csv: string) => Promise<void>;
  /** What runs have left beside their results: temporary tables, parts of uploads, hidden files. */
  leftovers(): Promise<readonly string[]>;
  /** TCP port of the server; absent when there is none. */
  readonly port?: number;
  /** The section with another port. */
  readonly through?: (section: Section, port: number) => Section;
  /** The section with a password or key that is wrong, and the text that must not be shown. */
  readonly strange?: (section: Section) => { readonly section: Section; readonly secret: string };
  /** The section as somebody who may log in, and nothing more. */
  readonly powerless?: (section: Section) => Section;
  /** Stops the server at once, and starts it again. */
  readonly restart?: () => Promise<void>;
  /** Values that it does not give back as they were: by column, what comes instead of what. */
  readonly losses?: readonly Loss[];
}

export interface Loss {
  /** A column of the torture table. */
  readonly column: string;
  /** As documented in docs/embulk-compatibility.md. */
  readonly why: string;
  /** What comes back, of the value as JSON lines have it. */
  readonly becomes: (value: unknown) => unknown;
}

/** What a peer can do: which hazards make sense with it. */
export type Ability =
  | 'in'
  | 'out'
  /** Is a server at a port. */
  | 'server'
  /** Asks who we are. */
  | 'login'
  /** Has users who may not do everything. */
  | 'rights'
  | 'restart';

export interface PeerEntry {
  readonly name: string;
  /** Why it cannot be had here; empty when it can. */
  readonly missing: string;
  /** Members of the peer that are there. */
  readonly can: readonly Ability[];
  readonly start: () => Promise<Peer>;
}
