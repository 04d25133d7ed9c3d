// The life of a store: work is let in until close, close waits for what is inside and then lets go, once.

import { StoreUnavailable } from './store.ts';

export type Lifetime = {
  /** Starts a task; rejects with StoreUnavailable, starting nothing, once close was called. */
  during<T>(start: () => Promise<T>): Promise<T>;
  /** Refuses new tasks, waits for those under way, lets go. Calling it again answers the same promise. */
  close(): Promise<void>;
};

/** A lifetime that ends with `letGo`, which is called once. */
export function lifetime(letGo: () => void | Promise<void>): Lifetime {
  let underWay = 0;
  let lastLeft = () => {};
  let closing: Promise<void> | undefined;

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
    during<T>(start: () => Promise<T>): Promise<T> {
      if (closing !== undefined) return Promise.reject(new StoreUnavailable('the store is closed'));
      underWay += 1;
      const task = start();
      task.then(leave, leave);
      return task;
    },
    close(): Promise<void> {
      closing ??= end();
      return closing;
    },
  };
}
