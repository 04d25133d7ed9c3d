// How often an account may call in a Region: a token bucket for each of the operator's rates. The clock is the caller's
// to give; the memory is bounded.
import { commonError, type ProtocolName } from '../contract/error.ts';
import { defaultRate, type Rate } from '../services/settings.ts';

export type Throttle = {
  /**
   * Takes one call of the operation in the place, an account and Region. Undefined: taken. Else whole seconds, at least
   * 1, after which a call will be taken if no other comes before; a refused call costs nothing.
   */
  take(place: string, operation: string, now: Date): number | undefined;
  /** Whether no call is ever refused: the operator said of no rate. */
  readonly isUnlimited: boolean;
};

/** Thousandths of a call that remain, as of an instant in milliseconds: whole numbers where the rate is one. */
type Bucket = { readonly thousandths: number; readonly at: number };

const call = 1000;

/**
 * A throttle with these rates. It remembers `room` buckets; the one unused for longest is forgotten first, and one that
 * is forgotten is full when it comes again. `Ours:` as a bucket at rest fills by itself, what this gives away is little.
 */
export function throttle(rates: ReadonlyMap<string, Rate>, room = 4096): Throttle {
  const buckets = new Map<string, Bucket>();
  return {
    isUnlimited: rates.size === 0,
    take(place, operation, now) {
      const name = rates.has(operation) ? operation : defaultRate;
      const rate = rates.get(name);
      if (rate === undefined) return undefined;
      const key = `${place}${name}`;
      const before = buckets.get(key);
      const at = now.getTime();
      const thousandths = before === undefined ? rate.burst * call : filled(before, rate, at);
      const taken = thousandths >= call;
      buckets.delete(key);
      const eldest = buckets.size >= room ? buckets.keys().next().value : undefined;
      if (eldest !== undefined) buckets.delete(eldest);
      buckets.set(key, { thousandths: taken ? thousandths - call : thousandths, at });
      return taken ? undefined : Math.max(1, Math.ceil((call - thousandths) / rate.perSecond / 1000));
    },
  };
}

/** What the bucket holds at an instant; a clock that went back adds nothing. */
function filled({ thousandths, at }: Bucket, { perSecond, burst }: Rate, now: number): number {
  return Math.min(burst * call, thousandths + Math.max(0, now - at) * perSecond);
}

/**
 * Counts the call against the rate of its account and Region; throws the throttling error.
 * AWS seen: 2019-02-19, IAM: 400, `Throttling`, `Rate exceeded`. Ours: the same sentence in REST-JSON.
 */
export function admit(
  world: { readonly throttle: Throttle; now(): Date },
  protocol: ProtocolName,
  operation: string,
  { account, region }: { readonly account: string; readonly region: string },
): void {
  if (world.throttle.isUnlimited) return;
  const retryAfterSeconds = world.throttle.take(`${account}/${region}/`, operation, world.now());
  if (retryAfterSeconds === undefined) return;
  const reason = { reason: 'rateExceeded', operation, retryAfterSeconds };
  throw commonError('throttled', protocol, 'Rate exceeded', reason, retryAfterSeconds);
}
