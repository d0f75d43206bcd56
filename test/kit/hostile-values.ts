/** Values that follow a JSON schema just so far that they get past its checks, with what should do harm in them. */
import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';

type Node = Readonly<Record<string, unknown>>;

const hostileTexts = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  "'; drop table run; --",
  '" or ""="',
  '%_%',
  '\\',
  '$date$ {{ vars.x }} {% raw %}',
  '{{ "x" | append: "y" }}',
  '<script>alert(1)</script>',
  '../../../../etc/passwd',
  '..\\..\\x',
  '/((a+)+)+$/',
  '/[/',
  '=cmd|x',
  'x\r\nset-cookie: a=b',
  '\ud800',
  '\u202e\u200d\ufeff',
  '__proto__',
  'constructor',
  '1e999',
  '-0',
  'NaN',
  '9223372036854775808',
  '2026-02-30T25:61:61Z',
  '0001-01-01T00:00:00Z',
  '+275760-09-13T00:00:00Z',
  'Etc/Nowhere',
  '*/0 * * * *',
  '0 0 31 2 *',
  'http://127.0.0.1:1/',
  'javascript:alert(1)',
  'file:///etc/passwd',
  'x'.repeat(5000),
  '"'.repeat(2000),
  '['.repeat(2000),
] as const;
const hostileNumbers = [0, -1, 1, 0.5, 1e308, -1e308, 2 ** 31, 2 ** 53, 2 ** 63, 1e-320];
const DEPTH_MAX = 6;
const ITEMS_MAX = 3;
/** One value of so many is of another kind altogether. */
const STRANGE_EVERY = 30;

const strange: Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, [], {}, '', 0, [[[]]], { constructor: { prototype: {} } }),
  fc.constant(JSON.parse('{"__proto__": {"administersInstallation": true}}') as unknown),
);

/** `known`: ids of what is there, so that some requests are about something. */
export function hostileValue(schema: unknown, known: readonly string[]): Arbitrary<unknown> {
  const root = nodeOf(schema);
  // By zod: what is used in several places.
  const definitions = nodeOf(root['$defs']);
  const valueOf = (node: Node, depth: number): Arbitrary<unknown> => {
    if (depth > DEPTH_MAX) return strange;
    const usual = usualValue(node, depth);
    return fc.oneof({ weight: STRANGE_EVERY - 1, arbitrary: usual }, { weight: 1, arbitrary: strange });
  };
  const usualValue = (node: Node, depth: number): Arbitrary<unknown> => {
    const reference = node['$ref'];
    if (typeof reference === 'string')
      return valueOf(nodeOf(definitions[reference.split('/').at(-1) ?? '']), depth + 1);
    const choices = node['anyOf'] ?? node['oneOf'];
    if (Array.isArray(choices)) return fc.oneof(...choices.map((each) => valueOf(nodeOf(each), depth)));
    if ('const' in node) return fc.constant(node['const']);
    if (Array.isArray(node['enum'])) return fc.constantFrom(...(node['enum'] as unknown[]));
    return ofType(node, depth);
  };
  const ofType = (node: Node, depth: number): Arbitrary<unknown> => {
    switch (node['type']) {
      case 'string':
        return textOf(node, known);
      case 'integer':
      case 'number':
        return fc.oneof(fc.constantFrom(...hostileNumbers), fc.integer({ min: 0, max: 100 }));
      case 'boolean':
        return fc.boolean();
      case 'null':
        return fc.constant(null);
      case 'array':
        return fc.array(valueOf(nodeOf(node['items']), depth + 1), { maxLength: ITEMS_MAX });
      case 'object':
        return objectOf(node, depth);
      default:
        return fc.oneof(strange, fc.jsonValue({ maxDepth: 3 }));
    }
  };
  const objectOf = (node: Node, depth: number): Arbitrary<unknown> => {
    const properties = Object.entries(nodeOf(node['properties']));
    const more = node['additionalProperties'];
    if (properties.length === 0 && typeof more === 'object' && more !== null) {
      return fc.dictionary(fc.constantFrom('in', 'out', 'a', ...hostileTexts), valueOf(nodeOf(more), depth + 1), {
        maxKeys: ITEMS_MAX,
      });
    }
    const required = Array.isArray(node['required']) ? (node['required'] as string[]) : [];
    const fields = Object.fromEntries(properties.map(([name, field]) => [name, valueOf(nodeOf(field), depth + 1)]));
    return fc.record(fields, { requiredKeys: required.filter((name) => name in fields) });
  };
  return valueOf(root, 0);
}

export function hostileText(known: readonly string[]): Arbitrary<string> {
  return fc.oneof(fc.constantFrom(...hostileTexts), fc.constantFrom('x', ...known), fc.string({ unit: 'binary' }));
}

function textOf(node: Node, known: readonly string[]): Arbitrary<string> {
  const good = typeof node['pattern'] === 'string' ? known : ['x', 'name', 'Asia/Tokyo', '2026-01-31T00:00:00Z'];
  return fc.oneof(hostileText(known), fc.constantFrom('x', ...good));
}

function nodeOf(value: unknown): Node {
  return typeof value === 'object' && value !== null ? (value as Node) : {};
}
