/** The tables of definitions that are kept as files, and of what is there for a first look. */
import type { Generated } from 'kysely';
import type { GeneratedJson, Instant } from './column-types.ts';

export interface AppliedTable {
  workspace_id: string;
  kind: string;
  resource_id: string;
  version: number;
  digest: string;
  next_digest: string | null;
  secret_references: GeneratedJson<Readonly<Record<string, { readonly env: string } | { readonly file: string }>>>;
  applied_by: string;
  applied_at: Generated<Instant>;
}

export interface DemoItemTable {
  workspace_id: string;
  kind: 'group' | 'connection' | 'transfer';
  resource_id: string;
}

export interface AppliedTables {
  applied: AppliedTable;
  demo_item: DemoItemTable;
}
