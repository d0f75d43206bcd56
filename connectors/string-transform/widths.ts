/** Characters that Unicode has in two widths. */

/** Between the printable characters of ASCII and their counterparts of full width. */
const WIDTH_OFFSET = 0xfee0;
const IDEOGRAPHIC_SPACE = '\u3000';

export function toHalfWidth(text: string): string {
  return text.replace(/[\uff01-\uff5e\u3000]/g, (letter) =>
    letter === IDEOGRAPHIC_SPACE ? ' ' : String.fromCharCode(letter.charCodeAt(0) - WIDTH_OFFSET),
  );
}

export function toFullWidth(text: string): string {
  return text.replace(/[ -~]/g, (letter) =>
    letter === ' ' ? IDEOGRAPHIC_SPACE : String.fromCharCode(letter.charCodeAt(0) + WIDTH_OFFSET),
  );
}

const HALF_VOICED = '\uff9e';
const HALF_SEMIVOICED = '\uff9f';
/** Sound marks that stand alone, where normalization leaves marks that combine with what is before them. */
const loneMarks: Readonly<Record<string, string>> = { '\u3099': '\u309b', '\u309a': '\u309c' };

/** Kana and their punctuation of half width; a letter and its sound mark become one letter. */
export function toFullWidthKana(text: string): string {
  return text.replace(/[\uff61-\uff9f]+/g, (run) =>
    run.normalize('NFKC').replace(/[\u3099\u309a]/g, (mark) => loneMarks[mark] ?? mark),
  );
}

/** Katakana and their punctuation; what has no counterpart, such as hiragana, stays. */
export function toHalfWidthKana(text: string): string {
  halves ??= halfWidths();
  const known = halves;
  return text.replace(/[\u3001-\u30ff]/g, (letter) => known.get(letter) ?? letter);
}

let halves: ReadonlyMap<string, string> | undefined;

/** What normalization makes of the letters of half width, the other way round. */
function halfWidths(): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (let code = 0xff61; code <= 0xff9f; code++) {
    const letter = String.fromCharCode(code);
    for (const half of [letter, letter + HALF_VOICED, letter + HALF_SEMIVOICED]) {
      const full = toFullWidthKana(half);
      if (full.length === 1 && !map.has(full)) map.set(full, half);
    }
  }
  return map;
}
