import { isRopewayError, withPlace } from '#spi/errors.ts';
import type { Bytes } from '#spi/files.ts';

/** The bytes, with errors told to be about the file. */
export async function* inFile(bytes: Bytes, file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (error) {
    throw isRopewayError(error) ? withPlace(error, { file }) : error;
  }
}
