/**
 * Oniguruma's regular expressions (Ruby's) in JavaScript, as far as the two agree: `^` and `$` are about lines, `\A`,
 * `\z` and `\Z` about the text, `\h` is a hexadecimal digit. What cannot be said is a SyntaxError.
 */

const posixClasses: Readonly<Record<string, string>> = {
  alpha: '\\p{L}',
  digit: '\\p{Nd}',
  alnum: '\\p{L}\\p{Nd}',
  upper: '\\p{Lu}',
  lower: '\\p{Ll}',
  space: '\\s',
  punct: '\\p{P}',
  xdigit: '0-9a-fA-F',
  word: '\\p{L}\\p{Nd}_',
};

/** Escapes outside of classes; the others stay. */
const anchors: Readonly<Record<string, string>> = {
  A: '(?<![^])',
  z: '(?![^])',
  Z: '(?=\\n?(?![^]))',
  h: '[0-9a-fA-F]',
  H: '[^0-9a-fA-F]',
};

export function onigurumaRegex(pattern: string): RegExp {
  const options = /^\(\?([a-z]+)\)/.exec(pattern);
  const letters = options?.[1] ?? '';
  if (/[^im]/.test(letters)) throw new SyntaxError(`the options ${letters} are not supported`);
  const body = pattern.slice(options?.[0].length ?? 0);
  let source = '';
  for (let at = 0; at < body.length;) {
    const piece = body.charAt(at) === '[' ? classAt(body, at) : pieceAt(body, at);
    source += piece.source;
    at = piece.end;
  }
  // `m` in Ruby is what `s` is in JavaScript.
  return new RegExp(source, `um${letters.includes('i') ? 'i' : ''}${letters.includes('m') ? 's' : ''}`);
}

interface Piece {
  readonly source: string;
  readonly end: number;
}

function pieceAt(body: string, at: number): Piece {
  const character = body.charAt(at);
  if (character === '\\') return escapeAt(body, at, false);
  if (body.startsWith('(?>', at)) throw new SyntaxError('atomic groups are not supported');
  if (/^(?:[*+?]|\{\d+,?\d*\})\+/.test(body.slice(at)))
    throw new SyntaxError('possessive quantifiers are not supported');
  if (character === '{' && !/^\{\d+(?:,\d*)?\}/.test(body.slice(at))) return { source: '\\{', end: at + 1 };
  if (character === '}' && !/\{\d+(?:,\d*)?$/.test(body.slice(0, at))) return { source: '\\}', end: at + 1 };
  if (character === ']') return { source: '\\]', end: at + 1 };
  return { source: character, end: at + 1 };
}

function escapeAt(body: string, at: number, isInClass: boolean): Piece {
  const letter = body.charAt(at + 1);
  const end = at + 2;
  if (letter === '') throw new SyntaxError('it ends in a backslash');
  if (letter === 'h' && isInClass) return { source: '0-9a-fA-F', end };
  if (!isInClass && Object.hasOwn(anchors, letter)) return { source: anchors[letter] ?? '', end };
  if (/[GRXyYAzZH]/.test(letter)) throw new SyntaxError(`\\${letter} is not supported`);
  if (letter === 'p' || letter === 'P') return propertyAt(body, at);
  if (/[\p{L}\p{N}^$\\.*+?()[\]{}|/]/u.test(letter)) return { source: `\\${letter}`, end };
  // Needless escapes, which the strict mode refuses.
  return { source: letter === '-' && isInClass ? '\\-' : letter, end };
}

function propertyAt(body: string, at: number): Piece {
  const found = /^\\([pP])\{(\^?)(\w+)\}/.exec(body.slice(at));
  if (found === null) throw new SyntaxError('\\p must be followed by {a name}');
  const [whole, letter, caret, name = ''] = found;
  const isNegated = (letter === 'P') !== (caret === '^');
  const known = posixClasses[name.toLowerCase()];
  if (known === undefined) return { source: `\\${isNegated ? 'P' : 'p'}{${property(name)}}`, end: at + whole.length };
  if (isNegated) throw new SyntaxError(`${whole} is not supported`);
  return { source: known.length > 6 || known.includes('-') ? `[${known}]` : known, end: at + whole.length };
}

/** JavaScript wants to know that a name is that of a script. */
function property(name: string): string {
  return /^(?:L|N|P|S|Z|C)[a-z]?$/.test(name) ? name : `Script=${name}`;
}

function classAt(body: string, start: number): Piece {
  let source = '[';
  let at = start + 1;
  if (body.charAt(at) === '^') source += body.charAt(at++);
  for (let isFirst = true; ; isFirst = false) {
    const character = body.charAt(at);
    if (character === '') throw new SyntaxError('a [ has no ] behind it');
    if (character === ']' && !isFirst) return { source: `${source}]`, end: at + 1 };
    const posix = /^\[:(\^?)(\w+):\]/.exec(body.slice(at));
    if (posix !== null) {
      source += posixClass(posix[2] ?? '', posix[1] === '^');
      at += posix[0].length;
    } else if (character === '[') {
      throw new SyntaxError('classes inside classes are not supported');
    } else if (body.startsWith('&&', at)) {
      throw new SyntaxError('intersections of character classes are not supported');
    } else if (character === '\\') {
      const escape = escapeAt(body, at, true);
      source += escape.source;
      at = escape.end;
    } else {
      source += character === ']' ? '\\]' : character;
      at += 1;
    }
  }
}

function posixClass(name: string, isNegated: boolean): string {
  const known = posixClasses[name];
  if (known === undefined || isNegated) throw new SyntaxError(`[:${isNegated ? '^' : ''}${name}:] is not supported`);
  return known;
}
