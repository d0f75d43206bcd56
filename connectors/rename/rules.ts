/** The rules of the rename filter: each makes new names from all names. */
import { javaRegex, javaReplacement } from '#codec/regex/java.ts';
import { RegexWatch } from '#codec/regex/time-limit.ts';
import type { RenameRule } from './config.ts';
import { renameErrors } from './errors.ts';
import { refuse } from './refuse.ts';
import type { RulePath } from './refuse.ts';
import { uniqueNumberSuffix } from './unique-suffix.ts';
import { bigQueryName, snakeCase } from './word-rules.ts';

const TRUNCATE_LENGTH_DEFAULT = 128;

export function applyRule(rule: RenameRule, names: readonly string[], path: RulePath): readonly string[] {
  switch (rule.rule) {
    case 'character_types':
      return characterTypes(rule, names, path);
    case 'first_character_types':
      return firstCharacterTypes(rule, names, path);
    case 'lower_to_upper':
      return names.map((name) => name.toUpperCase());
    case 'upper_to_lower':
      return names.map((name) => name.toLowerCase());
    case 'snake_case':
      return names.map(snakeCase);
    case 'upper_snake_case':
      return names.map((name) => snakeCase(name).toUpperCase());
    case 'bigquery_safe':
      return names.map(bigQueryName);
    case 'truncate':
      return truncate(rule, names, path);
    case 'regex_replace':
      return regexReplace(rule, names, path);
    case 'unique_number_suffix':
      return uniqueNumberSuffix(rule, names, path);
  }
}

/** UTF-16 units that pass, as the body of a character class. */
function passClass(rule: RenameRule): string {
  return rule.pass_types.join('') + rule.pass_characters.replace(/[\\\]^-]/g, '\\$&');
}

function oneCharacter(rule: RenameRule, path: RulePath, option: 'replace' | 'prefix', value: string): string {
  if (value.length !== 1) refuse(rule, path, option, 'it must be exactly one character');
  return value;
}

function characterTypes(rule: RenameRule, names: readonly string[], path: RulePath): readonly string[] {
  const replacement = oneCharacter(rule, path, 'replace', rule.replace ?? '_');
  const pass = passClass(rule);
  if (pass === '') refuse(rule, path, 'pass_types', 'neither pass_types nor pass_characters says what may stay');
  const refused = new RegExp(`[^${pass}]`, 'gu');
  return names.map((name) => name.replace(refused, () => replacement));
}

function firstCharacterTypes(rule: RenameRule, names: readonly string[], path: RulePath): readonly string[] {
  const { replace, prefix } = rule;
  if ((replace === undefined) === (prefix === undefined)) {
    refuse(rule, path, 'replace', 'exactly one of replace and prefix must be given');
  }
  const character = oneCharacter(rule, path, replace === undefined ? 'prefix' : 'replace', replace ?? prefix ?? '');
  const passes = new RegExp(`^[${passClass(rule)}]`);
  return names.map((name) => {
    // Names with a line break never match the original's expression and stay as they are.
    if (name === '' || passes.test(name) || /[\n\r\u0085\u2028\u2029]/.test(name)) return name;
    return replace === undefined ? character + name : character + name.slice(1);
  });
}

function truncate(rule: RenameRule, names: readonly string[], path: RulePath): readonly string[] {
  const length = rule.max_length ?? TRUNCATE_LENGTH_DEFAULT;
  if (length < 0) refuse(rule, path, 'max_length', 'it is negative');
  return names.map((name) => name.slice(0, length));
}

function regexReplace(rule: RenameRule, names: readonly string[], path: RulePath): readonly string[] {
  const { match, replace } = rule;
  if (match === undefined) refuse(rule, path, 'match', 'it is required');
  if (replace === undefined) refuse(rule, path, 'replace', 'it is required');
  try {
    const regex = javaRegex(match);
    const replacement = javaReplacement(replace, regex);
    const watch = new RegexWatch();
    return watch.run(() =>
      names.map((name) => {
        watch.note(match, name);
        return name.replace(regex, replacement);
      }),
    );
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const params = { regex: match, reason: error.message };
    throw renameErrors.error('RENAME_REGEX', params, { where: { path: [...path, 'match'] }, cause: error });
  }
}
