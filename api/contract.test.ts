import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contract, endpoints } from './contract.ts';
import { fullPath } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import { openApi } from './openapi.ts';

const cases = contract.map((endpoint): [string, Endpoint] => [endpoint.id, endpoint]);

/** A request path that the endpoint is for. */
function sample(endpoint: Endpoint): string {
  return fullPath(endpoint).replace(/:(\w+)/g, '01hzzzzzzzzzzzzzzzzzzzzzzz');
}

function matches(endpoint: Endpoint, path: string): boolean {
  return new RegExp(`^${fullPath(endpoint).replace(/:\w+/g, '[^/]+')}$`).test(path);
}

describe('contract', () => {
  it('has an id once', () => expect(Object.keys(endpoints)).toHaveLength(contract.length));

  it.each(cases)('%s is found under its path, not hidden by an earlier one', (_, endpoint) => {
    const path = sample(endpoint);
    const first = contract.find((other) => other.method === endpoint.method && matches(other, path));
    expect(first?.id).toBe(endpoint.id);
  });

  it.each(cases)('%s declares the parameters of its path', (_, endpoint) => {
    const named = [...endpoint.path.matchAll(/:(\w+)/g)].map((match) => match[1]);
    expect(Object.keys(endpoint.params.shape)).toEqual(named);
  });

  it.each(cases)('%s says what repeating it does', (_, endpoint) => {
    const { method, repeat, needsMatch } = endpoint;
    expect(repeat === 'safe').toBe(method === 'GET');
    if (repeat === 'keyed' || repeat === 'once') expect(method).toBe('POST');
    if (method === 'PATCH') expect(needsMatch).toBe(true);
  });

  it.each(cases)('%s refuses keys that it does not know', (_, endpoint) => {
    const stray = { stray: 1 };
    expect(unknownKeys(endpoint.query, stray)).toEqual(['stray']);
    if (endpoint.body instanceof z.ZodObject) expect(unknownKeys(endpoint.body, stray)).toEqual(['stray']);
  });

  it.each(cases)('%s describes itself and each of its fields', (_, endpoint) => {
    expect(endpoint.summary).toMatch(/^[A-Z][^.]*$/);
    expect(endpoint.description).toMatch(/\.$/);
    const schemas = [endpoint.params, endpoint.query, ...(endpoint.body instanceof z.ZodObject ? [endpoint.body] : [])];
    for (const schema of schemas) {
      const { properties = {} } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
      const silent = Object.entries(properties).filter(([, field]) => !isDescribed(field));
      expect(silent.map(([name]) => name)).toEqual([]);
    }
  });
});

function unknownKeys(schema: z.ZodObject, value: unknown): readonly string[] {
  const { error } = schema.safeParse(value);
  return error?.issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : [])) ?? [];
}

function isDescribed(field: unknown): boolean {
  return typeof field === 'object' && field !== null && ('description' in field || '$ref' in field || 'allOf' in field);
}

describe('openApi()', () => {
  const document = openApi({ version: '0.1.0' });
  const text = JSON.stringify(document);

  it('names every endpoint once', () => {
    const operations = [...text.matchAll(/"operationId":"([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(operations.sort()).toEqual(contract.map(({ id }): string => id).sort());
  });

  it('refers only to what it holds', () => {
    const references = new Set([...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map((match) => match[1] ?? ''));
    expect(references.size).toBeGreaterThan(10);
    const missing = [...references].filter((reference) => find(document, reference.split('/')) === undefined);
    expect(missing).toEqual([]);
  });

  it('lets answers grow, and refuses unknown keys of requests', () => {
    const schemas = find(document, ['components', 'schemas']);
    expect(find(schemas, ['Run', 'additionalProperties'])).toBeUndefined();
    expect(find(schemas, ['RunOptionsInput', 'additionalProperties'])).toBe(false);
    expect(find(schemas, ['RunOptionsInput', 'required'])).toBeUndefined();
  });

  it('says which parts of a request are required', () => {
    const parameters = find(document, ['paths', '/api/v1/connections/{id}', 'patch', 'parameters']);
    expect(parameters).toMatchObject([
      { name: 'id', in: 'path', required: true },
      { name: 'If-Match', in: 'header', required: true },
    ]);
    expect(find(document, ['paths', '/api/v1/runs', 'get', 'parameters'])).toContainEqual(
      expect.objectContaining({ name: 'limit', in: 'query', required: false }),
    );
  });
});

function find(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[key] : undefined),
    value,
  );
}
