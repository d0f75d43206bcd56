/** Every plugin that comes with Ropeway. Declarations only: an implementation loads when a config names it. */
import type { Catalog } from '#spi/plugin.ts';
import { bzip2DecoderPlugin, bzip2EncoderPlugin } from './bzip2/plugins.ts';
import { configInputPlugin } from './config/plugins.ts';
import { csvFormatterPlugin, csvParserPlugin } from './csv/plugins.ts';
import { fileInputPlugin, fileOutputPlugin } from './file/plugins.ts';
import { bzip2GuessPlugin, gzipGuessPlugin, zstdGuessPlugin } from './guess-compression/plugins.ts';
import { csvAllStringsGuessPlugin, csvGuessPlugin } from './guess-csv/plugins.ts';
import { jsonGuessPlugin } from './guess-json/plugins.ts';
import { gzipDecoderPlugin, gzipEncoderPlugin } from './gzip/plugins.ts';
import { jsonParserPlugin } from './json/plugins.ts';
import { jsonlFormatterPlugin, jsonlParserPlugin } from './jsonl/plugins.ts';
import { nullOutputPlugin } from './null/plugins.ts';
import { postgresqlInputPlugin, postgresqlOutputPlugin } from './postgresql/plugins.ts';
import { removeColumnsPlugin } from './remove-columns/plugins.ts';
import { renamePlugin } from './rename/plugins.ts';
import { stdoutPlugin } from './stdout/plugins.ts';
import { zstdDecoderPlugin, zstdEncoderPlugin } from './zstd/plugins.ts';

export const catalog: Catalog = [
  fileInputPlugin,
  configInputPlugin,
  postgresqlInputPlugin,
  gzipDecoderPlugin,
  bzip2DecoderPlugin,
  zstdDecoderPlugin,
  csvParserPlugin,
  jsonParserPlugin,
  jsonlParserPlugin,
  renamePlugin,
  removeColumnsPlugin,
  csvFormatterPlugin,
  jsonlFormatterPlugin,
  gzipEncoderPlugin,
  bzip2EncoderPlugin,
  zstdEncoderPlugin,
  fileOutputPlugin,
  stdoutPlugin,
  nullOutputPlugin,
  postgresqlOutputPlugin,
  gzipGuessPlugin,
  bzip2GuessPlugin,
  zstdGuessPlugin,
  jsonGuessPlugin,
  csvGuessPlugin,
  csvAllStringsGuessPlugin,
];
