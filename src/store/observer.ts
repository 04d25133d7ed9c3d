// What an engine tells, and asks, a memory that stands before it. Every method is called at once, not in a later turn, so
// that the memory is true at every moment.

import type { Effects } from './effects.ts';
import { type Document, type Entry, type ListQuery, notKnown, type Recall, type Store } from './store.ts';

/** An answer of the engine, true for all that is durable. */
export type Answer =
  | { readonly collection: string; readonly key: string; readonly query?: never; readonly answer: Document | undefined }
  | { readonly collection: string; readonly query: ListQuery; readonly key?: never; readonly answer: readonly Entry[] };

export type Observer = {
  /** What is durable, as far as it is remembered. */
  readonly recall: Recall;
  /** An answer that a write was given. No effect that is being made durable touches it. */
  learned(answer: Answer): void;
  /** These are being made durable: until the end is told, a read may see them or not. One set at a time. */
  committing(effects: Effects): void;
  /** They are durable. Those who asked are told after this returns. */
  committed(effects: Effects): void;
  /** None of them is kept. */
  undone(): void;
  /** Nobody knows whether they are kept. */
  lost(): void;
};

/** A store that one memory may stand before. */
export type ObservableStore = Store & { observe(observer: Observer): void };

/** The observer of a store that nobody observes. */
export const nobody: Observer = {
  recall: { get: () => notKnown, list: () => notKnown },
  learned: () => {},
  committing: () => {},
  committed: () => {},
  undone: () => {},
  lost: () => {},
};
