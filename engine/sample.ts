/** The first bytes of an input's files: what guessing looks at. */
import { engineErrors } from './errors.ts';
import type { Context } from '#spi/context.ts';
import type { FileInput, InnerFile } from '#spi/files.ts';
import type { Json } from '#spi/json.ts';
import type { Catalog } from '#spi/plugin.ts';
import type { Report } from '#spi/records.ts';
import type { Section } from './job.ts';
import { Counters } from './counters.ts';
import { RejectionLog } from './rejection-log.ts';
import { taskContext } from './run-context.ts';
import type { RunTaskContext } from './run-context.ts';
import { inSection, iterateInSection, loadSection } from './section.ts';
import { decodedFiles, loadDecoders } from './source.ts';

/** A sample shorter than this is kept only when no file has more (Embulk's rule). */
const SAMPLE_BYTES_MIN = 40;

/** The first `sizeBytes` bytes, before any decoder, of the first file that has enough; else of the longest one. */
export async function readSample(
  section: Section<'file_input'>,
  { catalog, context, sizeBytes }: { catalog: Catalog; context: Context; sizeBytes: number },
): Promise<Uint8Array> {
  const plugin = await loadSection(section, catalog);
  const { tasks } = await inSection(section, () => plugin.plan(section.config, context));
  if (tasks.length === 0) throw engineErrors.error('NO_INPUT_FILES', {}, { where: { path: section.path } });
  let best: Uint8Array = new Uint8Array(0);
  for (const [index, task] of tasks.entries()) {
    const files = sampleFiles(section, plugin, task, sampleContext(context, index));
    for await (const bytes of files) {
      const sample = await firstBytes(bytes, sizeBytes);
      if (sample.length >= SAMPLE_BYTES_MIN) return sample;
      if (sample.length > best.length) best = sample;
    }
  }
  if (best.length === 0) throw engineErrors.error('INPUT_FILES_EMPTY', {}, { where: { path: section.path } });
  return best;
}

async function* sampleFiles(
  section: Section<'file_input'>,
  plugin: FileInput<unknown>,
  task: Json,
  ctx: RunTaskContext,
): AsyncGenerator<AsyncIterable<Uint8Array>> {
  const files: AsyncGenerator<{ read(): AsyncIterable<Uint8Array> }, Report> = plugin.read(section.config, task, ctx);
  for await (const file of iterateInSection(section, files)) yield iterateInSection(section, file.read());
}

/** The sample after the decoders. What cannot be decoded (a sample ends anywhere) ends it early. */
export async function decodeSample(
  sample: Uint8Array,
  decoders: readonly Section<'decoder'>[],
  { catalog, context, sizeBytes }: { catalog: Catalog; context: Context; sizeBytes: number },
): Promise<Uint8Array> {
  const stages = await loadDecoders(decoders, catalog);
  const whole = { name: 'sample', bytes: once(sample) };
  return firstBytes(firstFile(decodedFiles(whole, stages, sampleContext(context, 0))), sizeBytes, {
    keepOnError: true,
  });
}

/** The bytes of the first file that has any. */
async function* firstFile(files: AsyncIterable<InnerFile>): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of files) {
    let isEmpty = true;
    for await (const chunk of bytes) {
      yield chunk;
      if (chunk.length > 0) isEmpty = false;
    }
    if (!isEmpty) return;
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function firstBytes(
  bytes: AsyncIterable<Uint8Array>,
  sizeBytes: number,
  { keepOnError = false } = {},
): Promise<Uint8Array> {
  const sample = new Uint8Array(sizeBytes);
  let length = 0;
  try {
    for await (const chunk of bytes) {
      const part = chunk.subarray(0, sizeBytes - length);
      sample.set(part, length);
      length += part.length;
      if (length === sizeBytes) break;
    }
  } catch (error) {
    // The sample is cut out of its file: a decoder's complaint about the end is expected, whatever it is.
    if (!keepOnError) throw error;
  }
  return sample.subarray(0, length);
}

/** A task context that counts nothing: a sample is not part of a run. */
export function sampleContext(context: Context, index: number): RunTaskContext {
  return taskContext(context, index, {
    counters: new Counters(),
    rejections: new RejectionLog(context.log),
    skippedRecordsMax: Number.MAX_SAFE_INTEGER,
  });
}
