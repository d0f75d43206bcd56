import type { Guesser } from '#spi/guess.ts';
import type { Finding } from '#spi/guess.ts';
import { isJsonObject } from '#spi/json.ts';
import { columnsOfBytes } from '#connectors/parquet/client.ts';
import { naturalTypeOf } from '#connectors/parquet/node-words.ts';

/** The columns are at the end of a file: they are found when the sample holds all of it. */
export const parquetGuesser: Guesser = {
  guess(config, sample) {
    const parser = isJsonObject(config['parser']) ? config['parser'] : {};
    const isOther = parser['type'] !== undefined && parser['type'] !== 'parquet';
    if (isOther || parser['columns'] !== undefined || !startsWithMark(sample)) return { diff: {}, findings: [] };
    const columns = columnsOfBytes(sample)?.map((node) => ({ name: node.name, type: naturalTypeOf(node) }));
    const found: Finding = { topic: 'parser', sentence: 'The file is Parquet.', confidence: 'certain' };
    if (columns === undefined) return { diff: { parser: { type: 'parquet' } }, findings: [found, columnsUnknown] };
    const sentence = `The file has ${columns.length} columns.`;
    return {
      diff: { parser: { type: 'parquet', columns } },
      findings: [found, { topic: 'columns', sentence, confidence: 'certain' }],
    };
  },
};

const columnsUnknown: Finding = {
  topic: 'columns',
  sentence:
    'The columns stand at the end of the file, behind the sample: set `exec: {guess_sample_buffer_bytes: N}` to the size of the file, or write them yourself.',
  confidence: 'unsure',
};

function startsWithMark(sample: Uint8Array): boolean {
  return Buffer.from(sample.subarray(0, 4)).toString('latin1') === 'PAR1';
}
