// What the crash test writes, computable from a number alone, so that the reader needs no memory of the writer.

import { createHash } from 'node:crypto';
import type { Document } from '../../src/store/store.ts';

/** Every write puts one document under the same key in each of these, and adds one to the counter. */
export const collections = ['left', 'right'] as const;

/** The key of the n-th write, so wide that keys sort as their numbers. */
export function keyOf(n: number): string {
  return `k${String(n).padStart(8, '0')}`;
}

/** The n-th document of a collection. One in 40 is 60 KB, so that a commit spans many pages. */
export function documentOf(collection: string, n: number): Document {
  const digest = createHash('sha256').update(`${collection} ${n}`).digest('hex');
  return { n, text: digest.repeat(n % 40 === 0 ? 960 : 1 + (n % 7)) };
}
