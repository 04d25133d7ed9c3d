// What one work changes. Most works change a key or two: these are looked through one by one, and maps are made for works
// alone that change many.

import { type Effect, type Effects, effectsOn, isInside } from './effects.ts';
import type { KeyRange } from './key-order.ts';
import type { Document } from './store.ts';

/** An effect and the key that it is on. */
type Keyed = Effect & { readonly collection: string; readonly key: string };

/** Effects that are looked through. */
const fewAtMost = 8;

export class OwnEffects {
  /** In the order of their keys' first changes. */
  private readonly all: Keyed[] = [];
  /** Their places by collection and key, once there are many. */
  private places: Map<string, Map<string, number>> | undefined = undefined;

  isEmpty(): boolean {
    return this.all.length === 0;
  }

  get(collection: string, key: string): Effect | undefined {
    const place = this.placeOf(collection, key);
    return place === undefined ? undefined : this.all[place];
  }

  /** Puts an effect in place of the one before. */
  set(collection: string, key: string, text: string | undefined, document: Document | undefined): void {
    const place = this.placeOf(collection, key) ?? this.all.length;
    this.all[place] = { text, document, collection, key };
    if (this.places !== undefined) placesOn(this.places, collection).set(key, place);
    else if (this.all.length > fewAtMost) this.places = placesOf(this.all);
  }

  /** The effects on keys of the range. */
  forEachIn(collection: string, range: KeyRange, take: (key: string, effect: Effect) => void): void {
    for (const effect of this.all) {
      if (effect.collection === collection && isInside(effect.key, range)) take(effect.key, effect);
    }
  }

  /** Adds them to those of works before. Answers how many characters of text they have. */
  addTo(earlier: Effects): number {
    let characters = 0;
    for (const effect of this.all) {
      effectsOn(earlier, effect.collection).set(effect.key, effect);
      if (effect.text !== undefined) characters += effect.text.length;
    }
    return characters;
  }

  private placeOf(collection: string, key: string): number | undefined {
    if (this.places !== undefined) return this.places.get(collection)?.get(key);
    const place = this.all.findIndex((one) => one.key === key && one.collection === collection);
    return place < 0 ? undefined : place;
  }
}

function placesOf(all: readonly Keyed[]): Map<string, Map<string, number>> {
  const places = new Map<string, Map<string, number>>();
  for (const [place, { collection, key }] of all.entries()) placesOn(places, collection).set(key, place);
  return places;
}

function placesOn(places: Map<string, Map<string, number>>, collection: string): Map<string, number> {
  const known = places.get(collection);
  if (known !== undefined) return known;
  const fresh = new Map<string, number>();
  places.set(collection, fresh);
  return fresh;
}
