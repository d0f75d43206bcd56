/** Labels as files. */
import { z } from 'zod';
import { labelCreate } from '#api/resources/label.ts';
import { etagOf } from '#cli/files/resource-kind.ts';
import type { Content, ResourceKind } from '#cli/files/resource-kind.ts';

export const labels: ResourceKind = {
  kind: 'label',
  folder: 'labels',
  creates: 'labels.create',
  schema: z.strictObject(labelCreate.shape),

  async *found({ client }) {
    for await (const { id, version, name, colour, description } of client.items('labels.list')) {
      yield { id, version, name, fields: { colour, description }, secrets: new Map(), secretsSet: [] };
    }
  },
  async content({ name, ...fields }) {
    // The schema has checked it.
    return { content: { name: name as string, fields, secrets: new Map() }, complaints: [] };
  },
  settled: async (content) => ({ content, complaints: [] }),
  references: () => [],
  value: ({ name, fields }) => ({ name, ...fields }),

  create: ({ client }, content) => client.call('labels.create', { body: body(content) }),
  update: ({ client }, { found, content }) =>
    client.call('labels.update', { params: { id: found.id }, body: body(content), ifMatch: etagOf(found.version) }),
  remove: async ({ client }, { id, version }) =>
    client.call('labels.delete', { params: { id }, ifMatch: etagOf(version) }),
};

function body({ name, fields }: Content): { name: string; colour: string; description: string } {
  return { name, colour: String(fields['colour']), description: String(fields['description']) };
}
