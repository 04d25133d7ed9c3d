// Random bytes from a pool that is filled many at a time: asking the system for twelve bytes costs as much as for thousands.

/** Bytes filled at once. */
const poolBytes = 16 * 1024;
/** More than so many are asked of the system directly. */
const maxPooled = 1024;

/**
 * A source of random bytes that asks `fill`, a source as node:crypto's randomFillSync, for a pool at a time. Every byte is
 * given once and erased from the pool as it is given, so that what was given cannot be read from it later.
 */
export function randomPool(fill: (bytes: Uint8Array) => unknown): (size: number) => Uint8Array {
  const pool = new Uint8Array(poolBytes);
  let at = poolBytes;
  return (size) => {
    if (size > maxPooled) {
      const bytes = new Uint8Array(size);
      fill(bytes);
      return bytes;
    }
    if (at + size > poolBytes) {
      fill(pool);
      at = 0;
    }
    const bytes = pool.slice(at, at + size);
    pool.fill(0, at, at + size);
    at += size;
    return bytes;
  };
}
