// How many requests may be under way at once. One thread judges them all, so what it has taken on is what the next one
// waits for: the limit follows the delay that is measured, and who comes beyond it is refused before any work is done.

export type Admission = {
  /** Whether a request would be refused now: asked before its body is read and its signature looked at. */
  isFull(): boolean;
  /** Takes the request on, or undefined where there is no room. */
  enter(): Entry | undefined;
  /** It is answered. What is told twice counts once. */
  leave(entry: Entry): void;
  /** Whether no request was turned away since the turn before the last. */
  isCalm(): boolean;
  /** One turn of the control; to be called every `turnMs` milliseconds. */
  turn(): void;
  stats(): AdmissionStats;
};

/** A request under way, in a ring with its elder and its younger neighbours. Of no concern to whoever holds it. */
export class Entry {
  readonly at: number;
  young = true;
  isIn = true;
  elder: Entry = this;
  younger: Entry = this;

  constructor(at: number) {
    this.at = at;
  }
}

export type AdmissionStats = {
  /** Requests under way. */
  readonly inFlight: number;
  /** How many of them may be young. */
  readonly limit: number;
  /** Milliseconds by which the last turn came late: what a request waits before it is read. */
  readonly queueDelayMs: number;
};

export type AdmissionTraits = {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly start?: number;
  readonly least?: number;
  readonly most?: number;
};

/** Milliseconds between two turns. */
export const turnMs = 100;
/** Milliseconds that half of the requests may take, their wait before being read included, until the limit sinks. */
const targetMs = 50;
/** Milliseconds after which a request is not young any more. */
const youthMs = 1000;
/** Requests under way in all, old ones included. */
const mostInAll = 2048;
/** Durations of which one turn takes the median. */
const maxSamples = 512;
/** By what the limit sinks, and the part of itself by which it rises. */
const decrease = 0.8;
const increase = 0.1;

/**
 * A limit of requests under way that is found by additive increase and multiplicative decrease: it rises while it is
 * reached and requests are quick, and sinks by a fifth while half of them take longer than `targetMs`; where less than half of it is used it is not what makes
 * them slow, and stays. The measure is
 * time spent here, as CoDel measures sojourn and not length; no queue is kept beside it, since requests under way are one
 * already: they share a commit. A request older than a second counts no more: it waits for another machine (the keys of
 * an issuer, a revocation list), takes no time of this one, and must not keep others out; `mostInAll` bounds those, too.
 * Spec: RFC 8289 §3 (delay as the measure), RFC 5681 §3.1 (the control). Ours: the numbers; 16 connections that each
 * wait for an answer are within the least limit, and never refused.
 */
export function admission({ now, start = 128, least = 16, most = 1024 }: AdmissionTraits): Admission {
  /** A ring of the requests under way, in the order in which they came, closed by one that is none. */
  const ring = new Entry(0);
  let inFlight = 0;
  let young = 0;
  let limit = start;
  let peak = 0;
  let turnedAway = false;
  let wasCalm = true;
  let samples: number[] = [];
  let lastTurn = now();
  let queueDelayMs = 0;

  const isFull = () => {
    const full = young >= limit || inFlight >= mostInAll;
    turnedAway ||= full;
    return full;
  };
  /** The eldest of the young, or the end of the ring. Those that are young no more stand before them. */
  const eldest = () => {
    let entry = ring.younger;
    while (entry !== ring && !entry.young) entry = entry.younger;
    return entry;
  };
  /** How long the eldest of the young has waited: where nothing was answered, that is how long it takes. */
  const waited = (at: number) => {
    const entry = eldest();
    return entry === ring ? 0 : at - entry.at;
  };
  const age = (at: number) => {
    for (let entry = eldest(); entry !== ring && at - entry.at > youthMs; entry = entry.younger) {
      entry.young = false;
      young -= 1;
    }
  };
  return {
    isFull,
    enter() {
      if (isFull()) return undefined;
      const entry = new Entry(now());
      entry.elder = ring.elder;
      entry.younger = ring;
      ring.elder.younger = entry;
      ring.elder = entry;
      inFlight += 1;
      young += 1;
      if (young > peak) peak = young;
      return entry;
    },
    leave(entry) {
      if (!entry.isIn) return;
      entry.isIn = false;
      entry.elder.younger = entry.younger;
      entry.younger.elder = entry.elder;
      inFlight -= 1;
      if (!entry.young) return;
      young -= 1;
      if (samples.length < maxSamples) samples.push(now() - entry.at);
    },
    isCalm: () => wasCalm && !turnedAway,
    turn() {
      const at = now();
      queueDelayMs = Math.max(0, at - lastTurn - turnMs);
      lastTurn = at;
      const spent = samples.length > 0 ? medianOf(samples) : waited(at);
      if (spent + queueDelayMs > targetMs && 2 * peak >= limit) limit = Math.max(least, Math.floor(limit * decrease));
      else if (turnedAway) limit = Math.min(most, limit + Math.max(1, Math.floor(limit * increase)));
      peak = young;
      wasCalm = !turnedAway;
      turnedAway = false;
      samples = [];
      age(at);
    },
    stats: () => ({ inFlight, limit, queueDelayMs }),
  };
}

function medianOf(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}
