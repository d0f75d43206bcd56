/** Records from the config: one task per list of rows. Values are coerced as Embulk (Jackson) does. */
import type { TimestampParser } from '#codec/time/timestamp-parser.ts';
import { columnTimestampParser } from '#codec/time/column-parser.ts';
import { parseDouble, formatDouble } from '#codec/number/double.ts';
import { BatchBuilder } from '#spi/batch-builder.ts';
import { isBigInteger, isIntegralFloat } from '#spi/config-value.ts';
import type { Json } from '#spi/json.ts';
import type { Input } from '#spi/records.ts';
import type { Column, Schema } from '#spi/schema.ts';
import type { ConfigInputConfig } from './config.ts';
import { configInputErrors } from './errors.ts';
import { jsonText } from './json-text.ts';

/** A task is the index into `values`: the rows are in the config already. */
export const configInput: Input<ConfigInputConfig, number> = {
  async plan(config) {
    const schema: Schema = {
      columns: config.columns.map(({ name, type, format }) => ({
        name,
        type,
        ...(format === undefined ? {} : { format }),
      })),
    };
    timestampParsers(config);
    return { schema, tasks: config.values.map((_, task) => task) };
  },

  async *read(config, task, schema) {
    const builder = new BatchBuilder(schema);
    const parsers = timestampParsers(config);
    for (const [row, values] of (config.values[task] ?? []).entries()) {
      if (values.length < schema.columns.length) {
        const params = { found: values.length, expected: schema.columns.length };
        throw configInputErrors.error('CONFIG_ROW_SHORT', params, { where: { path: ['values', task, row] } });
      }
      for (const [column, { name, type }] of schema.columns.entries()) {
        const value = values[column] ?? null;
        const parser = parsers[column];
        if (value === null) builder.setNull(column);
        else if (parser === undefined) setValue(builder, column, type, value);
        else if (!setTimestamp(builder, column, parser, value)) {
          const format = config.columns[column]?.format ?? config.default_timestamp_format;
          const params = { value: jsonText(value), column: name, format };
          throw configInputErrors.error('CONFIG_TIMESTAMP', params, { where: { path: ['values', task, row, column] } });
        }
      }
      builder.endRow();
      const full = builder.isFull ? builder.take() : undefined;
      if (full !== undefined) yield full;
    }
    const rest = builder.take();
    if (rest !== undefined) yield rest;
    return {};
  },
};

function timestampParsers(config: ConfigInputConfig): readonly (TimestampParser | undefined)[] {
  return config.columns.map((column, index) =>
    column.type === 'timestamp' ? columnTimestampParser(column, config, index) : undefined,
  );
}

function setTimestamp(builder: BatchBuilder, column: number, parser: TimestampParser, value: Json): boolean {
  const time = typeof value === 'string' ? parser.parse(value) : undefined;
  if (time !== undefined) builder.setTimestamp(column, time.seconds, time.nanos);
  return time !== undefined;
}

function setValue(builder: BatchBuilder, column: number, type: Column['type'], value: Json): void {
  switch (type) {
    case 'boolean':
      builder.setBoolean(column, booleanOf(value));
      return;
    case 'long':
      builder.setLong(column, longOf(value));
      return;
    case 'double':
      builder.setDouble(column, doubleOf(value));
      return;
    case 'string':
      builder.setString(column, stringOf(value));
      return;
    case 'json':
      builder.setString(column, jsonText(value));
      return;
    case 'timestamp':
      // Timestamps have a parser and are set above.
      builder.setNull(column);
  }
}

function booleanOf(value: Json): boolean {
  if (isBigInteger(value)) return true;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isInteger(value) && value !== 0;
  return value === 'true';
}

function longOf(value: Json): bigint {
  if (isBigInteger(value)) return BigInt.asIntN(64, BigInt(value.$integer));
  if (isIntegralFloat(value)) return truncated(Number(value.$float));
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'number') return truncated(value);
  return typeof value === 'string' ? longOfText(value.trim()) : 0n;
}

/** As Java narrows a double: toward zero, and to the nearest end of the range. */
function truncated(value: number): bigint {
  if (Number.isNaN(value)) return 0n;
  const limit = 2 ** 63;
  if (value >= limit) return 2n ** 63n - 1n;
  return value <= -limit ? -(2n ** 63n) : BigInt(Math.trunc(value));
}

function longOfText(text: string): bigint {
  if (/^[-+]?\d+$/.test(text)) {
    const integer = BigInt(text.replace(/^\+/, ''));
    return BigInt.asIntN(64, integer) === integer ? integer : 0n;
  }
  const number = parseDouble(text);
  return number === undefined || Math.abs(number) >= 2 ** 63 ? 0n : truncated(number);
}

function doubleOf(value: Json): number {
  if (isBigInteger(value)) return Number(value.$integer);
  if (isIntegralFloat(value)) return Number(value.$float);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? (parseDouble(value) ?? 0) : 0;
}

function stringOf(value: Json): string {
  if (isBigInteger(value)) return value.$integer;
  if (isIntegralFloat(value)) return formatDouble(Number(value.$float));
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : formatDouble(value);
  return typeof value === 'boolean' ? String(value) : '';
}
