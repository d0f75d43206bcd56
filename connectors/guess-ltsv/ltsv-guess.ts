/** Guesses the columns of labelled tab-separated values. Labels are ASCII, so that no charset need be known. */
import type { Guesser } from '#spi/guess.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json } from '#spi/json.ts';
import { guessTypes } from '#connectors/guess-csv/column-types.ts';

/** What the format's own description allows in a label; a number would be a value with a colon in it. */
const labelled = /^([A-Za-z_][0-9A-Za-z_.-]*):(.*)$/s;

export const ltsvGuesser: Guesser = {
  guess(config, sample) {
    const parser = isJsonObject(config['parser']) ? config['parser'] : {};
    const isOther = parser['type'] !== undefined && parser['type'] !== 'ltsv';
    const isKnown = parser['columns'] !== undefined || parser['schema'] !== undefined;
    const records = isOther || isKnown ? undefined : recordsOf(sample);
    if (records === undefined) return { diff: {}, findings: [] };
    const labels = [...new Set(records.flatMap((record) => [...record.keys()]))];
    const types = guessTypes(records.map((record) => labels.map((label) => record.get(label) ?? null)));
    const columns = labels.map((name, index): Json => ({ name, type: 'string', ...types[index] }));
    const sentence = `Lines hold labelled values; there are ${labels.length} labels in ${records.length} lines.`;
    return {
      diff: { parser: { type: 'ltsv', columns } },
      findings: [{ topic: 'parser', sentence, confidence: 'certain' }],
    };
  },
};

/** The records of the sample's whole lines; undefined when one of them is of another kind. */
function recordsOf(sample: Uint8Array): readonly ReadonlyMap<string, string>[] | undefined {
  const text = Buffer.from(sample)
    .toString('utf8')
    .replace(/^\ufeff/, '');
  const lines = text.split(/\r\n|\n|\r/);
  // The last line may be cut, unless it is the only one.
  const whole = (lines.length > 1 ? lines.slice(0, -1) : lines).filter((line) => line !== '');
  const records: Map<string, string>[] = [];
  for (const line of whole) {
    const fields = line.split('\t').filter((field) => field !== '');
    const pairs = fields.map((field) => labelled.exec(field));
    if (fields.length < 2 || pairs.includes(null)) return undefined;
    records.push(new Map(pairs.map((pair) => [pair?.[1] ?? '', pair?.[2] ?? ''])));
  }
  return records.length === 0 ? undefined : records;
}
