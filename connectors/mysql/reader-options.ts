/** How a column is read: by its own options, those of its type, or what its type is by itself. */
import type { Context } from '#spi/context.ts';
import type { InputColumnOptions, MysqlInputConfig } from './input-config.ts';
import type { ReaderSpec } from './reader-spec.ts';
import { defaultTypes } from './source-types.ts';
import type { SourceKind, SourceType } from './source-types.ts';
import { matchName } from './tables.ts';

export function warnOfUnknownColumns(config: MysqlInputConfig, names: readonly string[], ctx: Context): void {
  for (const name of Object.keys(config.column_options)) {
    if (matchName(name, names) === undefined) {
      ctx.log.warn('An entry of column_options is about no column.', { entry: name });
    }
  }
}

export function readerSpec(config: MysqlInputConfig, name: string, source: SourceType): ReaderSpec {
  const options = optionsOf(config, name, source);
  const wanted = options?.value_type ?? 'coalesce';
  const kind = wanted === 'coalesce' ? source.kind : wanted;
  const isInstant = kind === 'timestamp';
  return {
    name,
    source,
    // Whoever wants a string of it knows that they are bytes.
    kind: kind === 'geometry' && options?.type === 'string' ? 'binary' : kind,
    type: options?.type ?? defaultTypes[kind],
    format: options?.timestamp_format ?? defaultFormat(kind, source.fraction) ?? '',
    // Days and times of day have no zone that they could be moved to, unless it is asked for.
    timezone: options?.timezone ?? (isInstant ? config.default_timezone : 'UTC'),
    clockZone: config.datetime_timezone,
    zeroDates: config.zero_dates,
    binaryFormat: config.binary_format,
  };
}

/** The entry of a column: its own, else that of its type. */
function optionsOf(config: MysqlInputConfig, name: string, { names }: SourceType): InputColumnOptions | undefined {
  const own = matchName(name, Object.keys(config.column_options), ['column_options']);
  if (own !== undefined) return config.column_options[own];
  const key = Object.keys(config.default_column_options).find((entry) => names.includes(entry.toUpperCase()));
  return key === undefined ? undefined : config.default_column_options[key];
}

/** A format that shows everything that the values of the column hold. */
export function defaultFormat(kind: SourceKind, fraction: number): string | undefined {
  const rest = fraction === 0 ? '' : `.%${fraction}N`;
  switch (kind) {
    case 'date':
      return '%Y-%m-%d';
    case 'time':
      return `%H:%M:%S${rest}`;
    case 'timestamp':
      return `%Y-%m-%d %H:%M:%S${rest}`;
    default:
      return undefined;
  }
}
