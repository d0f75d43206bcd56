/** Replaces parts of texts by regular expressions. */
import { isNull, stringAt } from '#spi/batch.ts';
import type { Filter } from '#spi/records.ts';
import { replaceColumns } from '#spi/replace-columns.ts';
import type { ColumnStep } from '#spi/replace-columns.ts';
import { columnIndex } from '#spi/schema.ts';
import type { Schema } from '#spi/schema.ts';
import { VectorBuilder } from '#spi/vector-builder.ts';
import { copyText } from '#codec/cells/scalar.ts';
import { javaRegex, javaReplacement } from '#codec/regex/java.ts';
import { RegexWatch } from '#codec/regex/time-limit.ts';
import type { GsubConfig, GsubRule } from './config.ts';
import { gsubErrors } from './errors.ts';

type Path = readonly (string | number)[];
type Substitution = (text: string) => string;

export const gsub: Filter<GsubConfig> = {
  isRowwise: true,

  open(config, input) {
    const steps = Object.entries(config.target_columns).map(([name, rules]): ColumnStep => {
      const path = ['target_columns', name];
      const index = stringColumn(name, input, path);
      const watch = new RegexWatch();
      const substitutions = rules.map((rule, position) => substitution(rule, watch, [...path, position]));
      return { index, type: 'string', apply: substituted(substitutions, watch) };
    });
    return replaceColumns(input, steps);
  },
};

function stringColumn(name: string, input: Schema, path: Path): number {
  const index = columnIndex(input, name);
  const type = input.columns[index]?.type;
  if (type === 'string') return index;
  const reason = type === undefined ? 'there is no such column' : `it is not string but ${type}`;
  const known = input.columns.map((column) => `${column.name} (${column.type})`).join(', ');
  throw gsubErrors.error('GSUB_COLUMN', { name, reason, known }, { where: { path } });
}

function substituted(substitutions: readonly Substitution[], watch: RegexWatch): ColumnStep['apply'] {
  const builder = new VectorBuilder('string');
  return (vector, rowCount) =>
    watch.run(() => {
      builder.begin(rowCount);
      for (let row = 0; row < rowCount; row++) {
        if (isNull(vector, row)) continue;
        const before = stringAt(vector, row);
        let text = before;
        for (const substitute of substitutions) text = substitute(text);
        if (text === before) copyText(builder, row, vector);
        else builder.setString(row, text);
      }
      return builder.take();
    });
}

function substitution(rule: GsubRule, watch: RegexWatch, path: Path): Substitution {
  const { type, pattern } = rule;
  if (pattern === undefined) return withoutPattern(rule, path);
  const regex = compiled(pattern, rule, [...path, 'pattern']);
  const replacement = type === 'regexp_replace' ? replacementOf(rule, regex, path) : cases[type];
  return (text) => {
    watch.note(pattern, text);
    // A function, so that what stands for groups in JavaScript means nothing.
    return text.replace(regex, replacement);
  };
}

const cases: Readonly<Record<'to_lower_case' | 'to_upper_case', Substitution>> = {
  to_lower_case: (text) => text.toLowerCase(),
  to_upper_case: (text) => text.toUpperCase(),
};

function withoutPattern({ type }: GsubRule, path: Path): Substitution {
  return type === 'regexp_replace' ? refuse('`pattern` is not given', path) : cases[type];
}

function compiled(pattern: string, { regexp_options: options }: GsubRule, path: Path): RegExp {
  return withoutFault(path, () =>
    javaRegex(pattern, {
      ignoresCase: options.ignore_case,
      isMultiline: options.multiline,
      dotMatchesAll: options.dot_matches_all,
      hasComments: options.enable_comments,
    }),
  );
}

function replacementOf({ to }: GsubRule, regex: RegExp, path: Path): ReturnType<typeof javaReplacement> {
  if (to === undefined) return refuse('`to` is not given', path);
  return withoutFault([...path, 'to'], () => javaReplacement(to, regex));
}

function withoutFault<T>(path: Path, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return refuse(error.message, path);
  }
}

function refuse(reason: string, path: Path): never {
  throw gsubErrors.error('GSUB_RULE', { reason }, { where: { path } });
}
