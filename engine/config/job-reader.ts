/** From a config's JSON to a job: which plugins, with which options; and everything that is wrong, at once. */
import { isRopewayError, RopewayError } from '#spi/errors.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import type { Catalog, Kind } from '#spi/plugin.ts';
import type { FilesInput, FilesOutput, Job, RecordInput, RecordOutput, Section } from '#engine/job.ts';
import { configErrors } from './errors.ts';
import { execSchema, execSettings, transactionTime } from './exec.ts';
import type { ExecOptions, Properties } from './exec.ts';
import { findPlugin } from './plugin-lookup.ts';
import { resolveOptions } from './resolve.ts';
import { describeJson } from '#codec/yaml/yaml-reader.ts';
import type { ConfigPath } from '#codec/yaml/yaml-reader.ts';

export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly error: RopewayError;
}

/** Preview rows at most: more is a run. */
const PREVIEW_ROWS_MAX = 10_000;
const topKeys = ['in', 'filters', 'out', 'exec', 'preview_sample_rows'];

/** Reads sections of one config and collects what is wrong with them. */
export class JobReader {
  readonly diagnostics: Diagnostic[] = [];
  readonly #config: JsonObject;
  readonly #catalog: Catalog;
  readonly #properties: Properties;

  constructor(config: JsonObject, catalog: Catalog, properties: Properties = {}) {
    this.#config = config;
    this.#catalog = catalog;
    this.#properties = properties;
  }

  get errors(): readonly RopewayError[] {
    return this.diagnostics.flatMap(({ severity, error }) => (severity === 'error' ? [error] : []));
  }

  /** The whole job, or undefined when `diagnostics` holds an error. */
  async job(): Promise<Job | undefined> {
    const input = await this.input();
    const filters = await this.filters();
    const output = await this.output();
    const exec = this.exec();
    this.checkTopLevel();
    if (this.errors.length > 0 || input === undefined || output === undefined) return undefined;
    return { input, filters, output, exec };
  }

  async input(): Promise<RecordInput | FilesInput | undefined> {
    const found = await this.#pluginSection('in', ['input', 'file_input'], ['parser', 'decoders']);
    if (found === undefined) return undefined;
    const { section, written } = found;
    if (section.kind === 'input') return { ...section, kind: 'input', decoders: [] };
    const decoders = await this.#list(written['decoders'], ['in', 'decoders'], 'decoder');
    const parser = await this.#nested(written['parser'], ['in', 'parser'], 'parser');
    return parser && { ...section, kind: 'file_input', decoders, parser };
  }

  /** The file input alone, without its parser: what guessing starts from. Undefined for other inputs. */
  async fileInput(): Promise<Section<'file_input'> | undefined> {
    const found = await this.#pluginSection('in', ['input', 'file_input'], ['parser', 'decoders']);
    return found?.section.kind === 'file_input' ? { ...found.section, kind: 'file_input' } : undefined;
  }

  async decoders(): Promise<readonly Section<'decoder'>[]> {
    const input = this.#config['in'];
    return this.#list(isJsonObject(input) ? input['decoders'] : undefined, ['in', 'decoders'], 'decoder');
  }

  async filters(): Promise<readonly Section<'filter'>[]> {
    return this.#list(this.#config['filters'], ['filters'], 'filter');
  }

  async output(): Promise<RecordOutput | FilesOutput | undefined> {
    const found = await this.#pluginSection('out', ['output', 'file_output'], ['formatter', 'encoders']);
    if (found === undefined) return undefined;
    const { section, written } = found;
    if (section.kind === 'output') return { ...section, kind: 'output', encoders: [] };
    const encoders = await this.#list(written['encoders'], ['out', 'encoders'], 'encoder');
    const formatter = await this.#nested(written['formatter'], ['out', 'formatter'], 'formatter');
    return formatter && { ...section, kind: 'file_output', encoders, formatter };
  }

  execOptions(): ExecOptions {
    const written = this.#config['exec'] ?? {};
    if (!isJsonObject(written)) {
      this.#add('error', this.#notAMapping('exec', written));
      return execSchema.parse({});
    }
    const { config, errors, unknownKeys } = resolveOptions(execSchema, written);
    for (const error of errors) this.#add('error', placed(error, ['exec']));
    this.#addUnknown(unknownKeys, ['exec'], "'exec'");
    // Resolved by this very schema, or replaced by its defaults when an error has been noted.
    return errors.length > 0 ? execSchema.parse({}) : (config as ExecOptions);
  }

  exec(): Job['exec'] {
    const exec = this.execOptions();
    if (exec.transaction_time !== undefined && transactionTime(exec.transaction_time) === undefined) {
      const advice = 'The current time is used. Write it as 2015-01-02 03:04:05 UTC.';
      const params = { option: 'exec.transaction_time', reason: 'it is not a time in UTC', advice };
      this.#add(
        'warning',
        configErrors.error('OPTION_VALUE', params, { where: { path: ['exec', 'transaction_time'] } }),
      );
    }
    return execSettings(exec, this.#properties, this.#previewRows());
  }

  checkTopLevel(): void {
    const unknown = Object.keys(this.#config).filter((key) => !topKeys.includes(key));
    for (const key of unknown) {
      const advice = `A config has the sections ${topKeys.join(', ')}.`;
      const params = { option: key, plugin: 'the config', advice };
      // Anchors are often kept in a section of their own: nothing is wrong with that.
      if (isJsonObject(this.#config[key])) continue;
      this.#add('warning', configErrors.error('OPTION_UNKNOWN', params, { where: { path: [key], isKey: true } }));
    }
  }

  #previewRows(): number {
    const written = this.#config['preview_sample_rows'] ?? 15;
    const rows = Number(written);
    if (Number.isInteger(rows) && rows > 0 && rows <= PREVIEW_ROWS_MAX) return rows;
    const params = {
      option: 'preview_sample_rows',
      expected: `a whole number from 1 to ${PREVIEW_ROWS_MAX}`,
      found: describeJson(written),
      advice: 'Correct the value.',
    };
    this.#add('error', configErrors.error('OPTION_TYPE', params, { where: { path: ['preview_sample_rows'] } }));
    return 15;
  }

  async #pluginSection(
    key: 'in' | 'out',
    kinds: readonly Kind[],
    nestedKeys: readonly string[],
  ): Promise<{ section: Section; written: JsonObject } | undefined> {
    const written = this.#config[key];
    if (written === undefined || written === null) {
      const advice = key === 'in' ? 'Say where the data comes from.' : 'Say where the data goes to.';
      this.#add('error', configErrors.error('SECTION_MISSING', { section: key, advice }));
      return undefined;
    }
    if (!isJsonObject(written)) {
      this.#add('error', this.#notAMapping(key, written));
      return undefined;
    }
    const section = await this.#section(written, [key], { kinds, nestedKeys });
    return section && { section, written };
  }

  async #nested<K extends Kind>(written: Json | undefined, path: ConfigPath, kind: K): Promise<Section<K> | undefined> {
    if (written === undefined || written === null) {
      const names = this.#catalog.filter((plugin) => plugin.kind === kind).map(({ name }) => name);
      const advice = `Add it with a type: ${names.join(', ')}. \`ropeway guess\` finds out the settings of a parser.`;
      const params = { section: path.join('.'), advice };
      this.#add('error', configErrors.error('SECTION_MISSING', params, { where: { path: path.slice(0, -1) } }));
      return undefined;
    }
    if (!isJsonObject(written)) {
      this.#add('error', this.#notAMapping(path.join('.'), written, path));
      return undefined;
    }
    return (await this.#section(written, path, { kinds: [kind], nestedKeys: [] })) as Section<K> | undefined;
  }

  async #list<K extends Kind>(written: Json | undefined, path: ConfigPath, kind: K): Promise<readonly Section<K>[]> {
    if (written === undefined || written === null) return [];
    if (!Array.isArray(written)) {
      const params = { section: path.join('.'), found: describeJson(written) };
      this.#add('error', configErrors.error('SECTION_NOT_A_LIST', params, { where: { path } }));
      return [];
    }
    const sections: Section<K>[] = [];
    for (const [index, entry] of (written as readonly Json[]).entries()) {
      // One after the other: what is wrong is told in the order of the config.
      const section = await this.#nested(entry, [...path, index], kind);
      if (section !== undefined) sections.push(section);
    }
    return sections;
  }

  async #section(
    written: JsonObject,
    path: ConfigPath,
    { kinds, nestedKeys }: { kinds: readonly Kind[]; nestedKeys: readonly string[] },
  ): Promise<Section | undefined> {
    try {
      const plugin = findPlugin(written['type'], path, kinds, this.#catalog);
      const isFiles = plugin.kind === 'file_input' || plugin.kind === 'file_output';
      const own = withoutKeys(written, ['type', ...(isFiles ? nestedKeys : [])]);
      const { config, errors, unknownKeys } = resolveOptions(await plugin.config(), own);
      for (const error of errors) this.#add('error', placed(error, path));
      this.#addUnknown(unknownKeys, path, `the ${plugin.kind.replace('_', ' ')} '${plugin.name}'`);
      return { kind: plugin.kind, name: plugin.name, config, path };
    } catch (error) {
      if (!isRopewayError(error)) throw error;
      this.#add('error', error);
      return undefined;
    }
  }

  #addUnknown(keys: ReturnType<typeof resolveOptions>['unknownKeys'], path: ConfigPath, plugin: string): void {
    for (const { path: keyPath, known, suggestion } of keys) {
      const advice =
        suggestion === undefined ? `Known are: ${known.join(', ') || 'none'}.` : `Did you mean '${suggestion}'?`;
      const params = { option: keyPath.join('.'), plugin, advice };
      const where = { path: [...path, ...keyPath], isKey: true };
      this.#add('warning', configErrors.error('OPTION_UNKNOWN', params, { where }));
    }
  }

  #notAMapping(section: string, value: Json, path: ConfigPath = [section]): RopewayError {
    return configErrors.error('SECTION_NOT_A_MAPPING', { section, found: describeJson(value) }, { where: { path } });
  }

  #add(severity: Diagnostic['severity'], error: RopewayError): void {
    this.diagnostics.push({ severity, error });
  }
}

function withoutKeys(value: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));
}

function placed(error: RopewayError, path: ConfigPath): RopewayError {
  const where = { ...error.where, path: [...path, ...(error.where.path ?? [])] };
  return new RopewayError(error.code, error, { where, cause: error.cause });
}
