// How the fetched lists fare, for a monitoring system: one series for each source, and one for each host of distribution
// points, which shows the worst of its lists. No URL is a label: it may be long, and hold what is nobody's business.
import type { CrlPlaceState, FetchedCrls } from '../services/fetched-crls.ts';
import type { Collected, Series } from '../telemetry/metrics.ts';

type Measure = {
  readonly name: string;
  readonly help: string;
  /** Undefined where there is nothing to measure. */
  of(state: CrlPlaceState, now: Date): number | undefined;
  /** Of two lists of one host, the one that is worse off. */
  worse(one: number, other: number): number;
};

const secondsFrom = (from: Date, to: Date) => (to.getTime() - from.getTime()) / 1000;

const measures: readonly Measure[] = [
  {
    name: 'anyrole_crl_up',
    help: 'Whether the last attempt to fetch a CRL succeeded, 1 or 0, by trust anchor and source.',
    of: ({ lastAttemptAt, failures }) => (lastAttemptAt === undefined ? undefined : failures === 0 ? 1 : 0),
    worse: Math.min,
  },
  {
    name: 'anyrole_crl_failures',
    help: 'Attempts to fetch a CRL that failed since the last success, by trust anchor and source.',
    of: ({ failures }) => failures,
    worse: Math.max,
  },
  {
    name: 'anyrole_crl_available',
    help: 'Whether a fetched CRL is there and not past its nextUpdate, 1 or 0, by trust anchor and source.',
    of: ({ list }, now) => (list !== undefined && !((list.crl.nextUpdate ?? now) < now) ? 1 : 0),
    worse: Math.min,
  },
  {
    name: 'anyrole_crl_age_seconds',
    help: 'Time since the thisUpdate of a fetched CRL, by trust anchor and source.',
    of: ({ list }, now) => list && secondsFrom(list.crl.thisUpdate, now),
    worse: Math.max,
  },
  {
    name: 'anyrole_crl_next_update_seconds',
    help: 'Time until the nextUpdate of a fetched CRL, negative when it is past, by trust anchor and source.',
    of: ({ list }, now) => list?.crl.nextUpdate && secondsFrom(now, list.crl.nextUpdate),
    worse: Math.min,
  },
];

/** The metrics of the fetched lists, to be registered. */
export function crlMetrics({ states }: Pick<FetchedCrls, 'states'>, now: () => Date): readonly Collected[] {
  return measures.map(({ name, help, ...measure }) => ({
    name,
    help,
    kind: 'gauge',
    labels: ['trust_anchor', 'source'],
    collect: () => worst(states(), measure, now()),
  }));
}

function worst(
  states: readonly CrlPlaceState[],
  { of, worse }: Pick<Measure, 'of' | 'worse'>,
  now: Date,
): readonly Series[] {
  const series = new Map<string, Series>();
  // Sources come first, should there be more series than may be: people made them.
  for (const state of states.toSorted((one, other) => rank(one) - rank(other))) {
    const { trustAnchorId, name, kind } = state.place;
    const value = of(state, now);
    if (value === undefined) continue;
    const key = `${trustAnchorId} ${name}`;
    const known = kind === 'source' ? undefined : series.get(key);
    const labels = { trust_anchor: trustAnchorId, source: name };
    series.set(key, { labels, value: known === undefined ? value : worse(known.value, value) });
  }
  return [...series.values()];
}

const rank = ({ place }: CrlPlaceState) => (place.kind === 'source' ? 0 : 1);
