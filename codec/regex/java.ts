/** Java's regular expressions in JavaScript, as far as the two agree; what cannot be said is a SyntaxError. */

export interface JavaRegexOptions {
  readonly ignoresCase?: boolean;
  /** `^` and `$` are about lines. */
  readonly isMultiline?: boolean;
  readonly dotMatchesAll?: boolean;
  /** White space in the pattern means nothing, and `#` begins a comment. */
  readonly hasComments?: boolean;
}

/** Compiles the expression to match everywhere, like `replaceAll`. */
export function javaRegex(pattern: string, options: JavaRegexOptions = {}): RegExp {
  const text = options.hasComments === true ? withoutComments(pattern) : pattern;
  refuseUnknown(text);
  const inline = /^\(\?([imsu]+)\)/.exec(text);
  const source = translated(inline === null ? text : text.slice(inline[0].length));
  const letters = new Set((inline?.[1] ?? '').replace('u', ''));
  if (options.ignoresCase === true) letters.add('i');
  if (options.isMultiline === true) letters.add('m');
  if (options.dotMatchesAll === true) letters.add('s');
  const flags = `g${[...letters].join('')}`;
  // Java sees characters beyond 16 bits as one. The mode for that refuses needless escapes: then without.
  try {
    return new RegExp(source, `${flags}u`);
  } catch {
    return new RegExp(source, flags);
  }
}

function refuseUnknown(pattern: string): void {
  const unescaped = pattern.replace(/\\[^]/g, '');
  if (/(?:[*+?]|\})\+/.test(unescaped)) throw new SyntaxError('possessive quantifiers are not supported');
  if (unescaped.includes('(?>')) throw new SyntaxError('atomic groups are not supported');
  if (unescaped.includes('&&')) throw new SyntaxError('intersections of character classes are not supported');
}

function withoutComments(pattern: string): string {
  return pattern.replace(/(\\[^])|\s+|#.*/g, (_, escaped: string | undefined) => escaped ?? '');
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

/** What Java means by these letters behind a backslash. */
const letters: Readonly<Record<string, string>> = {
  A: '(?<![^])',
  z: '(?![^])',
  Z: '(?=\\n?(?![^]))',
};

const pieces = /\\Q([^]*?)(?:\\E|$)|\\p\{(Alpha|Digit|Alnum|Upper|Lower|Punct|Space)\}|\\([^])|[[\]]/g;

function translated(body: string): string {
  let depth = 0;
  return body.replace(pieces, (whole: string, quoted?: string, name?: string, letter?: string) => {
    if (quoted !== undefined) return quoted.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
    if (name !== undefined) return depth > 0 ? (posix[name] ?? '') : `[${posix[name] ?? ''}]`;
    if (letter === undefined) depth += whole === '[' ? 1 : -1;
    if (letter === 'h') return depth > 0 ? ' \\t\\u00a0' : '[ \\t\\u00a0]';
    return depth === 0 && letter !== undefined && Object.hasOwn(letters, letter) ? (letters[letter] ?? '') : whole;
  });
}

/** A replacement: texts as they are, and groups by number or name. */
type Part = string | { readonly group: number | string };

/**
 * Java's replacement text (`$1`, `${name}`, `\` escapes) as a function for `String.replace` with this expression. A
 * group that the expression does not have is a SyntaxError.
 */
export function javaReplacement(template: string, regex: RegExp): (match: string, ...rest: unknown[]) => string {
  const parts = partsOf(template, groupsOf(regex));
  const [only = ''] = parts;
  if (parts.length <= 1 && typeof only === 'string') return () => only;
  return (match, ...rest) => {
    const named = rest.at(-1);
    let result = '';
    for (const part of parts) {
      if (typeof part === 'string') result += part;
      else if (part.group === 0) result += match;
      else if (typeof part.group === 'number') result += (rest[part.group - 1] as string | undefined) ?? '';
      // There are named groups: then the last argument holds them.
      else result += (named as Readonly<Record<string, string | undefined>>)[part.group] ?? '';
    }
    return result;
  };
}

interface Groups {
  readonly count: number;
  readonly names: ReadonlySet<string>;
}

function groupsOf({ source, flags }: RegExp): Groups {
  // With nothing as an alternative it matches, and gives all groups.
  const match = new RegExp(`${source}|`, flags.replace('g', '')).exec('');
  return { count: (match?.length ?? 1) - 1, names: new Set(Object.keys(match?.groups ?? {})) };
}

function partsOf(template: string, { count, names }: Groups): readonly Part[] {
  const parts: Part[] = [];
  let text = '';
  for (const [whole, escaped, digits, name] of template.matchAll(/\\([^])|\$(\d+)|\$\{(\w+)\}|[^\\$]+|[\\$]/g)) {
    if (escaped !== undefined) {
      text += escaped;
    } else if (digits !== undefined) {
      // As many digits as make the number of a group.
      let length = 1;
      while (length < digits.length && Number(digits.slice(0, length + 1)) <= count) length += 1;
      const group = Number(digits.slice(0, length));
      if (group > count) throw new SyntaxError(`the replacement names group ${group}, which does not exist`);
      parts.push(text, { group });
      text = digits.slice(length);
    } else if (name !== undefined) {
      if (!names.has(name)) throw new SyntaxError(`the replacement names group ${name}, which does not exist`);
      parts.push(text, { group: name });
      text = '';
    } else {
      if (whole === '\\' || whole === '$') throw new SyntaxError(`the replacement has a lone ${whole}`);
      text += whole;
    }
  }
  return [...parts, text].filter((part) => part !== '');
}
