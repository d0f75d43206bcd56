/** Names of variables in texts: `$name$`. There is no escape: what nobody has declared is a text like any other. */
import { VARIABLE_PATTERN } from '#api/resources/variable.ts';

export type TextPiece = string | { readonly name: string };

// The pattern of a name, between dollar signs.
const reference = new RegExp(String.raw`\$(${VARIABLE_PATTERN.source.slice(1, -1)})\$`, 'y');

/** The text in pieces: those that nobody has declared stay a part of it. */
export function splitText(text: string, declared: ReadonlySet<string>): TextPiece[] {
  const pieces: TextPiece[] = [];
  let from = 0;
  for (let at = text.indexOf('$'); at >= 0;) {
    reference.lastIndex = at;
    const name = reference.exec(text)?.[1];
    if (name === undefined || !declared.has(name)) {
      // Its last sign may be the first one of another.
      at = text.indexOf('$', at + 1);
      continue;
    }
    if (at > from) pieces.push(text.slice(from, at));
    pieces.push({ name });
    from = at + name.length + 2;
    at = text.indexOf('$', from);
  }
  if (from < text.length) pieces.push(text.slice(from));
  return pieces;
}

/** Those among the declared ones that the text names. */
export function namesIn(text: string, declared: ReadonlySet<string>): string[] {
  return splitText(text, declared).flatMap((piece) => (typeof piece === 'string' ? [] : [piece.name]));
}
