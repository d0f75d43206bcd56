/** The tables of what people do with transfers: labels, and transfers made for many tables. */
import type { Generated } from 'kysely';
import type { GeneratedJson, Instant, Json } from './column-types.ts';

export interface LabelTable {
  id: string;
  workspace_id: string;
  name: string;
  colour: string;
  description: Generated<string>;
  version: Generated<number>;
  created_at: Generated<Instant>;
  updated_at: Generated<Instant>;
}

export interface DefinitionLabelTable {
  definition_id: string;
  label_id: string;
}

export interface ManagedTransferTable {
  id: string;
  workspace_id: string;
  group_id: string | null;
  name: string;
  description: Generated<string>;
  connection_id: string;
  path: GeneratedJson<readonly string[]>;
  include: GeneratedJson<readonly string[]>;
  exclude: GeneratedJson<readonly string[]>;
  name_prefix: Generated<string>;
  config: Json;
  run_options: GeneratedJson;
  refresh_run_id: string | null;
  updated_by: string;
  version: Generated<number>;
  created_at: Generated<Instant>;
  updated_at: Generated<Instant>;
}

export interface ManagedLabelTable {
  managed_transfer_id: string;
  label_id: string;
}

export interface ManagedTableTable {
  managed_transfer_id: string;
  table_key: string;
  table_name: string;
  definition_id: string | null;
  is_detached: Generated<boolean>;
  state: Generated<'active' | 'paused'>;
  paused_at: Instant | null;
  created_at: Generated<Instant>;
}

export interface DefinitionChangeTable {
  definition_id: string;
  version: number;
  at: Generated<Instant>;
  actor: string;
  before: Json;
}

export interface TransferTables {
  definition_change: DefinitionChangeTable;
  label: LabelTable;
  definition_label: DefinitionLabelTable;
  managed_transfer: ManagedTransferTable;
  managed_label: ManagedLabelTable;
  managed_table: ManagedTableTable;
}
