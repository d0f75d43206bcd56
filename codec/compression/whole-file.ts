/** A whole file by an encoder of pieces: as a single one, with its beginning held back for the training. */
import type { Bytes, PieceEncoder } from '#spi/files.ts';

/** Nothing comes out before something has come in: the engine opens the file meanwhile. */
export async function* asOnePiece(encoder: PieceEncoder, bytes: Bytes): AsyncGenerator<Uint8Array> {
  let sample: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of bytes) {
    if (sample === undefined) {
      yield encoder.write(chunk);
      continue;
    }
    sample = Buffer.concat([sample, chunk]);
    if (sample.length < encoder.sampleBytes) continue;
    yield* beginning(encoder, sample);
    sample = undefined;
  }
  if (sample !== undefined) yield* beginning(encoder, sample);
  const { bytes: rest, summary } = encoder.end();
  yield rest;
  yield encoder.tail(summary);
}

function* beginning(encoder: PieceEncoder, bytes: Buffer): Generator<Uint8Array> {
  yield encoder.head();
  encoder.begin(encoder.train(bytes.subarray(0, encoder.sampleBytes)));
  yield encoder.write(bytes);
}
