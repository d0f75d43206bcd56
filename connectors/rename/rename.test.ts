import { describe, expect, it } from 'vitest';
import type { Context } from '#spi/context.ts';
import { renameConfig } from './config.ts';
import { rename } from './filter.ts';

// The filter only looks at names.
const ctx = {} as Context;

function renamed(names: readonly string[], config: object): string {
  const schema = { columns: names.map((name) => ({ name, type: 'string' as const })) };
  return rename
    .open(renameConfig.parse(config), schema, ctx)
    .schema.columns.map(({ name }) => name)
    .join(' ');
}

describe('rename', () => {
  it.each<[string, object, string]>([
    ['a b', { columns: { a: 'c' } }, 'c b'],
    ['a b', { columns: { a: 'b', b: 'a' } }, 'b a'],
    ['aB é', { rules: [{ rule: 'lower_to_upper' }] }, 'AB É'],
    ['AB', { rules: [{ rule: 'upper_to_lower' }] }, 'ab'],
    ['a-1 é😀', { rules: [{ rule: 'character_types', pass_types: ['a-z', '0-9'] }] }, 'a_1 __'],
    [
      'a^]x',
      { rules: [{ rule: 'character_types', pass_types: ['a-z'], pass_characters: ']^', replace: '.' }] },
      'a^]x',
    ],
    ['1a a1', { rules: [{ rule: 'first_character_types', pass_types: ['a-z'], prefix: '_' }] }, '_1a a1'],
    ['1a a1', { rules: [{ rule: 'first_character_types', pass_types: ['a-z'], replace: 'x' }] }, 'xa a1'],
    ['abcdef', { rules: [{ rule: 'truncate', max_length: 3 }] }, 'abc'],
    ['a.b_c', { rules: [{ rule: 'regex_replace', match: '([a-z])[._]([a-z])', replace: '$2\\$$1' }] }, 'b$a_c'],
    ['c c1 c1 c2 c c3', { rules: [{ rule: 'unique_number_suffix' }] }, 'c c1 c1_2 c2 c_2 c3'],
    ['c c c_0 c_1 c_2', { rules: [{ rule: 'unique_number_suffix', offset: 0 }] }, 'c c_3 c_0 c_1 c_2'],
    [
      'userName HTTPServer2X a-B.c _id__x 名前Id',
      { rules: [{ rule: 'snake_case' }] },
      'user_name http_server2_x a_b_c id_x 名前id',
    ],
    ['userName a--b --', { rules: [{ rule: 'upper_snake_case' }] }, 'USER_NAME A_B --'],
    ['a-b 名前 1st ok_9 é😀', { rules: [{ rule: 'bigquery_safe' }] }, 'a_b __ _1st ok_9 __'],
    ['名前 住所', { rules: [{ rule: 'bigquery_safe' }, { rule: 'unique_number_suffix' }] }, '__ ___2'],
    ['c c c', { rules: [{ rule: 'unique_number_suffix', digits: 3 }] }, 'c c_002 c_003'],
    ['abcdefghij abcdefghij', { rules: [{ rule: 'unique_number_suffix', max_length: 8 }] }, 'abcdefgh abcdef_2'],
  ])('%s with %j', (names, config, expected) => expect(renamed(names.split(' '), config)).toBe(expected));

  it.each<[object, string]>([
    [{ columns: { z: 'c' } }, 'RENAME_COLUMN_NOT_FOUND'],
    [{ rules: [{ rule: 'character_types' }] }, 'RENAME_OPTION'],
    [{ rules: [{ rule: 'character_types', pass_types: ['a-z'], replace: 'ab' }] }, 'RENAME_OPTION'],
    [{ rules: [{ rule: 'first_character_types', pass_types: ['a-z'] }] }, 'RENAME_OPTION'],
    [{ rules: [{ rule: 'truncate', max_length: -1 }] }, 'RENAME_OPTION'],
    [{ rules: [{ rule: 'regex_replace', match: '(', replace: '' }] }, 'RENAME_REGEX'],
    [{ rules: [{ rule: 'regex_replace', match: 'a++', replace: '' }] }, 'RENAME_REGEX'],
    [{ rules: [{ rule: 'regex_replace', match: 'a', replace: '$1' }] }, 'RENAME_REGEX'],
    [{ rules: [{ rule: 'unique_number_suffix', delimiter: '1' }] }, 'RENAME_OPTION'],
    [{ rules: [{ rule: 'unique_number_suffix', max_length: 7 }] }, 'RENAME_OPTION'],
  ])('refuses %j', (config, code) => {
    expect(() => renamed(['a'], config)).toThrow(expect.objectContaining({ code }));
  });
});
