// Is the bundle in `dist/` what the sources beside it give? Old JavaScript, like everything in this folder.
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';

export const bundleFolder = fileURLToPath(new URL('../dist', import.meta.url));
export const manifestFile = fileURLToPath(new URL('../dist/manifest.json', import.meta.url));

/** True when every source has the size and the time of change that it had when the bundle was made. */
export function isBundleFresh() {
  let manifest;
  try {
    manifest = JSON.parse(fs.readFileSync(manifestFile, 'utf8'));
  } catch {
    return false;
  }
  const root = fileURLToPath(new URL('..', import.meta.url));
  return manifest.sources.every(([path, size, mtimeMs]) => {
    const stats = fs.statSync(root + path, { throwIfNoEntry: false });
    return stats !== undefined && stats.size === size && stats.mtimeMs === mtimeMs;
  });
}
