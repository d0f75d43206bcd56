/** Two hexadecimal digits for every byte; white space between them is left out. */
import type { Decoder } from 'ropeway/spi/files.js';
import type { MyPluginConfig } from './config.ts';
import { myPluginErrors } from './errors.ts';

export const myPluginDecoder: Decoder<MyPluginConfig> = {
  async *decode(_config, bytes, file) {
    // A chunk may end between the two digits of a byte.
    let half: number | undefined;
    let read = 0;
    for await (const chunk of bytes) {
      const decoded = new Uint8Array(Math.ceil(chunk.length / 2));
      let length = 0;
      for (const [index, code] of chunk.entries()) {
        if (code === 0x20 || (code >= 0x09 && code <= 0x0d)) continue;
        const digit = digitOf(code);
        if (digit === undefined) {
          const where = { file: file.name, byte: read + index };
          throw myPluginErrors.error('MY_PLUGIN_DIGIT', { found: String.fromCharCode(code) }, { where });
        }
        if (half === undefined) half = digit;
        else {
          decoded[length] = half * 16 + digit;
          length += 1;
          half = undefined;
        }
      }
      read += chunk.length;
      if (length > 0) yield decoded.subarray(0, length);
    }
    if (half !== undefined) throw myPluginErrors.error('MY_PLUGIN_TRUNCATED', {}, { where: { file: file.name } });
  },
};

function digitOf(code: number): number | undefined {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : undefined;
}
