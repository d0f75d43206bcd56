/** Objects as tasks of a file input: one is one task, or several that follow each other. */
import type { TaskContext } from '#spi/context.ts';
import type { FileInput, SourceFile } from '#spi/files.ts';
import type { JsonObject } from '#spi/json.ts';
import type { RangeFile } from '#spi/ranges.ts';
import type { Report } from '#spi/records.ts';
import { readInto, readPieces } from './object-reader.ts';
import { RANGES_AHEAD, ReadAhead } from './read-ahead.ts';
import type { ObjectSource, PlannedObject, StoredObject } from './store.ts';

/** Smaller objects come by one request; reading in ranges takes several. */
const RANGES_FROM_BYTES = 4 * 1024 * 1024;

export interface ObjectTask extends JsonObject {
  readonly objects: readonly PlannedObject[];
}

type ObjectPlan = Awaited<ReturnType<FileInput<unknown, ObjectTask>['plan']>>;

/** Objects in their order, as many to a task as it takes to reach the size. */
export function planTasks(objects: readonly StoredObject[], minTaskBytes: number): ObjectPlan {
  const tasks = groupBySize(objects, minTaskBytes);
  const taskBytes = tasks.map((task) => task.objects.reduce((sum, { size }) => sum + size, 0));
  return { tasks, taskBytes, sizeBytes: taskBytes.reduce((sum, bytes) => sum + bytes, 0) };
}

export function groupBySize(objects: readonly StoredObject[], minTaskBytes: number): ObjectTask[] {
  const tasks: PlannedObject[][] = [];
  let bytes = Infinity;
  for (const { key, sizeBytes, version } of objects) {
    if (bytes >= minTaskBytes) {
      tasks.push([]);
      bytes = 0;
    }
    tasks.at(-1)?.push({ key, size: sizeBytes, version });
    bytes += sizeBytes;
  }
  return tasks.map((of) => ({ objects: of }));
}

/** Key of the last object of a run. */
export function lastKey(tasks: readonly ObjectTask[]): string | undefined {
  return tasks.at(-1)?.objects.at(-1)?.key;
}

export async function* readTask(
  source: ObjectSource,
  task: ObjectTask,
  ctx: TaskContext,
): AsyncGenerator<SourceFile, Report> {
  for (const object of task.objects) {
    const range = { from: 0, to: object.size };
    const progress = (bytes: number): void => ctx.progress(bytes);
    yield {
      name: source.placeOf(object.key),
      sizeBytes: object.size,
      read: () => readPieces(source, object, range, { signal: ctx.signal, progress }),
    };
  }
  return {};
}

/** The one object of a task for reading in ranges; undefined when it is not worth it. */
export async function openTaskRanges(
  task: ObjectTask,
  { signal }: TaskContext,
  open: () => Promise<ObjectSource>,
): Promise<RangeFile | undefined> {
  const [object, ...others] = task.objects;
  if (object === undefined || others.length > 0 || object.size < RANGES_FROM_BYTES) return undefined;
  const source = await open();
  await source.check(object);
  const ahead = new ReadAhead(
    object.size,
    (from, target, stop) => readInto(source, object, { from, target }, stop),
    signal,
  );
  return {
    name: source.placeOf(object.key),
    sizeBytes: object.size,
    rangesAhead: RANGES_AHEAD,
    announce: (from, to) => ahead.announce(from, to),
    read: (position, target) => ahead.read(position, target),
    async close() {
      ahead.close();
      // A run that is being stopped need not know.
      if (!signal.aborted) await source.check(object);
    },
  };
}
