/** The settings of a run as a whole: `exec:`, and the properties of `-X`. */
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import type { KernelUse } from '#codec/wasm/kernel-switch.ts';
import type { RopewayError } from '#spi/errors.ts';
import { option } from '#spi/fields.ts';
import type { ExecSettings } from '#engine/job.ts';
import { configErrors } from './errors.ts';
import { yamlDialects } from '#codec/yaml/plain-scalar.ts';
import type { YamlDialect } from '#codec/yaml/plain-scalar.ts';
import { nearest } from './suggest.ts';

/** Smaller chunks cost speed, larger ones memory; neither changes what is written, but for where compressed pieces end. */
const CHUNK_BYTES = 1024 * 1024;

const count = (): z.ZodNumber => z.number().int().min(1);

/** The `exec:` section as people write it. */
export const execSchema = z.strictObject({
  type: option(z.enum(['local']).default('local'), {
    title: 'Executor',
    description: 'Where the tasks run; `local` is the only one.',
    'x-advanced': true,
  }),
  max_threads: option(count().optional(), {
    title: 'Threads',
    description: 'Worker threads at most. As many as there are processor cores when it is not given.',
    examples: [4],
  }),
  min_output_tasks: option(count().optional(), {
    title: 'Outputs at least',
    description:
      'An input of fewer tasks is spread over this many output tasks, so one file becomes several. ' +
      'As many as there are processor cores when it is not given; 1 makes one output per input.',
    examples: [1],
  }),
  skipped_records_max: option(z.number().int().min(0).default(Number.MAX_SAFE_INTEGER), {
    title: 'Skipped records at most',
    description: 'The run fails when more records than this are skipped. There is no limit by default.',
    examples: [0, 1000],
  }),
  guess_plugins: option(z.array(z.string()).default([]), {
    title: 'More guessers',
    description: 'Guessers that are tried after the default ones.',
    examples: [['csv_all_strings']],
    'x-advanced': true,
  }),
  exclude_guess_plugins: option(z.array(z.string()).default([]), {
    title: 'Guessers left out',
    description: 'Default guessers that are not tried.',
    examples: [['csv']],
    'x-advanced': true,
  }),
  guess_sample_buffer_bytes: option(count().default(32_768), {
    title: 'Sample for guessing',
    description: 'Bytes at the start of the input that guessing looks at.',
    'x-advanced': true,
  }),
  preview_sample_buffer_bytes: option(count().default(32_768), {
    title: 'Sample for previews',
    description: 'Taken for compatibility: a preview reads as much as its rows need.',
    'x-advanced': true,
  }),
  transaction_time: option(z.string().optional(), {
    title: 'Time of the run',
    description: 'The time that filters and outputs take for now, in UTC, such as `2015-01-02 03:04:05 UTC`.',
    examples: ['2015-01-02 03:04:05 UTC'],
    'x-advanced': true,
  }),
});

export type ExecOptions = z.output<typeof execSchema>;

/** What `-X name=value` may set. */
export interface Properties {
  readonly maxThreads?: number;
  readonly minOutputTasks?: number;
  readonly guessSampleBytes?: number;
  readonly guessPlugins?: readonly string[];
  readonly chunkBytes?: number;
  readonly spoilsGuesses?: boolean;
  readonly kernelUse?: KernelUse;
  readonly isVertical?: boolean;
  readonly dialect?: YamlDialect;
}

interface PropertyRule {
  readonly expected: string;
  readonly example: string;
  /** The setting, or undefined when the value is not acceptable. */
  readonly read: (value: string) => Properties | undefined;
}

const countRule = (example: string, setting: (count: number) => Properties): PropertyRule => ({
  expected: 'a positive whole number',
  example,
  read: (value) => (/^[1-9]\d{0,8}$/.test(value) ? setting(Number(value)) : undefined),
});
const switchRule = (setting: (isOn: boolean) => Properties): PropertyRule => ({
  expected: "'true' or 'false'",
  example: 'false',
  read: (value) => (value === 'true' || value === 'false' ? setting(value === 'true') : undefined),
});
/** Set by Embulk's users, but without an effect here: pages, logs and JVM folders are other things. */
const ignored: PropertyRule = { expected: 'anything', example: '', read: () => ({}) };

const rules: Readonly<Record<string, PropertyRule>> = {
  max_threads: countRule('4', (maxThreads) => ({ maxThreads })),
  min_output_tasks: countRule('1', (minOutputTasks) => ({ minOutputTasks })),
  guess_sample_buffer_bytes: countRule('32768', (guessSampleBytes) => ({ guessSampleBytes })),
  preview_sample_buffer_bytes: countRule('32768', () => ({})),
  guess_plugins: {
    expected: 'a list of names',
    example: 'csv_all_strings',
    read: (value) => ({ guessPlugins: value.split(',').filter((name) => name !== '') }),
  },
  preview_format: {
    expected: "'table' or 'vertical'",
    example: 'vertical',
    read: (value) => (value === 'vertical' || value === 'table' ? { isVertical: value === 'vertical' } : undefined),
  },
  yaml_dialect: {
    expected: yamlDialects.map((dialect) => `'${dialect}'`).join(' or '),
    example: '0.11.3',
    read: (value) => {
      const dialect = yamlDialects.find((known) => known === value);
      return dialect === undefined ? undefined : { dialect };
    },
  },
  chunk_bytes: countRule('1048576', (chunkBytes) => ({ chunkBytes })),
  kernels: switchRule((isOn) => ({ kernelUse: isOn ? 'always' : 'never' })),
  spoil_guesses: switchRule((spoilsGuesses) => ({ spoilsGuesses })),
  page_size: ignored,
  embulk_home: ignored,
  m2_repo: ignored,
  gem_home: ignored,
  gem_path: ignored,
  log_level: ignored,
  jruby: ignored,
};

export interface ReadProperties {
  readonly properties: Properties;
  readonly warnings: readonly RopewayError[];
}

/** Reads `-X` settings; unknown names are warnings, bad values errors. */
export function readProperties(pairs: Readonly<Record<string, string>>): ReadProperties {
  let properties: Properties = {};
  const warnings: RopewayError[] = [];
  const known = Object.keys(rules).filter((name) => rules[name] !== ignored);
  for (const [name, value] of Object.entries(pairs)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) {
      const meant = nearest(name, known);
      const list = meant === undefined ? known.join(', ') : `${meant} (did you mean this?), ${known.join(', ')}`;
      warnings.push(configErrors.error('PROPERTY_UNKNOWN', { name, known: list }));
      continue;
    }
    const setting = rule.read(value);
    if (setting === undefined) {
      const { expected, example } = rule;
      throw configErrors.error('PROPERTY_VALUE', { name, value, expected, example });
    }
    properties = { ...properties, ...setting };
  }
  return { properties, warnings };
}

/** Settings in force: what `exec:` says, then `-X`, then this machine. */
export function execSettings(exec: ExecOptions, properties: Properties, previewSampleRows: number): ExecSettings {
  const cores = availableParallelism();
  return {
    maxThreads: exec.max_threads ?? properties.maxThreads ?? cores,
    minOutputTasks: exec.min_output_tasks ?? properties.minOutputTasks ?? cores,
    skippedRecordsMax: exec.skipped_records_max,
    previewSampleRows,
    guessSampleBytes: properties.guessSampleBytes ?? exec.guess_sample_buffer_bytes,
    chunkBytes: properties.chunkBytes ?? CHUNK_BYTES,
    spoilsGuesses: properties.spoilsGuesses ?? false,
    kernelUse: properties.kernelUse ?? 'auto',
    transactionTime: (transactionTime(exec.transaction_time) ?? new Date()).toISOString(),
  };
}

/** `2015-01-02 03:04:05[.123] UTC` (or `+00:00`); undefined when it reads otherwise. */
export function transactionTime(text: string | undefined): Date | undefined {
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,9})?) ?(?:UTC|\+00:00|Z)$/.exec(text ?? '');
  if (match === null) return undefined;
  const time = new Date(`${match[1]}T${match[2]}Z`);
  return Number.isNaN(time.getTime()) ? undefined : time;
}
