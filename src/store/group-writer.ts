// The one writer, with group commit. Writes are decided on this thread, one after the other, each on what is durable and
// on the effects of those decided before it; decided effects gather in a group, and a thread makes one group durable while
// the next one gathers. A write is answered when its group is durable: the fsync is what it costs, and many share it.

import type { CommitThread, GroupEnd } from './commit-thread.ts';
import { deadlines } from './deadlines.ts';
import { addEffects, documentOf, type Effects, effectsIn, entriesThrough, setEffect } from './effects.ts';
import { addEntries, type Entered, placeAll } from './entered.ts';
import { nobody, type Observer } from './observer.ts';
import type { Group as Changes } from './sqlite-thread.ts';
import type { Document, Writer } from './store.ts';
import { StoreUnavailable } from './store.ts';
import {
  documentsOf,
  notKnown,
  type Outcome,
  type ReadVerbs,
  type Running,
  runWrite,
  type WriteVerbs,
} from './transaction.ts';

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

/** A write whose turn has not come. */
type Waiting = { decide(): void; refuse(error: StoreUnavailable): void };
/** A write that is decided: one of the two is called, once. */
type Decided = { answer(): void; refuse(error: StoreUnavailable): void };
type Group = {
  readonly effects: Effects;
  readonly entered: Entered;
  readonly members: Decided[];
  characters: number;
  /** Called when it is durable, before its members are answered. */
  durable(): void;
};

/** What one work does. */
type Own = { readonly effects: Effects; readonly entered: Entered };

const newOwn = (): Own => ({ effects: new Map(), entered: new Map() });

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

/** A writer that commits through `thread`. `durable` reads what is committed, on a connection that nobody else uses. */
export function groupWriter(thread: CommitThread, durable: ReadVerbs, limits: WriterLimits): GroupWriter {
  const limit = deadlines(limits.workLimitMs);
  const engine = documentsOf(durable);
  let waiting: Waiting[] = [];
  let running: Running | undefined;
  let gathering = newGroup();
  let committing: Group | undefined;
  /** Why nothing is written now: the thread does not answer. */
  let halted: StoreUnavailable | undefined;
  let observer = nobody;
  let planned = false;
  let unanswered = 0;
  let commits = 0;
  let writes = 0;

  /** First come, first served. */
  function decideNext(): void {
    const isFull = gathering.members.length >= limits.groupLimit || gathering.characters >= fullCharacters;
    if (running === undefined && !isFull) waiting.shift()?.decide();
  }

  function commitNext(): void {
    if (committing !== undefined || gathering.members.length === 0) return;
    const group = gathering;
    const placed = placeAll(group.entered, current, (...change) => setEffect(group.effects, ...change));
    if (!placed.ok) {
      refuseDecided(group, placed.error);
      decideNext();
      return;
    }
    group.durable = placed.value;
    committing = group;
    gathering = newGroup();
    observer.committing(group.effects);
    thread.commit(changesOf(group.effects), { ended, overdue });
  }

  function commitSoon(): void {
    if (gathering.members.length >= Math.min(enough, limits.groupLimit)) {
      commitNext();
      return;
    }
    if (planned || committing !== undefined || gathering.members.length === 0) return;
    planned = true;
    setImmediate(() => {
      planned = false;
      commitNext();
    });
  }

  function ended(end: GroupEnd): void {
    const group = committing ?? newGroup();
    committing = undefined;
    halted = undefined;
    switch (end.kind) {
      case 'durable':
        commits += 1;
        observer.committed(group.effects);
        group.durable();
        for (const member of group.members) member.answer();
        break;
      case 'failed':
        observer.undone();
        refuseDecided(group, new StoreUnavailable('the write was not committed', { cause: end.cause }));
        break;
      case 'unknown':
        observer.lost();
        refuseDecided(group, new StoreUnavailable('the write may not be committed', { cause: end.cause }));
        break;
    }
    commitNext();
    decideNext();
  }

  /** The members of a group that is not kept, and everybody decided behind it, who may have read what it did. */
  function refuseDecided(group: Group, error: StoreUnavailable): void {
    const behind = gathering === group ? [] : gathering.members;
    gathering = newGroup();
    running?.refuse(error);
    for (const member of [...group.members.splice(0), ...behind]) member.refuse(error);
  }

  /** Nobody waits for a disk that does not answer. Its group ends some day, and then the writer goes on. */
  function overdue(): void {
    halted = new StoreUnavailable('the disk does not answer');
    const behind = waiting;
    waiting = [];
    if (committing !== undefined) refuseDecided(committing, halted);
    for (const one of behind) one.refuse(halted);
  }

  function decided({ effects, entered }: Own, readPending: boolean, member: Decided): void {
    if (effects.size > 0 || entered.size > 0) {
      addEffects(gathering.effects, effects);
      for (const [journal, entries] of entered) addEntries(gathering.entered, journal, entries);
      gathering.characters += charactersOf(effects) + charactersEntered(entered);
      gathering.members.push(member);
      return;
    }
    // It changed nothing. What it read may not be durable yet: then it is answered when that is.
    const before = gathering.members.length > 0 ? gathering : committing;
    if (readPending && before !== undefined) before.members.push(member);
    else member.answer();
  }

  /** What is decided and not durable. */
  const pendingEffect = (collection: string, key: string) =>
    gathering.effects.get(collection)?.get(key) ?? committing?.effects.get(collection)?.get(key);

  function durableDocument(collection: string, key: string): Document | undefined {
    const known = observer.recall.get(collection, key);
    if (known !== notKnown) return known;
    const answer = engine.get(collection, key);
    observer.learned({ collection, key, answer });
    return answer;
  }

  /** The document as it is decided, durable or not. */
  function current(collection: string, key: string): Document | undefined {
    const pending = pendingEffect(collection, key);
    return pending === undefined ? durableDocument(collection, key) : documentOf(pending);
  }

  /** What is decided, whether it is durable or not; `own` changes come on top. */
  function viewOf({ effects: own, entered }: Own, readPending: () => void): WriteVerbs {
    const recall = observer.recall;
    return {
      get(collection, key) {
        const mine = own.get(collection)?.get(key);
        if (mine !== undefined) return documentOf(mine);
        const pending = pendingEffect(collection, key);
        if (pending === undefined) return durableDocument(collection, key);
        readPending();
        return documentOf(pending);
      },
      list(collection, query, range) {
        const over = effectsIn(committing?.effects.get(collection), range);
        for (const [key, effect] of effectsIn(gathering.effects.get(collection), range)) over.set(key, effect);
        if (over.size > 0) readPending();
        for (const [key, effect] of effectsIn(own.get(collection), range)) over.set(key, effect);
        if (over.size > 0) {
          return entriesThrough(over, durable.list(collection, range, query.limit + over.size), query.limit);
        }
        const known = recall.list(collection, query, range);
        if (known !== notKnown) return known;
        const answer = engine.list(collection, query, range);
        if (query.after === undefined) observer.learned({ collection, query, answer });
        return answer;
      },
      put: (collection, key, text) => setEffect(own, collection, key, text),
      delete: (collection, key) => setEffect(own, collection, key, undefined),
      enter: (journal, entries) => addEntries(entered, journal, entries),
    };
  }

  function decide<T>(work: (writer: Writer) => Promise<T>, settle: (outcome: Outcome<T>) => void): void {
    const own = newOwn();
    let readPending = false;
    const view = viewOf(own, () => {
      readPending = true;
    });
    running = runWrite(work, view, limit, (outcome) => {
      running = undefined;
      decided(outcome.ok ? own : newOwn(), readPending, {
        answer: () => settle(outcome),
        refuse: (error) => settle({ ok: false, error }),
      });
      commitSoon();
      decideNext();
    });
  }

  return {
    write<T>(work: (writer: Writer) => Promise<T>): Promise<T> {
      if (halted !== undefined) return Promise.reject(halted);
      if (unanswered >= limits.queueLimit) {
        return Promise.reject(new StoreUnavailable(`${limits.queueLimit} writes are waiting already`));
      }
      unanswered += 1;
      return new Promise<T>((resolve, reject) => {
        const settle = (outcome: Outcome<T>) => {
          unanswered -= 1;
          if (!outcome.ok) {
            reject(outcome.error);
            return;
          }
          writes += 1;
          resolve(outcome.value);
        };
        waiting.push({
          decide: () => decide(work, settle),
          refuse: (error) => settle({ ok: false, error }),
        });
        decideNext();
      });
    },
    observe(one) {
      observer = one;
    },
    stats: () => ({ commits, writes, queued: waiting.length }),
  };
}

function charactersEntered(entered: Entered): number {
  let characters = 0;
  for (const entries of entered.values()) for (const { text } of entries) characters += text.length;
  return characters;
}

function charactersOf(effects: Effects): number {
  let characters = 0;
  for (const changed of effects.values()) for (const { text } of changed.values()) characters += text?.length ?? 0;
  return characters;
}

/** One list, as a thread takes it. */
function changesOf(effects: Effects): Changes {
  const changes: (string | null)[] = [];
  for (const [collection, changed] of effects) {
    for (const [key, { text }] of changed) changes.push(collection, key, text ?? null);
  }
  return changes;
}
