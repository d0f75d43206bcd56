/** Whose bug is it? What a plugin from outside throws by mistake is not for us to be told. */
import { fileURLToPath } from 'node:url';

/** Names of packages by their folders, in this thread. */
const packages = new Map<string, string>();

export function notePackage(name: string, folder: string): void {
  packages.set(folder.endsWith('/') ? folder : `${folder}/`, name);
}

/** The package in whose code an error was thrown, or that called what threw it. */
export function blamedPackage(thrown: unknown): string | undefined {
  if (packages.size === 0 || !(thrown instanceof Error)) return undefined;
  for (const [, place = ''] of (thrown.stack ?? '').matchAll(/(file:\/\/[^\s)]+|\/[^\s():]+):\d+:\d+\)?$/gm)) {
    const path = place.startsWith('file:') ? fileURLToPath(place) : place;
    for (const [folder, name] of packages) if (path.startsWith(folder)) return name;
  }
  return undefined;
}
