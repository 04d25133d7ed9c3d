// When a revocation list is asked for again: well before it ends, seldom while all is well, and ever more seldom while its
// place does not answer. Pure: the same facts give the same instant.
import { hash } from 'node:crypto';

/** What is known of a list's place after an attempt. Instants are milliseconds of the epoch. */
export type Attempted = {
  /** Tells places apart, so that many do not ask at once. */
  readonly key: string;
  readonly at: number;
  /** Failed attempts since the last success. */
  readonly failures: number;
  /** Of the list that is kept; absent: it names none, or there is no list. */
  readonly nextUpdate?: number | undefined;
};

/** From any attempt to the next, at least. */
export const leastMs = 60_000;
/** After the first failure; it doubles with each. */
const firstBackOffMs = 30_000;
/** After many failures. */
const longestBackOffMs = 15 * 60_000;
/** Of a list's remaining life, what passes before its successor is asked for. */
const shareOfLife = 0.8;
/** The part of a wait that differs between places. */
const spread = 0.1;

/** The instant of the next attempt. `refreshMs` is the longest wait after a success. */
export function nextAttempt(attempted: Attempted, refreshMs: number): number {
  const { at, failures } = attempted;
  return at + Math.round(failures === 0 ? afterSuccess(attempted, refreshMs) : afterFailure(attempted, refreshMs));
}

function afterSuccess({ key, at, nextUpdate = Number.POSITIVE_INFINITY }: Attempted, refreshMs: number): number {
  const wait = Math.min(refreshMs, (nextUpdate - at) * shareOfLife);
  return Math.max(leastMs, wait * (1 - spread * fractionOf(key)));
}

function afterFailure({ key, failures }: Attempted, refreshMs: number): number {
  // 2^20 first waits are longer than any bound; the power itself stays finite.
  const wait = Math.min(
    firstBackOffMs * 2 ** Math.min(failures - 1, 20),
    longestBackOffMs,
    Math.max(refreshMs, leastMs),
  );
  return wait * (1 - spread * fractionOf(`${key}\n${failures}`));
}

/** 0 to 1, without 1: as good as chance, and the same every time. */
function fractionOf(text: string): number {
  return Number.parseInt(hash('sha256', text, 'hex').slice(0, 8), 16) / 2 ** 32;
}
