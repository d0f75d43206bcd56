import { isRopewayError } from '#spi/errors.ts';
import type { Guesser } from '#spi/guess.ts';
import { isJsonObject } from '#spi/json.ts';
import { JsonValueStream } from '#codec/json/value-stream.ts';

export const jsonGuesser: Guesser = {
  guess(config, sample) {
    const parser = isJsonObject(config['parser']) ? config['parser'] : {};
    const isOther = parser['type'] !== undefined && parser['type'] !== 'json';
    const count = isOther ? 0 : countObjects(sample);
    if (count === 0) return { diff: {}, findings: [] };
    const sentence = `The file holds JSON objects (${count} in the sample).`;
    return { diff: { parser: { type: 'json' } }, findings: [{ topic: 'parser', sentence, confidence: 'certain' }] };
  },
};

/** Objects at the start of the sample; another value, or text that is not JSON, ends the count. */
function countObjects(sample: Uint8Array): number {
  const hasMark = sample[0] === 0xef && sample[1] === 0xbb && sample[2] === 0xbf;
  let count = 0;
  try {
    for (const { bytes } of new JsonValueStream().read(hasMark ? sample.subarray(3) : sample, true)) {
      if (bytes[0] !== 0x7b) break;
      count += 1;
    }
  } catch (error) {
    // The sample ends anywhere, and most files are no JSON at all.
    if (!isRopewayError(error)) throw error;
  }
  return count;
}
