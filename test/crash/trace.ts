// What a process did to its files and told its clients, in order: strace's lines, read into steps. Calls of several threads
// are interleaved; a call takes effect when it begins, and a sync is done when it ends.
import { resolve } from 'node:path';

/** The system calls that change files or send answers. */
export const tracedCalls = [
  ...['open', 'openat', 'creat', 'write', 'writev', 'pwrite64', 'pwritev', 'pwritev2', 'fsync', 'fdatasync'],
  ...['ftruncate', 'truncate', 'fallocate', 'rename', 'renameat', 'renameat2', 'link', 'linkat', 'unlink', 'unlinkat'],
  ...['copy_file_range', 'sendfile', 'sendto', 'sendmsg'],
];

/** strace, with all that is written in full, and its process beside the traced one. */
export function straceTo(file: string): readonly string[] {
  return [
    'strace',
    '-D',
    '-f',
    '-y',
    '-qq',
    '--seccomp-bpf',
    '-xx',
    '-s',
    '1048576',
    '-e',
    `trace=${tracedCalls}`,
    '-o',
    file,
  ];
}

/** One step. Paths are absolute. `since`: what was done before this step began is durable. */
export type Step =
  | { readonly kind: 'write'; readonly path: string; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly path: string; readonly length: number }
  | { readonly kind: 'create' | 'unlink'; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'sync'; readonly path: string; readonly since: number }
  | { readonly kind: 'answer'; readonly requestId: string };

/** Steps at their lines. */
export type Trace = readonly (readonly [line: number, step: Step])[];

type Call = {
  readonly name: string;
  readonly args: string;
  readonly begun: number;
  readonly ended: number;
  readonly result: number;
};

/**
 * The steps below the directory, and the answers. Throws for a call that changes a file there in a way that it does not
 * know: a trace that is read half proves nothing.
 */
export function readTrace(lines: Iterable<string>, directory: string): Trace {
  const positions = new Map<string, number>();
  const steps = [...callsIn(lines)].flatMap((call) => stepsOf(call, directory, positions));
  return steps.sort(([one], [other]) => one - other);
}

/** Whole calls, those that were interrupted by other threads' lines put together, in the order of their beginning. */
function callsIn(lines: Iterable<string>): readonly Call[] {
  const calls: Call[] = [];
  const begun = new Map<string, Omit<Call, 'ended' | 'result'>>();
  let at = 0;
  for (const line of lines) {
    at += 1;
    const [, pid = '', rest = ''] = /^(\d+) +(.*)$/s.exec(line) ?? [];
    const resumed = /^<\.\.\. \w+ resumed>.*= (-?\d+|\?)/s.exec(rest);
    const [, name, args = '', end, result] =
      /^(\w+)\((.*?)(?:( <unfinished \.\.\.>)|\) += (-?\d+|\?).*)$/s.exec(rest) ?? [];
    const open = begun.get(pid);
    if (resumed !== null && open !== undefined) {
      calls.push({ ...open, ended: at, result: Number(resumed[1]) });
      begun.delete(pid);
    } else if (name !== undefined && end !== undefined) begun.set(pid, { name, args, begun: at });
    else if (name !== undefined) calls.push({ name, args, begun: at, ended: at, result: Number(result) });
  }
  // What never ended may have had its effect: the process was killed.
  for (const call of begun.values()) calls.push({ ...call, ended: Number.POSITIVE_INFINITY, result: 0 });
  return calls.sort((one, other) => one.begun - other.begun);
}

function stepsOf(call: Call, directory: string, positions: Map<string, number>): readonly (readonly [number, Step])[] {
  const { name, args, begun, ended, result } = call;
  if (result < 0) return [];
  const texts = [...args.matchAll(/"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?/g)];
  if (texts.some(([, , cut]) => cut !== undefined)) throw new Error(`line ${begun}: not written in full`);
  const [first, second] = texts.map(([, hex = '']) => Buffer.from(hex.replaceAll('\\x', ''), 'hex'));
  const numbers = [...args.replace(/<[^>]*>|"[^"]*"/g, '').matchAll(/-?\d+/g)].map(Number);
  const file = pathOfDescriptor(args);
  const isBelow = (path: string) => path === directory || path.startsWith(`${directory}/`);
  const at = (step: Step) => [[begun, step]] as const;
  if (
    /^(write|sendto|sendmsg|writev)$/.test(name) &&
    /^\d+<(\\x73\\x6f\\x63\\x6b\\x65\\x74|\\x54\\x43\\x50)/.test(args)
  ) {
    return answersIn(Buffer.concat(texts.map(([, hex = '']) => Buffer.from(hex.replaceAll('\\x', ''), 'hex')))).flatMap(
      at,
    );
  }
  if (/^(open|openat|creat|rename\w*|unlink\w*|link\w*|truncate)$/.test(name)) {
    const path = resolve(first?.toString() ?? '');
    if (!isBelow(path)) return [];
    switch (name) {
      case 'open':
      case 'openat':
        positions.set(path, 0);
        return [
          ...(/O_CREAT/.test(args) ? at({ kind: 'create', path }) : []),
          ...(/O_TRUNC/.test(args) ? at({ kind: 'truncate', path, length: 0 }) : []),
        ];
      case 'unlink':
      case 'unlinkat':
        return at({ kind: 'unlink', path });
      case 'rename':
      case 'renameat':
      case 'renameat2':
        return at({ kind: 'rename', path, to: resolve(second?.toString() ?? '') });
    }
    throw new Error(`line ${begun}: ${name} is not known here`);
  }
  if (file === undefined || !isBelow(file)) return [];
  switch (name) {
    case 'write': {
      const offset = positions.get(file) ?? 0;
      positions.set(file, offset + result);
      return at({ kind: 'write', path: file, offset, bytes: (first ?? Buffer.alloc(0)).subarray(0, result) });
    }
    case 'pwrite64':
      return at({ kind: 'write', path: file, offset: numbers.at(-1) ?? 0, bytes: first ?? Buffer.alloc(0) });
    case 'ftruncate':
      return at({ kind: 'truncate', path: file, length: numbers.at(-1) ?? 0 });
    case 'fsync':
    case 'fdatasync':
      return Number.isFinite(ended) ? [[ended, { kind: 'sync', path: file, since: begun }]] : [];
  }
  throw new Error(`line ${begun}: ${name} is not known here`);
}

/** The file of the descriptor that a call begins with: strace writes it in brackets behind the number. */
function pathOfDescriptor(args: string): string | undefined {
  const [, hex] = /^\d+<((?:\\x[0-9a-f]{2})+)>/.exec(args) ?? [];
  return hex === undefined ? undefined : Buffer.from(hex.replaceAll('\\x', ''), 'hex').toString();
}

/** Answers that begin in what a socket was given. */
function answersIn(bytes: Buffer): readonly Step[] {
  return [...bytes.toString('latin1').matchAll(/\r\nx-amzn-requestid: *([\w-]+)/gi)].map(([, requestId = '']) => ({
    kind: 'answer',
    requestId,
  }));
}
