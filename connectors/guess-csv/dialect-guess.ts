/** Guesses delimiter, quote, escape, null string and comment marker from lines, by counting. */

const delimiters = [',', '\t', '|', ';'];
const quotes = ['"', "'"];
const escapes = ['\\', '"'];
const nullStrings = ['null', 'NULL', '#N/A', '\\N'];
const commentMarkers = ['#', '//'];

const DELIMITER_WEIGHT_MIN = 1;
const QUOTE_WEIGHT_MIN = 10;

function escapeRegex(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

function countOf(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

/** The candidate that occurs often and about equally often in every line. */
export function guessDelimiter(lines: readonly string[]): string {
  let best = ',';
  let bestWeight = DELIMITER_WEIGHT_MIN;
  for (const candidate of delimiters) {
    const counts = lines.map((line) => line.split(candidate).length - 1);
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (total === 0) continue;
    const mean = total / counts.length;
    const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length;
    const deviation = Math.sqrt(variance);
    const weight = total / (deviation < 1e-11 ? 1e-9 : deviation);
    if (weight > bestWeight) {
      best = candidate;
      bestWeight = weight;
    }
  }
  return best;
}

/** The quote; null when quotes are ordinary characters. */
export function guessQuote(lines: readonly string[], delimiter: string): string | null {
  const weights = quotes.map((quote) => quoteWeight(lines, delimiter, quote));
  const best = (weights[1] ?? 0) > (weights[0] ?? 0) ? 1 : 0;
  if ((weights[best] ?? 0) >= QUOTE_WEIGHT_MIN) return quotes[best] ?? null;
  const inTheMiddle = new RegExp(`(?:^|${escapeRegex(delimiter)})\\s*[^"]+"`);
  return lines.some((line) => inTheMiddle.test(line)) ? null : '"';
}

function quoteWeight(lines: readonly string[], delimiter: string, quote: string): number {
  const d = escapeRegex(delimiter);
  const q = escapeRegex(quote);
  const aroundAnything = new RegExp(`(?:^|${d})\\s*${q}(?:(?!${q}).)*\\s*${q}(?:$|${d})`, 'g');
  const withoutDelimiter = new RegExp(`(?:^|${d})\\s*${q}(?:(?!${d}).)*\\s*${q}(?:$|${d})`, 'g');
  const weights = lines
    .filter((line) => line.includes(quote))
    .map(
      (line) =>
        line.split(quote).length - 1 + 20 * countOf(line, aroundAnything) + 40 * countOf(line, withoutDelimiter),
    );
  return weights.length === 0 ? 0 : weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
}

export function guessEscape(lines: readonly string[], delimiter: string, quote: string): string | null {
  const counts = escapes.map((candidate) => {
    const pattern = new RegExp(`${escapeRegex(candidate)}(?:${escapeRegex(delimiter)}|${escapeRegex(quote)})`, 'g');
    return lines.reduce((sum, line) => sum + countOf(line, pattern), 0);
  });
  const [backslashes = 0, doubled = 0] = counts;
  if (backslashes === 0 && doubled === 0) return quote === '"' ? '"' : null;
  return doubled > backslashes ? '"' : '\\';
}

export function guessNullString(lines: readonly string[], delimiter: string): string | undefined {
  const d = escapeRegex(delimiter);
  const counts = nullStrings.map((candidate) => {
    const pattern = new RegExp(`(?:^|${d})${escapeRegex(candidate)}(?:$|${d})`, 'g');
    return lines.reduce((sum, line) => sum + countOf(line, pattern), 0);
  });
  return mostFrequent(nullStrings, counts);
}

export function guessCommentMarker(
  lines: readonly string[],
  { quote, nullString, delimiter }: { quote: string | null; nullString: string | undefined; delimiter: string },
): string | undefined {
  const isNullFirst = (line: string): boolean =>
    nullString !== undefined && (line === nullString || line.startsWith(nullString + delimiter));
  const counts = commentMarkers.map(
    (marker) =>
      lines.filter(
        (line) => line.startsWith(marker) && !(quote !== null && line.startsWith(quote)) && !isNullFirst(line),
      ).length,
  );
  return mostFrequent(commentMarkers, counts);
}

function mostFrequent(candidates: readonly string[], counts: readonly number[]): string | undefined {
  const most = Math.max(...counts);
  return most > 0 ? candidates[counts.indexOf(most)] : undefined;
}
