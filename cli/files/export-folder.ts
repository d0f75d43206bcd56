/** Writes what the service has into a folder: a file each, of which those that are there already keep their names. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SecretReference } from '#api/resources/applied.ts';
import { definitionText, readDefinition } from './definition-file.ts';
import { fileNames } from './file-name.ts';
import { makeFolder, readFiles, writeText } from './folder.ts';
import { kinds } from './kind-list.ts';
import type { Content, Found, ResourceKind } from './resource-kind.ts';
import { variableOf } from './secrets.ts';
import type { ServiceState } from './service-state.ts';

export interface ExportedFile {
  readonly kind: string;
  readonly name: string;
  readonly path: string;
  readonly outcome: 'written' | 'same' | 'left out' | 'removed' | 'in no service';
  readonly reason?: string;
}

export async function exportFolder(
  folder: string,
  state: ServiceState,
  { prune }: { readonly prune: boolean },
): Promise<readonly ExportedFile[]> {
  const all: ExportedFile[] = [];
  for (const kind of kinds) {
    await makeFolder(folder, kind.folder);
    const known = await knownFiles(folder, kind, state);
    const found = [...state.found(kind.kind).values()].sort((one, other) => (one.name < other.name ? -1 : 1));
    const fresh = found.filter(({ name }) => !known.has(name)).map(({ name }) => name);
    const taken = new Set([...known.values()].map(({ path }) => path.replace(/^.*[/\\]/, '')));
    const names = fileNames(fresh, taken);
    for (const each of found) {
      const before = known.get(each.name);
      const path = before?.path ?? join(folder, kind.folder, names.get(each.name) ?? '');
      all.push(await exported({ kind, found: each, path, before, state }));
    }
    all.push(...(await strangers({ kind, known, state, prune })));
  }
  return all;
}

interface KnownFile {
  readonly path: string;
  readonly text: string;
  readonly content: Content;
}

/** Files that can be read, by the names in them. */
async function knownFiles(
  folder: string,
  kind: ResourceKind,
  state: ServiceState,
): Promise<ReadonlyMap<string, KnownFile>> {
  const known = new Map<string, KnownFile>();
  const { files, errors } = await readFiles(folder, kind.folder);
  // Something that is no file would be written over, or in its place.
  const [error] = errors;
  if (error !== undefined) throw error;
  for (const file of files) {
    const read = readDefinition(file, kind.schema);
    if (read.file === undefined) throw read.errors[0] ?? new Error(file.path);
    const { content } = await kind.content(read.value, state, {
      rename: (_, name) => name,
      isScheduleOn: () => undefined,
      text: file.text,
    });
    known.set(content.name, { ...file, content });
  }
  return known;
}

interface OneExport {
  readonly kind: ResourceKind;
  readonly found: Found;
  readonly path: string;
  readonly before: KnownFile | undefined;
  readonly state: ServiceState;
}

async function exported({ kind, found, path, before, state }: OneExport): Promise<ExportedFile> {
  const facts = { kind: kind.kind, name: found.name, path };
  if (found.hidden !== undefined) return { ...facts, outcome: 'left out', reason: found.hidden };
  const remembered = state.applied(found.id)?.secretReferences ?? {};
  // Where somebody chose to look them up, in this folder or in the one that was applied; else a name is made.
  const secrets = new Map(
    found.secretsSet.map((option): [string, SecretReference] => [
      option,
      before?.content.secrets.get(option) ?? remembered[option] ?? { env: variableOf(found.name, option) },
    ]),
  );
  const text = definitionText({ ...found, secrets }, kind);
  if (before?.text === text) return { ...facts, outcome: 'same' };
  await writeText(path, text);
  return { ...facts, outcome: 'written' };
}

/** Files of what is not in the service, or not any more. */
async function strangers({
  kind,
  known,
  state,
  prune,
}: {
  readonly kind: ResourceKind;
  readonly known: ReadonlyMap<string, KnownFile>;
  readonly state: ServiceState;
  readonly prune: boolean;
}): Promise<readonly ExportedFile[]> {
  const all: ExportedFile[] = [];
  for (const [name, { path }] of known) {
    if (state.found(kind.kind).has(name)) continue;
    if (prune) await rm(path);
    all.push({ kind: kind.kind, name, path, outcome: prune ? 'removed' : 'in no service' });
  }
  return all;
}
