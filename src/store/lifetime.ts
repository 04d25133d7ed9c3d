// The life of a store: work is let in until close, close waits for what is inside and then lets go, once.

import { StoreUnavailable } from './store.ts';

export type Lifetime = {
  /** Why nothing is let in any more; undefined until close was called. */
  refusal(): StoreUnavailable | undefined;
  /** Lets a task in, unless it gives the reason why not. INVARIANT: whoever was let in leaves, once. */
  enter(): StoreUnavailable | undefined;
  leave(): void;
  /** Starts a task on an argument, and lets it leave; rejects with StoreUnavailable, starting nothing, once close was called. */
  during<A, T>(start: (argument: A) => Promise<T>, argument: A): Promise<T>;
  /** Refuses new tasks, waits for those under way, lets go. Calling it again answers the same promise. */
  close(): Promise<void>;
};

/** A lifetime that ends with `letGo`, which is called once. */
export function lifetime(letGo: () => void | Promise<void>): Lifetime {
  let underWay = 0;
  let lastLeft = () => {};
  let closing: Promise<void> | undefined;

  const refusal = () => (closing === undefined ? undefined : new StoreUnavailable('the store is closed'));

  const enter = () => {
    const refused = refusal();
    if (refused === undefined) underWay += 1;
    return refused;
  };

  const leave = () => {
    underWay -= 1;
    if (underWay === 0) lastLeft();
  };

  async function end(): Promise<void> {
    if (underWay > 0) {
      await new Promise<void>((resolve) => {
        lastLeft = resolve;
      });
    }
    await letGo();
  }

  return {
    refusal,
    enter,
    leave,
    during(start, argument) {
      const refused = enter();
      if (refused !== undefined) return Promise.reject(refused);
      const task = start(argument);
      task.then(leave, leave);
      return task;
    },
    close(): Promise<void> {
      closing ??= end();
      return closing;
    },
  };
}
