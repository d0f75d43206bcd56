/** The rules of a plugin: those of every plugin, and those of its kind. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConformanceCase } from '#spi/conformance.ts';
import type { AnyPlugin, Catalog, Kind } from '#spi/plugin.ts';
import { decoderRules, encoderRules } from './compression-rules.ts';
import { connectionRules } from './connection-rules.ts';
import { declarationRules } from './declaration-rules.ts';
import { fileInputRules, fileOutputRules } from './file-rules.ts';
import { filterRules } from './filter-rules.ts';
import { formatterRules } from './formatter-rules.ts';
import { guessRules } from './guess-rules.ts';
import { parserRules } from './parser-rules.ts';
import { inputRules, outputRules } from './record-rules.ts';
import { LeftOut, Subject } from './subject.ts';

/** One thing that must hold. Throws when it does not, and leaves itself out (`leaveOut`) when it cannot be tried. */
export interface Rule {
  readonly title: string;
  readonly check: (subject: Subject) => Promise<void>;
}

/** A rule for one plugin, ready to be run. */
export interface RuleRun {
  readonly title: string;
  /** Throws when the rule is broken; a sentence says why it was not tried. */
  readonly run: () => Promise<string | undefined>;
}

const kindRules: Readonly<Record<Kind, readonly Rule[]>> = {
  input: inputRules,
  file_input: fileInputRules,
  decoder: decoderRules,
  parser: parserRules,
  filter: filterRules,
  formatter: formatterRules,
  encoder: encoderRules,
  file_output: fileOutputRules,
  output: outputRules,
  connection: connectionRules,
  guess: guessRules,
};

/** A rule that takes longer is broken: it waits for something that does not come. */
const RULE_MS_MAX = 60_000;

/** The plugin stands among the others of the catalogue; a plugin without a case is tried as far as that goes. */
export function rulesFor(plugin: AnyPlugin, catalog: Catalog, cases: readonly ConformanceCase[]): readonly RuleRun[] {
  const own = cases.filter(({ kind, name }) => kind === plugin.kind && name === plugin.name);
  const given: readonly (ConformanceCase | undefined)[] = own.length === 0 ? [undefined] : own;
  return [
    ...declarationRules.map((rule) => ruleRun(rule, { plugin, catalog, given: own[0] })),
    ...given.flatMap((one, index) =>
      kindRules[plugin.kind].map((rule) => {
        const { title, run } = ruleRun(rule, { plugin, catalog, given: one });
        return { title: index === 0 ? title : `${title} (case ${index + 1})`, run };
      }),
    ),
  ];
}

interface RunParts {
  readonly plugin: AnyPlugin;
  readonly catalog: Catalog;
  readonly given: ConformanceCase | undefined;
}

function ruleRun({ title, check }: Rule, { plugin, catalog, given }: RunParts): RuleRun {
  return {
    title,
    async run() {
      const waiver = given?.waivers?.[title];
      if (waiver !== undefined) return waiver;
      const folder = await mkdtemp(join(tmpdir(), 'ropeway-conformance-'));
      try {
        await inTime(check(new Subject({ plugin, catalog, given, folder })));
        return undefined;
      } catch (error) {
        if (error instanceof LeftOut) return error.message;
        throw error;
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`It takes longer than ${RULE_MS_MAX / 1000} seconds.`)), RULE_MS_MAX);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
