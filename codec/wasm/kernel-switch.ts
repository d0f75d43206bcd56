/** Whether this thread uses the kernels. Off, everything goes through TypeScript; the results are the same. */
let isOn = true;

export function useKernels(on: boolean): void {
  isOn = on;
}

export function kernelsAreOn(): boolean {
  return isOn;
}
