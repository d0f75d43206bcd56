/**
 * A hand-over of byte chunks from one who pushes to one who pulls, one chunk at a time: `write` resolves when the
 * reader is done with the chunk, so borrowed buffers stay valid and nothing piles up.
 */
export class ByteChannel implements AsyncIterable<Uint8Array> {
  #chunk: Uint8Array | undefined;
  #isEnded = false;
  #failure: { readonly error: unknown } | undefined;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;

  /** Gives one chunk; rejects when the reader has failed or gone. */
  async write(chunk: Uint8Array): Promise<void> {
    this.#throwIfFailed();
    this.#chunk = chunk;
    const taken = new Promise<void>((resolve) => {
      this.#wakeWriter = resolve;
    });
    this.#wakeReader?.();
    await taken;
    this.#throwIfFailed();
  }

  /** No more chunks come. */
  end(): void {
    this.#isEnded = true;
    this.#wakeReader?.();
  }

  /** The reader cannot go on: the writer gets the error. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wakeWriter?.();
    this.#wakeReader?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        this.#throwIfFailed();
        const chunk = this.#chunk;
        if (chunk !== undefined) {
          yield chunk;
          // Asked for the next one: the chunk is done with.
          this.#chunk = undefined;
          this.#wakeWriter?.();
        } else if (this.#isEnded) {
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wakeReader = resolve;
          });
        }
      }
    } finally {
      // A reader that leaves early must not leave the writer waiting.
      if (!this.#isEnded) this.fail(new Error('The reader of the channel has gone.'));
    }
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
