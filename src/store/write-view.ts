// What a work that writes sees: what is durable, through the effects of all that is decided, through its own. What it does
// gathers beside, until it has ended.

import { documentOf, type Effect, type Effects, effectsIn, entriesThrough } from './effects.ts';
import type { Entering } from './entered.ts';
import type { KeyRange } from './key-order.ts';
import type { Observer } from './observer.ts';
import { OwnEffects } from './own-effects.ts';
import { type Document, type Entry, type Journal, type JournalEntry, type ListQuery, notKnown } from './store.ts';
import type { DocumentVerbs, ReadVerbs, WriteVerbs } from './transaction.ts';

/** What writes have decided, durable or not. */
export type Decisions<Group extends { readonly effects: Effects } = { readonly effects: Effects }> = {
  /** What gathers. */
  gathering: Group;
  /** What came before, and is being made durable. */
  committing: Group | undefined;
  /** Remembers what is durable. */
  observer: Observer;
  /** What is durable, from the engine. */
  readonly rows: ReadVerbs;
  readonly documents: DocumentVerbs;
};

/** The document as it is decided. */
export function decidedDocument(decisions: Decisions, collection: string, key: string): Document | undefined {
  const pending = pendingEffect(decisions, collection, key);
  return pending === undefined ? durableDocument(decisions, collection, key) : documentOf(pending);
}

/** The effect of a write that is not durable yet. */
function pendingEffect({ gathering, committing }: Decisions, collection: string, key: string): Effect | undefined {
  return gathering.effects.get(collection)?.get(key) ?? committing?.effects.get(collection)?.get(key);
}

function durableDocument({ observer, documents }: Decisions, collection: string, key: string): Document | undefined {
  const known = observer.recall.get(collection, key);
  if (known !== notKnown) return known;
  const answer = documents.get(collection, key);
  // Where a write finds nothing, it mostly makes it: many such documents nobody reads again. Who does, has it remembered.
  if (answer !== undefined) observer.learned({ collection, key, answer });
  return answer;
}

/** The view of one work. */
export class WriteView implements WriteVerbs {
  /** What it changes, and what it enters. */
  readonly effects = new OwnEffects();
  readonly entered: Entering[] = [];
  /** Whether it saw what is not durable yet. */
  sawPending = false;
  private readonly decisions: Decisions;

  constructor(decisions: Decisions) {
    this.decisions = decisions;
  }

  get(collection: string, key: string): Document | undefined {
    const own = this.effects.get(collection, key);
    if (own !== undefined) return documentOf(own);
    const pending = pendingEffect(this.decisions, collection, key);
    if (pending === undefined) return durableDocument(this.decisions, collection, key);
    this.sawPending = true;
    return documentOf(pending);
  }

  list(collection: string, query: ListQuery, range: KeyRange): readonly Entry[] {
    const { gathering, committing, rows } = this.decisions;
    const over = effectsIn(committing?.effects.get(collection), range);
    for (const [key, effect] of effectsIn(gathering.effects.get(collection), range)) over.set(key, effect);
    if (over.size > 0) this.sawPending = true;
    this.effects.forEachIn(collection, range, (key, effect) => over.set(key, effect));
    if (over.size === 0) return this.durableList(collection, query, range);
    return entriesThrough(over, rows.list(collection, range, query.limit + over.size), query.limit);
  }

  private durableList(collection: string, query: ListQuery, range: KeyRange): readonly Entry[] {
    const { observer, documents } = this.decisions;
    const known = observer.recall.list(collection, query);
    if (known !== notKnown) return known;
    const answer = documents.list(collection, query, range);
    if (query.after === undefined) observer.learned({ collection, query, answer });
    return answer;
  }

  put(collection: string, key: string, text: string, document: Document | undefined): void {
    this.effects.set(collection, key, text, document);
  }

  delete(collection: string, key: string): void {
    this.effects.set(collection, key, undefined, undefined);
  }

  enter(journal: Journal, entries: readonly JournalEntry[]): void {
    this.entered.push({ journal, entries });
  }
}
