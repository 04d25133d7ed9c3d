// What writes entered in journals, until the transaction that they share is closed: then each journal places its entries.

import type { Document, Journal, JournalEntry, PutText } from './store.ts';
import { StoreUnavailable } from './store.ts';
import type { Outcome } from './transaction.ts';

/** Entries by journal, in the order of the writes. */
export type Entered = Map<Journal, JournalEntry[]>;

/** What one write entered in a journal. */
export type Entering = { readonly journal: Journal; readonly entries: readonly JournalEntry[] };

/** Adds later entries to earlier ones. */
export function addEntries(earlier: Entered, { journal, entries }: Entering): void {
  const known = earlier.get(journal);
  if (known === undefined) earlier.set(journal, [...entries]);
  else known.push(...entries);
}

/** Adds all that a write entered. Answers how many characters of text it has. */
export function addEntered(earlier: Entered, later: readonly Entering[]): number {
  let characters = 0;
  for (const entering of later) {
    addEntries(earlier, entering);
    for (const { text } of entering.entries) characters += text.length;
  }
  return characters;
}

/**
 * Has every journal place its entries; answers what is called when they are durable. `get` reads through all that the
 * transaction changes. Where a journal refuses, or the engine fails, the transaction is to be undone.
 */
export function placeAll(
  entered: Entered,
  get: (collection: string, key: string) => Document | undefined,
  put: PutText,
): Outcome<() => void, StoreUnavailable> {
  try {
    const durable = Array.from(entered, ([journal, entries]) => {
      const { collection, key } = journal.head;
      return journal.place(get(collection, key), entries, put);
    });
    const tellAll = () => {
      for (const tell of durable) tell();
    };
    return { ok: true, value: tellAll };
  } catch (cause) {
    const isRefused = cause instanceof StoreUnavailable;
    return { ok: false, error: isRefused ? cause : new StoreUnavailable('the storage engine failed', { cause }) };
  }
}
