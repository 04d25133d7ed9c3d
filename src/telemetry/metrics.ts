// Metrics: what a monitoring system reads now and then. Few, with labels from closed sets: names of what is served and
// words of our own code, never a stranger's text. Nothing is measured by a timer; what is dear is asked at the scrape.
import { Counter, Gauge, Registry } from 'prom-client';
import { requestCounts } from './request-counts.ts';

/** One request, when it is answered. */
export type Answered = {
  /** Signing name and operation; absent where the request named none that is served. */
  readonly service?: string | undefined;
  readonly operation?: string | undefined;
  /** HTTP status. */
  readonly status: number;
  /** Error code of the answer. */
  readonly code?: string | undefined;
  /** Of a request for a session: the word that tells why it was refused, or that it was granted. */
  readonly session?: string | undefined;
  readonly seconds: number;
};

/** One line of a metric. A label that is not given is empty; a value is cut after 256 characters. */
export type Series = { readonly labels?: Readonly<Record<string, string>>; readonly value: number };

/** A metric whose series are asked for at each scrape. */
export type Collected = {
  /** `anyrole_…`, with its unit at the end. Unique. */
  readonly name: string;
  readonly help: string;
  /** A counter only ever grows, until the next start. */
  readonly kind: 'gauge' | 'counter';
  /** From a bounded set: ids of what this server made. Prometheus names: letters, digits, `_`. */
  readonly labels: readonly string[];
  /**
   * The series of now, most important first: those beyond `maxSeries` are left out and counted. Asked once at a time. One
   * that rejects, or takes longer than a scrape may, leaves its metric out of the answer and is counted.
   */
  collect(): readonly Series[] | Promise<readonly Series[]>;
};

export type Metrics = {
  /** Counts a request. */
  answered(request: Answered): void;
  /** Adds a metric of another room's. Throws at start where the name is taken. */
  register(collected: Collected): void;
  /** All metrics in the Prometheus text format. Scrapes at the same time share one. */
  scrape(): Promise<{ readonly contentType: string; readonly body: string }>;
};

export type MetricsTraits = {
  /** Called when a collector fails. */
  readonly failed?: (metric: string, cause: unknown) => void;
  /** Milliseconds that a collector may take. */
  readonly patienceMs?: number;
};

/** Series of one collected metric. */
export const maxSeries = 500;
/** Characters of a label's value. */
const maxLabel = 256;
/** Error codes, and words of sessions, that are told apart: more than there are, so that a mistake costs little. */
const maxWords = 128;
/** What stands where no served operation was asked for, and for a word too many. */
const none = 'none';
const other = 'other';

/** A registry of its own: nothing is global, so that two servers in one process do not mix. */
export function metrics({ failed = () => {}, patienceMs = 5000 }: MetricsTraits = {}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const { count, countSession, durations } = requestCounts(registers);
  const { failures, leftOut } = scrapeMetrics(registers);
  const codes = words();
  const outcomes = words();
  const refreshes: (() => Promise<void>)[] = [];
  let scraping: Promise<string> | undefined;

  const all = async () => {
    await Promise.all(refreshes.map((refresh) => refresh()));
    return `${await registry.metrics()}\n${durations()}`;
  };
  return {
    answered({ service = none, operation = none, status, code, session, seconds }) {
      const word = code === undefined ? '' : codes(code);
      count({ service, operation, status, code: word, seconds: Math.max(0, seconds) });
      if (session !== undefined) countSession(outcomes(session));
    },
    register(collected) {
      const { name } = collected;
      const show = shownBy(collected, registers);
      let asked: Promise<readonly Series[]> | undefined;
      refreshes.push(async () => {
        try {
          // One that hangs is asked once, however often it is waited for.
          asked ??= askedOf(collected).finally(() => {
            asked = undefined;
          });
          const series = await within(patienceMs, asked);
          show(series.slice(0, maxSeries));
          leftOut.set({ metric: name }, Math.max(0, series.length - maxSeries));
        } catch (cause) {
          // Absent rather than out of date.
          show([]);
          failures.inc({ metric: name });
          failed(name, cause);
        }
      });
    },
    async scrape() {
      scraping ??= all().finally(() => {
        scraping = undefined;
      });
      return { contentType: registry.contentType, body: await scraping };
    },
  };
}

function scrapeMetrics(registers: Registry[]) {
  return {
    failures: new Counter({
      name: 'anyrole_metrics_collector_failures_total',
      help: 'Scrapes that had to leave a metric out, by metric.',
      labelNames: ['metric'],
      registers,
    }),
    leftOut: new Gauge({
      name: 'anyrole_metrics_series_left_out',
      help: `Series that the last scrape left out, by metric, because a metric has at most ${maxSeries}.`,
      labelNames: ['metric'],
      registers,
    }),
  };
}

async function askedOf(collected: Collected): Promise<readonly Series[]> {
  return collected.collect();
}

/** Gives the function that puts series in the place of those before. */
function shownBy(
  { name, help, kind, labels: labelNames }: Collected,
  registers: Registry[],
): (series: readonly Series[]) => void {
  const traits = { name, help, labelNames, registers };
  const metric = kind === 'gauge' ? new Gauge(traits) : new Counter(traits);
  return (series) => {
    metric.reset();
    // prom-client starts a metric without labels at zero, which nobody has said.
    if (labelNames.length === 0) metric.remove();
    for (const { labels, value } of series) {
      const short = Object.fromEntries(labelNames.map((label) => [label, (labels?.[label] ?? '').slice(0, maxLabel)]));
      if (metric instanceof Gauge) metric.set(short, value);
      else metric.inc(short, value);
    }
  };
}

/** Tells words of our own code apart, up to `maxWords` of them; whatever is no such word is `other`. */
function words(): (word: string) => string {
  const known = new Set<string>();
  return (word) => {
    if (known.has(word)) return word;
    if (known.size >= maxWords || !/^[A-Za-z][A-Za-z0-9.]{0,63}$/.test(word)) return other;
    known.add(word);
    return word;
  };
}

/** Settles as the promise does, or rejects after so many milliseconds. */
function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
