/** Every plugin that comes with Ropeway. Declarations only: an implementation loads when a config names it. */
import type { Catalog } from '#spi/plugin.ts';
import { configInputPlugin } from './config/plugins.ts';
import { csvFormatterPlugin, csvParserPlugin } from './csv/plugins.ts';
import { fileInputPlugin, fileOutputPlugin } from './file/plugins.ts';
import { nullOutputPlugin } from './null/plugins.ts';
import { removeColumnsPlugin } from './remove-columns/plugins.ts';
import { renamePlugin } from './rename/plugins.ts';
import { stdoutPlugin } from './stdout/plugins.ts';

export const catalog: Catalog = [
  fileInputPlugin,
  configInputPlugin,
  csvParserPlugin,
  renamePlugin,
  removeColumnsPlugin,
  csvFormatterPlugin,
  fileOutputPlugin,
  stdoutPlugin,
  nullOutputPlugin,
];
