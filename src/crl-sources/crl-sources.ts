// The revocation lists that the server fetches: the room with a lifetime. It knows what is watched, asks what is due, keeps
// the last good list in memory and on disk, and answers from memory. Clock, timers, network and disk come from outside.
import { hash } from 'node:crypto';
import type { ParsedCrl } from '../core/x509/crl.ts';
import { type CrlPlaces, type CrlUrl, judgeCrlUrl } from '../core/x509/crl-url.ts';
import type { CrlPlace, CrlPlaceKind, FetchedCrls, WatchedPlace } from '../services/fetched-crls.ts';
import type { Log } from '../telemetry/log.ts';
import { type Fetched, type FetchLimits, failed } from './fetched.ts';
import type { KeptLists } from './kept-lists.ts';
import { judgeReplacement } from './replacement.ts';
import {
  type Failure,
  isDue,
  listOf,
  newlyWatched,
  settle,
  showSigners,
  signersOf,
  stateOf,
  type Watched,
} from './watched.ts';

export type CrlSourcesTraits = {
  /** What the operator allows: places of sources, hosts of distribution points, and bounds. */
  readonly allowed: CrlPlaces & {
    readonly distributionPointHosts: CrlPlaces['hosts'];
    readonly refreshSeconds: number;
    readonly timeoutSeconds: number;
    readonly maxBytes: number;
  };
  /** The places that are configured now. */
  configured(): Promise<readonly WatchedPlace[]>;
  /** The bytes of an allowed URL. Never rejects. */
  fetch(url: CrlUrl, places: CrlPlaces, limits: FetchLimits): Promise<Fetched>;
  parse(bytes: Uint8Array): Promise<ParsedCrl>;
  readonly lists: KeptLists;
  now(): Date;
  /** Calls `work` once after so many milliseconds, unless what it gives is called before. */
  later(ms: number, work: () => void): () => void;
  readonly log: Log;
};

export type CrlSources = FetchedCrls & {
  /** Reads what is kept of the configured places, and begins to ask. */
  start(): Promise<void>;
  /** Stops asking; settles when nothing is under way. */
  close(): Promise<void>;
};

/** Milliseconds from one look at what is due to the next. */
const tickMs = 15_000;
/** Attempts at the same time: each may hold a whole list. */
const maxFlights = 8;
/** Distribution points that are watched; the one asked for longest ago is forgotten first. */
const maxPoints = 256;
/** A distribution point that nobody asked for so long is watched no longer. */
const idleMs = 24 * 3600 * 1000;

export function crlSources(traits: CrlSourcesTraits): CrlSources {
  const { now, log } = traits;
  const watched = new Map<string, Watched>();
  let closed = false;
  let cancelTick = () => {};
  let looking: Promise<void> | undefined;
  const flights = new Set<AbortController>();

  const watchedOf = (place: CrlPlace): Watched => {
    const known = watched.get(place.key) ?? newlyWatched(place, now());
    known.askedAt = now();
    // Last in the order of the map: what was asked for longest ago comes first.
    watched.delete(place.key);
    watched.set(place.key, known);
    return known;
  };
  const adopted = ({ scheduled, signers, ...place }: WatchedPlace): Watched => {
    const one = watchedOf(place);
    one.scheduled = scheduled;
    one.configured = signers;
    return one;
  };
  const loaded = (one: Watched): Promise<void> => {
    one.loading ??= load(one, traits);
    return one.loading;
  };
  const attempt = (one: Watched): Promise<void> => {
    one.flight ??= ask(one, traits, flights).finally(() => {
      delete one.flight;
    });
    return one.flight;
  };
  const askDue = () => {
    for (const one of watched.values()) {
      if (closed || flights.size >= maxFlights) return;
      if (one.scheduled && isDue(one, now())) void attempt(one).then(askDue);
    }
  };
  const forget = (one: Watched) => {
    watched.delete(one.place.key);
    one.forgotten = true;
    // After the attempt that is under way, which may be writing.
    void Promise.resolve(one.flight)
      .then(() => traits.lists.remove(one.place.key))
      .catch((cause) => log.error({ cause: String(cause), name: one.place.name }, 'a CRL stays on disk'));
  };
  const reconcile = async () => {
    const before = [...watched.values()].filter(({ place }) => place.kind === 'source');
    const configured = await traits.configured();
    for (const place of configured) await loaded(adopted(place));
    const keys = new Set(configured.map(({ key }) => key));
    for (const one of before) if (!keys.has(one.place.key)) forget(one);
  };
  const leavePoints = () => {
    const points = [...watched.values()].filter(({ place }) => place.kind === 'distributionPoint');
    const tooMany = points.slice(0, Math.max(0, points.length - maxPoints));
    const idle = points.filter(({ askedAt }) => now().getTime() - askedAt.getTime() > idleMs);
    for (const one of [...tooMany, ...idle]) watched.delete(one.place.key);
  };
  const look = async () => {
    try {
      await reconcile();
    } catch (cause) {
      // The store says so at every request, too; what is watched goes on.
      log.error({ cause: String(cause) }, 'the configured CRL sources cannot be read');
    }
    leavePoints();
    askDue();
  };
  const tick = (): Promise<void> => {
    cancelTick();
    looking ??= look().finally(() => {
      looking = undefined;
      if (!closed) cancelTick = traits.later(tickMs, () => void tick());
    });
    return looking;
  };

  return {
    start: tick,
    async close() {
      closed = true;
      cancelTick();
      for (const flight of flights) flight.abort();
      await looking;
      await Promise.all([...watched.values()].flatMap(({ flight }) => flight ?? []));
    },
    judge: (url, kind) => judgeCrlUrl(url, placesOf(kind, traits)),
    listOf(key, signers) {
      const one = watched.get(key);
      if (one === undefined) return undefined;
      showSigners(one, signers);
      return listOf(one);
    },
    async follow(places, signers) {
      await Promise.all(
        places.map(async (place) => {
          const one = watchedOf(place);
          one.scheduled = true;
          showSigners(one, signers);
          await loaded(one);
          if (isUsable(one, now())) return;
          if (one.flight) await one.flight;
          else if (!closed && isDue(one, now()) && flights.size < 2 * maxFlights) await attempt(one);
        }),
      );
      leavePoints();
    },
    async refresh(place) {
      const one = adopted(place);
      await loaded(one);
      if (!closed) await attempt(one);
      return stateOf(one);
    },
    stateOf(key) {
      const one = watched.get(key);
      return one && stateOf(one);
    },
    states: () => [...watched.values()].map(stateOf),
    changed: () => void (looking ?? Promise.resolve()).then(() => (closed ? undefined : tick())),
  };
}

function placesOf(kind: CrlPlaceKind, { allowed }: CrlSourcesTraits): CrlPlaces {
  switch (kind) {
    case 'source':
      return allowed;
    case 'distributionPoint':
      return { hosts: allowed.distributionPointHosts, directories: [] };
  }
}

function isUsable(one: Watched, now: Date): boolean {
  const nextUpdate = listOf(one)?.nextUpdate;
  return one.kept !== undefined && (nextUpdate === undefined || now <= nextUpdate);
}

/** Spec: RFC 5280 §4.2.1.13: a point without cRLIssuer has the list of the certificate's issuer, who is known when it is shown. */
function questionOf(one: Watched, now: Date) {
  return { kept: one.kept, signers: signersOf(one), ofSigners: one.place.kind === 'distributionPoint', now };
}

/** Reads what an earlier life of the server kept; what cannot be used is as if it were not there. */
async function load(one: Watched, { lists, parse, now }: CrlSourcesTraits): Promise<void> {
  const bytes = await lists.read(one.place.key);
  const parsed = bytes && (await parse(bytes));
  if (!parsed?.ok) return;
  const replacement = judgeReplacement(parsed.crl, questionOf(one, now()));
  if (!replacement.ok) return;
  one.kept = replacement.kept;
  one.digest = hash('sha256', bytes ?? new Uint8Array(), 'hex');
}

/** One attempt, from the question to what is kept. */
async function ask(one: Watched, traits: CrlSourcesTraits, flights: Set<AbortController>): Promise<void> {
  const { now, log, allowed } = traits;
  const flight = new AbortController();
  flights.add(flight);
  one.lastAttemptAt = now();
  try {
    const outcome = await taken(one, traits, flight);
    const { kind, trustAnchorId, name } = one.place;
    const place = { kind, trustAnchorId, name };
    switch (settle(one, outcome, now(), allowed.refreshSeconds * 1000)) {
      case 'failed':
        log.error({ ...place, ...one.lastError }, 'a CRL cannot be fetched; the last good one stays');
        break;
      case 'recovered':
        log.info(place, 'a CRL is fetched again');
        break;
      case undefined:
    }
  } finally {
    flights.delete(flight);
  }
}

type Outcome = { readonly ok: true } | ({ readonly ok: false } & Failure);

async function taken(one: Watched, traits: CrlSourcesTraits, flight: AbortController): Promise<Outcome> {
  const { parse, lists, now, log } = traits;
  const { url, kind, key } = one.place;
  const places = placesOf(kind, traits);
  const verdict = judgeCrlUrl(url, places);
  if (!verdict.ok) return { ok: false, reason: 'notAllowed', detail: verdict.reason };
  const fetched = await inTime(traits, flight, (limits) => traits.fetch(verdict.url, places, limits));
  if (!fetched.ok) return fetched;
  if (fetched.digest === one.digest && one.kept !== undefined) return { ok: true };
  const parsed = await parse(fetched.bytes);
  if (!parsed.ok) return { ok: false, reason: 'malformed', detail: parsed.detail };
  const replacement = judgeReplacement(parsed.crl, questionOf(one, now()));
  if (!replacement.ok) return replacement;
  one.kept = replacement.kept;
  one.digest = fetched.digest;
  if (one.forgotten) return { ok: true };
  try {
    await lists.write(key, fetched.bytes);
  } catch (cause) {
    log.error(
      { cause: String(cause), name: one.place.name },
      'a CRL cannot be kept on disk; it is lost at the next start',
    );
  }
  return { ok: true };
}

/** The answer, or `timeout` when the time is over or the server closes, whatever becomes of the work. */
async function inTime(
  { later, allowed: { timeoutSeconds, maxBytes } }: CrlSourcesTraits,
  flight: AbortController,
  work: (limits: FetchLimits) => Promise<Fetched>,
): Promise<Fetched> {
  const { signal } = flight;
  const cancel = later(timeoutSeconds * 1000, () => flight.abort());
  const over = new Promise<Fetched>((resolve) => {
    signal.addEventListener('abort', () => resolve(failed('timeout')), { once: true });
  });
  try {
    return await Promise.race([work({ maxBytes, signal }), over]);
  } finally {
    cancel();
  }
}
