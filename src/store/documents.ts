// A document and its JSON text: one made of the other, frozen, and whether they say exactly the same.

import type { Document } from './store.ts';
import { JsonText } from './store.ts';

/** JSON text of a document; throws TypeError for what JSON has no form for. */
export function encode(document: Document | JsonText): string {
  if (document instanceof JsonText) return document.text;
  const text: string | undefined = JSON.stringify(document);
  if (text === undefined) throw new TypeError('a document must be a JSON value');
  return text;
}

/** The document of a stored text. */
export function decode(text: string): Document {
  return JSON.parse(text) as Document; // guaranteed by encode(), or by who made a JsonText: the only sources of stored text
}

/** Characters that the name of a member counts for, with what stands around it. */
const nameSize = 12;

/** Freezes a document, or entries, and everything in it. Answers about how many characters its JSON text has. */
export function freeze(value: unknown): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 5;
  Object.freeze(value);
  let characters = 2;
  for (const member of Object.values(value)) characters += nameSize + freeze(member);
  return characters;
}

/**
 * Freezes a document, and answers whether its JSON text says exactly what it is, so that it need not be read from that. What
 * is there by the side of its type is no business of anybody's: getters, symbols, members of arrays.
 */
export function isExact(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'object':
      return value === null || isExactObject(value);
    default:
      return false;
  }
}

function isExactObject(value: object): boolean {
  if (Array.isArray(value)) return isExactList(value);
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const member of Object.values(Object.freeze(value))) if (!isExact(member)) return false;
  return true;
}

/** A hole is undefined, which is not exact: JSON makes it null. */
function isExactList(list: readonly unknown[]): boolean {
  Object.freeze(list);
  for (const member of list) if (!isExact(member)) return false;
  return true;
}
