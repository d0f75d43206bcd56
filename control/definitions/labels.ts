/** Labels: words of a workspace that transfers are found by. */
import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { Label } from '#api/resources/label.ts';
import { visibleTo } from '#control/auth/visible.ts';
import { containing } from '#control/http/cursor.ts';
import { SortedList, sortings } from '#control/http/sorted-list.ts';
import type { HandlersOf, Principal } from '#control/http/handler.ts';
import { unknown } from '#control/http/refusal.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';
import type { LabelTable } from '#control/store/transfer-tables.ts';
import { assertVersion, namedOnce } from './versions.ts';

type Db = Store['db'];
type LabelRow = Selectable<LabelTable> & { readonly uses: number };

export function labelHandlers({ db }: Pick<Store, 'db'>): HandlersOf<'labels'> {
  return {
    async 'labels.list'({ query, principal }) {
      const list = new SortedList(`labels.${query.sort}`, query, sortings[query.sort]);
      let rows = selectLabels(db, principal);
      if (query.q !== undefined) rows = rows.where('name', 'ilike', containing(query.q));
      return list.page(await rows.where(list.where).orderBy(list.orderBy).limit(list.limit).execute(), labelOf);
    },

    async 'labels.create'({ body, principal }) {
      const id = newId();
      const row = { id, workspace_id: principal.workspaceId, ...body };
      await namedOnce('label', body.name, () => db.insertInto('label').values(row).execute());
      return labelOf(await theLabel(db, id, principal));
    },

    async 'labels.get'({ params, principal }) {
      return labelOf(await theLabel(db, params.id, principal));
    },

    async 'labels.update'({ params: { id }, body, principal, ifMatch }) {
      return db.transaction().execute(async (trx) => {
        const before = await theLabel(trx, id, principal, true);
        assertVersion('label', before.version, ifMatch);
        const row = {
          name: body.name ?? before.name,
          colour: body.colour ?? before.colour,
          description: body.description ?? before.description,
        };
        const isSame = (['name', 'colour', 'description'] as const).every((field) => row[field] === before[field]);
        if (isSame) return labelOf(before);
        const update = trx
          .updateTable('label')
          .set({ ...row, version: before.version + 1, updated_at: sql<string>`dispatch.now()` })
          .where('id', '=', id)
          .where('workspace_id', '=', principal.workspaceId);
        await namedOnce('label', row.name, () => update.execute());
        return labelOf(await theLabel(trx, id, principal));
      });
    },

    async 'labels.delete'({ params: { id }, principal, ifMatch }) {
      await db.transaction().execute(async (trx) => {
        const { version } = await theLabel(trx, id, principal, true);
        if (ifMatch !== undefined) assertVersion('label', version, ifMatch);
        await trx.deleteFrom('label').where('id', '=', id).where('workspace_id', '=', principal.workspaceId).execute();
      });
    },
  };
}

// oxlint-disable-next-line typescript/explicit-module-boundary-types -- kysely's types name every column
function selectLabels(db: Db, principal: Principal) {
  const uses = sql<number>`(select count(*)::integer from definition_label
    join definition on definition.id = definition_label.definition_id
    where definition_label.label_id = label.id and ${visibleTo(principal, 'definition.group_id')})`;
  return db.selectFrom('label').selectAll().select(uses.as('uses')).where('workspace_id', '=', principal.workspaceId);
}

async function theLabel(db: Db, id: string, principal: Principal, isLocked = false): Promise<LabelRow> {
  const query = selectLabels(db, principal).where('id', '=', id);
  const found = await (isLocked ? query.forUpdate() : query).executeTakeFirst();
  if (found === undefined) throw unknown('label', id);
  return found;
}

function labelOf(row: LabelRow): Label {
  const { id, name, colour, description, uses, version, created_at: createdAt, updated_at: updatedAt } = row;
  return { id, name, colour, description, uses, version, createdAt, updatedAt };
}
