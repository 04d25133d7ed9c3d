// What is counted of every request. Kept as numbers that are found by name, and given to prom-client at the scrape: it finds
// its own by the joined texts of all labels. A histogram it takes one value at a time, so that one is written here.
import { Counter, type Registry } from 'prom-client';

/** One request, when it is answered: names of what is served and words of our own code. */
export type Counted = {
  readonly service: string;
  readonly operation: string;
  /** HTTP status. */
  readonly status: number;
  /** Error code of the answer, or empty. */
  readonly code: string;
  /** Not negative. */
  readonly seconds: number;
};

export type RequestCounts = {
  count(request: Counted): void;
  /** Counts a request for a session by what came of it. */
  countSession(outcome: string): void;
  /** The histogram of durations in the Prometheus text format, whole lines. */
  durations(): string;
};

type Row = { readonly labels: Readonly<Record<string, string>>; count: number };
/** What was counted of one operation. */
type Tally = {
  /** Requests by the first bucket that holds them, and beyond the last. */
  readonly inBucket: number[];
  seconds: number;
  /** By error code, then by class of the status. */
  readonly byCode: Map<string, Row[]>;
};

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const duration = 'anyrole_request_duration_seconds';
const durationHead =
  `# HELP ${duration} Time from a request being read to its answer, by service and operation.\n` +
  `# TYPE ${duration} histogram\n`;

/** Counts of requests; those that prom-client writes stand in the registries. */
export function requestCounts(registers: Registry[]): RequestCounts {
  const services = new Map<string, Map<string, Tally>>();
  const rows: Row[] = [];
  const sessions = new Map<string, Row>();
  new Counter({
    name: 'anyrole_requests_total',
    help: 'Requests answered, by service, operation, class of the HTTP status and error code.',
    labelNames: ['service', 'operation', 'status', 'code'],
    registers,
    collect() {
      showRows(this, rows);
    },
  });
  new Counter({
    name: 'anyrole_create_session_total',
    help: 'Requests for a session, by outcome: `granted`, or the reason of the refusal.',
    labelNames: ['outcome'],
    registers,
    collect() {
      showRows(this, sessions.values());
    },
  });
  const rowOf = (tally: Tally, { service, operation, status, code }: Counted): Row => {
    const ofCode = madeOnce(tally.byCode, code, () => []);
    const statusClass = Math.trunc(status / 100);
    const known = ofCode[statusClass];
    if (known !== undefined) return known;
    const row = { labels: { service, operation, status: `${statusClass}xx`, code }, count: 0 };
    ofCode[statusClass] = row;
    rows.push(row);
    return row;
  };
  return {
    count(request) {
      const ofService = madeOnce(services, request.service, newMap);
      const tally = madeOnce(ofService, request.operation, newTally);
      observe(tally, request.seconds);
      rowOf(tally, request).count += 1;
    },
    countSession(outcome) {
      madeOnce(sessions, outcome, () => ({ labels: { outcome }, count: 0 })).count += 1;
    },
    durations() {
      let text = durationHead;
      for (const [service, operations] of services) {
        for (const [operation, tally] of operations) text += histogramLines(service, operation, tally);
      }
      return text;
    },
  };
}

const newMap = () => new Map<string, Tally>();
const newTally = (): Tally => ({ inBucket: Array(buckets.length + 1).fill(0), seconds: 0, byCode: new Map() });

function madeOnce<T>(things: Map<string, T>, name: string, make: () => T): T {
  let thing = things.get(name);
  if (thing === undefined) {
    thing = make();
    things.set(name, thing);
  }
  return thing;
}

function observe(tally: Tally, seconds: number): void {
  let bucket = 0;
  while (bucket < buckets.length && seconds > Number(buckets[bucket])) bucket++;
  tally.inBucket[bucket] = Number(tally.inBucket[bucket]) + 1;
  tally.seconds += seconds;
}

function showRows(counter: Counter, rows: Iterable<Row>): void {
  counter.reset();
  for (const { labels, count } of rows) counter.inc(labels, count);
}

/** INVARIANT: names of services and operations hold nothing that a label escapes. Spec: the text exposition format 0.0.4. */
function histogramLines(service: string, operation: string, { inBucket, seconds }: Tally): string {
  const labels = `service="${service}",operation="${operation}"`;
  let lines = '';
  let below = 0;
  for (const [index, count] of inBucket.entries()) {
    below += count;
    lines += `${duration}_bucket{le="${buckets[index] ?? '+Inf'}",${labels}} ${below}\n`;
  }
  return `${lines}${duration}_sum{${labels}} ${seconds}\n${duration}_count{${labels}} ${below}\n`;
}
