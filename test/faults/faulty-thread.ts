// The store's writing thread with a weak disk: it does what the real one does, on the real file, and at the step that it
// is told to it fails, hangs, or dies.
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import {
  type Connection,
  committer,
  connectionOf,
  serveGroups,
  type ThreadTask,
} from '../../src/store/sqlite-thread.ts';
import { aftermaths, type FaultKind, type FaultStep, faultKinds, faultSteps, slots } from './fault-plan.ts';

/** What the thread is given: the real task, and the plan that it shares with whoever started it. */
export type FaultyTask = { readonly real: ThreadTask; readonly plan: SharedArrayBuffer };

const messages = { EIO: 'disk I/O error', ENOSPC: 'database or disk is full', BUSY: 'database is locked' } as const;

class FaultError extends Error {
  readonly code = 'ERR_SQLITE_ERROR';
}

function faulty(task: FaultyTask): void {
  const plan = new Int32Array(task.plan);

  /** The fault of this step, taken out of the plan, when its turn has come. */
  function due(step: FaultStep): FaultKind | undefined {
    if (Atomics.load(plan, slots.step) !== faultSteps.indexOf(step) + 1) return undefined;
    if (Atomics.sub(plan, slots.skip, 1) > 0) return undefined;
    Atomics.store(plan, slots.step, 0);
    Atomics.add(plan, slots.fired, 1);
    return faultKinds[Atomics.load(plan, slots.kind)];
  }

  /** SQLite itself ends the transaction on some failures, at some steps. */
  function spoil(db: Connection | undefined): void {
    if (db?.isTransaction && isLeft('ended')) db.prepare('ROLLBACK').run();
  }

  const isLeft = (as: (typeof aftermaths)[number]) => Atomics.load(plan, slots.leaves) === aftermaths.indexOf(as);

  function at(step: FaultStep, db?: Connection): void {
    const kind = due(step);
    switch (kind) {
      case undefined:
        return;
      case 'EIO':
      case 'ENOSPC':
      case 'BUSY':
        spoil(db);
        throw new FaultError(messages[kind]);
      case 'hang':
        Atomics.store(plan, slots.hangs, 1);
        Atomics.wait(plan, slots.hangs, 1);
        return;
      case 'death':
        process.exit(1);
    }
  }

  function weak(db: Connection): Connection {
    return {
      get isTransaction() {
        return db.isTransaction;
      },
      close: () => db.close(),
      prepare(sql) {
        const statement = db.prepare(sql);
        const step = stepOf(sql);
        return {
          run(...values) {
            if (step === 'rollback' && isLeft('stuck')) throw new FaultError(messages.EIO);
            at(step, db);
            const result = statement.run(...values);
            if (step === 'commit') at('committed');
            return result;
          },
        };
      },
    };
  }

  if (parentPort === null) throw new Error('started as no thread');
  const port = parentPort;
  const real = committer(() => {
    at('open');
    return weak(connectionOf(task.real));
  });
  serveGroups(port, {
    commit(group) {
      at('received');
      real.commit(group);
    },
    close: real.close,
  });
}

function stepOf(sql: string): FaultStep {
  if (sql.startsWith('BEGIN')) return 'begin';
  if (sql.startsWith('INSERT')) return 'put';
  if (sql.startsWith('DELETE')) return 'remove';
  return sql === 'COMMIT' ? 'commit' : 'rollback';
}

if (!isMainThread) faulty(workerData);
