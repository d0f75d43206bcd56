/** What was found in a CSV sample, in words. */
import type { Finding } from '#spi/guess.ts';
import type { GuessedType } from './column-types.ts';
import type { Header } from './header-guess.ts';

export interface FoundCsv {
  readonly delimiter: string;
  readonly quote: string | null;
  readonly escape: string | null | undefined;
  readonly nullString: string | undefined;
  readonly marker: string | undefined;
  readonly skipped: number;
  readonly header: Header;
  readonly rowCount: number;
  readonly types: readonly GuessedType[];
}

/** Types told from fewer rows than these are worth a second look. */
const ROWS_FOR_CERTAINTY = 20;

export function csvFindings(found: FoundCsv): readonly Finding[] {
  const findings: Finding[] = [
    certain('delimiter', `Columns are separated by ${characterName(found.delimiter)}.`),
    found.quote === null
      ? likely('quote', 'Quotes are ordinary characters: one stands in the middle of a value.')
      : certain('quote', `Values are quoted with ${characterName(found.quote)}.`),
  ];
  if (found.nullString !== undefined)
    findings.push(likely('null_string', `The text ${found.nullString} stands for null.`));
  if (found.marker !== undefined)
    findings.push(likely('comment', `Lines that begin with ${found.marker} are comments.`));
  if (found.skipped > 0) findings.push(likely('title', `${found.skipped} title lines come before the data.`));
  findings.push(
    found.header.isHeader
      ? likely('header', 'The first line holds the names of the columns.')
      : likely('header', 'There is no line with names, so the columns are called c0, c1 and so on.'),
  );
  if (found.header.trims) findings.push(likely('trim', 'Blanks around values are taken away.'));
  findings.push(typesFinding(found));
  return findings;
}

function typesFinding({ types, rowCount }: FoundCsv): Finding {
  const counts = new Map<string, number>();
  for (const { type } of types) counts.set(type, (counts.get(type) ?? 0) + 1);
  const list = [...counts].map(([type, count]) => `${count} ${type}`).join(', ');
  const sentence = `${types.length} columns (${list}), told from ${rowCount} rows.`;
  return { topic: 'columns', sentence, confidence: rowCount >= ROWS_FOR_CERTAINTY ? 'likely' : 'unsure' };
}

function characterName(character: string): string {
  const names: Readonly<Record<string, string>> = { ',': 'commas', '\t': 'tabs', '|': 'bars', ';': 'semicolons' };
  return names[character] ?? character;
}

function certain(topic: string, sentence: string): Finding {
  return { topic, sentence, confidence: 'certain' };
}

function likely(topic: string, sentence: string): Finding {
  return { topic, sentence, confidence: 'likely' };
}
