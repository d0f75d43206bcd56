/**
 * Streams of events as answers: an event is taken from its source when the client has room for it, so that a slow
 * client holds up nothing but itself. Every stream ends after a while with `restart`, and whoever wants more comes
 * back: then the token is looked at again.
 */
import { HEARTBEAT_TEXT, eventText } from '#api/event-stream.ts';
import { httpErrors } from './errors.ts';
import type { SentEvent } from './handler.ts';
import { Refusal } from './refusal.ts';

const HEARTBEAT_MS = 15_000;
const STREAM_MS_MAX = 30 * 60_000;
/** For a client that reads nothing: its stream is cut, without a word. */
const GRACE_MS = 60_000;

export interface StreamLimits {
  readonly all: number;
  readonly perPrincipal: number;
}

/** The streams of this process. */
export class Streams {
  readonly #open = new Map<string, number>();
  readonly #limits: StreamLimits;
  readonly #stopping: AbortSignal;
  #count = 0;

  constructor(limits: StreamLimits, stopping: AbortSignal) {
    this.#limits = limits;
    this.#stopping = stopping;
  }

  get count(): number {
    return this.#count;
  }

  /** Takes a place; what it returns gives it back, once. */
  enter(rateKey: string): () => void {
    const own = this.#open.get(rateKey) ?? 0;
    const isFull = this.#count >= this.#limits.all;
    if (isFull || own >= this.#limits.perPrincipal) {
      const limit = isFull ? this.#limits.all : this.#limits.perPrincipal;
      throw new Refusal(httpErrors.error('STREAMS_EXCEEDED', { limit }), 429, { retryAfterS: 5 });
    }
    this.#count += 1;
    this.#open.set(rateKey, own + 1);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#count -= 1;
      const left = (this.#open.get(rateKey) ?? 1) - 1;
      if (left === 0) this.#open.delete(rateKey);
      else this.#open.set(rateKey, left);
    };
  }

  /** The body of the answer. `leave` is called when it is over, however it ends. */
  body(
    events: AsyncIterable<SentEvent>,
    { left, leave }: { left: AbortController; leave: () => void },
  ): ReadableStream {
    const source = new EventSourceReader(events, this.#stopping);
    const encoder = new TextEncoder();
    let cut: NodeJS.Timeout | undefined;
    const end = (): void => {
      clearTimeout(cut);
      left.abort();
      source.close();
      leave();
    };
    return new ReadableStream<Uint8Array>(
      {
        start(controller) {
          cut = setTimeout(() => {
            end();
            controller.error(new Error('the client reads nothing'));
          }, STREAM_MS_MAX + GRACE_MS);
          cut.unref();
          // What is in front of us shall pass on the head at once.
          controller.enqueue(encoder.encode(HEARTBEAT_TEXT));
        },
        async pull(controller) {
          try {
            const text = await source.next();
            if (text !== undefined) {
              controller.enqueue(encoder.encode(text));
              return;
            }
            end();
            controller.close();
          } catch (error) {
            end();
            controller.error(error);
          }
        },
        cancel: end,
      },
      { highWaterMark: 1 },
    );
  }
}

const restartText = eventText({ event: 'restart', data: '{}' });

/** The texts of a stream: its events, signs of life between them, and the word at its end. */
class EventSourceReader {
  readonly #iterator: AsyncIterator<SentEvent>;
  readonly #stopping: AbortSignal;
  readonly #endsAtMs = performance.now() + STREAM_MS_MAX;
  #pending: Promise<IteratorResult<SentEvent>> | undefined;
  #isOver = false;

  constructor(events: AsyncIterable<SentEvent>, stopping: AbortSignal) {
    this.#iterator = events[Symbol.asyncIterator]();
    this.#stopping = stopping;
  }

  /** Undefined at the end. */
  async next(): Promise<string | undefined> {
    if (this.#isOver) return undefined;
    const leftMs = this.#endsAtMs - performance.now();
    if (this.#stopping.aborted || leftMs <= 0) return this.#restart();
    // Kept across signs of life: an iterator is asked once for each event.
    this.#pending ??= this.#iterator.next();
    const result = await firstOf(this.#pending, Math.min(HEARTBEAT_MS, leftMs), this.#stopping);
    if (result === 'stopping') return this.#restart();
    if (result === 'silence') return HEARTBEAT_TEXT;
    this.#pending = undefined;
    if (result.done === true) {
      this.#isOver = true;
      return undefined;
    }
    const { event, id, data } = result.value;
    return eventText({ ...(id === undefined ? {} : { id }), event, data: JSON.stringify(data) });
  }

  #restart(): string {
    this.#isOver = true;
    return restartText;
  }

  close(): void {
    this.#isOver = true;
    // Not waited for: it may hang on a question to the database that is on its way.
    this.#pending?.catch(() => undefined);
    this.#iterator.return?.().catch(() => undefined);
  }
}

async function firstOf<T>(pending: Promise<T>, ms: number, stopping: AbortSignal): Promise<T | 'silence' | 'stopping'> {
  const waiting = Promise.withResolvers<'silence' | 'stopping'>();
  const stop = (): void => waiting.resolve('stopping');
  const timer = setTimeout(() => waiting.resolve('silence'), ms);
  stopping.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([pending, waiting.promise]);
  } finally {
    clearTimeout(timer);
    stopping.removeEventListener('abort', stop);
  }
}
