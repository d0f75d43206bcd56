/** `guess`: the config with what was found out about its input. */
import type { Logger } from '#spi/context.ts';
import type { Finding } from '#spi/guess.ts';
import { isJsonObject } from '#spi/json.ts';
import type { JsonObject } from '#spi/json.ts';
import type { Catalog } from '#spi/plugin.ts';
import { configErrors } from '#engine/config/errors.ts';
import { JobReader } from '#engine/config/job-reader.ts';
import { mergeConfig } from '#engine/config/merge.ts';
import { nearest } from '#engine/config/suggest.ts';
import { engineErrors } from '#engine/errors.ts';
import { runContext } from '#engine/run-context.ts';
import { decodeSample, readSample } from '#engine/sample.ts';
import { loadSection } from '#engine/section.ts';
import { guessLoop } from './guess-loop.ts';

/**
 * Tried in this order. Others than Embulk's (gzip, bzip2, json, csv) are ours; they cannot change the answer for a file
 * that those understand (labelled values would be CSV of odd columns otherwise).
 */
const defaultGuessers = ['gzip', 'bzip2', 'zstd', 'zip', 'tar', 'parquet', 'json', 'ltsv', 'csv'];

export interface GuessOptions {
  readonly catalog: Catalog;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Tried after the default ones and those of the config. */
  readonly moreGuessers: readonly string[];
  readonly sampleBytes: number;
}

export interface GuessedConfig {
  readonly config: JsonObject;
  readonly findings: readonly Finding[];
}

export async function guessConfig(config: JsonObject, options: GuessOptions): Promise<GuessedConfig> {
  const { catalog, sampleBytes } = options;
  const reader = new JobReader(config, catalog);
  const section = await reader.fileInput();
  const exec = reader.execOptions();
  const [error] = reader.errors;
  if (error !== undefined) throw error;
  const input = config['in'];
  if (section === undefined || !isJsonObject(input)) {
    const name = isJsonObject(input) ? String(input['type']) : '';
    throw engineErrors.error('GUESS_NEEDS_FILES', { name }, { where: { path: ['in', 'type'] } });
  }
  const names = [...defaultGuessers, ...exec.guess_plugins, ...options.moreGuessers].filter(
    (name) => !exec.exclude_guess_plugins.includes(name),
  );
  const context = runContext({
    log: options.log,
    signal: options.signal,
    transactionTime: new Date(),
    isPreview: true,
  });
  try {
    const guessers = await Promise.all(names.map((name) => loadGuesser(name, catalog)));
    const sampling = { catalog, context, sizeBytes: sampleBytes };
    const sample = await readSample(section, sampling);
    const decode = async (current: JsonObject): Promise<Uint8Array> => {
      const known = new JobReader({ in: current }, catalog);
      const decoders = await known.decoders();
      const [decoderError] = known.errors;
      if (decoderError !== undefined) throw decoderError;
      return decoders.length === 0 ? sample : decodeSample(sample, decoders, sampling);
    };
    const guessed = await guessLoop({ input, guessers, decode });
    return { config: mergeConfig(config, { in: guessed.input }), findings: guessed.findings };
  } finally {
    await context.close();
  }
}

async function loadGuesser(name: string, catalog: Catalog): ReturnType<typeof loadSection<'guess'>> {
  const known = catalog.filter((plugin) => plugin.kind === 'guess').map((plugin) => plugin.name);
  if (!known.includes(name)) {
    const meant = nearest(name, known);
    const advice = meant === undefined ? `There are: ${known.join(', ')}.` : `Did you mean '${meant}'?`;
    throw configErrors.error('PLUGIN_UNKNOWN', { kind: 'guesser', name, advice });
  }
  return loadSection({ kind: 'guess', name, config: {}, path: ['exec', 'guess_plugins'] }, catalog);
}
