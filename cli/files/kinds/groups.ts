/** Groups as files: a name each. Who may do what in them is not a definition. */
import { z } from 'zod';
import { groupWrite } from '#api/resources/group.ts';
import { etagOf } from '#cli/files/resource-kind.ts';
import type { ResourceKind } from '#cli/files/resource-kind.ts';

export const groups: ResourceKind = {
  kind: 'group',
  folder: 'groups',
  creates: 'groups.create',
  schema: z.strictObject(groupWrite.shape),

  async *found({ client }) {
    for await (const { id, name, version } of client.items('groups.list', { query: { limit: 200 } })) {
      yield { id, name, version, fields: {}, secrets: new Map(), secretsSet: [] };
    }
  },
  async content({ name }) {
    // The schema has checked it.
    return { content: { name: name as string, fields: {}, secrets: new Map() }, complaints: [] };
  },
  settled: async (content) => ({ content, complaints: [] }),
  references: () => [],
  value: ({ name }) => ({ name }),

  create: ({ client }, { name }) => client.call('groups.create', { body: { name } }),
  update: ({ client }, { found, content }) =>
    client.call('groups.update', {
      params: { id: found.id },
      body: { name: content.name },
      ifMatch: etagOf(found.version),
    }),
  remove: async ({ client }, { id, version }) =>
    client.call('groups.delete', { params: { id }, ifMatch: etagOf(version) }),
};
