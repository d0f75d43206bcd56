import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRopewayError } from '#spi/errors.ts';
import { JsonPathStream } from './path-stream.ts';
import { findJson, parseJsonPath } from './path.ts';

/** The values at the path as texts, when the document comes in pieces of that size; or what is wrong with it. */
function values(text: string, path: string, size = Infinity): readonly string[] | string {
  const parsed = parseJsonPath(path);
  if (typeof parsed === 'string') throw new Error(parsed);
  const stream = new JsonPathStream(parsed);
  const bytes = Buffer.from(text);
  const found: string[] = [];
  try {
    for (let at = 0; at < bytes.length; at += size) {
      for (const value of stream.read(bytes.subarray(at, at + size), false)) {
        found.push(`${value.line} ${Buffer.from(value.bytes).toString()}`);
      }
    }
    for (const value of stream.read(Buffer.alloc(0), true)) {
      found.push(`${value.line} ${Buffer.from(value.bytes).toString()}`);
    }
    return found;
  } catch (error) {
    if (!isRopewayError(error)) throw error;
    return `${error.code} ${error.where.line}:${error.where.column ?? ''}`;
  }
}

describe('JsonPathStream', () => {
  it.each([
    ['[1, 2.50,"a", null, [ ], {"x" : 1}]', '$', ['1 1', '1 2.5', '1 "a"', '1 null', '1 []', '1 {"x":1}']],
    ['[]', '$', []],
    ['', '$', []],
    ['{"a":\n[{"b":1},\n{"b":2}], "c":3}', '$.a', ['2 {"b":1}', '3 {"b":2}']],
    ['{"x":{"a":[1]},"a":[2],"a":[3]}', '$.a', ['1 2']],
    ['{"a":[[1],[2,3]]}', '$.a[1]', ['1 2', '1 3']],
    ['{"a":[{"b":[1]},{"b":[2,3]},{}, 4]}', '$.a[*].b[*]', ['1 1', '1 2', '1 3']],
    ['{"a":{"x":1,"y":{"z":2}}}', '$.a[*]', ['1 1', '1 {"z":2}']],
    ['{"b":1}', '$.a[*]', []],
    ['{"\\u0061":[1]}', '$.a', ['1 1']],
    ['[1]\n[2] {"a":1}', '$[*]', ['1 1', '2 2', '2 1']],
    ['[1][2]', '$', ['1 1', '1 2']],
    [`${'['.repeat(999)}${']'.repeat(999)}`, '$.a[*]', []],
  ])('finds in %s at %s', (text, path, expected) => {
    expect(values(text, path)).toEqual(expected);
    for (const size of [1, 2, 5]) expect(values(text, path, size)).toEqual(expected);
  });

  it.each([
    ['{"a":{}}', '$.a', 'JSON_PATH_NOT_AN_ARRAY 1:'],
    ['\n7', '$', 'JSON_PATH_NOT_AN_ARRAY 2:'],
    ['{"b":[]}', '$.a', 'JSON_PATH_NOT_FOUND 1:'],
    ['{"a":[1]}\n{}', '$.a', 'JSON_PATH_NOT_FOUND 2:'],
    ['[1,2', '$', 'JSON_SYNTAX 1:1'],
    ['[1,]', '$', 'JSON_SYNTAX 1:1'],
    ['[1 2]', '$', 'JSON_SYNTAX 1:1'],
    ['{"x":tru,"a":[]}', '$.a', 'JSON_SYNTAX 1:1'],
    ['{"x" 1}', '$.a', 'JSON_SYNTAX 1:1'],
    ['{x:1}', '$.a', 'JSON_SYNTAX 1:1'],
    ['{"a":[]]', '$.a', 'JSON_SYNTAX 1:1'],
    ['[1}', '$', 'JSON_SYNTAX 1:1'],
    ['{"x":1e999,"a":[]}', '$.a', 'JSON_SYNTAX 1:1'],
    ['{"a":[]} x', '$.a', 'JSON_SYNTAX 1:1'],
    ['1x', '$.a[*]', 'JSON_SYNTAX 1:2'],
    ['['.repeat(1001), '$.a[*]', 'JSON_SYNTAX 1:1'],
  ])('refuses %s at %s', (text, path, code) => {
    expect(values(text, path)).toEqual(code);
    for (const size of [1, 2, 5]) expect(values(text, path, size)).toEqual(code);
  });

  it('finds what a search in the whole document finds, cut anywhere', () => {
    const paths = ['$.a[*]', '$.a[0][*]', '$[*].b', '$[*][*]', '$.a.b[*]'];
    const key = fc.constantFrom('a', 'b', 'c');
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<unknown>(1, 'x', null, true, -2.5),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(tree, fc.constantFrom(...paths), fc.integer({ min: 1, max: 9 }), (document, path, size) => {
        const text = JSON.stringify(document);
        const bytes = Buffer.from(text);
        const steps = parseJsonPath(path);
        const expected =
          typeof steps === 'string' ? [] : findJson(steps.steps, bytes, 0).map(([from, to]) => text.slice(from, to));
        expect(values(text, path, size)).toEqual(expected.map((value) => `1 ${value}`));
      }),
      { numRuns: 300 },
    );
  });
});
