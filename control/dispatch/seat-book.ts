/** The free seats of the scopes in question, as one tick sees them. */

export interface SeatLimit {
  readonly kind: string;
  readonly id: string;
  readonly seats: number;
  readonly label: string;
}

export interface TakenSeat {
  readonly kind: string;
  readonly id: string;
  readonly seatNo: number;
}

export class SeatBook {
  readonly #limits = new Map<string, SeatLimit>();
  readonly #taken = new Map<string, Set<number>>();

  constructor(limits: readonly SeatLimit[], taken: readonly TakenSeat[]) {
    for (const limit of limits) this.#limits.set(`${limit.kind} ${limit.id}`, limit);
    for (const { kind, id, seatNo } of taken) this.#seats(`${kind} ${id}`).add(seatNo);
  }

  /** Undefined when the scope has no limit. */
  free(kind: string, id: string): number | undefined {
    const limit = this.#limits.get(`${kind} ${id}`);
    if (limit === undefined) return undefined;
    let inside = 0;
    // Seats beyond a limit that was lowered drain, and are nobody's.
    for (const seatNo of this.#seats(`${kind} ${id}`)) if (seatNo <= limit.seats) inside += 1;
    return Math.max(0, Math.min(limit.seats - inside, limit.seats - this.#seats(`${kind} ${id}`).size));
  }

  /** The first of the scopes that has no seat left, as people are told of it. */
  blockedBy(scopes: readonly { readonly kind: string; readonly id: string }[]): SeatLimit | undefined {
    const blocked = scopes.find(({ kind, id }) => this.free(kind, id) === 0);
    return blocked === undefined ? undefined : this.#limits.get(`${blocked.kind} ${blocked.id}`);
  }

  /** Takes the lowest free seat of each limited scope. The caller has made sure that there is one. */
  take(scopes: readonly { readonly kind: string; readonly id: string }[]): readonly TakenSeat[] {
    return scopes.flatMap(({ kind, id }) => {
      const limit = this.#limits.get(`${kind} ${id}`);
      if (limit === undefined) return [];
      const taken = this.#seats(`${kind} ${id}`);
      let seatNo = 1;
      while (taken.has(seatNo)) seatNo += 1;
      taken.add(seatNo);
      return [{ kind, id, seatNo }];
    });
  }

  #seats(key: string): Set<number> {
    let seats = this.#taken.get(key);
    if (seats === undefined) this.#taken.set(key, (seats = new Set()));
    return seats;
  }
}
