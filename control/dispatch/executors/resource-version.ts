/** How objects of the Kubernetes API are named and ordered. */
import type { KubeObject } from './kubernetes-objects.ts';

export function keyOf({ metadata: { namespace = '', name } }: KubeObject): string {
  return `${namespace}/${name}`;
}

/** Versions are numbers that grow, though the API long left that open: what is none is never older. */
export function isOlder(version: string, than: string): boolean {
  return /^\d+$/.test(version) && /^\d+$/.test(than) && BigInt(version) < BigInt(than);
}
