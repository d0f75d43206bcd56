import type { RenameRule } from './config.ts';
import { renameErrors } from './errors.ts';

/** Where the rule stands in the config of the filter. */
export type RulePath = readonly (string | number)[];

/** Throws: the option of the rule cannot be used. */
export function refuse(rule: RenameRule, path: RulePath, option: string, reason: string): never {
  throw renameErrors.error(
    'RENAME_OPTION',
    { option, rule: rule.rule, reason },
    { where: { path: [...path, option] } },
  );
}
