/** Reads a config file: by its name a template or not, then YAML. */
import { isUtf8 } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { configErrors } from './errors.ts';
import { systemReason } from '#spi/system-reason.ts';
import type { YamlDialect } from '#codec/yaml/plain-scalar.ts';
import { readYaml } from '#codec/yaml/yaml-reader.ts';
import type { YamlFile } from '#codec/yaml/yaml-reader.ts';

/** A config is written by people: anything larger is a data file by mistake. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;

export interface LoadOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly dialect: YamlDialect;
  /** Called with the text that places count in, before it is read as YAML: errors can show its lines. */
  readonly onText?: (text: string) => void;
}

export interface LoadedConfig extends YamlFile {
  readonly path: string;
  /** The text that lines and columns count in: what the template rendered to, if it was one. */
  readonly text: string;
  readonly isTemplate: boolean;
}

export async function loadConfig(path: string, options: LoadOptions): Promise<LoadedConfig> {
  const extension = /\.ya?ml(\.liquid)?$/.exec(path);
  if (extension === null) throw configErrors.error('CONFIG_FILE_EXTENSION', { file: path }, { where: { file: path } });
  const isTemplate = extension[1] !== undefined;
  const source = await readConfigText(path);
  // Liquid takes a while to load: only templates pay for it.
  const text = isTemplate
    ? await (await import('./liquid.ts')).renderLiquid(source, { file: path, folder: dirname(path), env: options.env })
    : source;
  options.onText?.(text);
  return { path, text, isTemplate, ...readYaml(text, path, options.dialect) };
}

/** The text of a file written by people; its faults are config errors. */
export async function readConfigText(path: string): Promise<string> {
  const bytes = await readBytes(path);
  if (!isUtf8(bytes)) throw configErrors.error('CONFIG_NOT_UTF8', { file: path }, { where: { file: path } });
  const text = bytes.toString('utf8');
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > FILE_BYTES_MAX) {
      const params = { file: path, size, limit: FILE_BYTES_MAX };
      throw configErrors.error('CONFIG_FILE_TOO_LARGE', params, { where: { file: path } });
    }
    return await readFile(path);
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw configErrors.error('CONFIG_FILE_UNREADABLE', { file: path, reason }, { where: { file: path }, cause: error });
  }
}
