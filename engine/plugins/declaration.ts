/** Is a value from outside the declaration of a plugin? What TypeScript would say, and JavaScript does not. */
import type { Kind, Stability } from '#spi/plugin.ts';

// Total, so that a new kind cannot be forgotten here.
const kinds: Readonly<Record<Kind, true>> = {
  input: true,
  file_input: true,
  decoder: true,
  parser: true,
  filter: true,
  formatter: true,
  encoder: true,
  file_output: true,
  output: true,
  connection: true,
  guess: true,
};
const stabilities: Readonly<Record<Stability, true>> = { stable: true, beta: true, deprecated: true };

/** What is wrong with it, or undefined when nothing is. */
export function declarationFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'it is not an object';
  const declaration = value as Readonly<Record<string, unknown>>;
  const { kind, name, title, summary, stability, examples } = declaration;
  if (typeof name !== 'string' || !/^[a-z0-9_]+$/.test(name)) {
    return `its name ${JSON.stringify(name)} is not made of small letters, digits and underscores`;
  }
  if (typeof kind !== 'string' || !Object.hasOwn(kinds, kind)) {
    return `the kind of '${name}' is ${JSON.stringify(kind)}; there are ${Object.keys(kinds).join(', ')}`;
  }
  const texts = { title, summary };
  for (const [key, text] of Object.entries(texts)) {
    if (typeof text !== 'string' || text === '') return `'${name}' has no ${key}`;
  }
  if (typeof stability !== 'string' || !Object.hasOwn(stabilities, stability)) {
    return `the stability of '${name}' is none of ${Object.keys(stabilities).join(', ')}`;
  }
  for (const method of ['config', 'load']) {
    if (typeof declaration[method] !== 'function') return `'${name}' has no function \`${method}\``;
  }
  return examplesFault(name, examples);
}

function examplesFault(name: string, examples: unknown): string | undefined {
  if (!Array.isArray(examples)) return `'${name}' has no list of examples`;
  const isWhole = (examples as readonly unknown[]).every(
    (example) =>
      typeof example === 'object' &&
      example !== null &&
      'title' in example &&
      typeof example.title === 'string' &&
      'yaml' in example &&
      typeof example.yaml === 'string',
  );
  return isWhole ? undefined : `an example of '${name}' lacks its title or its yaml`;
}
