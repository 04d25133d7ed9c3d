// The log: one JSON line for each thing that happened, for people and machines that run the server. It is given facts
// by name; headers, bodies, tokens and keys are never among them. Lines are written many together, in their order.
import pino from 'pino';

export type Facts = Readonly<Record<string, unknown>>;

export type Log = {
  info(facts: Facts, message: string): void;
  /** Written at once, and before it what still waits. */
  error(facts: Facts, message: string): void;
  /** Writes what still waits. */
  flush(): void;
};

export type LogTraits = {
  /** Calls `work` a moment later, when the lines that wait are written. Absent: each line is written at once. */
  readonly later?: (work: () => void) => void;
  /** Leaves out everything but errors. */
  readonly onlyErrors?: boolean;
};

/** Characters that wait at most. */
const maxWaiting = 32 * 1024;
/** No caller gives a fact with one of these names: the second fence. */
const secrets: ReadonlySet<string> = new Set([
  'authorization',
  'secretAccessKey',
  'sessionToken',
  'privateKey',
  'token',
  'secret',
]);
/** Steps into the facts that the fence takes. */
const maxDepth = 5;

/** Lines on `write`, whole ones, one or more at a time: e.g. on standard error. */
export function jsonLog(write: (lines: string) => void, { later, onlyErrors = false }: LogTraits = {}): Log {
  let waiting = '';
  const flush = () => {
    const lines = waiting;
    waiting = '';
    if (lines !== '') write(lines);
  };
  const take = (line: string) => {
    const isFirst = waiting === '';
    waiting += line;
    if (later === undefined || waiting.length > maxWaiting) flush();
    else if (isFirst) later(flush);
  };
  const logger = pino({ base: null, level: onlyErrors ? 'error' : 'info' }, { write: take });
  return {
    info: (facts, message) => logger.info(fenced(facts, maxDepth), message),
    error(facts, message) {
      logger.error(fenced(facts, maxDepth), message);
      flush();
    },
    flush,
  };
}

/** The facts, without what may be secret. */
function fenced(facts: Facts, depth: number): Facts {
  let shown: Record<string, unknown> | undefined;
  for (const [name, fact] of Object.entries(facts)) {
    const safe = secrets.has(name) ? '[hidden]' : fencedFact(fact, depth);
    if (safe === fact) continue;
    shown ??= { ...facts };
    shown[name] = safe;
  }
  return shown ?? facts;
}

function fencedFact(fact: unknown, depth: number): unknown {
  if (typeof fact !== 'object' || fact === null || depth === 0) return fact;
  if (Array.isArray(fact)) return fact.map((one) => fencedFact(one, depth - 1));
  // An object that is no list: its members by name.
  return Object.getPrototypeOf(fact) === Object.prototype ? fenced(fact as Facts, depth - 1) : fact;
}

/** A log that keeps nothing. */
export const silentLog: Log = Object.freeze({ info: () => {}, error: () => {}, flush: () => {} });
