/** Edits of an object or array inside a json cell: children kept, added, dropped. Other values stay as they are. */
import type { ByteSink } from '#spi/byte-sink.ts';
import { elements, visitMembers } from '#codec/json/navigate.ts';
import { findJson, isMember } from '#codec/json/path.ts';
import type { JsonEdit, JsonStep } from '#codec/json/path.ts';

export interface Child {
  /** Its name or index. */
  readonly step: JsonStep;
  /** Whose value it takes: its own, or a sibling's. */
  readonly source: JsonStep;
  /** Canonical JSON that stands where there is no value. */
  readonly preset?: Uint8Array;
}

const nothing = new TextEncoder().encode('null');
const COMMA = 0x2c;

/** The kind of steps that lead into the value at `at`. */
function kindAt(bytes: Uint8Array, at: number): 'name' | 'index' | undefined {
  if (bytes[at] === 0x7b) return 'name';
  return bytes[at] === 0x5b ? 'index' : undefined;
}

function ofKind(children: readonly Child[], kind: 'name' | 'index' | undefined): readonly Child[] {
  return children.filter(({ step }) => step.kind === kind);
}

/** Just these children, in this order. */
export function keepChildren(children: readonly Child[]): JsonEdit {
  return (sink, bytes, start, end) => {
    const kind = kindAt(bytes, start);
    const listed = ofKind(children, kind);
    if (kind === undefined || listed.length === 0) {
      sink.writeBytes(bytes, start, end);
      return;
    }
    sink.writeByte(bytes[start] as number); // a bracket: `kindAt` has seen it
    for (const [index, child] of listed.entries()) {
      if (index > 0) sink.writeByte(COMMA);
      writeChild(sink, child, bytes, start);
    }
    sink.writeByte(bytes[end - 1] as number);
  };
}

function writeChild(sink: ByteSink, { step, source, preset }: Child, bytes: Uint8Array, parent: number): void {
  if (step.kind === 'name') {
    sink.writeBytes(step.key);
    sink.writeByte(0x3a);
  }
  const range = findJson([source], bytes, parent)[0];
  if (range === undefined) sink.writeBytes(preset ?? nothing);
  else sink.writeBytes(bytes, range[0], range[1]);
}

/** The child behind the others, if it is absent. */
export function addChild(child: Child): JsonEdit {
  return (sink, bytes, start, end) => {
    const isPresent = kindAt(bytes, start) !== child.step.kind || findJson([child.step], bytes, start).length > 0;
    if (isPresent) {
      sink.writeBytes(bytes, start, end);
      return;
    }
    sink.writeBytes(bytes, start, end - 1);
    if (end - start > 2) sink.writeByte(COMMA);
    writeChild(sink, child, bytes, start);
    sink.writeByte(bytes[end - 1] as number); // the closing bracket
  };
}

/** All but these children. */
export function dropChildren(children: readonly Child[]): JsonEdit {
  return (sink, bytes, start, end) => {
    const kind = kindAt(bytes, start);
    const listed = ofKind(children, kind).map(({ step }) => step);
    if (kind === undefined || listed.length === 0) {
      sink.writeBytes(bytes, start, end);
      return;
    }
    sink.writeByte(bytes[start] as number); // a bracket: `kindAt` has seen it
    const first = sink.length;
    const keep = (from: number, to: number): void => {
      if (sink.length > first) sink.writeByte(COMMA);
      sink.writeBytes(bytes, from, to);
    };
    if (kind === 'name') {
      visitMembers(bytes, start, (keyStart, keyEnd, _, valueEnd) => {
        if (!listed.some((step) => isMember(step, bytes, keyStart, keyEnd))) keep(keyStart, valueEnd);
      });
    } else {
      let index = 0;
      for (const [from, to] of elements(bytes, start)) {
        const at = index++;
        if (!listed.some((step) => step.kind === 'index' && step.index === at)) keep(from, to);
      }
    }
    sink.writeByte(bytes[end - 1] as number);
  };
}
