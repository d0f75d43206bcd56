/** Secrets that can be recognised: nothing that a plugin says may hold one. */
import assert from 'node:assert/strict';
import { errorRecord } from '#engine/error-transfer.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import type { SchemaNode, Subject } from './subject.ts';

const MARK = 'S3cret-Mark';

/** The config of the case with a mark in place of every secret text that it has or could have at its top. */
export async function markedConfig(subject: Subject): Promise<JsonObject> {
  const schema = await subject.jsonSchema();
  const written = await subject.written();
  const marked = mark(schema, written) as JsonObject;
  return subject.config(marked);
}

function mark(node: SchemaNode, value: Json | undefined): Json | undefined {
  if (node['x-secret'] === true && (value === undefined || typeof value === 'string')) return MARK;
  if (node.properties === undefined || !isJsonObject(value)) return value;
  const result: Record<string, Json | undefined> = { ...value };
  for (const [key, option] of Object.entries(node.properties)) {
    const isText = option.type === 'string';
    if (result[key] !== undefined || (option['x-secret'] === true && isText)) result[key] = mark(option, result[key]);
  }
  return result;
}

export async function hasSecrets(subject: Subject): Promise<boolean> {
  return JSON.stringify(await subject.jsonSchema()).includes('"x-secret":true');
}

/** What was said on the way: results, an error, and the log. */
export function assertSilent(subject: Subject, said: unknown): void {
  const record = said instanceof Error ? errorRecord(said) : said;
  assert.ok(!JSON.stringify([record, subject.logged]).includes(MARK), 'a secret is told');
  if (said instanceof Error) assert.ok(!String(said.stack).includes(MARK), 'a secret is told in a stack trace');
}
