import { describe, expect, it } from 'vitest';
import { EVENT_LENGTH_MAX, EventReader, HEARTBEAT_TEXT, eventText } from './event-stream.ts';

const events = [
  { id: '1', event: 'event', data: '{"a":1}' },
  { event: 'run', data: 'two\nlines' },
  { id: '01ab.3', event: 'line', data: ' leading space: and colons' },
  { event: 'end', data: '' },
];

describe('EventReader', () => {
  const text = events.map((event) => HEARTBEAT_TEXT + eventText(event)).join('');

  it.each(Array.from({ length: 7 }, (_, index) => index + 1))('reads what eventText() writes, %i at a time', (size) => {
    const reader = new EventReader();
    const seen = [];
    for (let at = 0; at < text.length; at += size) seen.push(...reader.read(text.slice(at, at + size)));
    expect(seen).toEqual(events);
  });

  it.each([
    ['data:x\n\n', [{ event: 'message', data: 'x' }]],
    ['retry: 10\n\n', []],
    ['event: run\r\ndata: 1\r\n\r\n', [{ event: 'run', data: '1' }]],
    ['data: cut off', []],
  ])('reads %j', (given, expected) => expect(new EventReader().read(given)).toEqual(expected));

  it('does not hold an event without end', () => {
    const reader = new EventReader();
    expect(() => reader.read(`data: ${'x'.repeat(EVENT_LENGTH_MAX)}`)).toThrow(RangeError);
  });
});
