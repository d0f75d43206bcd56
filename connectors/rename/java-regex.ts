/** Java's regular expressions in JavaScript, as far as the two agree; what cannot be said is a SyntaxError. */

/** Compiles the expression to match everywhere, like `replaceAll`. */
export function javaRegex(pattern: string): RegExp {
  if (/(?:[*+?]|\})\+/.test(pattern.replace(/\\./g, '')))
    throw new SyntaxError('possessive quantifiers are not supported');
  if (pattern.includes('(?>')) throw new SyntaxError('atomic groups are not supported');
  if (pattern.includes('&&')) throw new SyntaxError('intersections of character classes are not supported');
  const flags = /^\(\?([imsu]+)\)/.exec(pattern);
  const body = (flags === null ? pattern : pattern.slice(flags[0].length))
    // `\Q…\E` quotes literally.
    .replace(/\\Q([\s\S]*?)(?:\\E|$)/g, (_, text: string) => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&'))
    .replace(/\\p\{(Alpha|Digit|Alnum|Upper|Lower|Punct|Space)\}/g, (_, name: string) => `[${posix[name] ?? ''}]`)
    .replaceAll('\\A', '^')
    .replace(/\\[zZ]/g, '$')
    .replaceAll('\\h', '[ \\t\\u00a0]');
  const javaScriptFlags = (flags?.[1] ?? '').replace('u', '');
  return new RegExp(body, `g${[...new Set(javaScriptFlags)].join('')}`);
}

const posix: Readonly<Record<string, string>> = {
  Alpha: 'a-zA-Z',
  Digit: '0-9',
  Alnum: 'a-zA-Z0-9',
  Upper: 'A-Z',
  Lower: 'a-z',
  Punct: '!-/:-@\\[-`{-~',
  Space: ' \\t\\n\\v\\f\\r',
};

/** Java's replacement text (`$1`, `${name}`, `\` escapes) as a function for `String.replace`. */
export function javaReplacement(template: string): (match: string, ...rest: unknown[]) => string {
  return (match, ...rest) => {
    const named = rest.at(-1);
    const groups = typeof named === 'object' && named !== null ? (named as Record<string, string | undefined>) : {};
    const numbered = rest.filter(
      (part): part is string | undefined => typeof part !== 'number' && typeof part !== 'object',
    );
    // The last of them is the whole name that is being searched.
    const values = [match, ...numbered.slice(0, -1)];
    return template.replace(
      /\\([\s\S])|\$(\d)|\$\{(\w+)\}|([\\$])/g,
      (whole, escaped?: string, index?: string, name?: string) => {
        if (escaped !== undefined) return escaped;
        if (name !== undefined) return groups[name] ?? '';
        if (index === undefined) throw new SyntaxError(`the replacement has a lone ${whole}`);
        if (Number(index) >= values.length)
          throw new SyntaxError(`the replacement names group ${index}, which does not exist`);
        return values[Number(index)] ?? '';
      },
    );
  };
}
