/**
 * A job, ready to run: which plugins, with which resolved settings. Plain JSON, so that it goes to worker threads as
 * it is. `engine/config` makes it from a config file.
 */
import type { KernelUse } from '#codec/wasm/kernel-switch.ts';
import type { JsonObject } from '#spi/json.ts';
import type { Kind } from '#spi/plugin.ts';

/** One plugin with its settings. */
export interface Section<K extends Kind = Kind> {
  readonly kind: K;
  readonly name: string;
  /** As the plugin's own schema resolved it. */
  readonly config: JsonObject;
  /** Where it stands in the config file, for messages: `['in', 'parser']`. */
  readonly path: readonly (string | number)[];
}

export interface RecordInput extends Section<'input'> {
  readonly decoders: readonly [];
}

export interface FilesInput extends Section<'file_input'> {
  readonly decoders: readonly Section<'decoder'>[];
  readonly parser: Section<'parser'>;
}

export interface RecordOutput extends Section<'output'> {
  readonly encoders: readonly [];
}

export interface FilesOutput extends Section<'file_output'> {
  readonly encoders: readonly Section<'encoder'>[];
  readonly formatter: Section<'formatter'>;
}

export interface ExecSettings {
  /** Worker threads at most. */
  readonly maxThreads: number;
  /** An input of fewer tasks is spread over this many outputs. */
  readonly minOutputTasks: number;
  readonly previewSampleRows: number;
  readonly guessSampleBytes: number;
  /** The run fails when more records are skipped. */
  readonly skippedRecordsMax: number;
  /** ISO 8601. */
  readonly transactionTime: string;
  /** Bytes of a file that a thread takes at a time, where several share it. */
  readonly chunkBytes: number;
  /** Makes every guess about a chunk's first record wrong on purpose, for tests. */
  readonly spoilsGuesses: boolean;
  /** Whether records are read and written with the WebAssembly kernels. */
  readonly kernelUse: KernelUse;
}

export interface Job {
  readonly input: RecordInput | FilesInput;
  readonly filters: readonly Section<'filter'>[];
  readonly output: RecordOutput | FilesOutput;
  readonly exec: ExecSettings;
}
