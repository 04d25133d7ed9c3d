// Connections that wait to be accepted. The event loop accepts one in a turn, and in the same turn reads every request that has
// come: under load a turn is long, and hundreds who connect at once would wait for seconds before anybody looks at
// them. So a turn is kept short while some may wait.

export type Newcomers<T> = {
  /** One was accepted: more may wait. */
  came(): void;
  /** Has the work done: now, or soon and in its order where newcomers come first. */
  afterThem(one: T): void;
};

/** What is done in a turn in which newcomers come: about a millisecond of work. So they get a part of the time, never all. */
const fewInTurn = 8;

/** The order between newcomers and those who ask. `work` does what is asked, and does not throw. */
export function newcomers<T>(work: (one: T) => void): Newcomers<T> {
  let cameInTurn = false;
  /** One came in this turn or in the last one. */
  let mayWait = false;
  let isDue = false;
  let waiting: T[] = [];
  const endOfTurn = () => {
    isDue = false;
    mayWait = cameInTurn;
    cameInTurn = false;
    const ready = mayWait ? waiting.splice(0, fewInTurn) : waiting;
    if (!mayWait) waiting = [];
    for (const one of ready) work(one);
    if (mayWait) due();
  };
  const due = () => {
    if (!isDue) setImmediate(endOfTurn);
    isDue = true;
  };
  return {
    came() {
      cameInTurn = true;
      mayWait = true;
      due();
    },
    afterThem(one) {
      if (mayWait) waiting.push(one);
      else work(one);
    },
  };
}
