// Pseudorandom choices that can be made again: a hash counter, so that a seed and a number are all that a failure needs.
import { createHash } from 'node:crypto';

/** A stream of choices; the same for the same seed, on every machine. */
export interface Seeded {
  /** An integer from 0 to `bound - 1`. */
  below(bound: number): number;
  /** True once in `n` times. */
  oneIn(n: number): boolean;
  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T;
  bytes(length: number): Uint8Array;
}

/** The choices of this seed. */
export function seeded(seed: string): Seeded {
  let block = Buffer.alloc(0);
  let at = 0;
  let count = 0;
  const word = (): number => {
    if (at + 4 > block.length) {
      block = createHash('sha256').update(`${seed} ${count++}`).digest();
      at = 0;
    }
    at += 4;
    return block.readUInt32BE(at - 4);
  };
  // The bias of a remainder of 32 bits is of no matter here.
  const below = (bound: number): number => word() % bound;
  return {
    below,
    oneIn: (n) => below(n) === 0,
    pick<T>(list: readonly T[]): T {
      // `below` stays inside the list: callers promise that it is not empty.
      return list[below(list.length)] as T;
    },
    bytes: (length) => Uint8Array.from({ length }, () => word() & 0xff),
  };
}

/** A list in another order. */
export function shuffled<T>(list: readonly T[], random: Seeded): T[] {
  const order = [...list];
  for (let end = order.length - 1; end > 0; end--) {
    const other = random.below(end + 1);
    // Both positions are inside the list.
    [order[end], order[other]] = [order[other] as T, order[end] as T];
  }
  return order;
}
