import { describe, expect, it } from 'vitest';
import type { Rights, Role } from '#api/endpoint.ts';
import { anonymous } from '#control/http/handler.ts';
import type { Principal } from '#control/http/handler.ts';
import { decide, decideTarget, roleIn } from './rights.ts';
import type { Place } from './rights.ts';

function person(
  role: Role | null,
  groups: Readonly<Record<string, Role>> = {},
  more: Partial<Principal> = {},
): Principal {
  return { ...anonymous, workspaceId: 'w', userId: 'u', role, groupRoles: new Map(Object.entries(groups)), ...more };
}

const editorOfGroup: Rights = { role: 'editor', in: 'group' };

describe('roleIn()', () => {
  it.each([
    [person('viewer', { g: 'editor' }), 'g', 'editor'],
    [person('editor', { g: 'viewer' }), 'g', 'editor'],
    [person(null, { g: 'viewer' }), 'g', 'viewer'],
    [person(null, { g: 'viewer' }), 'other', null],
    [person(null, { g: 'viewer' }), null, null],
    [person('operator'), null, 'operator'],
  ])('is the widest of what workspace and group give (%#)', (who, groupId, role) => {
    expect(roleIn(who, groupId)).toBe(role);
  });
});

describe('decide()', () => {
  const missing = { role: 'editor', in: 'group', id: 'g' };
  const cases: readonly [string, Rights, Principal, Place | undefined, unknown][] = [
    ['an editor', editorOfGroup, person(null, { g: 'editor' }), { groupId: 'g' }, 'granted'],
    ['a viewer', editorOfGroup, person(null, { g: 'viewer' }), { groupId: 'g' }, missing],
    ['a stranger', editorOfGroup, person(null, { other: 'administrator' }), { groupId: 'g' }, 'hidden'],
    ['what has no group', editorOfGroup, person(null, { g: 'editor' }), { groupId: null }, 'hidden'],
    ['its owner', editorOfGroup, person(null), { groupId: null, ownerId: 'u' }, 'granted'],
    [
      'a thing without an owner',
      editorOfGroup,
      person(null, {}, { userId: null }),
      { groupId: null, ownerId: null },
      'hidden',
    ],
    [
      'what only its administrators see',
      editorOfGroup,
      person('operator'),
      { groupId: null, seenFrom: 'administrator' },
      'hidden',
    ],
    ['a list', editorOfGroup, person(null), undefined, 'granted'],
    [
      'nobody in a workspace',
      editorOfGroup,
      person(null, {}, { workspaceId: '' }),
      undefined,
      { role: 'member', in: 'workspace', id: null },
    ],
    ['a service', 'person', person('administrator', {}, { userId: null }), undefined, 'person'],
    [
      'a manager of the installation, in a workspace',
      { role: 'viewer', in: 'workspace' },
      person(null, {}, { administersInstallation: true }),
      undefined,
      { role: 'viewer', in: 'workspace', id: null },
    ],
    [
      'an administrator, in the installation',
      { role: 'administrator', in: 'installation' },
      person('administrator'),
      undefined,
      { role: 'administrator', in: 'installation', id: null },
    ],
    [
      'who looks after the team',
      { role: 'administrator', in: 'team' },
      person(null, {}, { administersTeams: new Set(['t']) }),
      { groupId: null, teamId: 't' },
      'granted',
    ],
    [
      'who looks after another',
      { role: 'administrator', in: 'team' },
      person('editor', {}, { administersTeams: new Set(['t']) }),
      { groupId: null, teamId: 'x' },
      { role: 'administrator', in: 'team', id: 'x' },
    ],
  ];
  it.each(cases)('says of %s what it must', (_, rights, who, place, verdict) => {
    expect(decide(rights, who, place)).toEqual(verdict);
  });
});

describe('decideTarget()', () => {
  it('hides a group, and never the workspace', () => {
    expect(decideTarget('g', 'editor', person(null))).toBe('hidden');
    expect(decideTarget('g', 'editor', person('viewer'))).toEqual({ role: 'editor', in: 'group', id: 'g' });
    expect(decideTarget(null, 'editor', person(null))).toEqual({ role: 'editor', in: 'workspace', id: null });
  });
});
