/** Puts secrets into envelopes. What is in one can be read at the place that it was made for only. */
import type { Json, JsonObject } from '#spi/json.ts';

export interface Sealer {
  /** `place` names the owner and the option; an envelope that is moved elsewhere does not open. */
  seal(value: Json, place: string): Promise<JsonObject>;
}

/** The place of a secret option of a connection; the option as a dotted path. */
export function secretPlace(connectionId: string, option: string): string {
  return `connection/${connectionId}/${option}`;
}
