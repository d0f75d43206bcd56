/** Puts the values of variables into a configuration, and says what of it has to wait. */
import { filledPlaces, writtenText } from '#api/late-values.ts';
import type { TextPlace } from '#api/late-values.ts';
import type { WorkOrder } from '#api/runner.ts';
import type { JsonObject } from '#spi/json.ts';
import type { ResolvedVariables } from './resolve.ts';

export interface Inserted {
  readonly config: JsonObject;
  readonly order: Pick<WorkOrder, 'values' | 'late'>;
}

/** `render` makes of a text between values what it is to be; values are put in as they are. */
export function insertValues(
  config: JsonObject,
  { places, values, late, shown }: ResolvedVariables,
  render: (text: string) => string,
): Inserted {
  const rendered = places.map((place) => ({
    ...place,
    parts: place.parts.map((part) => (typeof part === 'string' ? render(part) : part)),
  }));
  const filled = filledPlaces(config, rendered, values);
  const isLate = filled.places.length > 0 || late.starts.length > 0 || late.queries.length > 0;
  return {
    config: filled.config,
    order: {
      values: shown,
      ...(isLate ? { late: { places: filled.places, starts: [...late.starts], queries: [...late.queries] } } : {}),
    },
  };
}

/** Texts with variables as they were written. */
export function writtenTexts({ places }: { readonly places: readonly TextPlace[] }): NonNullable<WorkOrder['written']> {
  return places.map(({ path, parts }) => ({ path, text: writtenText(parts) }));
}
