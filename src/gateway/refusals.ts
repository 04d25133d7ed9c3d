// How fast refusals are given. One refusal costs a good part of what a request costs, namely its HTTP: whoever asks again
// at once could make the server do nothing else. So refusals have a rate, and beyond it they wait their turn, which
// costs nothing and keeps the connection from asking more.

export type Refusals = {
  /**
   * Calls `give` at once or in its turn. Undefined where too many wait: the connection is to be cut. The function given
   * takes it back, e.g. because the client went away.
   */
  add(give: () => void): (() => void) | undefined;
  /** Earns a part of a refusal: a request was answered. */
  earn(): void;
  /** Gives all that wait, and from now on each at once: the server stops. */
  giveAll(): void;
  /** Refusals that wait for their turn. */
  waiting(): number;
};

export type RefusalTraits = {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Calls `work` so many milliseconds later. */
  readonly later: (ms: number, work: () => void) => void;
  /** Whether there is room for all that is asked: refusals cost nobody then. */
  readonly isCalm?: () => boolean;
  readonly room?: number;
};

/** Milliseconds between two looks at those that wait, and how many one look gives while it is calm. */
const lookMs = 20;
const givenInCalm = 50;

/** Refusals a second, whatever else happens; those that one answer earns; and those that may be saved. */
const perSecond = 100;
const perAnswer = 0.25;
const mostSaved = 100;

/**
 * A token bucket of refusals, filled by time and by what is answered. `Ours:` refusing takes HTTP's part of a request, a
 * third or a tenth of the whole. If a refusal costs 1/k of a request, then at n times the capacity goodput is at most
 * (1 − n/k) / (1 − 1/k) of the peak when all are refused at once: nothing at all for n = 5 and k = 5. At one refusal for
 * four answers it is 1 / (1 + 1/4k) and more, 95 %, whatever is offered. TCP does the rest: a connection whose answer is
 * due sends no more.
 */
export function refusals({ now, later, isCalm = () => false, room = 4096 }: RefusalTraits): Refusals {
  const waiting = new Set<() => void>();
  let tokens = mostSaved;
  let filledAt = now();
  let scheduled = false;
  let open = false;

  const taken = () => {
    const at = now();
    tokens = Math.min(mostSaved, tokens + ((at - filledAt) * perSecond) / 1000);
    filledAt = at;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
  const look = () => {
    scheduled = false;
    let free = isCalm() ? givenInCalm : 0;
    for (const give of waiting) {
      if (!taken() && free-- <= 0) break;
      waiting.delete(give);
      give();
    }
    schedule();
  };
  const schedule = () => {
    if (scheduled || waiting.size === 0) return;
    scheduled = true;
    later(lookMs, look);
  };
  return {
    add(give) {
      if (open || (waiting.size === 0 && taken())) {
        give();
        return () => {};
      }
      if (waiting.size >= room) return undefined;
      waiting.add(give);
      schedule();
      return () => void waiting.delete(give);
    },
    earn() {
      tokens += perAnswer;
    },
    giveAll() {
      open = true;
      for (const give of waiting) give();
      waiting.clear();
    },
    waiting: () => waiting.size,
  };
}
