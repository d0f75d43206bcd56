/** What can be kept as files, with the group that it belongs to. A new kind is a line here. */
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';

/** Rows of id, name and group_id. Ids are of one kind only. The workspace may be a column of the statement around it. */
export function filedResources(workspaceId: string | RawBuilder<string>): RawBuilder<unknown> {
  return sql`(
    select id, name, id as group_id from groups where workspace_id = ${workspaceId}
    union all select id, name, group_id from connection where workspace_id = ${workspaceId}
    union all select id, name, group_id from definition where workspace_id = ${workspaceId}
    union all select id, name, null from label where workspace_id = ${workspaceId}
    union all select id, name, group_id from managed_transfer where workspace_id = ${workspaceId}
    union all select schedule.id, definition.name, definition.group_id from schedule
      join definition on definition.id = schedule.definition_id where schedule.workspace_id = ${workspaceId})`;
}
