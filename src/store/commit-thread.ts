// The main thread's side of the thread that writes: it starts it, sends it one group at a time, and tells what became of
// each, also when the thread dies or does not answer.

import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Group, GroupAnswer, ThreadTask } from './sqlite-thread.ts';

/** What became of a group. `unknown`: the thread died over it, and it is durable or it is not. */
export type GroupEnd =
  | { readonly kind: 'durable' }
  | { readonly kind: 'failed'; readonly cause: unknown }
  | { readonly kind: 'unknown'; readonly cause: unknown };

/** Who waits for a group. */
export type GroupWaiter = {
  /** Called once, never before `commit` returned. */
  ended(end: GroupEnd): void;
  /** Called when the thread did not answer in time. The end is told all the same, whenever it comes. */
  overdue(): void;
};

export type CommitThread = {
  /** Sends a group. INVARIANT: the one before has ended. */
  commit(group: Group, waiter: GroupWaiter): void;
  /** Ends the thread. INVARIANT: no group is under way, unless one is overdue. Rejects when the thread does not end. */
  close(): Promise<void>;
};

/** Milliseconds that a thread with nothing to do may take to end: it closes its connection and its JavaScript. */
const endLimitMs = 10_000;

type UnderWay = GroupWaiter & { readonly timer: NodeJS.Timeout };

/**
 * A thread made by `start`, at once and again for the first group after it died. It keeps no process alive, except while a
 * group is under way. `answerLimitMs`: milliseconds until a group is overdue.
 */
export function commitThread(start: () => Worker, answerLimitMs: number): CommitThread {
  let worker: Worker | undefined;
  let underWay: UnderWay | undefined;

  function end(how: GroupEnd): void {
    const waiter = underWay;
    if (waiter === undefined) return;
    underWay = undefined;
    clearTimeout(waiter.timer);
    waiter.ended(how);
  }

  function begin(): Worker {
    const begun = start();
    let cause: unknown = new Error('the thread that writes has ended');
    begun.unref();
    begun.on('message', (answer: GroupAnswer) =>
      end(answer.durable ? { kind: 'durable' } : { kind: 'failed', cause: answer.cause }),
    );
    begun.on('error', (error) => {
      cause = error;
    });
    begun.on('exit', () => {
      worker = undefined;
      end({ kind: 'unknown', cause });
    });
    worker = begun;
    return begun;
  }

  begin();
  return {
    commit(group, waiter) {
      // Its timer keeps the process alive until the group has ended.
      underWay = { ...waiter, timer: setTimeout(waiter.overdue, answerLimitMs) };
      try {
        (worker ?? begin()).postMessage(group);
      } catch (cause) {
        setImmediate(end, { kind: 'failed', cause });
      }
    },
    async close() {
      const ending = worker;
      if (ending === undefined) return;
      await new Promise<void>((resolve, reject) => {
        const patienceMs = underWay === undefined ? endLimitMs : answerLimitMs;
        const timer = setTimeout(() => reject(new Error('the thread that writes does not end')), patienceMs);
        ending.once('exit', () => {
          clearTimeout(timer);
          resolve();
        });
        ending.postMessage(null);
      });
    },
  };
}

/** Starts the thread on a file. */
export function startThread(task: ThreadTask): Worker {
  // `.ts` here, `.js` in the package.
  return new Worker(new URL(`./sqlite-thread${import.meta.url.slice(-3)}`, import.meta.url), {
    workerData: task,
    env: threadEnvironment(),
    // It holds one group at a time. The page cache of its connection is counted elsewhere.
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
}

/**
 * The compile cache of this thread, where it has one, which lies in a folder of the Node version. Ours: a thread that strips
 * types itself takes 17 MB and 40 ms more.
 */
function threadEnvironment() {
  const directory = getCompileCacheDir();
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: dirname(directory) };
}
