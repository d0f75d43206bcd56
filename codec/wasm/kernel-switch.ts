/**
 * Whether this thread uses the kernels: always, never (everything goes through TypeScript), or as it pays. The results
 * are the same.
 */
export type KernelUse = 'always' | 'never' | 'auto';

/** Below so many bytes of input a kernel costs more than it brings: it must be compiled, and given its memory. */
const WORTH_FROM_BYTES = 256 * 1024;

let current: KernelUse = 'auto';

export function useKernels(use: KernelUse): void {
  current = use;
}

/** Whether to take a kernel for an input of so many bytes. */
export function isKernelWanted(byteCount: number): boolean {
  return current === 'auto' ? byteCount >= WORTH_FROM_BYTES : current === 'always';
}
