/** Follows a stream of events across breaks of the line: it goes on after the last event that was seen. */
import { isRopewayError } from '#spi/errors.ts';
import { EventReader } from './event-stream.ts';
import { backOffMs, pause } from './retry.ts';

/** The server says something at least every 15 s. */
const SILENCE_MS_MAX = 60_000;
/** Breaks in a row, without an event between them. */
const BREAKS_MAX = 10;

export interface Followed {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

interface FollowOptions {
  readonly lastEventId: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Ends after `end`. Throws what `open` throws, unless it is of a kind that passes. */
export async function* followEvents(
  open: (lastEventId: string | undefined) => Promise<Response>,
  { lastEventId, signal }: FollowOptions,
): AsyncGenerator<Followed> {
  let last = lastEventId;
  for (let breaks = 0; ;) {
    try {
      for await (const event of eventsOf(await open(last), signal)) {
        breaks = 0;
        last = event.id ?? last;
        // The server is about to stop: another one, or the next one, goes on.
        if (event.event === 'restart') break;
        yield event;
        if (event.event === 'end') return;
      }
    } catch (error) {
      signal?.throwIfAborted();
      // What a server refuses for good stays refused; a broken line is not an error of the model.
      if (breaks >= BREAKS_MAX || (isRopewayError(error) && !error.transient)) throw error;
    }
    breaks += 1;
    await pause(backOffMs(breaks), signal);
  }
}

async function* eventsOf(response: Response, signal: AbortSignal | undefined): AsyncGenerator<Followed> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  const events = new EventReader();
  try {
    for (;;) {
      const { done, value } = await withinSilence(reader.read(), signal);
      if (done) return;
      for (const { id, event, data } of events.read(value)) yield { event, id, data: JSON.parse(data) as unknown };
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function withinSilence<T>(next: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const timer = new AbortController();
  const silence = pause(SILENCE_MS_MAX, signal === undefined ? timer.signal : AbortSignal.any([timer.signal, signal]));
  try {
    return await Promise.race([next, silence.then(() => Promise.reject(new Error('the stream has gone silent')))]);
  } finally {
    timer.abort();
    silence.catch(() => undefined);
  }
}
