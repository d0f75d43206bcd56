/** The settings of a revision as they come in a body: a configuration, and the variables that it names. */
import type { Variable } from '#api/resources/variable.ts';
import type { Principal } from '#control/http/handler.ts';
import type { Store } from '#control/store/store.ts';
import type { KeptVariables } from '#control/variables/declare.ts';
import { readGivenVariables } from '#control/variables/transfer-variables.ts';
import type { JsonObject } from '#spi/json.ts';
import type { Catalog } from '#spi/plugin.ts';
import { readGivenConfig } from './new-run.ts';

export interface GivenSettings {
  readonly config: JsonObject;
  readonly declared: readonly Variable[];
  readonly sides: readonly ('in' | 'out')[];
  readonly catalog: Catalog;
}

export interface ReadSettings {
  readonly config: JsonObject;
  readonly variables: KeptVariables;
  /** Of sections and of queries. */
  readonly connectionIds: readonly string[];
}

/** Checks both; connections are those that may be used. */
export async function readGivenSettings(
  db: Store['db'],
  principal: Principal,
  { config: given, declared, sides, catalog }: GivenSettings,
): Promise<ReadSettings> {
  const { config, connectionIds } = await readGivenConfig(db, principal, { config: given, sides });
  const { kept, connectionIds: queried } = await readGivenVariables(db, { principal, config, declared, catalog });
  return { config, variables: kept, connectionIds: [...new Set([...connectionIds, ...queried])].sort() };
}
