// A read that a memory answers whole, or hands on: its verbs answer at once what is remembered, and the first that is not
// ends it. Most requests read so and nothing else: what is made for one is itself, and a promise for each verb.

import type { Deadlines, Watched } from './deadlines.ts';
import type { Document, Entry, ListQuery, Reader, Recall } from './store.ts';
import { notKnown, StoreUnavailable } from './store.ts';
import { lateUse, type Outcome, started } from './transaction.ts';

/** A memory that tells when it changes. */
export type Memory = Recall & {
  /** Another number after every change of what is durable. */
  generation(): number;
};

/**
 * Runs a `work` on memory alone. `done` is called once, never before this returns; the reader is dead then. Where something
 * is not known, or changed meanwhile, the answer is no outcome: the work is left where it stands, and none of its verbs
 * settles any more, since a rejection could be one that it awaits later, and nobody would hear of it till then.
 */
export function recollect<T>(
  work: (reader: Reader) => Promise<T>,
  memory: Memory,
  limit: Deadlines,
  done: (outcome: Outcome<T> | undefined) => void,
): void {
  const recollection = new Recollection(memory, limit, done);
  recollection.run(started(work, recollection));
}

class Recollection<T> implements Reader, Watched {
  ended = false;
  timer: NodeJS.Timeout | undefined = undefined;
  private isHandedOn = false;
  private readonly memory: Memory;
  private readonly generation: number;
  private readonly limit: Deadlines;
  private readonly done: (outcome: Outcome<T> | undefined) => void;

  constructor(memory: Memory, limit: Deadlines, done: (outcome: Outcome<T> | undefined) => void) {
    this.memory = memory;
    this.generation = memory.generation();
    this.limit = limit;
    this.done = done;
  }

  run(answer: Promise<T>): void {
    // It may have ended already: handed on by its first verb.
    if (!this.ended) this.limit.watch(this);
    answer.then(
      (value) => this.settle({ ok: true, value }),
      (error: unknown) => this.settle({ ok: false, error }),
    );
  }

  giveUp(): void {
    const error = new StoreUnavailable(`the transaction did not end within ${this.limit.limitMs} ms`);
    this.settle({ ok: false, error });
  }

  get(collection: string, key: string): Promise<Document | undefined> {
    if (this.ended) return this.late();
    const document = this.memory.get(collection, key);
    return document === notKnown ? this.handOn() : Promise.resolve(document);
  }

  list(collection: string, query: ListQuery): Promise<readonly Entry[]> {
    if (this.ended) return this.late();
    const entries = this.memory.list(collection, query);
    return entries === notKnown ? this.handOn() : Promise.resolve(entries);
  }

  private late(): Promise<never> {
    return this.isHandedOn ? never() : Promise.reject(lateUse());
  }

  private handOn(): Promise<never> {
    this.isHandedOn = true;
    this.end(undefined);
    return never();
  }

  private settle(outcome: Outcome<T>): void {
    if (this.ended) return;
    // One snapshot: all of it was true together.
    this.end(this.memory.generation() === this.generation ? outcome : undefined);
  }

  private end(outcome: Outcome<T> | undefined): void {
    this.ended = true;
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.done(outcome);
  }
}

/** One for each: what waits for a promise is kept as long as the promise. */
const never = () => new Promise<never>(() => {});
