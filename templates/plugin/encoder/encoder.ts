/** Two hexadecimal digits for every byte. */
import type { Encoder } from 'ropeway/spi/files.js';
import type { MyPluginConfig } from './config.ts';

export const myPluginEncoder: Encoder<MyPluginConfig> = {
  async *encode(_config, bytes) {
    for await (const chunk of bytes) {
      if (chunk.length > 0) yield Buffer.from(Buffer.from(chunk).toString('hex'));
    }
  },
};
