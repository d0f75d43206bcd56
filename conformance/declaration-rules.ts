/** What must hold for the declaration of every plugin. */
import assert from 'node:assert/strict';
import { resolveOptions } from '#engine/config/resolve.ts';
import type { Kind } from '#spi/plugin.ts';
import type { SchemaNode } from './subject.ts';
import { assertPlainJson, ownOptions, sectionOf } from './subject.ts';
import type { Rule } from './suite.ts';

/** One word for one thing, everywhere: what people might write instead. */
const synonyms: Readonly<Record<string, string>> = {
  encoding: 'charset',
  character_set: 'charset',
  separator: 'delimiter',
  delim: 'delimiter',
  hostname: 'host',
  db: 'database',
  pass: 'password',
  passwd: 'password',
  pwd: 'password',
  tz: 'default_timezone',
  time_zone: 'default_timezone',
  prefix: 'path_prefix',
  extension: 'file_ext',
  file_extension: 'file_ext',
};

const secretNames = /(password|passphrase|secret|secret_key|private_key|access_token|auth_token)$/;

/** The methods that an implementation cannot do without; `|` where one of several does. */
const methods: Readonly<Record<Kind, readonly string[]>> = {
  input: ['plan', 'read'],
  file_input: ['plan', 'read'],
  decoder: ['decode|unpack'],
  parser: ['schema', 'parse'],
  filter: ['open'],
  formatter: ['open'],
  encoder: ['encode'],
  file_output: ['plan', 'open', 'commit'],
  output: ['plan', 'open', 'commit'],
  connection: ['test', 'browse'],
  guess: ['guess'],
};

export const declarationRules: readonly Rule[] = [
  {
    title: 'is told in words: a sentence about itself, title and sentences for every option',
    async check(subject) {
      assert.match(subject.plugin.summary, /\.$/, 'the summary is a sentence');
      assert.deepEqual(undocumented(await subject.jsonSchema(), ''), [], 'options without a title or sentences');
    },
  },
  {
    title: 'has names as configs have them, and no second name for one thing',
    async check(subject) {
      const names = Object.keys((await subject.jsonSchema()).properties ?? {});
      for (const name of [subject.plugin.name, ...names]) assert.match(name, /^[a-z0-9_]+$/);
      const doubled = names.filter((name) => Object.hasOwn(synonyms, name));
      assert.deepEqual(
        doubled.map((name) => `${name}, say ${synonyms[name]}`),
        [],
        'options that have another name in all other plugins',
      );
    },
  },
  {
    title: 'marks its secrets',
    async check(subject) {
      assert.deepEqual(openSecrets(await subject.jsonSchema(), ''), [], 'options that need x-secret');
    },
  },
  {
    title: 'opens to variables texts alone: no secrets, no choices, nothing of a connection',
    async check(subject) {
      const { plugin } = subject;
      const opened = options(await subject.jsonSchema(), '').filter(
        ({ option }) => option['x-variables'] !== undefined,
      );
      if (plugin.kind === 'connection') assert.deepEqual(opened, [], 'a connection is the same in every run');
      const wrong = opened.filter(({ option }) => !isText(option) || hasSecret(option));
      assert.deepEqual(
        wrong.map(({ here }) => here),
        [],
        'options that cannot take the text of a variable',
      );
    },
  },
  {
    title: 'has examples that its schema takes without a complaint',
    async check({ plugin }) {
      if (plugin.kind !== 'guess') assert.ok(plugin.examples.length > 0, 'there is no example');
      const schema = await plugin.config();
      for (const { title, yaml } of plugin.examples) {
        const section = sectionOf(yaml);
        assert.equal(section['type'], plugin.name, `the type of the example '${title}'`);
        const { errors, unknownKeys } = resolveOptions(schema, ownOptions(section));
        assert.deepEqual([...errors.map(({ message }) => message), ...unknownKeys], [], `the example '${title}'`);
      }
    },
  },
  {
    title: 'refuses an option that does not exist, and gives plain JSON as its config',
    async check(subject) {
      const schema = await subject.plugin.config();
      assert.equal(schema.safeParse({ no_such_option: 1 }).success, false, 'the config is a z.strictObject');
      for (const { yaml } of subject.plugin.examples) {
        assertPlainJson(resolveOptions(schema, ownOptions(sectionOf(yaml))).config, 'the config of an example');
      }
    },
  },
  {
    title: 'loads, with all that its kind needs',
    async check({ plugin }) {
      const loaded = (await plugin.load()) as object as Readonly<Record<string, unknown>>; // whatever it is
      for (const method of methods[plugin.kind]) {
        const isThere = method.split('|').some((name) => typeof loaded[name] === 'function');
        assert.ok(isThere, `it has no ${method.replace('|', ' or ')}`);
      }
    },
  },
];

function undocumented(node: SchemaNode, path: string): string[] {
  return options(node, path).flatMap(({ here, option }) => {
    const isWhole = option.title !== undefined && option.description?.endsWith('.') === true;
    return isWhole ? [] : [here];
  });
}

function openSecrets(node: SchemaNode, path: string): string[] {
  return options(node, path).flatMap(({ here, option }) => {
    const isSecret = secretNames.test(here.replace(/^.*\./, '')) && option.properties === undefined;
    return isSecret && option.type === 'string' && option['x-secret'] !== true ? [here] : [];
  });
}

/** A string, a list of them, or members that are strings. */
function isText({ type, enum: choices, items, properties, additionalProperties: others }: SchemaNode): boolean {
  if (type === 'string') return choices === undefined;
  if (type === 'array') return items !== undefined && isText(items);
  return type === 'object' && properties === undefined && typeof others === 'object' && isText(others);
}

function hasSecret({ 'x-secret': isSecret, items, additionalProperties: others }: SchemaNode): boolean {
  const inner = [...(items === undefined ? [] : [items]), ...(typeof others === 'object' ? [others] : [])];
  return isSecret === true || inner.some(hasSecret);
}

/** All options, those of lists and mappings included, with their paths. */
function options(node: SchemaNode, path: string): { here: string; option: SchemaNode }[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, option]) => {
    const here = `${path}${name}`;
    const { items, additionalProperties: others } = option;
    const inner = [option, ...(items === undefined ? [] : [items]), ...(typeof others === 'object' ? [others] : [])];
    return [{ here, option }, ...inner.flatMap((deeper) => options(deeper, `${here}.`))];
  });
}
