// The time that a transaction may take. Most end within the turn of the event loop that began them and cost no timer:
// what has not ended by then gets one.

/** Something that must end. INVARIANT: whoever ends it clears `timer`. */
export type Watched = {
  ended: boolean;
  timer: NodeJS.Timeout | undefined;
  /** Called when the time is over, unless it ended. */
  giveUp(): void;
};

export type Deadlines = {
  /** Milliseconds, counted from the end of the turn. */
  readonly limitMs: number;
  watch(one: Watched): void;
};

/** Deadlines `limitMs` milliseconds from now, whenever now is. */
export function deadlines(limitMs: number): Deadlines {
  let fresh: Watched[] = [];

  function arm(): void {
    const late = fresh;
    fresh = [];
    for (const one of late) {
      if (!one.ended) one.timer = setTimeout(() => one.giveUp(), limitMs);
    }
  }

  return {
    limitMs,
    watch(one) {
      if (fresh.push(one) === 1) setImmediate(arm);
    },
  };
}
