/**
 * Schedules as files. They have no names: each is the first, second and so on of its transfer, in the order in which
 * they were made.
 */
import { z } from 'zod';
import { NAME_LENGTH_MAX } from '#api/fields.ts';
import { SCHEDULES_PER_DEFINITION_MAX, scheduleSettings } from '#api/resources/schedule.ts';
import type { Schedule, ScheduleSettings } from '#api/resources/schedule.ts';
import { etagOf } from '#cli/files/resource-kind.ts';
import type { Content, Found, ResourceKind } from '#cli/files/resource-kind.ts';
import type { JsonObject } from '#spi/json.ts';

interface Fields extends JsonObject {
  readonly transfer: string;
  readonly no: number;
  readonly isEnabled: boolean;
}

export const schedules: ResourceKind = {
  kind: 'schedule',
  folder: 'schedules',
  creates: 'schedules.create',
  schema: z.strictObject({
    transfer: z.string().min(1).max(NAME_LENGTH_MAX),
    no: z.int().min(1).max(SCHEDULES_PER_DEFINITION_MAX).default(1),
    ...scheduleSettings.shape,
  }),
  // To which it belongs is its identity.
  namedBy: 'transfer',

  async *found(world) {
    const all: Schedule[] = [];
    for await (const each of world.client.items('schedules.list', { query: { limit: 200 } })) all.push(each);
    const counts = new Map<string, number>();
    for (const each of all.sort(byAge)) {
      const transfer = world.name('transfer', each.definitionId);
      // Of a managed transfer: its schedules are as little a definition as itself.
      if (transfer === undefined) continue;
      const no = (counts.get(transfer) ?? 0) + 1;
      counts.set(transfer, no);
      yield foundOf(each, { transfer, no });
    }
  },

  async content(value, _world, { isScheduleOn }) {
    // The schema has checked them.
    const fields = value as Fields;
    const isEnabled = isScheduleOn(fields.transfer) ?? fields.isEnabled;
    return { content: contentOf({ ...fields, isEnabled }), complaints: [] };
  },
  settled: async (content) => ({ content, complaints: [] }),
  references({ fields }) {
    return [{ kind: 'transfer', name: (fields as Fields).transfer, path: ['transfer'] }];
  },
  value: ({ fields }) => fields,

  create(world, content) {
    const { transfer } = content.fields as Fields;
    const params = { id: world.id('transfer', transfer) ?? transfer };
    return world.client.call('schedules.create', { params, body: settings(content) });
  },
  update: ({ client }, { found, content }) =>
    client.call('schedules.update', {
      params: { id: found.id },
      body: settings(content),
      ifMatch: etagOf(found.version),
    }),
  remove: async ({ client }, { id, version }) =>
    client.call('schedules.delete', { params: { id }, ifMatch: etagOf(version) }),
};

function byAge(one: Schedule, other: Schedule): number {
  const [a, b] = [`${one.createdAt} ${one.id}`, `${other.createdAt} ${other.id}`];
  return a < b ? -1 : 1;
}

function foundOf(schedule: Schedule, place: { readonly transfer: string; readonly no: number }): Found {
  // Of the resource only what may be written.
  const written = scheduleSettings.parse(
    Object.fromEntries(Object.entries(schedule).filter(([key]) => Object.hasOwn(scheduleSettings.shape, key))),
  );
  const { id, version } = schedule;
  return { id, version, ...contentOf({ ...place, ...written }), secretsSet: [] };
}

function contentOf(fields: Fields): Content {
  const { transfer, no } = fields;
  return { name: no === 1 ? transfer : `${transfer} #${no}`, fields, secrets: new Map() };
}

function settings({ fields }: Content): ScheduleSettings {
  const { transfer: _, no: __, ...rest } = fields as Fields;
  // The schema of the file is the one of the request.
  return rest as unknown as ScheduleSettings;
}
