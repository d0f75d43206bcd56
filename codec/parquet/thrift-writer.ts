/** The part of Thrift's compact protocol that Parquet's headers and footers are written in. */
import { ByteSink } from '#spi/byte-sink.ts';

const FALSE = 2;
const TRUE = 1;
const I32 = 5;
const I64 = 6;
const BINARY = 8;
const LIST = 9;
const STRUCT = 12;

const elementTypes = { i32: I32, binary: BINARY, struct: STRUCT } as const;

/** Writes one message. Fields of a struct come in ascending order of their ids, as Parquet's definition has them. */
export class ThriftWriter {
  readonly sink: ByteSink = new ByteSink(256);
  /** Ids of the fields written last: of the struct at hand, and of those around it. */
  readonly #lastIds: number[] = [];
  #lastId = 0;

  clear(): void {
    this.sink.clear();
    this.#lastIds.length = 0;
    this.#lastId = 0;
  }

  bool(id: number, value: boolean): void {
    this.#field(id, value ? TRUE : FALSE);
  }

  i32(id: number, value: number): void {
    this.#field(id, I32);
    this.#zigzag(value);
  }

  /** Whole numbers up to 2^53: sizes, counts and positions. */
  i64(id: number, value: number): void {
    this.#field(id, I64);
    this.#zigzag(value);
  }

  binary(id: number, value: Uint8Array): void {
    this.#field(id, BINARY);
    this.#bytes(value);
  }

  text(id: number, value: string): void {
    this.binary(id, Buffer.from(value));
  }

  /** The fields of the inner struct are those that `write` writes. */
  struct(id: number, write: () => void): void {
    this.#field(id, STRUCT);
    this.structElement(write);
  }

  /** A list's head; `count` elements follow. */
  list(id: number, type: keyof typeof elementTypes, count: number): void {
    this.#field(id, LIST);
    if (count < 15) {
      this.sink.writeByte((count << 4) | elementTypes[type]);
    } else {
      this.sink.writeByte(0xf0 | elementTypes[type]);
      writeVarint(this.sink, count);
    }
  }

  i32Element(value: number): void {
    this.#zigzag(value);
  }

  textElement(value: string): void {
    this.#bytes(Buffer.from(value));
  }

  structElement(write: () => void): void {
    this.#lastIds.push(this.#lastId);
    this.#lastId = 0;
    write();
    this.end();
    this.#lastId = this.#lastIds.pop() ?? 0;
  }

  /** Ends the message, which is a struct as well. */
  end(): void {
    this.sink.writeByte(0);
  }

  #field(id: number, type: number): void {
    const step = id - this.#lastId;
    if (step > 0 && step < 16) {
      this.sink.writeByte((step << 4) | type);
    } else {
      this.sink.writeByte(type);
      this.#zigzag(id);
    }
    this.#lastId = id;
  }

  #bytes(value: Uint8Array): void {
    writeVarint(this.sink, value.length);
    this.sink.writeBytes(value);
  }

  #zigzag(value: number): void {
    writeVarint(this.sink, value >= 0 ? value * 2 : -value * 2 - 1);
  }
}

/** Appends a whole number from 0 to 2^53, seven bits a byte, the low ones first. */
export function writeVarint(sink: ByteSink, value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    sink.writeByte((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  sink.writeByte(rest);
}
