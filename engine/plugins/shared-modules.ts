/**
 * What plugins from outside import of Ropeway: `ropeway/spi/*.js` and zod. A copy that the plugin has installed is used;
 * where there is none, and a folder that somebody has just begun has none, it gets those of the Ropeway that runs it.
 */
import { registerHooks } from 'node:module';

const spiModule = /^ropeway\/spi\/([a-z0-9-]+)\.js$/;
const zodModule = /^zod(?:\/|$)/;

let registered: string | undefined;

/** `spi` is the URL of the modules with a star for the name. For this thread, once. */
export function shareModules(spi: string): void {
  if (registered !== undefined) return;
  registered = spi;
  registerHooks({
    resolve(specifier, context, next) {
      const name = spiModule.exec(specifier)?.[1];
      if (name === undefined && !zodModule.test(specifier)) return next(specifier, context);
      try {
        return next(specifier, context);
      } catch (error) {
        if (!isNotInstalled(error)) throw error;
        if (name !== undefined) return next(spi.replace('*', name), context);
        return next(specifier, { ...context, parentURL: spi.replace('*', 'plugin') });
      }
    },
  });
}

/** Not there; or an older Ropeway, which did not yet give its modules to others. */
function isNotInstalled(error: unknown): boolean {
  const codes = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND', 'ERR_PACKAGE_PATH_NOT_EXPORTED'];
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
