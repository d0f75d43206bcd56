/** Finding one's way in canonical JSON (spi/batch.ts): no white space, always valid, so a step is a scan for brackets. */

/** The position behind the value that begins at `at`. */
export function skipValue(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  if (first === 0x22) return skipString(bytes, at);
  if (first !== 0x7b && first !== 0x5b) return skipScalar(bytes, at);
  let depth = 0;
  for (let position = at; ; position++) {
    const byte = bytes[position];
    if (byte === 0x22) position = skipString(bytes, position) - 1;
    else if (byte === 0x7b || byte === 0x5b) depth += 1;
    else if ((byte === 0x7d || byte === 0x5d) && --depth === 0) return position + 1;
  }
}

function skipString(bytes: Uint8Array, at: number): number {
  for (let position = at + 1; ; position++) {
    if (bytes[position] === 0x5c) position += 1;
    else if (bytes[position] === 0x22) return position + 1;
  }
}

function skipScalar(bytes: Uint8Array, at: number): number {
  let position = at;
  for (; position < bytes.length; position++) {
    const byte = bytes[position];
    if (byte === 0x2c || byte === 0x7d || byte === 0x5d) break;
  }
  return position;
}

/** Calls `visit` for each member of the object at `at`, with the range of its key (quotes included) and its value. */
export function visitMembers(
  bytes: Uint8Array,
  at: number,
  visit: (keyStart: number, keyEnd: number, valueStart: number, valueEnd: number) => void,
): void {
  for (let position = at + 1; bytes[position] !== 0x7d;) {
    const keyEnd = skipString(bytes, position);
    const valueEnd = skipValue(bytes, keyEnd + 1);
    visit(position, keyEnd, keyEnd + 1, valueEnd);
    position = bytes[valueEnd] === 0x2c ? valueEnd + 1 : valueEnd;
  }
}

/** Calls `visit` for each element of the array at `at`. */
export function* elements(bytes: Uint8Array, at: number): Generator<readonly [number, number]> {
  for (let position = at + 1; bytes[position] !== 0x5d;) {
    const end = skipValue(bytes, position);
    yield [position, end];
    position = bytes[end] === 0x2c ? end + 1 : end;
  }
}

/** A JSON pointer (`/a/b/0`), ready to be followed. */
export interface JsonPointer {
  /** The range of the value that the pointer leads to, or undefined. */
  find(bytes: Uint8Array, at: number): readonly [number, number] | undefined;
}

/** Compiles a pointer; undefined when it is none (it must be empty or begin with a slash). */
export function jsonPointer(text: string): JsonPointer | undefined {
  if (text !== '' && !text.startsWith('/')) return undefined;
  const steps = text
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => ({
      key: Buffer.from(JSON.stringify(step)),
      index: /^(0|[1-9]\d{0,8})$/.test(step) ? Number(step) : -1,
    }));
  return {
    find(bytes, start) {
      let at = start;
      for (const { key, index } of steps) {
        const next =
          bytes[at] === 0x7b ? memberAt(bytes, at, key) : bytes[at] === 0x5b ? elementAt(bytes, at, index) : -1;
        if (next < 0) return undefined;
        at = next;
      }
      return [at, skipValue(bytes, at)];
    },
  };
}

/** The value of the member whose key (canonical, with its quotes) this is, or -1. Of several the first counts. */
export function memberAt(bytes: Uint8Array, at: number, key: Uint8Array): number {
  let found = -1;
  visitMembers(bytes, at, (keyStart, keyEnd, valueStart) => {
    if (found < 0 && keyEnd - keyStart === key.length && equalsAt(bytes, keyStart, key)) found = valueStart;
  });
  return found;
}

/** The element of that index, or -1. */
export function elementAt(bytes: Uint8Array, at: number, index: number): number {
  let count = 0;
  for (const [start] of elements(bytes, at)) if (count++ === index) return start;
  return -1;
}

export function equalsAt(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[at + index] !== text[index]) return false;
  return true;
}
