/** Cells whose value cannot be used: told of, or what stops the run. */
import type { RopewayError } from '#spi/errors.ts';
import type { FilterFaults } from '#spi/records.ts';
import { isJsonText, isTimestamp, shownText } from './scalar.ts';
import type { Scalar } from './scalar.ts';

/** Tells that a cell of the column became null, or throws the reason when the run is to stop at the first one. */
export function cellFault(
  field: string,
  reason: (value: Scalar) => RopewayError,
  { stops }: { readonly stops: boolean },
): (value: Scalar, faults: FilterFaults) => void {
  const where = { field };
  return (value, faults) => {
    if (stops) throw reason(value);
    faults.nullCell(() => ({ reason: reason(value), where }));
  };
}

/** A value for messages. */
export function shownScalar(value: Scalar): string {
  if (typeof value === 'string') return shownText(value);
  if (typeof value !== 'object') return String(value);
  if (isTimestamp(value)) return `The timestamp ${value.seconds} s ${value.nanos} ns`;
  return isJsonText(value) ? shownText(value.json) : '';
}
