/** A configuration as it is shown to somebody: what is secret in it, only to those who may change it. */
import { writeYaml } from '#codec/yaml/edit-yaml.ts';
import { holds, roleIn } from '#control/auth/rights.ts';
import type { Principal } from '#control/http/handler.ts';
import type { Catalog } from '#spi/plugin.ts';
import type { JsonObject } from '#spi/json.ts';
import { masked, secretPlaces } from './config-secrets.ts';

interface WithConfig {
  // Kept as JSON.
  readonly config: Readonly<Record<string, unknown>>;
  readonly yaml?: string;
}

/** Whoever may change it sends it back as it was read: nothing may be missing then. */
export async function shownTo<T extends WithConfig>(
  principal: Principal,
  groupId: string | null,
  shown: T,
  catalog: Catalog,
): Promise<T> {
  if (holds(roleIn(principal, groupId), 'editor')) return shown;
  const config = shown.config as JsonObject;
  // A mapping with some values hidden is one still.
  const hidden = masked(config, await secretPlaces(config, catalog)) as JsonObject;
  const isSame = JSON.stringify(hidden) === JSON.stringify(config);
  // Written anew: comments may tell what the values do not.
  return isSame
    ? shown
    : { ...shown, config: hidden, ...(shown.yaml === undefined ? {} : { yaml: writeYaml(hidden) }) };
}
