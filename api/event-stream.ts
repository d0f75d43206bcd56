/** Server-sent events as text: how they are written, and how they are read. */

export interface StreamEvent {
  /** Where to go on after a break; of the last event that had one. */
  readonly id?: string;
  readonly event: string;
  readonly data: string;
}

/** Characters of an event that is still being read. */
export const EVENT_LENGTH_MAX = 4 * 1024 * 1024;

/** Says that the stream is alive; readers ignore it. */
export const HEARTBEAT_TEXT = ': alive\n\n';

export function eventText({ id, event, data }: StreamEvent): string {
  const lines = data.split('\n').map((line) => `data: ${line}\n`);
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\n${lines.join('')}\n`;
}

/** Reads events from the texts of a stream, however they are cut. Other comments and fields are passed over. */
export class EventReader {
  #rest = '';

  /** The events that the text completes. Throws when one is longer than the limit. */
  read(text: string): StreamEvent[] {
    this.#rest += text.replaceAll('\r\n', '\n');
    const blocks = this.#rest.split('\n\n');
    this.#rest = blocks.pop() ?? '';
    if (this.#rest.length > EVENT_LENGTH_MAX) throw new RangeError(`an event is longer than ${EVENT_LENGTH_MAX}`);
    return blocks.flatMap((block) => readEvent(block) ?? []);
  }
}

function readEvent(block: string): StreamEvent | undefined {
  let id: string | undefined;
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const value = line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (line.startsWith('id:')) id = value;
    else if (line.startsWith('event:')) event = value;
    else if (line.startsWith('data:')) data.push(value);
  }
  if (data.length === 0) return undefined;
  return { ...(id === undefined ? {} : { id }), event, data: data.join('\n') };
}
