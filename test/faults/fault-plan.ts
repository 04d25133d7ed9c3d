// What may go wrong in the store's writing thread, and the shared memory through which a test orders it.
import { Worker } from 'node:worker_threads';
import type { ThreadTask } from '../../src/store/sqlite-thread.ts';

/** Where a fault strikes. `received`: before anything of a group; `committed`: after COMMIT, before the answer. */
export const faultSteps = ['received', 'open', 'begin', 'put', 'remove', 'commit', 'committed', 'rollback'] as const;
export type FaultStep = (typeof faultSteps)[number];

/** What happens there. `hang`: the thread stands still until it is released. `death`: the thread ends. */
export const faultKinds = ['EIO', 'ENOSPC', 'BUSY', 'hang', 'death'] as const;
export type FaultKind = (typeof faultKinds)[number];

export type Fault = {
  readonly step: FaultStep;
  readonly kind: FaultKind;
  /** Times that the step goes well before. */
  readonly skip?: number;
  /** What a failure does to SQLite's transaction: leaves it open, ends it, or leaves it so that ROLLBACK fails, too. */
  readonly leaves?: (typeof aftermaths)[number];
};

export const aftermaths = ['open', 'ended', 'stuck'] as const;

/** Places in the shared memory. `step` counts from one; zero: no fault is ordered. */
export const slots = { step: 0, kind: 1, skip: 2, leaves: 3, hangs: 4, fired: 5 } as const;

/** A thread whose disk fails when it is told to. */
export type WeakDisk = {
  /** Starts the thread, for a store's `start`. */
  start(task: ThreadTask): Worker;
  /** Orders one fault, in place of one that did not strike. */
  order(fault: Fault): void;
  /** Takes back what was ordered and did not strike, and lets go of a thread that hangs. */
  heal(): void;
  /** Faults that struck. */
  fired(): number;
  hangs(): boolean;
};

export function weakDisk(): WeakDisk {
  const shared = new SharedArrayBuffer(6 * Int32Array.BYTES_PER_ELEMENT);
  const plan = new Int32Array(shared);
  return {
    start: (real) =>
      new Worker(new URL('faulty-thread.ts', import.meta.url), { workerData: { real, plan: shared }, stderr: true }),
    order({ step, kind, skip = 0, leaves = 'open' }) {
      Atomics.store(plan, slots.step, 0);
      Atomics.store(plan, slots.kind, faultKinds.indexOf(kind));
      Atomics.store(plan, slots.skip, skip);
      Atomics.store(plan, slots.leaves, aftermaths.indexOf(leaves));
      Atomics.store(plan, slots.step, faultSteps.indexOf(step) + 1);
    },
    heal() {
      Atomics.store(plan, slots.step, 0);
      Atomics.store(plan, slots.hangs, 0);
      Atomics.notify(plan, slots.hangs);
    },
    fired: () => Atomics.load(plan, slots.fired),
    hangs: () => Atomics.load(plan, slots.hangs) === 1,
  };
}
