/** All files of a folder, checked: each alone, against each other, and against what the service has. */
import type { RopewayError } from '#spi/errors.ts';
import { complain, readDefinition } from './definition-file.ts';
import type { PlacedFile } from './definition-file.ts';
import { readEnvironment, unknownNames } from './environment.ts';
import type { Environment } from './environment.ts';
import { readFiles } from './folder.ts';
import { kinds } from './kind-list.ts';
import type { Content, KindName, ResourceKind } from './resource-kind.ts';
import type { ServiceState } from './service-state.ts';

/** What a file asks for. */
export interface Wanted {
  readonly kind: ResourceKind;
  readonly file: PlacedFile;
  readonly content: Content;
}

export interface ReadDefinitions {
  /** In the order in which they can be made. */
  readonly wanted: readonly Wanted[];
  readonly errors: readonly RopewayError[];
  /** The texts that errors are about, by path. */
  readonly texts: ReadonlyMap<string, PlacedFile>;
}

export async function readDefinitions(
  folder: string,
  state: ServiceState,
  environmentName: string | undefined,
): Promise<ReadDefinitions> {
  const opened = await readEnvironment(folder, environmentName);
  const errors: RopewayError[] = [...opened.errors];
  const texts = new Map<string, PlacedFile>();
  const { environment } = opened;
  if (environment !== undefined) texts.set(environment.file.path, environment.file);
  const all: Wanted[] = [];
  for (const kind of kinds) {
    const read = await wantedOf(kind, { folder, state, environment, texts });
    all.push(...read.wanted);
    errors.push(...read.errors);
  }
  const named = new Set(all.map(({ kind, content }) => `${kind.kind} ${content.name}`));
  const isKnown = (kind: KindName, name: string): boolean =>
    named.has(`${kind} ${name}`) || state.found(kind).has(name);
  if (environment !== undefined) errors.push(...unknownNames(environment, isKnown));
  // What another one stands in for belongs to another environment.
  const replaced = new Set(environment?.names.map(({ kind, from }) => `${kind} ${from}`));
  const kept = all.filter(({ kind, content }) => !replaced.has(`${kind.kind} ${content.name}`));
  const wanted: Wanted[] = [];
  for (const each of kept) {
    errors.push(...unknownReferences(each, isKnown));
    const { content, complaints } = await each.kind.settled(each.content, state);
    errors.push(...complaints.map((complaint) => complain(each.file, complaint)));
    wanted.push({ ...each, content });
  }
  return { wanted, errors, texts };
}

interface Reading {
  readonly folder: string;
  readonly state: ServiceState;
  readonly environment: Environment | undefined;
  readonly texts: Map<string, PlacedFile>;
}

async function wantedOf(
  kind: ResourceKind,
  { folder, state, environment, texts }: Reading,
): Promise<{ wanted: readonly Wanted[]; errors: readonly RopewayError[] }> {
  const { files, errors: unread } = await readFiles(folder, kind.folder);
  const errors = [...unread];
  const wanted = new Map<string, Wanted>();
  for (const text of files) {
    const read = readDefinition(text, kind.schema);
    errors.push(...read.errors);
    if (read.file === undefined) continue;
    texts.set(text.path, read.file);
    const rename = environment?.rename ?? ((_: KindName, name: string) => name);
    const isScheduleOn = environment?.isScheduleOn ?? (() => undefined);
    const { content, complaints } = await kind.content(read.value, state, { rename, isScheduleOn, text: text.text });
    errors.push(...complaints.map((complaint) => complain(read.file, complaint)));
    const other = wanted.get(content.name);
    if (other !== undefined) {
      const params = { kind: kind.kind, name: content.name, other: other.file.path };
      errors.push(complain(read.file, { path: [kind.namedBy ?? 'name'], code: 'DEFINITION_NAME_TWICE', params }));
    }
    wanted.set(content.name, { kind, file: read.file, content });
    const { plugin } = content.fields;
    if (kind.kind === 'connection' && typeof plugin === 'string') state.willBe(content.name, plugin);
  }
  return { wanted: [...wanted.values()], errors };
}

function unknownReferences(
  { kind, file, content }: Wanted,
  isKnown: (kind: KindName, name: string) => boolean,
): readonly RopewayError[] {
  return kind
    .references(content)
    .filter((each) => !isKnown(each.kind, each.name))
    .map((each) => {
      const params = { kind: each.kind, name: each.name };
      return complain(file, { path: each.path, code: 'DEFINITION_REFERENCE', params });
    });
}

export function groupedByFile(errors: readonly RopewayError[]): readonly RopewayError[] {
  return [...errors].sort((one, other) => {
    const [a, b] = [one.where, other.where];
    return (
      (a.file ?? '').localeCompare(b.file ?? '') || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)
    );
  });
}
