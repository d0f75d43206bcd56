/**
 * Prints the log on the runner's own output, for whoever looks at its place when the lines could not be sent. Where
 * that is a file, the file does not grow without bound; where it is a pipe that nobody reads, nobody waits for it.
 */
import { fstatSync, ftruncateSync, writeSync } from 'node:fs';

const FILE_BYTES_MAX = 2 * 1024 * 1024;
/** What stays of a file that is begun anew. */
const KEPT_CHARACTERS = 128 * 1024;
const PIPE_BYTES_MAX = 1024 * 1024;

export class Mirror {
  readonly #isFile: boolean = isFile();
  #written = 0;
  #recent = '';

  print(text: string): void {
    if (text === '') return;
    try {
      if (this.#isFile) this.#printToFile(text);
      else if (process.stdout.writableLength < PIPE_BYTES_MAX) process.stdout.write(text);
    } catch {
      // A full disk is no reason to fail.
    }
  }

  #printToFile(text: string): void {
    this.#recent = (this.#recent + text).slice(-KEPT_CHARACTERS);
    this.#written += Buffer.byteLength(text);
    if (this.#written <= FILE_BYTES_MAX) {
      writeSync(1, text);
      return;
    }
    ftruncateSync(1, 0);
    this.#written = Buffer.byteLength(this.#recent);
    writeSync(1, this.#recent);
  }
}

function isFile(): boolean {
  try {
    return fstatSync(1).isFile();
  } catch {
    return false;
  }
}
