import { defineEndpoint } from '#api/endpoint.ts';
import { idParams } from '#api/fields.ts';
import { previewOfConfig, previewOfTransfer, variablePreview } from '#api/resources/variable.ts';

const answer = { kind: 'json', status: 200, description: 'What runs would get.', body: variablePreview } as const;

export const variableEndpoints = [
  defineEndpoint({
    id: 'variables.preview',
    method: 'POST',
    path: '/transfers/:id/variables/preview',
    tag: 'transfers',
    summary: 'Preview the variables of a transfer',
    description:
      'What a run by hand and the next ones of its schedules would get for each variable, and the settings with the ' +
      'values in place. Nothing is started, and no database is asked.',
    params: idParams,
    body: previewOfTransfer,
    answer,
    problems: [404],
    rights: { role: 'viewer', in: 'group' },
    repeat: 'idempotent',
  }),
  defineEndpoint({
    id: 'variables.previewConfig',
    method: 'POST',
    path: '/variables/preview',
    tag: 'transfers',
    summary: 'Preview the variables of a configuration',
    description: 'As of a transfer; nothing is saved. It has no schedules.',
    body: previewOfConfig,
    answer,
    rights: { role: 'editor', in: 'group' },
    repeat: 'idempotent',
  }),
] as const;
