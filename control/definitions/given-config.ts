/**
 * A configuration in its two forms: JSON, which runs, and the YAML that it may have come as, which is kept with its
 * comments. Whichever is given, the other follows. The text names connections as its author did; in JSON they are ids.
 */
import type { Kysely } from 'kysely';
import { editYaml, writeYaml } from '#codec/yaml/edit-yaml.ts';
import type { YamlDialect } from '#codec/yaml/plain-scalar.ts';
import { sameConfig } from '#codec/yaml/same-config.ts';
import { yamlErrors } from '#codec/yaml/errors.ts';
import { readYaml } from '#codec/yaml/yaml-reader.ts';
import type { YamlFile } from '#codec/yaml/yaml-reader.ts';
import type { FieldProblem } from '#api/problem.ts';
import { YAML_LENGTH_MAX } from '#api/resources/transfer.ts';
import type { Variable } from '#api/resources/variable.ts';
import type { Principal } from '#control/http/handler.ts';
import { Refusal, invalid } from '#control/http/refusal.ts';
import { BODY_BYTES_MAX, unstorable } from '#control/http/request-body.ts';
import type { Tables } from '#control/store/tables.ts';
import type { KeptVariables } from '#control/variables/declare.ts';
import { readGivenVariables } from '#control/variables/transfer-variables.ts';
import { plainMapping } from '#spi/config-value.ts';
import { isRopewayError } from '#spi/errors.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import type { Catalog } from '#spi/plugin.ts';
import { knownConnections, readGivenConfig } from './new-run.ts';
import { namedConnections, readConfig, withSections } from './transfer-config.ts';

type Db = Kysely<Tables>;

/** Values of a configuration, aliases written out; and levels of nesting, as of JSON. */
const limits = { nodes: 100_000, depth: 60, needsTextKeys: true };
/** Lines, members and brackets of a text: what reading it costs is known before it is read. A thousand columns have 6000. */
const PIECES_MAX = 20_000;
/** As errors name it. */
const FILE = 'config.yml';

export interface YamlText {
  readonly text: string;
  readonly dialect: YamlDialect;
}

export interface KeptConfig {
  /** Connections by id. */
  readonly config: JsonObject;
  /** Null when it came as JSON. */
  readonly yaml: YamlText | null;
  /** That it names as `$name$`. */
  readonly variables: KeptVariables;
}

export interface CheckedConfig extends KeptConfig {
  readonly connectionIds: readonly string[];
}

export interface GivenConfig {
  readonly config?: JsonObject | undefined;
  readonly yaml?: string | undefined;
  readonly yamlDialect?: YamlDialect | undefined;
  /** By default those that were there. */
  readonly variables?: readonly Variable[] | undefined;
}

interface Surroundings {
  readonly catalog: Catalog;
  readonly before?: KeptConfig;
}

type CheckedForms = Omit<CheckedConfig, 'variables'>;

const bothSides = ['in', 'out'] as const;

/** What a request gives, checked, on top of what there was: a configuration in one form, variables, or both. */
export async function checkGiven(
  db: Db,
  principal: Principal,
  given: GivenConfig,
  { catalog, before }: Surroundings,
): Promise<CheckedConfig> {
  const isSame = given.config === undefined && given.yaml === undefined;
  const forms = await checkForms(db, principal, isSame ? { ...given, config: before?.config } : given, before);
  const declared = given.variables ?? before?.variables.declared ?? [];
  try {
    return await withVariables(db, principal, { forms, declared, catalog });
  } catch (error) {
    throw given.yaml === undefined || forms.yaml === null ? error : placed(error, readText(forms.yaml));
  }
}

/** What was kept, by somebody else or long ago: it may be used by whoever takes it over, and as plugins are now. */
export async function checkKept(
  db: Db,
  principal: Principal,
  kept: KeptConfig,
  catalog: Catalog,
): Promise<CheckedConfig> {
  const { connectionIds } = await readGivenConfig(db, principal, { config: kept.config, sides: bothSides });
  const { declared } = kept.variables;
  return withVariables(db, principal, { forms: { ...kept, connectionIds }, declared, catalog });
}

async function withVariables(
  db: Db,
  principal: Principal,
  { forms, declared, catalog }: Checking,
): Promise<CheckedConfig> {
  const given = { principal, config: forms.config, declared, catalog };
  const { kept, connectionIds } = await readGivenVariables(db, given);
  return { ...forms, variables: kept, connectionIds: [...new Set([...forms.connectionIds, ...connectionIds])].sort() };
}

interface Checking {
  readonly forms: CheckedForms;
  readonly declared: readonly Variable[];
  readonly catalog: Catalog;
}

async function checkForms(
  db: Db,
  principal: Principal,
  given: GivenConfig,
  before?: KeptConfig,
): Promise<CheckedForms> {
  const { config, yaml } = given;
  if ((config === undefined) === (yaml === undefined)) {
    const message = 'either config or yaml is needed, and not both';
    throw invalid([{ in: 'body', path: ['config'], message }]);
  }
  if (yaml !== undefined) {
    const dialect = given.yamlDialect ?? before?.yaml?.dialect ?? '0.11.5';
    return checkYaml(db, principal, { text: yaml, dialect });
  }
  assertNoControlFlow(config ?? {});
  const read = await readGivenConfig(db, principal, { config: config ?? {}, sides: bothSides });
  const { connectionIds } = read;
  if (before === undefined || before.yaml === null) return { config: read.config, yaml: null, connectionIds };
  if (sameConfig(read.config, before.config)) return { ...before, connectionIds };
  const names = await connectionNames(db, principal.workspaceId, connectionIds);
  return { config: read.config, yaml: editedText(before.yaml, before.config, read.config, names), connectionIds };
}

async function checkYaml(db: Db, principal: Principal, yaml: YamlText): Promise<CheckedForms> {
  const file = readText(yaml);
  try {
    const read = await readGivenConfig(db, principal, { config: file.value, sides: bothSides });
    return { config: read.config, yaml, connectionIds: read.connectionIds };
  } catch (error) {
    throw placed(error, file);
  }
}

/** YAML as a configuration; everything that is wrong with it has a line. */
export function readText({ text, dialect }: YamlText): YamlFile {
  if (text.length > YAML_LENGTH_MAX) {
    throw yamlErrors.error('YAML_TOO_LONG', { length: text.length, limit: YAML_LENGTH_MAX });
  }
  if ((text.match(/[\n,[{]|[-?] /g)?.length ?? 0) > PIECES_MAX) {
    throw yamlErrors.error('YAML_TOO_MANY_NODES', { limit: PIECES_MAX }, { where: { file: FILE } });
  }
  let file: YamlFile;
  try {
    const read = readYaml(text, FILE, dialect, limits);
    // Sections with keys such as `1` are sections still.
    file = { ...read, value: withSections(plainMapping(read.value), plainMapping) };
  } catch (error) {
    // Liquid that stands between the lines is no YAML.
    const tag = isRopewayError(error) && error.code === 'YAML_SYNTAX' ? /\{%-?\s*\w+/.exec(text) : null;
    if (tag === null) throw error;
    const line = text.slice(0, tag.index).split('\n').length;
    const column = tag.index - text.lastIndexOf('\n', tag.index);
    throw controlFlow(tag[0], { file: FILE, line, column }, error);
  }
  assertNoControlFlow(file.value, file);
  const length = JSON.stringify(file.value).length;
  if (length > BODY_BYTES_MAX) throw yamlErrors.error('YAML_TOO_LONG', { length, limit: BODY_BYTES_MAX });
  const errors = unstorable(file.value);
  if (errors.length > 0) throw placed(invalid(errors), file);
  return file;
}

/** Tags of Liquid that decide or loop on values of the run: nothing here runs them. */
const tagOfValues =
  /\{%-?\s*(?:if|unless|elsif|case|when|for|assign|capture|echo|include|render)\b[^%]{0,200}\b(?:vars|env)\./;

function assertNoControlFlow(config: JsonObject, file?: YamlFile): void {
  const visit = (value: Json | undefined, path: readonly (string | number)[]): void => {
    if (typeof value === 'string') {
      const tag = tagOfValues.exec(value);
      const place = file?.placeOf(path);
      if (tag !== null) throw controlFlow(tag[0].slice(0, 20), { path: ['config', ...path], ...place });
    } else if (Array.isArray(value)) for (const [index, item] of value.entries()) visit(item as Json, [...path, index]);
    else if (isJsonObject(value)) for (const [key, item] of Object.entries(value)) visit(item, [...path, key]);
  };
  visit(config, []);
}

function controlFlow(tag: string, where: object, cause?: unknown): Error {
  const params = { tag: `${tag.replace(/\s+/g, ' ')} … %}`, example: '{{ vars.date }}' };
  return yamlErrors.error('LIQUID_CONTROL_FLOW', params, { where, cause });
}

/** Fields of the configuration as lines of the text. */
function placed(error: unknown, file: YamlFile): unknown {
  // Made in this process: the class is the same.
  if (!(error instanceof Refusal) || error.extra.errors === undefined) return error;
  const errors = error.extra.errors.map((problem): FieldProblem => {
    if (problem.path[0] === 'variables') return problem;
    const path = problem.path[0] === 'config' ? problem.path.slice(1) : problem.path;
    const place = file.placeOf(path);
    return {
      ...problem,
      path: ['yaml'],
      message: `${path.join('.')}: ${problem.message}`,
      ...(place === undefined ? {} : { line: place.line, column: place.column }),
    };
  });
  return invalid(errors);
}

/**
 * Both forms of what a form holds, nothing of it saved: sections may be unfinished, and connections unknown. Text alone
 * is read, JSON alone written; the text of both is edited.
 */
export async function convertConfig(
  db: Db,
  principal: Principal,
  { config, yaml }: { readonly config: JsonObject | undefined; readonly yaml: YamlText | undefined },
): Promise<{ config: JsonObject; yaml: string }> {
  const read = yaml === undefined ? undefined : readText(yaml).value;
  const named = [...namedConnections(read ?? {}), ...namedConnections(config ?? {})];
  const known = await knownConnections(db, principal, named);
  const names = new Map(known.map(({ id, name }) => [id, name]));
  const before = read === undefined ? undefined : readConfig(read, known, []).config;
  if (config === undefined) return { config: before ?? {}, yaml: yaml?.text ?? '' };
  const after = readConfig(config, known, []).config;
  if (yaml === undefined || before === undefined) {
    return { config: after, yaml: writeYaml(inOrder(withNames(after, names))) };
  }
  return { config: after, yaml: editedText(yaml, before, after, names).text };
}

/** The text that says the new configuration, as far as it can in the words of the old one. */
function editedText(
  yaml: YamlText,
  before: JsonObject,
  after: JsonObject,
  names: ReadonlyMap<string, string>,
): YamlText {
  const written = writtenConnections(readText(yaml).value, before);
  const wanted = withSections(after, (section, path) => {
    const { connection: id, type, ...rest } = section;
    if (typeof id !== 'string') return section;
    const same = written.filter((each) => each.id === id);
    const was = same.find((each) => each.path === path.join('.')) ?? same[0];
    const connection = was?.name ?? names.get(id) ?? id;
    return was?.hasType === false ? { connection, ...rest } : { type: type ?? null, connection, ...rest };
  });
  return { ...yaml, text: editYaml(yaml.text, wanted, yaml.dialect) };
}

interface Written {
  readonly path: string;
  readonly id: string;
  readonly name: string;
  readonly hasType: boolean;
}

/** How the text names each connection of the configuration that it was read as: both have the same sections. */
function writtenConnections(text: JsonObject, config: JsonObject): readonly Written[] {
  const ids = new Map<string, string>();
  withSections(config, (section, path) => {
    if (typeof section['connection'] === 'string') ids.set(path.join('.'), section['connection']);
    return section;
  });
  const written: Written[] = [];
  withSections(text, (section, path) => {
    const { connection: name, type } = section;
    const at = path.join('.');
    const id = ids.get(at);
    if (typeof name === 'string' && id !== undefined) written.push({ path: at, id, name, hasType: type !== undefined });
    return section;
  });
  return written;
}

export async function connectionNames(
  db: Db,
  workspaceId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('connection')
    .select(['id', 'name'])
    .where('workspace_id', '=', workspaceId)
    .where('id', 'in', [...ids])
    .execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** The YAML that is shown: the one that was given, with the names that connections have now; or one that is made. */
export async function shownYaml(
  db: Db,
  workspaceId: string,
  { config, yaml }: Pick<KeptConfig, 'config' | 'yaml'>,
): Promise<YamlText> {
  const names = await connectionNames(db, workspaceId, namedConnections(config));
  if (yaml === null) return { text: writeYaml(inOrder(withNames(config, names))), dialect: '0.11.5' };
  const { value } = readText(yaml);
  const renamed = new Map(
    writtenConnections(value, config).flatMap(({ path, id, name }) => {
      const now = name === id ? name : (names.get(id) ?? name);
      return now === name ? [] : [[path, now]];
    }),
  );
  if (renamed.size === 0) return yaml;
  const wanted = withSections(value, (section, path) => {
    const now = renamed.get(path.join('.'));
    return now === undefined ? section : { ...section, connection: now };
  });
  return { ...yaml, text: editYaml(yaml.text, wanted, yaml.dialect) };
}

function withNames(config: JsonObject, names: ReadonlyMap<string, string>): JsonObject {
  return withSections(config, (section) => {
    const { connection: id } = section;
    return typeof id === 'string' ? { ...section, connection: names.get(id) ?? id } : section;
  });
}

/** The database forgets the order of keys: the usual one is easier to read. */
function inOrder(config: JsonObject): JsonObject {
  const sections = withSections(config, (section) => first(section, ['type', 'connection']));
  return first(sections, ['exec', 'in', 'filters', 'out']);
}

function first(value: JsonObject, keys: readonly string[]): JsonObject {
  const front = keys.flatMap((key) => (value[key] === undefined ? [] : [[key, value[key]] as const]));
  return { ...Object.fromEntries(front), ...value };
}
