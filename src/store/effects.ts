// What writes do, as plain changes to keys, and how documents are seen through changes that are not in the engine yet.

import { decode, freeze } from './documents.ts';
import { compareKeys, type KeyRange } from './key-order.ts';
import type { Document, Entry } from './store.ts';
import type { Row } from './transaction.ts';

/**
 * What becomes of a key: the document of this text, or none. `document` is there, frozen, where it is exactly what the text
 * says, or once somebody asked for it.
 */
export type Effect = { readonly text: string | undefined; document: Document | undefined };

/** Effects by collection and key: of each key the last one alone. */
export type Effects = Map<string, Map<string, Effect>>;

/** Puts an effect in place of the one before. */
export function setEffect(
  effects: Effects,
  collection: string,
  key: string,
  text: string | undefined,
  document?: Document,
): void {
  effectsOn(effects, collection).set(key, { text, document });
}

/** The effects on keys of a collection, to be added to. */
export function effectsOn(effects: Effects, collection: string): Map<string, Effect> {
  const known = effects.get(collection);
  if (known !== undefined) return known;
  const fresh = new Map<string, Effect>();
  effects.set(collection, fresh);
  return fresh;
}

/** The document that an effect leaves, or undefined. It is shared, and frozen. */
export function documentOf(effect: Effect): Document | undefined {
  if (effect.document !== undefined || effect.text === undefined) return effect.document;
  const document = decode(effect.text);
  freeze(document);
  effect.document = document;
  return document;
}

/** The effects on keys of the range. */
export function effectsIn(effects: ReadonlyMap<string, Effect> | undefined, range: KeyRange): Map<string, Effect> {
  const inside = new Map<string, Effect>();
  for (const [key, effect] of effects ?? []) if (isInside(key, range)) inside.set(key, effect);
  return inside;
}

/** Whether a key is one of the range's. */
export function isInside(key: string, { from, to }: KeyRange): boolean {
  return compareKeys(key, from) >= 0 && (to === undefined || compareKeys(key, to) < 0);
}

/**
 * The first `limit` entries seen through effects. `rows` are the engine's, ascending, at least `limit` and as many more as
 * there are effects, or all there are: each effect hides one at most.
 */
export function entriesThrough(
  effects: ReadonlyMap<string, Effect>,
  rows: Iterable<Row>,
  limit: number,
): readonly Entry[] {
  const over = [...effects].filter(([, { text }]) => text !== undefined).sort(([a], [b]) => compareKeys(a, b));
  const entries: Entry[] = [];
  let at = 0;
  const takeUpTo = (key: string | undefined) => {
    for (let next = over[at]; next !== undefined && entries.length < limit; next = over[++at]) {
      if (key !== undefined && compareKeys(next[0], key) > 0) return;
      entries.push({ key: next[0], document: documentOf(next[1]) ?? null });
    }
  };
  for (const { key, text } of rows) {
    takeUpTo(key);
    if (entries.length >= limit) return entries;
    if (!effects.has(key)) entries.push({ key, document: decode(text) });
  }
  takeUpTo(undefined);
  return entries;
}
