/** The rule `unique_number_suffix`: numbers behind names that come again. */
import type { RenameRule } from './config.ts';
import { refuse } from './refuse.ts';
import type { RulePath } from './refuse.ts';

const MAX_LENGTH_MIN = 8;

export function uniqueNumberSuffix(rule: RenameRule, names: readonly string[], path: RulePath): readonly string[] {
  check(rule, names, path);
  const { delimiter, digits = 0, max_length: maxLength = Number.MAX_SAFE_INTEGER, offset } = rule;
  const originals = new Set(names);
  const fixed = new Set<string>();
  const counters = new Map<string, number>();
  return names.map((original) => {
    let counter = counters.get(original) ?? offset;
    let name = original.slice(0, maxLength);
    if (fixed.has(name)) {
      // A candidate may not take the name of a column to the left, nor one that a column to the right brings along.
      do {
        const suffix = delimiter + String(counter).padStart(digits, '0');
        name = original.slice(0, Math.max(0, maxLength - suffix.length)) + suffix;
        counter += 1;
      } while (fixed.has(name) || originals.has(name));
    } else {
      counter += 1;
    }
    counters.set(original, counter);
    fixed.add(name);
    return name;
  });
}

function check(rule: RenameRule, names: readonly string[], path: RulePath): void {
  const { delimiter, digits, max_length: maxLength, offset } = rule;
  if (delimiter.length !== 1 || /\d/.test(delimiter))
    refuse(rule, path, 'delimiter', 'it must be one character, not a digit');
  if (offset < 0) refuse(rule, path, 'offset', 'it is negative');
  const needed = String(Math.max(0, names.length + offset - 1)).length;
  if (digits !== undefined && digits <= needed) {
    refuse(rule, path, 'digits', `${names.length} columns need more than ${needed} digits`);
  }
  if (maxLength === undefined) return;
  if (maxLength < MAX_LENGTH_MIN) refuse(rule, path, 'max_length', `it is less than ${MAX_LENGTH_MIN}`);
  if (maxLength <= needed || (digits !== undefined && maxLength < digits + 1)) {
    refuse(rule, path, 'max_length', 'it leaves no room for the number');
  }
}
