import { describe, expect, it } from 'vitest';
import { plugins } from '#test/kit/faulty-connection/plugins.ts';
import { declarationFault } from './declaration.ts';

const [sound] = plugins;

describe('declarationFault()', () => {
  it('finds nothing wrong with a declaration', () => expect(declarationFault(sound)).toBeUndefined());

  it.each<[unknown, string]>([
    [undefined, 'it is not an object'],
    [{ ...sound, name: 'My Plugin' }, 'its name "My Plugin" is not made of'],
    [{ ...sound, kind: 'toString' }, 'the kind of \'faulty\' is "toString"'],
    [{ ...sound, title: '' }, "'faulty' has no title"],
    [{ ...sound, summary: 5 }, "'faulty' has no summary"],
    [{ ...sound, stability: 'new' }, 'the stability of'],
    [{ ...sound, config: {} }, "'faulty' has no function `config`"],
    [{ ...sound, load: undefined }, "'faulty' has no function `load`"],
    [{ ...sound, examples: undefined }, "'faulty' has no list of examples"],
    [{ ...sound, examples: [{ title: 'One' }] }, 'lacks its title or its yaml'],
  ])('of %j', (value, words) => expect(declarationFault(value)).toContain(words));
});
