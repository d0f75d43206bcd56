/** One file of a definition: its YAML against the schema of its kind, and back. */
import { writeYaml } from '#codec/yaml/edit-yaml.ts';
import { sameConfig } from '#codec/yaml/same-config.ts';
import { readYaml } from '#codec/yaml/yaml-reader.ts';
import type { YamlFile } from '#codec/yaml/yaml-reader.ts';
import { fieldProblems } from '#control/http/checked-request.ts';
import type { z } from 'zod';
import { isRopewayError } from '#spi/errors.ts';
import type { ErrorPlace, RopewayError } from '#spi/errors.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import { withConfigText } from './config-text.ts';
import { fileErrors } from './errors.ts';
import type { TextFile } from './folder.ts';
import type { Complaint, Content, FilePath, ResourceKind } from './resource-kind.ts';

/** Aliases written out; as deep as a request may be. */
const limits = { nodes: 100_000, depth: 60 };

export interface PlacedFile extends TextFile {
  readonly yaml: YamlFile;
}

export type ReadDefinition =
  | { readonly file: PlacedFile; readonly value: JsonObject; readonly errors: readonly RopewayError[] }
  | { readonly file: undefined; readonly errors: readonly RopewayError[] };

/** What the file says, with the defaults of the schema; or all that is wrong with it. */
export function readDefinition(text: TextFile, schema: z.ZodObject): ReadDefinition {
  let yaml: YamlFile;
  try {
    yaml = readYaml(text.text, text.path, '0.11.5', limits);
    // A configuration says itself by which rules it is to be read.
    if (yaml.value['yamlDialect'] === '0.11.3') yaml = readYaml(text.text, text.path, '0.11.3', limits);
  } catch (error) {
    if (!isRopewayError(error)) throw error;
    return { file: undefined, errors: [error] };
  }
  const file = { ...text, yaml };
  // Of a key that is there twice one is not seen by whoever reads the file.
  const errors = [...yaml.warnings];
  const read = schema.safeParse(yaml.value);
  if (read.success && errors.length === 0) return { file, value: read.data as JsonObject, errors };
  for (const { path, message } of fieldProblems(read.error?.issues ?? [], 'body')) {
    const name = path.length === 0 ? '' : `${path.join('.')}: `;
    errors.push(complain(file, { path, code: 'DEFINITION_FIELD', params: { reason: `${name}${message}` } }));
  }
  return { file: undefined, errors };
}

export function complain(file: PlacedFile, { path, code, params }: Complaint): RopewayError {
  return fileErrors.error(code, params, { where: placeIn(file, path) });
}

/** Of the value at the path, or the nearest thing around it. */
export function placeIn(file: PlacedFile, path: FilePath): ErrorPlace {
  const place = file.yaml.placeOf(path) ?? { line: 1, column: 1 };
  return { file: file.path, line: place.line, column: place.column };
}

/** The text of the file: what is as the schema has it by default is left out. */
export function definitionText(content: Content, kind: Pick<ResourceKind, 'schema' | 'value'>): string {
  const value = kind.value(content);
  const shown: Record<string, Json> = {};
  for (const [key, field] of Object.entries(kind.schema.shape)) {
    const member = value[key];
    if (member === undefined) continue;
    const fallback = defaultOf(field);
    const rest = fallback === undefined ? member : withoutDefaults(member, fallback);
    if (rest !== undefined) shown[key] = rest;
  }
  const { configText } = content;
  return configText === undefined ? writeYaml(shown) : withConfigText(writeYaml(shown), configText);
}

function defaultOf(field: z.core.$ZodType): Json | undefined {
  const read = (field as z.ZodType).safeParse(undefined);
  // Defaults are written as JSON.
  return read.success ? (read.data as Json | undefined) : undefined;
}

function withoutDefaults(value: Json, fallback: Json): Json | undefined {
  if (sameConfig(value, fallback)) return undefined;
  const isPartial = isJsonObject(value) && isJsonObject(fallback) && Object.keys(fallback).length > 0;
  if (!isPartial) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => {
      const itsDefault = fallback[key];
      if (member === undefined) return [];
      return itsDefault !== undefined && sameConfig(member, itsDefault) ? [] : [[key, member]];
    }),
  );
}
