/** Workspaces as labels: so many have their own, the others share one, so that series stay bounded. */

export const WORKSPACES_MAX = 100;
export const OTHERS = 'others';

export class WorkspaceLabels {
  readonly #known = new Set<string>();

  label(workspaceId: string): string {
    if (this.#known.has(workspaceId)) return workspaceId;
    if (this.#known.size >= WORKSPACES_MAX) return OTHERS;
    this.#known.add(workspaceId);
    return workspaceId;
  }
}
