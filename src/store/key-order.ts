// The order of keys, the same on every engine: ascending by UTF-8 bytes, which is the order of code points and is not
// the order of JavaScript's strings (UTF-16 puts U+FFFF after every emoji).

import type { ListQuery } from './store.ts';

/** Keys from `from` (included) up to `to` (excluded; undefined: to the end of the collection). */
export type KeyRange = { readonly from: string; readonly to: string | undefined };

const maxLimit = 1001;
const lastCodePoint = 0x10ffff;

/** Negative, zero or positive as `a` stands before, at or after `b` in UTF-8 byte order. Both are well-formed Unicode. */
export function compareKeys(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const unitOfA = a.charCodeAt(i);
    const unitOfB = b.charCodeAt(i);
    if (unitOfA !== unitOfB) return rank(unitOfA) - rank(unitOfB);
  }
  return a.length - b.length;
}

/** A code unit's place among code points: a surrogate begins or continues a code point above every other unit. */
function rank(unit: number): number {
  return isSurrogate(unit) ? unit + 0x10000 : unit;
}

/**
 * Throws RangeError unless the text has a UTF-8 form.
 * Ours: a lone surrogate would become U+FFFD in one engine and stay itself in another, and two keys would become one.
 */
export function checkKey(text: string): void {
  if (!text.isWellFormed()) throw new RangeError('a collection or key holds a lone surrogate: it has no UTF-8 form');
}

/** The keys a page may hold. Throws RangeError when `limit` is not 1–1,001 or a text has no UTF-8 form. */
export function rangeOf(query: ListQuery): KeyRange {
  const { prefix = '', after, limit } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit) {
    throw new RangeError(`limit is \`${limit}\`: it must be a whole number from 1 to ${maxLimit}`);
  }
  checkKey(prefix);
  const to = prefix === '' ? undefined : afterPrefix(prefix);
  if (after === undefined) return { from: prefix, to };
  checkKey(after);
  const next = `${after}\0`; // nothing stands between a key and itself with one zero byte more
  return { from: compareKeys(next, prefix) > 0 ? next : prefix, to };
}

/** The least text greater than every key that begins with `prefix`; undefined when there is none. */
function afterPrefix(prefix: string): string | undefined {
  let end = prefix.length;
  while (end > 0) {
    const start = isSurrogate(prefix.charCodeAt(end - 1)) ? end - 2 : end - 1;
    const point = prefix.codePointAt(start) ?? lastCodePoint;
    if (point < lastCodePoint) return prefix.slice(0, start) + String.fromCodePoint(codePointAfter(point));
    end = start;
  }
  return undefined;
}

function codePointAfter(point: number): number {
  return isSurrogate(point + 1) ? 0xe000 : point + 1;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
