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
  const underWay = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;

  async function end(): Promise<void> {
    await Promise.allSettled(underWay);
    await letGo();
  }

  return {
    async during<T>(start: () => Promise<T>): Promise<T> {
      if (closing !== undefined) throw new StoreUnavailable('the store is closed');
      const task = start();
      underWay.add(task);
      try {
        return await task;
      } finally {
        underWay.delete(task);
      }
    },
    close(): Promise<void> {
      closing ??= end();
      return closing;
    },
  };
}
