/**
 * The kernels at work: one instance of the WebAssembly module with a memory of its own.
 *
 * The memory has its full size from the beginning and never grows: views stay valid, and what is not touched costs
 * only addresses. Regions are taken from its start upwards (`allocate`) and all given back together (`release`). A
 * batch whose vectors lie in this memory is recognised by its arena (`kernelOf`), so that a writer works on it where
 * it is.
 */
import { setFlagsFromString } from 'node:v8';
import { recordsWasm } from './generated/records.ts';
import { isKernelWanted } from './kernel-switch.ts';

/** What the module exports; control blocks are laid out in the AssemblyScript sources. */
export interface RecordKernels {
  /** Returns why it stopped: `codec/wasm/csv-kernel.ts`. */
  parseCsv(control: number, position: number, limit: number): number;
  /** Both return why they stopped: `codec/wasm/record-writer.ts`. */
  writeCsv(control: number): number;
  writeJson(control: number): number;
}

/** Addresses, not memory in use: room for the longest record and what its quotes unfold to. */
const MEMORY_BYTES = 256 * 1024 * 1024;
const PAGE_BYTES = 64 * 1024;
/** Below lie the constants of the module. */
const FIRST_REGION = 64 * 1024;
const ALIGNMENT = 64;
/** Bytes of code executed, about, before a function is optimized. */
const TIERING_BUDGET_BYTES = 200_000;
/** Kernels read a little beyond the end of a text: no region touches the end of the memory. */
const TAIL_BYTES = 256;
/** Instances kept for the next user; a thread rarely needs more than one at a time. */
const IDLE_MAX = 2;

export class Kernel {
  readonly run: RecordKernels;
  /** The whole memory; addresses are indexes into it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same in words of 32 bits. */
  readonly words: Uint32Array<ArrayBuffer>;
  /** Counts users: whoever remembers addresses checks that it is still the same. */
  epoch = 0;
  #top = FIRST_REGION;

  constructor(module: WebAssembly.Module) {
    const memory = new WebAssembly.Memory({ initial: MEMORY_BYTES / PAGE_BYTES });
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    // The module is compiled from our own sources: these are its exports.
    this.run = exports as unknown as RecordKernels;
    // Memory that is not shared lies in an ArrayBuffer.
    const buffer = memory.buffer as ArrayBuffer;
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
    kernels.set(buffer, this);
  }

  /** The address of a new region; undefined when the memory is used up. Its contents are undefined. */
  allocate(byteCount: number): number | undefined {
    const address = this.#top;
    const top = address + Math.ceil(byteCount / ALIGNMENT) * ALIGNMENT;
    if (top > this.bytes.length - TAIL_BYTES) return undefined;
    this.#top = top;
    return address;
  }

  /** Gives all regions back: batches and addresses of this kernel are invalid from here on. */
  release(): void {
    this.#top = FIRST_REGION;
    this.epoch += 1;
    if (idle.length < IDLE_MAX) idle.push(this);
  }
}

const kernels = new WeakMap<ArrayBufferLike, Kernel>();
const idle: Kernel[] = [];
let compiled: WebAssembly.Module | undefined;
let isSupported = true;

/**
 * A kernel for one user, until it is released; undefined when they are off, the processor lacks SIMD, or the input has
 * so few bytes that it does not pay.
 */
export function acquireKernel(byteCount = Infinity): Kernel | undefined {
  if (!isKernelWanted(byteCount)) return undefined;
  const reused = idle.pop();
  if (reused !== undefined) return reused;
  const module = kernelModule();
  return module === undefined ? undefined : new Kernel(module);
}

/** The kernel whose memory holds the buffer. */
export function kernelOf(buffer: ArrayBufferLike): Kernel | undefined {
  return kernels.get(buffer);
}

/** The compiled module, to be shared with other threads; undefined without SIMD. */
export function kernelModule(): WebAssembly.Module | undefined {
  if (compiled !== undefined || !isSupported) return compiled;
  const binary = Buffer.from(recordsWasm, 'base64');
  if (!WebAssembly.validate(binary)) {
    isSupported = false;
    return undefined;
  }
  // The kernels are hot from the first megabyte: by default the optimizing compiler waits for much more.
  setFlagsFromString(`--wasm-tiering-budget=${TIERING_BUDGET_BYTES}`);
  compiled = new WebAssembly.Module(binary);
  return compiled;
}
