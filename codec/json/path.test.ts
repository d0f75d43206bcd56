import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteSink } from '#spi/byte-sink.ts';
import { canonicalizeJson } from './canonical.ts';
import { findJson, parseJsonPath, rewriteJson } from './path.ts';
import type { JsonPath } from './path.ts';

function pathOf(text: string): JsonPath {
  const path = parseJsonPath(text);
  if (typeof path === 'string') throw new Error(path);
  return path;
}

function canonical(text: string): Uint8Array {
  const sink = new ByteSink();
  const bytes = Buffer.from(text);
  canonicalizeJson(bytes, 0, bytes.length, sink);
  return sink.view().slice();
}

describe('parseJsonPath()', () => {
  it.each([
    ['$', '$'],
    ['$.a.b', "$['a']['b']"],
    ["$['a'].b", "$['a']['b']"],
    ['$["a.b"][ 0 ][*]', "$['a.b'][0][*]"],
    ['$.*.x', "$[*]['x']"],
    ["$['it\\'s']", "$['it\\'s']"],
    ['$.日本-1', "$['日本-1']"],
  ])('reads %s', (text, normal) => {
    expect(pathOf(text).text).toBe(normal);
    expect(pathOf(normal).text).toBe(normal);
  });

  it.each([
    ['a', 'does not begin'],
    ['$..a', 'scan'],
    ["$['a','b']", 'several'],
    ['$[0,1]', 'several'],
    ['$[0:2]', 'slices'],
    ['$[-1]', 'from the end'],
    ['$[?(@.a)]', 'filters'],
    ['$.a.length()', 'functions'],
    ['$.', 'not a step'],
    ['$.a[', 'not a step'],
  ])('refuses %s', (text, reason) => expect(parseJsonPath(text)).toContain(reason));
});

const sample = '{"a":{"b":[1,{"c":"x,]}"},null],"b":2},"e":{},"f":[],"q\\"":3}';

describe('findJson()', () => {
  it.each<[string, readonly string[]]>([
    ['$', [sample]],
    ['$.a.b[0]', ['1']],
    ['$.a.b[1].c', ['"x,]}"']],
    ['$.a.b[*]', ['1', '{"c":"x,]}"}', 'null']],
    ['$.*', ['{"b":[1,{"c":"x,]}"},null],"b":2}', '{}', '[]', '3']],
    ['$.e.x', []],
    ['$.f[0]', []],
    ['$.a.b[3]', []],
    ['$.a[0]', []],
    ['$.f.a', []],
    ["$['q\"']", ['3']],
  ])('%s leads to %j', (text, values) => {
    const bytes = canonical(sample);
    const found = findJson(pathOf(text).steps, bytes, 0);
    expect(found.map(([start, end]) => Buffer.from(bytes.subarray(start, end)).toString())).toEqual(values);
  });
});

function rewritten(json: string, text: string): string {
  const sink = new ByteSink();
  rewriteJson(sink, canonical(json), 0, pathOf(text).steps, (target) => target.writeAscii('!'));
  return Buffer.from(sink.view()).toString();
}

describe('rewriteJson()', () => {
  it.each([
    ['$', '!'],
    ['$.a.b', '{"a":{"b":!,"b":!},"e":{},"f":[],"q\\"":3}'],
    ['$.a.b[1].c', '{"a":{"b":[1,{"c":!},null],"b":2},"e":{},"f":[],"q\\"":3}'],
    ['$.a.b[*]', '{"a":{"b":[!,!,!],"b":2},"e":{},"f":[],"q\\"":3}'],
    ['$.*', '{"a":!,"e":!,"f":!,"q\\"":!}'],
    ['$.nothing.here', sample],
  ])('%s', (text, expected) => expect(rewritten(sample, text)).toBe(expected));

  it('changes nothing where the path leads nowhere', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom('$.no', '$.no[0]', '$[99999]', '$.*.no'), (json, path) => {
        const bytes = canonical(json);
        fc.pre(bytes.length > 0 && !json.includes('"no"'));
        expect(rewritten(json, path)).toBe(Buffer.from(bytes).toString());
      }),
      { numRuns: 200 },
    );
  });
});
