// What waits for the end of a turn of the event loop. A write to a client that sleeps wakes it, which costs more than
// the write; a second one finds it awake. So the answers that become ready in one turn are written together.

/** Answers that wait at most: with more, those that are there go at once, so that none waits for many others. */
const most = 32;

/**
 * A function that has `work` done with what it is given, in that order, when the turn of the event loop ends: everything that was
 * ready to be read has been read by then. `work` does not throw.
 */
export function atTurnEnd<T>(work: (one: T) => void): (one: T) => void {
  let waiting: T[] = [];
  const workAll = () => {
    const ready = waiting;
    waiting = [];
    for (const one of ready) work(one);
  };
  return (one) => {
    waiting.push(one);
    if (waiting.length === 1) setImmediate(workAll);
    if (waiting.length === most) workAll();
  };
}
