/** Secrets outside of connections: tables that hold one envelope in a row, and what it is bound to. */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { secondFactorPlace } from '#control/sign-in/second-factor.ts';
import { providerSecretPlace } from '#control/sign-in/providers.ts';
import type { Tables } from '#control/store/tables.ts';
import type { SecretPlace } from './envelope.ts';

interface EnvelopeColumn {
  readonly table: keyof Tables;
  readonly key: string;
  readonly column: string;
  readonly place: (key: string) => SecretPlace;
}

/** Ways to a provider are not among them: they last for minutes, and are begun again. */
export const envelopeColumns: readonly EnvelopeColumn[] = [
  { table: 'second_factor', key: 'user_id', column: 'secret', place: secondFactorPlace },
  { table: 'sign_in_provider', key: 'id', column: 'client_secret', place: providerSecretPlace },
];

export interface SingleEnvelope {
  readonly key: string;
  readonly envelope: string;
}

/** Those behind a key, in the order of keys. */
export async function nextEnvelopes(
  db: Kysely<Tables>,
  { table, key, column }: EnvelopeColumn,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<readonly SingleEnvelope[]> {
  const { rows } = await sql<SingleEnvelope>`
    select ${sql.ref(key)} as key, ${sql.ref(column)} as envelope from ${sql.table(table)}
    where ${sql.ref(key)} > ${after} and ${sql.ref(column)} is not null
    order by ${sql.ref(key)} limit ${limit}`.execute(db);
  return rows;
}

/** False when somebody else has written another one meanwhile. */
export async function replaceEnvelope(
  db: Kysely<Tables>,
  { table, key, column }: EnvelopeColumn,
  { before, envelope }: { readonly before: SingleEnvelope; readonly envelope: string },
): Promise<boolean> {
  const { numAffectedRows = 0n } = await sql`
    update ${sql.table(table)} set ${sql.ref(column)} = ${envelope}
    where ${sql.ref(key)} = ${before.key} and ${sql.ref(column)} = ${before.envelope}`.execute(db);
  return numAffectedRows > 0n;
}
