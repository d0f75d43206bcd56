/** How much work an expression can be, in the worst case: JavaScript's engine tries all ways to match. */

/** At most about `factor * length ** degree` steps for a text of that length. */
export interface RegexCost {
  readonly factor: number;
  readonly degree: number;
}

/** One token: an escape, a class, a quantifier, the beginning of a group, anything else. */
const token =
  /\\(?:[pPu]\{[^}]*\}|k<[^>]*>|[^])|\[(?:\\[^]|[^\]\\])*\]|[*+?]\??|\{\d+(?:,\d*)?\}\??|\((?:\?(?:[:=!]|<[=!]|<[^>]*>|[a-z-]*:))?|[^]/gu;

/**
 * The cost of an expression in which nothing is repeated but single characters. Undefined for others: a repetition
 * inside a repetition, or one of alternatives, may take exponential time; what refers back is not looked at.
 */
export function regexCost({ source }: RegExp): RegexCost | undefined {
  let factor = 1;
  // Every place of the text may be where a match begins.
  let degree = 1;
  let before = '';
  for (const [text] of source.matchAll(token)) {
    const first = text.charAt(0);
    if (/^\\(?:[1-9]|k<)/.test(text)) return undefined;
    if (first === '|') {
      factor *= 2;
    } else if (isQuantifier(text)) {
      const isGroup = before === ')';
      if (first === '?') factor *= 2;
      else if (isGroup) return undefined;
      else if (first === '{' && !/,\}/.test(text)) factor *= choices(text);
      else degree += 1;
    }
    before = text;
  }
  return { factor, degree };
}

function isQuantifier(text: string): boolean {
  return /^(?:[*+?]\??|\{\d+(?:,\d*)?\}\??)$/.test(text);
}

/** Of `{3}` and `{2,5}`: how many numbers there are; each is to be reached, too. */
function choices(text: string): number {
  const [least = 0, most = least] = [...text.matchAll(/\d+/g)].map(Number);
  return Math.max(1, most - least + 1) * Math.max(1, most);
}
