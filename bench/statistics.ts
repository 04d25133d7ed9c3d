// The arithmetic of the benchmarks. Pure.

/** The smallest value that at least `share` (0–1) of the values do not exceed; NaN of none. `sorted` ascends. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[Math.min(rank, sorted.length) - 1] ?? Number.NaN;
}

/** The middle value, or the mean of the middle two; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const pair = sorted.slice(Math.ceil(half) - 1, Math.floor(half) + 1);
  return pair.reduce((sum, value) => sum + value, 0) / pair.length;
}

/**
 * Requests per second that one thread could answer if it did nothing but HTTP and signatures: 1 / (1/H + n/V), with H
 * requests per second of a bare server, V verifications per second, n verifications for each request.
 */
export function limit(http: number, verify: number, signatures: number): number {
  return 1 / (1 / http + signatures / verify);
}
