// The one writer, with group commit: writes that wait together run in one SQLite transaction, each in a savepoint of its
// own, and are answered together after one COMMIT, whose fsync is what a write costs.

import type { DatabaseSync } from 'node:sqlite';
import type { Writer } from './store.ts';
import { StoreUnavailable } from './store.ts';
import { runWrite, type WriteVerbs } from './transaction.ts';

/** How much the writer takes on. */
export type WriterLimits = {
  /** Writes that may wait; one more is refused. */
  readonly queueLimit: number;
  /** Writes that may share a commit. Ours: bounds the memory of a group and the time its first member waits. */
  readonly groupLimit: number;
  /** Milliseconds a `work` may take. The whole group waits for it. */
  readonly workLimitMs: number;
};

/** What the writer did since it began. */
export type WriterStats = {
  /** Groups committed: each cost one fsync. */
  readonly commits: number;
  /** Writes acknowledged. */
  readonly writes: number;
  /** Writes that wait now. */
  readonly queued: number;
};

export type GroupWriter = {
  /** As Store.write. */
  write<T>(work: (writer: Writer) => Promise<T>): Promise<T>;
  stats(): WriterStats;
};

/** A write that waits. `attempt` runs its work; the answer is known then, and given only by `answer` or `refuse`. */
type Job = { attempt(): Promise<Attempt>; refuse(error: StoreUnavailable): void };
type Attempt = { readonly ok: boolean; readonly error: unknown; answer(): void };

/** A writer on a connection that nobody else uses. `verbs` are that connection's. */
export function groupWriter(db: DatabaseSync, verbs: WriteVerbs, limits: WriterLimits): GroupWriter {
  const queue: Job[] = [];
  const steps = {
    begin: db.prepare('BEGIN IMMEDIATE'),
    save: db.prepare('SAVEPOINT one_write'),
    undo: db.prepare('ROLLBACK TO one_write'),
    release: db.prepare('RELEASE one_write'),
    commit: db.prepare('COMMIT'),
    rollback: db.prepare('ROLLBACK'),
  };
  let isDraining = false;
  let commits = 0;
  let writes = 0;

  /**
   * One group at a time until nothing waits. Each begins on a fresh turn of the event loop: requests read on the same
   * turn share the commit, and the program breathes between commits, which block it.
   */
  async function drain(): Promise<void> {
    while (queue.length > 0) {
      await new Promise((resolve) => setImmediate(resolve));
      await commitGroup();
    }
    isDraining = false;
  }

  /** Never rejects. First come, first served; who fails is answered after the commit too, for it may have read others. */
  async function commitGroup(): Promise<void> {
    const taken: Job[] = [];
    const attempts: Attempt[] = [];
    try {
      rollback(); // only after a ROLLBACK that failed: the next group tries again
      steps.begin.run();
      for (let job = queue.shift(); job !== undefined; job = nextOf(taken.length)) {
        taken.push(job);
        attempts.push(await inSavepoint(job));
      }
      steps.commit.run();
      commits++;
      writes += attempts.filter((attempt) => attempt.ok).length;
    } catch (cause) {
      abandon(taken, cause);
      return;
    }
    for (const attempt of attempts) attempt.answer();
  }

  function nextOf(taken: number): Job | undefined {
    return taken < limits.groupLimit ? queue.shift() : undefined;
  }

  async function inSavepoint(job: Job): Promise<Attempt> {
    steps.save.run();
    const attempt = await job.attempt();
    // SQLite may end the whole transaction on a full disk or an I/O error: then nothing of the group is left.
    if (!db.isTransaction) throw attempt.error;
    if (!attempt.ok) steps.undo.run();
    steps.release.run();
    return attempt;
  }

  /** Undoes the group and tells each of its members. The group must not be empty-handed: BEGIN may be what failed. */
  function abandon(taken: Job[], cause: unknown): void {
    if (taken.length === 0) taken.push(...queue.splice(0, limits.groupLimit));
    let error = new StoreUnavailable('the write was not committed', { cause });
    try {
      rollback();
    } catch (rollbackFailure) {
      const causes = new AggregateError([cause, rollbackFailure], 'the commit failed, and so did undoing it');
      error = new StoreUnavailable('the write was not committed', { cause: causes });
    }
    for (const job of taken) job.refuse(error);
  }

  function rollback(): void {
    if (db.isTransaction) steps.rollback.run();
  }

  return {
    write<T>(work: (writer: Writer) => Promise<T>): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        if (queue.length >= limits.queueLimit) {
          reject(new StoreUnavailable(`${limits.queueLimit} writes are waiting already`));
          return;
        }
        queue.push({
          refuse: reject,
          async attempt(): Promise<Attempt> {
            const outcome = await runWrite(work, verbs, limits.workLimitMs);
            return outcome.ok
              ? { ok: true, error: undefined, answer: () => resolve(outcome.value) }
              : { ok: false, error: outcome.error, answer: () => reject(outcome.error) };
          },
        });
        if (isDraining) return;
        isDraining = true;
        void drain();
      });
    },
    stats: () => ({ commits, writes, queued: queue.length }),
  };
}
