/** Every plugin that comes with Ropeway. Declarations only: an implementation loads when a config names it. */
import type { Catalog } from '#spi/plugin.ts';
import { addTimePlugin } from './add-time/plugins.ts';
import { bzip2DecoderPlugin, bzip2EncoderPlugin } from './bzip2/plugins.ts';
import { columnPlugin } from './column/plugins.ts';
import { commonsCompressDecoderPlugin } from './commons-compress/plugins.ts';
import { configInputPlugin } from './config/plugins.ts';
import { csvFormatterPlugin, csvParserPlugin } from './csv/plugins.ts';
import { defaultValuePlugin } from './default-value/plugins.ts';
import { excelParserPlugin, poiExcelParserPlugin } from './excel/plugins.ts';
import { expandJsonPlugin } from './expand-json/plugins.ts';
import { fileConnectionPlugin, fileInputPlugin, fileOutputPlugin } from './file/plugins.ts';
import { fixedWidthParserPlugin } from './fixed-width/plugins.ts';
import { ftpConnectionPlugin, ftpInputPlugin } from './ftp/plugins.ts';
import { gcsConnectionPlugin, gcsInputPlugin, gcsOutputPlugin } from './gcs/plugins.ts';
import { gsubPlugin } from './gsub/plugins.ts';
import {
  bzip2GuessPlugin,
  gzipGuessPlugin,
  tarGuessPlugin,
  zipGuessPlugin,
  zstdGuessPlugin,
} from './guess-compression/plugins.ts';
import { csvAllStringsGuessPlugin, csvGuessPlugin } from './guess-csv/plugins.ts';
import { jsonGuessPlugin } from './guess-json/plugins.ts';
import { ltsvGuessPlugin } from './guess-ltsv/plugins.ts';
import { parquetGuessPlugin } from './guess-parquet/plugins.ts';
import { gzipDecoderPlugin, gzipEncoderPlugin } from './gzip/plugins.ts';
import { hashPlugin } from './hash/plugins.ts';
import { httpConnectionPlugin, httpInputPlugin } from './http/plugins.ts';
import { jsonFormatterPlugin, jsonParserPlugin } from './json/plugins.ts';
import { jsonlFormatterPlugin, jsonlParserPlugin } from './jsonl/plugins.ts';
import { jsonPathParserPlugin } from './jsonpath/plugins.ts';
import { ltsvParserPlugin } from './ltsv/plugins.ts';
import { maskPlugin } from './mask/plugins.ts';
import { mysqlConnectionPlugin, mysqlInputPlugin, mysqlOutputPlugin } from './mysql/plugins.ts';
import { nullOutputPlugin } from './null/plugins.ts';
import { parquetFormatterPlugin, parquetParserPlugin } from './parquet/plugins.ts';
import { postgresqlConnectionPlugin, postgresqlInputPlugin, postgresqlOutputPlugin } from './postgresql/plugins.ts';
import { removeColumnsPlugin } from './remove-columns/plugins.ts';
import { renamePlugin } from './rename/plugins.ts';
import { rowPlugin } from './row/plugins.ts';
import { s3ConnectionPlugin, s3InputPlugin, s3OutputPlugin } from './s3/plugins.ts';
import { scriptPlugin } from './script/plugins.ts';
import { sftpConnectionPlugin, sftpInputPlugin, sftpOutputPlugin } from './sftp/plugins.ts';
import { speedometerPlugin } from './speedometer/plugins.ts';
import { stdoutPlugin } from './stdout/plugins.ts';
import { stringTransformPlugin } from './string-transform/plugins.ts';
import { tarDecoderPlugin } from './tar/plugins.ts';
import { timestampFormatPlugin } from './timestamp-format/plugins.ts';
import { typecastPlugin } from './typecast/plugins.ts';
import { xmlParserPlugin } from './xml/plugins.ts';
import { zipDecoderPlugin } from './zip/plugins.ts';
import { zstdDecoderPlugin, zstdEncoderPlugin } from './zstd/plugins.ts';

export const catalog: Catalog = [
  fileInputPlugin,
  s3InputPlugin,
  sftpInputPlugin,
  ftpInputPlugin,
  gcsInputPlugin,
  httpInputPlugin,
  configInputPlugin,
  postgresqlInputPlugin,
  mysqlInputPlugin,
  gzipDecoderPlugin,
  bzip2DecoderPlugin,
  zstdDecoderPlugin,
  zipDecoderPlugin,
  tarDecoderPlugin,
  commonsCompressDecoderPlugin,
  csvParserPlugin,
  jsonParserPlugin,
  jsonlParserPlugin,
  jsonPathParserPlugin,
  ltsvParserPlugin,
  fixedWidthParserPlugin,
  xmlParserPlugin,
  excelParserPlugin,
  poiExcelParserPlugin,
  parquetParserPlugin,
  renamePlugin,
  removeColumnsPlugin,
  columnPlugin,
  typecastPlugin,
  rowPlugin,
  timestampFormatPlugin,
  expandJsonPlugin,
  addTimePlugin,
  maskPlugin,
  hashPlugin,
  gsubPlugin,
  stringTransformPlugin,
  defaultValuePlugin,
  scriptPlugin,
  speedometerPlugin,
  csvFormatterPlugin,
  jsonlFormatterPlugin,
  jsonFormatterPlugin,
  parquetFormatterPlugin,
  gzipEncoderPlugin,
  bzip2EncoderPlugin,
  zstdEncoderPlugin,
  fileOutputPlugin,
  s3OutputPlugin,
  sftpOutputPlugin,
  gcsOutputPlugin,
  stdoutPlugin,
  nullOutputPlugin,
  postgresqlOutputPlugin,
  mysqlOutputPlugin,
  sftpConnectionPlugin,
  ftpConnectionPlugin,
  postgresqlConnectionPlugin,
  s3ConnectionPlugin,
  gcsConnectionPlugin,
  httpConnectionPlugin,
  mysqlConnectionPlugin,
  fileConnectionPlugin,
  gzipGuessPlugin,
  bzip2GuessPlugin,
  zstdGuessPlugin,
  zipGuessPlugin,
  tarGuessPlugin,
  parquetGuessPlugin,
  jsonGuessPlugin,
  ltsvGuessPlugin,
  csvGuessPlugin,
  csvAllStringsGuessPlugin,
];
