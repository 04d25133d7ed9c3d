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

/** What is watched in one turn, before those that ended meanwhile are let go: a long turn may begin very many. */
const many = 1024;

/** Deadlines `limitMs` milliseconds from now, whenever now is. */
export function deadlines(limitMs: number): Deadlines {
  let fresh: Watched[] = [];
  let room = many;
  let planned = false;

  function arm(): void {
    const late = fresh;
    fresh = [];
    room = many;
    planned = false;
    for (const one of late) {
      if (!one.ended) one.timer = setTimeout(() => one.giveUp(), limitMs);
    }
  }

  return {
    limitMs,
    watch(one) {
      if (fresh.push(one) > room) {
        fresh = fresh.filter(({ ended }) => !ended);
        room = Math.max(many, fresh.length * 2);
      }
      if (planned) return;
      planned = true;
      setImmediate(arm);
    },
  };
}
