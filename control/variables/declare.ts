/**
 * Declared variables against the configuration that names them: everything that is wrong, by the place where it stands,
 * and the places where values will be put. Both are kept with a revision, so that creating a run looks nothing up.
 */
import { z } from 'zod';
import { textPlace, valueKey } from '#api/late-values.ts';
import type { TextPart, TextPlace } from '#api/late-values.ts';
import type { FieldProblem } from '#api/problem.ts';
import { variableList } from '#api/resources/variable.ts';
import type { Variable } from '#api/resources/variable.ts';
import type { TextUse } from '#spi/fields.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import type { Catalog } from '#spi/plugin.ts';
import { brokenPattern, unacceptable } from './acceptance.ts';
import { openTexts } from './open-options.ts';
import type { OpenText, Side } from './open-options.ts';
import { namesIn, splitText } from './references.ts';

const kept = z.object({ declared: variableList.default([]), places: z.array(textPlace).default([]) });

/** As a revision keeps them. */
export interface KeptVariables {
  readonly declared: readonly Variable[];
  readonly places: readonly TextPlace[];
}

/** Of the column of a revision. */
export function readKept(column: unknown): KeptVariables {
  return kept.parse(column);
}

export const noVariables: KeptVariables = { declared: [], places: [] };

export interface CheckedVariables extends KeptVariables {
  readonly errors: readonly FieldProblem[];
}

type Path = readonly (string | number)[];

export async function checkVariables(
  config: JsonObject,
  declared: readonly Variable[],
  catalog: Catalog,
): Promise<CheckedVariables> {
  if (declared.length === 0) return { ...noVariables, errors: [] };
  const errors: FieldProblem[] = [];
  const complain = (path: Path, message: string): void => {
    errors.push({ in: 'body', path: [...path], message });
  };
  const scope = new Scope(declared);
  const open = (await openTexts(config, catalog)).filter(({ text }) => namesIn(text, scope.names).length > 0);
  const places = open.map((text) => placeOf(text, scope, complain));
  const isOpen = new Set(open.map(({ path }) => JSON.stringify(path)));
  eachText(config, [], (text, path, isKey) => {
    if (!isKey && isOpen.has(JSON.stringify(path))) return;
    const [name] = namesIn(text, scope.names);
    if (name === undefined) return;
    const what = isKey ? 'a name of an option takes no variables' : 'this option takes no variables';
    complain(['config', ...path], `the variable $${name}$ cannot stand here: ${what}`);
  });
  const uses = usesOf({ declared, places });
  for (const [index, variable] of declared.entries()) {
    checkDeclaration({ variable, scope, uses: uses.get(valueKey(variable)) ?? new Set() }, (path, message) =>
      complain(['variables', index, ...path], message),
    );
    if (scope.isTwice(index))
      complain(['variables', index, 'name'], `$${variable.name}$ is declared twice for that side`);
  }
  return { declared, places, errors };
}

/** What each value goes into, by its key. */
export function usesOf({ declared, places }: KeptVariables): ReadonlyMap<string, ReadonlySet<TextUse>> {
  const uses = new Map<string, Set<TextUse>>();
  const scope = new Scope(declared);
  const queries = declared.flatMap((variable) => (variable.kind === 'query' ? [variable.query] : []));
  const asked = queries.map((query) => ({ use: 'code' as const, parts: scope.parts(query, 'filters') }));
  for (const { use, parts } of [...places, ...asked]) {
    for (const part of parts) {
      if (typeof part === 'string') continue;
      const own = uses.get(part.key) ?? new Set();
      uses.set(part.key, own.add(use));
    }
  }
  return uses;
}

/** Which declaration a name means where it stands. */
export class Scope {
  readonly names: ReadonlySet<string>;
  readonly #declared: readonly Variable[];

  constructor(declared: readonly Variable[]) {
    this.#declared = declared;
    this.names = new Set(declared.map(({ name }) => name));
  }

  /** In a filter, which is between the two, that of the destination goes first. */
  find(name: string, side: Side): Variable | undefined {
    const found = (wanted: Variable['side']): Variable | undefined =>
      this.#declared.find((variable) => variable.name === name && variable.side === wanted);
    const own = side === 'filters' ? (found('out') ?? found('in')) : found(side);
    return found('both') ?? own;
  }

  /** An earlier one is for the same settings. */
  isTwice(index: number): boolean {
    const own = this.#declared[index];
    const overlaps = ({ name, side }: Variable): boolean =>
      name === own?.name && (side === own.side || side === 'both' || own.side === 'both');
    return this.#declared.slice(0, index).some(overlaps);
  }

  /** Of a text on a side; `missing` is told the names that are only for the other one. */
  parts(text: string, side: Side, missing: (name: string) => void = () => undefined): TextPart[] {
    return splitText(text, this.names).map((piece) => {
      if (typeof piece === 'string') return piece;
      const variable = this.find(piece.name, side);
      if (variable === undefined) missing(piece.name);
      return { key: valueKey(variable ?? { name: piece.name, side }) };
    });
  }
}

type Complain = (path: Path, message: string) => void;

const words: Readonly<Record<Side, string>> = { in: 'the source', out: 'the destination', filters: 'filters' };
const authority = /^https?:\/\/[^/?#]+[/?#]/i;

function placeOf({ path, text, use, side }: OpenText, scope: Scope, complain: Complain): TextPlace {
  const at = ['config', ...path];
  const parts = scope.parts(text, side, (name) =>
    complain(at, `the variable $${name}$ is not declared for ${words[side]}: its side is the other one`),
  );
  const [first] = parts;
  // Credentials go to the host that an address names.
  if (use === 'url' && !(typeof first === 'string' && authority.test(first))) {
    complain(at, 'variables may stand behind the host of an address only, not in it');
  }
  return { path, use, parts };
}

interface Declaration {
  readonly variable: Variable;
  readonly scope: Scope;
  readonly uses: ReadonlySet<TextUse>;
}

function checkDeclaration({ variable, scope, uses }: Declaration, complain: Complain): void {
  const { pattern, kind } = variable;
  const broken = pattern === undefined ? undefined : brokenPattern(pattern);
  if (broken !== undefined) return complain(['pattern'], `this is no regular expression: ${broken}`);
  // What is declared is the editor's own, so that only the editor's own rules bind it.
  if (kind === 'text' && (pattern !== undefined || variable.options !== undefined)) {
    const reason = unacceptable(variable.value, variable, uses);
    if (reason !== undefined) complain(['value'], reason);
  }
  if (kind !== 'query') return;
  for (const name of namesIn(variable.query, scope.names)) {
    if (scope.find(name, 'filters')?.kind === 'query') {
      complain(['query'], `$${name}$ is the value of a query, too: one cannot wait for another`);
    }
  }
}

/** Every text with its path; names of members too, which come with the path of the member. */
function eachText(value: Json, path: Path, see: (text: string, path: Path, isKey: boolean) => void): void {
  if (typeof value === 'string') see(value, path, false);
  else if (Array.isArray(value)) {
    for (const [index, item] of (value as readonly Json[]).entries()) eachText(item, [...path, index], see);
  } else if (isJsonObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      see(key, [...path, key], true);
      if (item !== undefined) eachText(item, [...path, key], see);
    }
  }
}
