/** An environment: the same files, with other groups, connections and values. */
import { z } from 'zod';
import { NAME_LENGTH_MAX } from '#api/fields.ts';
import type { RopewayError } from '#spi/errors.ts';
import { complain, readDefinition } from './definition-file.ts';
import type { PlacedFile } from './definition-file.ts';
import { fileErrors } from './errors.ts';
import { readFiles } from './folder.ts';
import type { ContentSource, KindName, Rename } from './resource-kind.ts';

const FOLDER = 'environments';

const nameOf = z.string().min(1).max(NAME_LENGTH_MAX);
const names = z.record(nameOf, nameOf).default({});

const isOn = z.union([z.boolean(), z.enum(['on', 'off'])]).transform((value) => value === true || value === 'on');

const environmentSchema = z.strictObject({
  groups: names,
  connections: names,
  // All of them, or by the name of the transfer.
  schedules: z.union([isOn, z.record(nameOf, isOn)]).optional(),
});

/** Which field of the environment is about which kind. */
const renamed = { groups: 'group', connections: 'connection' } as const;

export interface Environment {
  readonly file: PlacedFile;
  readonly rename: Rename;
  readonly isScheduleOn: ContentSource['isScheduleOn'];
  readonly scheduled: readonly string[];
  /** What the files name, and what stands in its place. */
  readonly names: readonly { readonly kind: KindName; readonly from: string; readonly to: string }[];
}

export type OpenedEnvironment = {
  readonly environment: Environment | undefined;
  readonly errors: readonly RopewayError[];
};

export async function readEnvironment(folder: string, name: string | undefined): Promise<OpenedEnvironment> {
  if (name === undefined) return { environment: undefined, errors: [] };
  const { files, errors } = await readFiles(folder, FOLDER);
  const stem = ({ path }: { readonly path: string }): string => path.replace(/^.*[/\\]/, '').replace(/\.ya?ml$/, '');
  // Looked for among those that there are: a name with `..` in it is just a wrong one.
  const file = files.find((each) => stem(each) === name);
  if (file === undefined) {
    const known = files.map(stem).join(', ') || 'none';
    return {
      environment: undefined,
      errors: [...errors, fileErrors.error('ENVIRONMENT_UNKNOWN', { name, names: known })],
    };
  }
  const read = readDefinition(file, environmentSchema);
  if (read.file === undefined) return { environment: undefined, errors: [...errors, ...read.errors] };
  // The schema has given it.
  return { environment: environmentOf(read.file, read.value as unknown as z.output<typeof environmentSchema>), errors };
}

function environmentOf(file: PlacedFile, value: z.output<typeof environmentSchema>): Environment {
  const all = Object.entries(renamed).flatMap(([field, kind]) =>
    Object.entries(value[field as keyof typeof renamed]).map(([from, to]) => ({ kind, from, to })),
  );
  const { schedules } = value;
  return {
    file,
    names: all,
    scheduled: typeof schedules === 'object' ? Object.keys(schedules) : [],
    isScheduleOn: (transfer) => (typeof schedules === 'object' ? schedules[transfer] : schedules),
    rename: (kind, wanted) => all.find((each) => each.kind === kind && each.from === wanted)?.to ?? wanted,
  };
}

/** Names that neither the files nor the service have. */
export function unknownNames(
  { file, names: all, scheduled }: Environment,
  isKnown: (kind: KindName, name: string) => boolean,
): readonly RopewayError[] {
  const unscheduled = scheduled
    .filter((name) => !isKnown('transfer', name))
    .map((name) =>
      complain(file, { path: ['schedules', name], code: 'ENVIRONMENT_NAME', params: { kind: 'transfer', name } }),
    );
  const unnamed = all.flatMap(({ kind, from, to }) => {
    const field = kind === 'group' ? 'groups' : 'connections';
    const wrong = [from, to].filter((each) => !isKnown(kind, each));
    return wrong.map((each) =>
      complain(file, { path: [field, from], code: 'ENVIRONMENT_NAME', params: { kind, name: each } }),
    );
  });
  return [...unnamed, ...unscheduled];
}
