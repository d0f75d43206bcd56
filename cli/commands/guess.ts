/** `ropeway guess seed.yml`: finds out the settings of an input, and says what it found. */
import { guessConfig } from '#engine/guess/guess-config.ts';
import { printYaml } from '#codec/yaml/print-yaml.ts';
import { openCatalog } from '#cli/catalog.ts';
import { runCommand } from '#cli/command-context.ts';
import type { CommandContext } from '#cli/command-context.ts';
import type { SharedOptions } from '#cli/command-line.ts';
import { checkWritable, openConfig, writeWhole } from '#cli/config-file.ts';
import type { Installation } from '#cli/installation.ts';
import type { Finding } from '#spi/guess.ts';
import { isJsonObject } from '#spi/json.ts';
import type { JsonObject } from '#spi/json.ts';

export interface GuessOptions extends SharedOptions {
  readonly output?: string;
  readonly guess?: string;
}

const SAMPLE_BYTES_DEFAULT = 32_768;

export function guess(configPath: string, options: GuessOptions, installation: Installation): Promise<number> {
  return runCommand(options, async (ctx) => {
    const { catalog } = await openCatalog(options, installation);
    const { value, properties } = await openConfig(ctx, configPath, options);
    if (options.output !== undefined) await checkWritable(options.output);
    const exec = isJsonObject(value['exec']) ? value['exec'] : {};
    const sampleBytes = Number(
      exec['guess_sample_buffer_bytes'] ?? properties.guessSampleBytes ?? SAMPLE_BYTES_DEFAULT,
    );
    const guessed = await guessConfig(value, {
      catalog,
      log: ctx.log,
      signal: ctx.signal,
      moreGuessers: [...(properties.guessPlugins ?? []), ...names(options.guess)],
      sampleBytes,
    });
    if (options.output !== undefined) await writeWhole(options.output, printYaml(guessed.config));
    printResult(ctx, guessed.config, guessed.findings, options.output);
  });
}

function names(list: string | undefined): readonly string[] {
  return (list ?? '').split(',').filter((name) => name !== '');
}

function printResult(
  ctx: CommandContext,
  config: JsonObject,
  findings: readonly Finding[],
  output: string | undefined,
): void {
  const { terminal } = ctx;
  if (ctx.isJson) {
    terminal.out(`${JSON.stringify({ config, findings }, undefined, 2)}\n`);
    return;
  }
  const marks = { certain: '✓', likely: '✓', unsure: '?' } as const;
  for (const { sentence, confidence } of findings) {
    const colour = confidence === 'unsure' ? 'yellow' : 'green';
    terminal.say(`${terminal.style(colour, marks[confidence])} ${sentence}\n`);
  }
  if (output === undefined) terminal.out(`${printYaml(config)}\n`);
  else terminal.say(`\nWrote ${output}. Look at the first records: ropeway preview ${output}\n`);
}
