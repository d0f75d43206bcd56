/** What must hold for decoders and encoders. */
import assert from 'node:assert/strict';
import type { Bytes, Decoder } from '#spi/files.ts';
import type { Json } from '#spi/json.ts';
import { asBytes, collect, cut, cutsOf } from './records.ts';
import { stopRules } from './stop-rules.ts';
import { leaveOut } from './subject.ts';
import type { Subject } from './subject.ts';
import type { Rule } from './suite.ts';

const text = Buffer.from('some text, and é '.repeat(700));
const contents: readonly Buffer[] = [text, Buffer.alloc(0), Buffer.from([0, 255, 10, 13]), Buffer.alloc(100_000)];

export const decoderRules: readonly Rule[] = [
  {
    title: 'decodes the same for any split of the bytes',
    async check(subject) {
      const { sample } = subject.given ?? {};
      if (sample === undefined) leaveOut('The case has no sample.');
      const decoder = await subject.load('decoder');
      const config = await subject.config();
      const bytes = asBytes(sample);
      const decode = (places: readonly number[]): Promise<Buffer> =>
        collect(decoded({ decoder, config, bytes: cut(bytes, places) }, subject));
      const whole = await decode([]);
      for (const places of cutsOf(bytes.length)) assert.ok((await decode(places)).equals(whole), `cut at ${places[0]}`);
    },
  },
  {
    title: 'can be left before the end of the file',
    async check(subject) {
      const { sample } = subject.given ?? {};
      if (sample === undefined) leaveOut('The case has no sample.');
      const decoder = await subject.load('decoder');
      const bytes = cut(asBytes(sample));
      const chunks = decoded({ decoder, config: await subject.config(), bytes }, subject);
      for await (const chunk of chunks) {
        assert.ok(chunk.length >= 0);
        break;
      }
    },
  },
  ...stopRules(async (bytes, subject) =>
    decoded({ decoder: await subject.load('decoder'), config: await subject.config(), bytes }, subject),
  ),
];

export const encoderRules: readonly Rule[] = [
  {
    title: 'has a decoder of its name that undoes it, for any split of the bytes',
    async check(subject) {
      const decode = await decoderOf(subject);
      const encoder = await subject.load('encoder');
      const config = await subject.config();
      for (const content of contents) {
        for (const places of [[], [0], [1, 5, 500]]) {
          const encoded = await collect(encoder.encode(config, cut(content, places), subject.taskContext()));
          assert.ok((await decode(encoded)).equals(content), `${content.length} bytes, cut at ${places.join(', ')}`);
        }
      }
    },
  },
  {
    title: 'puts pieces of several threads together to a file, if it can',
    async check(subject) {
      const encoder = await subject.load('encoder');
      const config = await subject.config();
      const [first, second] = [encoder.openPieces?.(config), encoder.openPieces?.(config)];
      if (first === undefined || second === undefined) leaveOut('It has no `openPieces`.');
      const pieces = ['first piece '.repeat(500), '', 'another one '.repeat(700)].map((piece) => Buffer.from(piece));
      const whole = Buffer.concat(pieces);
      // Models go to other threads as JSON.
      const model = JSON.parse(JSON.stringify(first.train(whole.subarray(0, first.sampleBytes)))) as Json;
      const file = [Buffer.from(first.head())];
      let summary = first.emptySummary;
      for (const [index, piece] of pieces.entries()) {
        const pieceEncoder = index % 2 === 0 ? first : second;
        pieceEncoder.begin(model);
        for (const part of [piece.subarray(0, 7), piece.subarray(7)]) file.push(Buffer.from(pieceEncoder.write(part)));
        const end = pieceEncoder.end();
        file.push(Buffer.from(end.bytes));
        summary = first.combine(summary, end.summary);
      }
      file.push(Buffer.from(first.tail(summary)));
      assert.ok((await (await decoderOf(subject))(Buffer.concat(file))).equals(whole));
    },
  },
];

async function decoderOf(subject: Subject): Promise<(bytes: Uint8Array) => Promise<Buffer>> {
  const sibling = subject.sibling('decoder');
  assert.ok(sibling, 'there is a decoder of this name');
  const decoder = (await sibling.load()) as unknown as Decoder<unknown>;
  const config: unknown = (await sibling.config()).parse({});
  return (bytes) => collect(decoded({ decoder, config, bytes: cut(bytes, [3, 50]) }, subject));
}

interface Decoding {
  readonly decoder: Decoder<unknown>;
  readonly config: unknown;
  readonly bytes: Bytes;
}

/** What comes out; of an archive all its files, one after the other. */
async function* decoded({ decoder, config, bytes }: Decoding, subject: Subject): Bytes {
  const [file, ctx] = [{ name: '/file' }, subject.taskContext()];
  if ('decode' in decoder) yield* decoder.decode(config, bytes, file, ctx);
  else for await (const inner of decoder.unpack(config, bytes, file, ctx)) yield* inner.bytes;
}
