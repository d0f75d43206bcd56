/** A peer for every system that the connectors of the catalogue speak to. */
import { catalog } from '#connectors/catalog.ts';
import { filePeer } from './file.ts';
import { gcsPeer } from './gcs.ts';
import { httpPeer } from './http.ts';
import type { PeerEntry } from './peer.ts';
import { postgresqlPeer } from './postgresql.ts';
import { s3Peer } from './s3.ts';

export const peers: readonly PeerEntry[] = [filePeer, s3Peer, gcsPeer, httpPeer, postgresqlPeer];

/** Inputs and outputs that stand for no system. */
const withoutSystem: ReadonlySet<string> = new Set(['config', 'stdout', 'null']);

/** Systems of the catalogue, by the names of their plugins. */
export function systems(): readonly string[] {
  const kinds: ReadonlySet<string> = new Set(['input', 'file_input', 'output', 'file_output']);
  const names = catalog.filter(({ kind, name }) => kinds.has(kind) && !withoutSystem.has(name)).map(({ name }) => name);
  return [...new Set(names)];
}
