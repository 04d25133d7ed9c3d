// The one writer, with group commit. Writes are decided on this thread, one after the other, each on what is durable and
// on the effects of those decided before it; decided effects gather in a group, and a thread makes one group durable while
// the next one gathers. A write is answered when its group is durable: the fsync is what it costs, and many share it.

import type { CommitThread, GroupEnd } from './commit-thread.ts';
import { deadlines } from './deadlines.ts';
import { type Effects, setEffect } from './effects.ts';
import { addEntered, type Entered, placeAll } from './entered.ts';
import { nobody, type Observer } from './observer.ts';
import type { Group as Changes } from './sqlite-thread.ts';
import type { Writer } from './store.ts';
import { StoreUnavailable } from './store.ts';
import { documentsOf, type Outcome, type ReadVerbs, type Running, runWrite } from './transaction.ts';
import { type Decisions, decidedDocument, WriteView } from './write-view.ts';

/** How much the writer takes on. */
export type WriterLimits = {
  /** Writes that may wait for their answer; one more is refused. */
  readonly queueLimit: number;
  /** Writes that may share a commit. Ours: bounds the memory of a group and the time its first member waits. */
  readonly groupLimit: number;
  /** Milliseconds a `work` may take. The writes behind it wait for it. */
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
  observe(observer: Observer): void;
  stats(): WriterStats;
};

/** A write on its way: it waits for its turn, is decided, and is answered or refused, once. */
type Write = { decide(): void; answer(): void; refuse(error: StoreUnavailable): void };
type Group = {
  readonly effects: Effects;
  readonly entered: Entered;
  readonly members: Write[];
  characters: number;
  /** Called when it is durable, before its members are answered. */
  durable(): void;
};

/**
 * Writes that do not wait for others of their turn of the event loop. Ours: the disk then works while the rest of the turn
 * is decided, and an fsync still has many to share it.
 */
const enough = 8;
/** Characters of text in a group, from which on it takes no more writes: it is in memory three times on its way. */
const fullCharacters = 4 * 1024 * 1024;

const newGroup = (): Group => ({
  effects: new Map(),
  entered: new Map(),
  members: [],
  characters: 0,
  durable: () => {},
});

/**
 * A writer that commits through `thread`. `durable` reads what is committed, on a connection that nobody else uses. `left` is
 * called once for each write, before it is answered or refused.
 */
export function groupWriter(
  thread: CommitThread,
  durable: ReadVerbs,
  limits: WriterLimits,
  left: () => void = () => {},
): GroupWriter {
  const limit = deadlines(limits.workLimitMs);
  const decisions: Decisions<Group> = {
    gathering: newGroup(),
    committing: undefined,
    observer: nobody,
    rows: durable,
    documents: documentsOf(durable),
  };
  let waiting: Write[] = [];
  let running: Running | undefined;
  /** Why nothing is written now: the thread does not answer. */
  let halted: StoreUnavailable | undefined;
  let planned = false;
  let unanswered = 0;
  let commits = 0;
  let writes = 0;

  function refusal(): StoreUnavailable | undefined {
    if (halted !== undefined || unanswered < limits.queueLimit) return halted;
    return new StoreUnavailable(`${limits.queueLimit} writes are waiting already`);
  }

  function leave(): void {
    unanswered -= 1;
    left();
  }

  /** First come, first served. */
  function decideNext(): void {
    const { members, characters } = decisions.gathering;
    const isFull = members.length >= limits.groupLimit || characters >= fullCharacters;
    if (running === undefined && !isFull) waiting.shift()?.decide();
  }

  function commitNext(): void {
    const group = decisions.gathering;
    if (decisions.committing !== undefined || group.members.length === 0) return;
    const placed = placeAll(
      group.entered,
      (collection, key) => decidedDocument(decisions, collection, key),
      (collection, key, text, document) => setEffect(group.effects, collection, key, text, document),
    );
    if (!placed.ok) {
      refuseDecided([], placed.error);
      decideNext();
      return;
    }
    group.durable = placed.value;
    decisions.committing = group;
    decisions.gathering = newGroup();
    decisions.observer.committing(group.effects);
    thread.commit(changesOf(group.effects), { ended, overdue });
  }

  function commitSoon(): void {
    const { members } = decisions.gathering;
    if (members.length >= Math.min(enough, limits.groupLimit)) {
      commitNext();
      return;
    }
    if (planned || decisions.committing !== undefined || members.length === 0) return;
    planned = true;
    setImmediate(() => {
      planned = false;
      commitNext();
    });
  }

  function ended(end: GroupEnd): void {
    const group = decisions.committing ?? newGroup();
    decisions.committing = undefined;
    halted = undefined;
    switch (end.kind) {
      case 'durable':
        commits += 1;
        decisions.observer.committed(group.effects);
        group.durable();
        for (const member of group.members) member.answer();
        break;
      case 'failed':
        decisions.observer.undone();
        refuseDecided(group.members, new StoreUnavailable('the write was not committed', { cause: end.cause }));
        break;
      case 'unknown':
        decisions.observer.lost();
        refuseDecided(group.members, new StoreUnavailable('the write may not be committed', { cause: end.cause }));
        break;
    }
    commitNext();
    decideNext();
  }

  /** The members of a group that is not kept, and everybody decided behind it, who may have read what it did. */
  function refuseDecided(members: Write[], error: StoreUnavailable): void {
    const behind = decisions.gathering.members;
    decisions.gathering = newGroup();
    running?.refuse(error);
    for (const member of [...members.splice(0), ...behind]) member.refuse(error);
  }

  /** Nobody waits for a disk that does not answer. Its group ends some day, and then the writer goes on. */
  function overdue(): void {
    halted = new StoreUnavailable('the disk does not answer');
    const behind = waiting;
    waiting = [];
    if (decisions.committing !== undefined) refuseDecided(decisions.committing.members, halted);
    for (const one of behind) one.refuse(halted);
  }

  /** Its effects gather, unless it is undone. */
  function decided(one: Write, { effects, entered, sawPending }: WriteView, isKept: boolean): void {
    const { gathering, committing } = decisions;
    if (isKept && (entered.length > 0 || !effects.isEmpty())) {
      gathering.characters += effects.addTo(gathering.effects) + addEntered(gathering.entered, entered);
      gathering.members.push(one);
      return;
    }
    // It changed nothing. What it read may not be durable yet: then it is answered when that is.
    const before = gathering.members.length > 0 ? gathering : committing;
    if (sawPending && before !== undefined) before.members.push(one);
    else one.answer();
  }

  function decide<T>(work: (writer: Writer) => Promise<T>, one: Write, ended: (outcome: Outcome<T>) => void): void {
    const view = new WriteView(decisions);
    running = runWrite(work, view, limit, (outcome) => {
      running = undefined;
      ended(outcome);
      decided(one, view, outcome.ok);
      commitSoon();
      decideNext();
    });
  }

  return {
    write<T>(work: (writer: Writer) => Promise<T>): Promise<T> {
      const refused = refusal();
      if (refused !== undefined) {
        left();
        return Promise.reject(refused);
      }
      unanswered += 1;
      return new Promise<T>((resolve, reject) => {
        let outcome: Outcome<T> | undefined;
        const one: Write = {
          decide: () =>
            decide(work, one, (ended) => {
              outcome = ended;
            }),
          answer() {
            leave();
            if (outcome?.ok) {
              writes += 1;
              resolve(outcome.value);
            } else {
              reject(outcome?.error);
            }
          },
          refuse(error) {
            leave();
            reject(error);
          },
        };
        waiting.push(one);
        decideNext();
      });
    },
    observe(one) {
      decisions.observer = one;
    },
    stats: () => ({ commits, writes, queued: waiting.length }),
  };
}

/** One list, as a thread takes it. */
function changesOf(effects: Effects): Changes {
  const changes: (string | null)[] = [];
  for (const [collection, changed] of effects) {
    for (const [key, { text }] of changed) changes.push(collection, key, text ?? null);
  }
  return changes;
}
