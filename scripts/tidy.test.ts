import { describe, expect, it } from 'vitest';
import { errorCodesUsed, rules } from './tidy.ts';

const complaints = (path: string, text: string): string[] => rules.flatMap((rule) => rule([{ path, text }]));

describe('tidy', () => {
  it.each([
    ['codec/x.ts', `const long = ${'1 + '.repeat(60)}1;`, /longer than 120/],
    ['codec/x.ts', `// ${['TO', 'DO'].join('')}: later`, /note to oneself/],
    ['codec/x.test.ts', `${['it', 'skip'].join('.')}('x', () => {});`, /does not run/],
    ['codec/new/x.ts', 'export const x = 1;', /codec\/new: there are no tests/],
    ['spi/README.md', 'line\n'.repeat(50), /51 lines/],
  ])('complains about %s', (path, text, words) => expect(complaints(path, text).join('\n')).toMatch(words));

  it('finds error codes that nothing raises', () => {
    const catalogue = 'export const e = errorCatalogue({\n  A_USED: {\n  },\n  B_UNUSED: {\n  },\n});\n';
    const files = [
      { path: 'x/errors.ts', text: catalogue },
      { path: 'x/y.ts', text: "throw e.error('A_USED');" },
    ];
    expect(errorCodesUsed(files)).toEqual(['x/errors.ts: the error B_UNUSED is never raised']);
  });
});
