/** Where this Ropeway lies: the same for its sources and for the bundle made of them. `bin/ropeway.js` knows. */
export interface Installation {
  /** The folder of `package.json` and `LICENSE`. */
  readonly root: URL;
  /** The module for worker threads: `cli/worker.ts`, or what the bundle has of it. */
  readonly workerEntry: URL;
  /** The module of the engine's process below a runner. */
  readonly engineEntry: URL;
  /** URL of the modules of `spi/` for plugins from outside, with a star for the name. */
  readonly spi: string;
}
