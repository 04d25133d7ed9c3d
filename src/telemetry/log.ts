// The log: one JSON line for each thing that happened, for people and machines that run the server. It is given facts
// by name; headers, bodies, tokens and keys are never among them. Lines are written many together, in their order.

export type Facts = Readonly<Record<string, unknown>>;

/** Facts that many lines share, and their text, which is made once. */
export type SharedFacts = { readonly facts: Facts; readonly text: string };

export type Log = {
  /** `shared` stand before the other facts; no name is in both. */
  info(facts: Facts, message: string, shared?: SharedFacts): void;
  /** Written at once, and before it what still waits. */
  error(facts: Facts, message: string): void;
  /** Writes what still waits. */
  flush(): void;
};

export type LogTraits = {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Calls `work` a moment later, when the lines that wait are written. Absent: each line is written at once. */
  readonly later?: (work: () => void) => void;
  /** Leaves out everything but errors. */
  readonly onlyErrors?: boolean;
};

/** Bytes that wait at most, and that a UTF-16 unit takes at most. */
const maxWaiting = 32 * 1024;
const mostBytesOfUnit = 3;
/** No caller gives a fact with one of these names: the second fence. */
const secrets: ReadonlySet<string> = new Set([
  'authorization',
  'secretAccessKey',
  'sessionToken',
  'privateKey',
  'token',
  'secret',
]);
const hidden = '[hidden]';
const hiddenText = JSON.stringify(hidden);
/** Levels as pino and bunyan number them, which readers of such lines know. */
const levels = { info: 30, error: 50 } as const;

/**
 * Lines on `write`, whole ones, one or more at a time: e.g. on standard error. Those that wait stand as bytes in one place: a
 * text that is put together of pieces stays pieces until it is written, and thousands of them would outlive their request.
 */
export function jsonLog(write: (lines: string) => void, { now, later, onlyErrors = false }: LogTraits): Log {
  const waiting = Buffer.allocUnsafeSlow(later === undefined ? 0 : maxWaiting);
  let end = 0;
  const flush = () => {
    if (end === 0) return;
    const lines = waiting.toString('utf8', 0, end);
    end = 0;
    write(lines);
  };
  const take = (line: string) => {
    const most = line.length * mostBytesOfUnit;
    if (end + most > waiting.length) flush();
    if (most > waiting.length || later === undefined) {
      write(line);
      return;
    }
    if (end === 0) later(flush);
    end += waiting.write(line, end, 'utf8');
  };
  return {
    info(facts, message, shared) {
      if (!onlyErrors) take(lineOf(levels.info, now(), facts, message, shared));
    },
    error(facts, message) {
      take(lineOf(levels.error, now(), facts, message, undefined));
      flush();
    },
    flush,
  };
}

/** For lines to come. */
export function sharedFacts(facts: Facts): SharedFacts {
  // In one piece: what was put together of pieces would stay so in each line.
  return { facts, text: Buffer.from(factsText(facts)).toString() };
}

function lineOf(level: number, ms: number, facts: Facts, message: string, shared: SharedFacts | undefined): string {
  const before = shared === undefined ? '' : shared.text;
  return `{"level":${level},"time":${ms}${before}${factsText(facts)},"msg":${JSON.stringify(message)}}\n`;
}

/** The members of the facts, each behind a comma. */
function factsText(facts: Facts): string {
  let members = '';
  // Facts are plain objects, and nothing is said sooner of one: no list of names is made.
  for (const name in facts) {
    const fact = facts[name];
    if (fact === undefined) continue;
    const { beginning, isSecret } = memberOf(name);
    const text = isSecret ? hiddenText : factText(fact);
    if (text !== undefined) members += beginning + text;
  }
  return members;
}

/** How a fact of this name is written. */
type Member = { readonly beginning: string; readonly isSecret: boolean };

/** Names are words of our own code, and far fewer than are kept. */
const members = new Map<string, Member>();
const maxMembers = 256;

function memberOf(name: string): Member {
  const known = members.get(name);
  if (known !== undefined) return known;
  const member = { beginning: `,${JSON.stringify(name)}:`, isSecret: secrets.has(name) };
  if (members.size < maxMembers) members.set(name, member);
  return member;
}

/** The fact as JSON, without what may be secret inside it; undefined where there is nothing to say. Never throws. */
function factText(fact: unknown): string | undefined {
  if (typeof fact === 'string') return JSON.stringify(fact);
  if (typeof fact === 'bigint') return `"${fact}"`;
  if (typeof fact !== 'object') return JSON.stringify(fact);
  try {
    return JSON.stringify(fact, fenced);
  } catch {
    return '"[not JSON]"'; // it holds itself: a line without it is better than none
  }
}

/** What JSON.stringify writes for a member, or an item, inside a fact. */
function fenced(name: string, value: unknown): unknown {
  if (secrets.has(name)) return hidden;
  return typeof value === 'bigint' ? String(value) : value;
}

/** A log that keeps nothing. */
export const silentLog: Log = Object.freeze({ info: () => {}, error: () => {}, flush: () => {} });
