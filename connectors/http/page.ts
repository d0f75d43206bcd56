/**
 * One answer as bytes. A connection that breaks is taken up where it broke, when the server can do that for the same
 * version of what it sent; otherwise the answer is fetched whole first, or the run fails: no record comes twice.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { TaskContext } from '#spi/context.ts';
import { isRopewayError, withPlace } from '#spi/errors.ts';
import type { Bytes, SourceFile } from '#spi/files.ts';
import { giveUp } from '#connectors/network/give-up.ts';
import { oneOf } from '#connectors/network/http-sender.ts';
import { Retries } from '#connectors/network/retry.ts';
import type { AnswerValues } from './answer-values.ts';
import type { Answer, HttpClient } from './client.ts';
import type { HttpInputConfig } from './config.ts';
import { decodeContent } from './content-encoding.ts';
import { httpErrors } from './errors.ts';
import { connectionFailure } from './failure.ts';
import type { HttpRequest } from './requests.ts';

/** The longest wait between two tries, as in the original. */
const RETRY_INTERVAL_MS_MAX = 30 * 60 * 1000;

let fileCount = 0;

export interface PageParts {
  readonly client: HttpClient;
  readonly config: HttpInputConfig;
  readonly request: HttpRequest;
  readonly ctx: TaskContext;
  /** What is to be found in the answer. */
  readonly values: AnswerValues | undefined;
}

export class Page {
  readonly #parts: PageParts;
  readonly name: string;
  /** All of it has been read. */
  isRead = false;
  /** The last answer. */
  answer: Answer | undefined;

  constructor(parts: PageParts) {
    this.#parts = parts;
    this.name = parts.client.shown(parts.request.url);
  }

  get file(): SourceFile {
    return { name: this.name, read: () => this.#read() };
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    const { client, config, ctx, values } = this.#parts;
    const { request_interval, interval_includes_response_time: isWhole, input_direct } = config;
    const done = await client
      .turn(request_interval, { isWhole, signal: ctx.signal })
      .catch((error: unknown) => Promise.reject(this.#failure(error)));
    try {
      const bytes = input_direct ? await this.#direct() : this.#fetched();
      for await (const chunk of bytes) {
        values?.add(chunk);
        yield chunk;
      }
      values?.end();
      this.isRead = true;
    } catch (error) {
      // What could not be read as JSON does not know where it came from.
      throw isRopewayError(error) && error.where.file === undefined && error.kind === 'data'
        ? withPlace(error, { file: this.name })
        : error;
    } finally {
      done();
    }
  }

  async #direct(): Promise<Bytes> {
    const retries = this.#retries();
    const answer = await this.#open(retries);
    return decodeContent(oneOf(answer.headers['content-encoding']), this.#body(answer, retries), this.name);
  }

  /** The whole answer in a file first, from its beginning until it was whole. */
  async *#fetched(): AsyncGenerator<Uint8Array> {
    const { ctx } = this.#parts;
    const path = join(await ctx.tempDir(), `http-${process.pid}-${ctx.taskIndex}-${fileCount++}`);
    const retries = this.#retries();
    try {
      let encoding: string | undefined;
      for (let isWhole = false; !isWhole;) {
        const answer = await this.#open(retries);
        encoding = oneOf(answer.headers['content-encoding']);
        try {
          await pipeline(answer.body, createWriteStream(path), { signal: ctx.signal });
          isWhole = true;
        } catch (error) {
          await retries.pause(error);
        }
      }
      for await (const chunk of decodeContent(encoding, createReadStream(path), this.name)) {
        ctx.progress(chunk.length);
        yield chunk;
      }
    } finally {
      await rm(path, { force: true });
    }
  }

  /** An answer whose body can be read, after as many tries as it takes. */
  async #open(retries: Retries, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const { client, request, ctx } = this.#parts;
    for (;;) {
      try {
        this.answer = await client.send(request, { signal: ctx.signal, headers });
        return this.answer;
      } catch (error) {
        await retries.pause(error);
      }
    }
  }

  async *#body(first: Answer, retries: Retries): AsyncGenerator<Uint8Array> {
    const { ctx } = this.#parts;
    const validator = this.#validator(first);
    let answer = first;
    for (let position = 0; ;) {
      try {
        for await (const chunk of answer.body) {
          // A stream without an encoding gives buffers.
          const bytes = chunk as Uint8Array;
          position += bytes.length;
          retries.reset();
          ctx.progress(bytes.length);
          yield bytes;
        }
        return;
      } catch (error) {
        const failure = this.#failure(error);
        if (position > 0 && validator === undefined && !ctx.signal.aborted) throw this.#cut(position, failure);
        await retries.pause(failure);
        const again = { ...(position > 0 ? { range: `bytes=${position}-`, 'if-range': validator ?? '' } : {}) };
        answer = await this.#open(retries, again);
        const isRest = oneOf(answer.headers['content-range'])?.startsWith(`bytes ${position}-`) === true;
        if (position > 0 && !(answer.status === 206 && isRest)) {
          giveUp(answer.body);
          throw this.#cut(position, failure);
        }
      }
    }
  }

  /** What proves that a rest belongs to this answer: a strong tag. A time of whole seconds proves nothing. */
  #validator({ headers, status }: Answer): string | undefined {
    const tag = oneOf(headers['etag']);
    const isAble = this.#parts.request.method === 'GET' && status === 200;
    return isAble && tag?.startsWith('"') === true ? tag : undefined;
  }

  #cut(bytes: number, failure: unknown): unknown {
    if (!isRopewayError(failure)) return failure;
    return httpErrors.error('HTTP_CUT', { place: this.name, bytes, reason: failure.message.replace(/\.$/, '') });
  }

  #failure(error: unknown): unknown {
    return connectionFailure(error, this.name, this.#parts.ctx.signal);
  }

  #retries(): Retries {
    const { config, ctx } = this.#parts;
    const settings = {
      maximum_retries: config.max_retries,
      initial_retry_interval_millis: config.retry_interval,
      maximum_retry_interval_millis: RETRY_INTERVAL_MS_MAX,
    };
    return new Retries(settings, { log: ctx.log, signal: ctx.signal, translate: (error) => this.#failure(error) });
  }
}
