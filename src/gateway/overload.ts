// What a door has against too much at once, put together: the limit of requests under way, the pace of refusals, the
// clock of both, and what the operator is told of them.
import type { Collected } from '../telemetry/metrics.ts';
import { type Admission, type AdmissionStats, admission } from './admission.ts';
import { type Refusals, refusals } from './refusals.ts';

/** Why something was turned away: too many requests under way, no memory for a body, or too many connections. */
export type Turned = 'requests' | 'bodies' | 'connections';

export type Overload = {
  readonly admission: Pick<Admission, 'isFull' | 'enter' | 'leave'>;
  readonly refusals: Refusals;
  /** Counts one that was turned away. */
  count(why: Turned): void;
  /** One turn of the control; to be called every `turnMs` milliseconds. */
  turn(): void;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  stats(): AdmissionStats & { readonly refusalsWaiting: number; readonly turned: ReadonlyMap<Turned, number> };
};

export type OverloadTraits = {
  readonly now: () => number;
  /** Calls `work` so many milliseconds later. */
  readonly later: (ms: number, work: () => void) => void;
  /** Told once when refusals begin, and once when there were none for `calmMs`, with how many there were. */
  readonly tell?: (state: 'began' | 'ended', turned: number) => void;
};

/** Milliseconds without a refusal after which overload is over. */
const calmMs = 10_000;

export function overload({ now, later, tell = () => {} }: OverloadTraits): Overload {
  const limit = admission({ now });
  const pace = refusals({ now, later, isCalm: limit.isCalm });
  const turned = new Map<Turned, number>([
    ['requests', 0],
    ['bodies', 0],
    ['connections', 0],
  ]);
  let episode: { turned: number; lastAt: number } | undefined;
  return {
    admission: {
      isFull: limit.isFull,
      enter: limit.enter,
      leave(entry) {
        limit.leave(entry);
        pace.earn();
      },
    },
    refusals: pace,
    count(why) {
      turned.set(why, (turned.get(why) ?? 0) + 1);
      if (episode === undefined) tell('began', 1);
      episode = { turned: (episode?.turned ?? 0) + 1, lastAt: now() };
    },
    turn() {
      limit.turn();
      if (episode === undefined || now() - episode.lastAt < calmMs) return;
      tell('ended', episode.turned);
      episode = undefined;
    },
    now,
    stats: () => ({ ...limit.stats(), refusalsWaiting: pace.waiting(), turned }),
  };
}

/** What a scrape is told. `connections`: those that are open. */
export function overloadMetrics({ stats }: Pick<Overload, 'stats'>, connections: () => number): Collected[] {
  const gauge = (name: string, help: string, value: () => number): Collected => ({
    kind: 'gauge',
    name,
    help,
    labels: [],
    collect: () => [{ value: value() }],
  });
  return [
    {
      kind: 'counter',
      name: 'anyrole_overload_refusals_total',
      help: 'What was turned away by overload, by what there was too much of: `requests`, `bodies` or `connections`.',
      labels: ['reason'],
      collect: () => Array.from(stats().turned, ([reason, value]) => ({ labels: { reason }, value })),
    },
    gauge('anyrole_connections', 'Connections that are open.', connections),
    gauge('anyrole_requests_in_flight', 'Requests that are under way.', () => stats().inFlight),
    gauge(
      'anyrole_requests_in_flight_limit',
      'Requests of the last second that may be under way before more are refused; it follows the measured delay.',
      () => stats().limit,
    ),
    gauge('anyrole_refusals_waiting', 'Refusals that wait for their turn.', () => stats().refusalsWaiting),
    gauge(
      'anyrole_queue_delay_seconds',
      'How late the server came to what was ready, in the last tenth of a second.',
      () => stats().queueDelayMs / 1000,
    ),
  ];
}
