// A disk that loses power: it keeps what was synced, and of what was not, anything: nothing, all, some writes, some sectors
// of a write. Names in a directory are kept in their order, as journals of file systems do, up to some point.
import { dirname } from 'node:path';
import type { Seeded } from '../seeded.ts';
import type { Step, Trace } from './trace.ts';

/** Contents by absolute path. */
export type Files = ReadonlyMap<string, Buffer>;

/** What became of a file that was written to; `at` is the line. */
type Change = { readonly at: number } & (
  | { readonly offset: number; readonly bytes: Buffer }
  | { readonly length: number }
);

/** Bytes that grow in place. */
type Content = { room: Buffer; length: number };

/** A file, whatever its name: what is on the disk, and what is only in memory. */
type Inode = { readonly durable: Content; pending: Change[] };

type Naming = Extract<Step, { readonly kind: 'create' | 'unlink' | 'rename' }> & {
  readonly at: number;
  readonly inode?: Inode;
};

/** What of the pending changes a disk keeps. */
const survivals = ['nothing', 'everything', 'firstOnes', 'someWrites', 'someSectors', 'someBlocks'] as const;
export type Survival = (typeof survivals)[number];

const sectorBytes = { someSectors: 512, someBlocks: 4096 } as const;

/**
 * The files as they are found when power was lost after the line `cut`, of a directory that held `before` at the start of
 * the trace. The choices are the seed's.
 */
export function filesAfter(
  before: Files,
  trace: Trace,
  cut: number,
  random: Seeded,
): { files: Files; survival: Survival } {
  const names = new Map<string, Inode>();
  for (const [path, bytes] of before) names.set(path, { durable: copyOf(bytes), pending: [] });
  const durableNames = new Map(names);
  const namings: Naming[] = [];
  for (const [at, step] of trace) {
    if (at > cut) break;
    apply(step, at, names, durableNames, namings);
  }
  const survival = random.pick(survivals);
  for (const naming of namings.slice(0, keptNamings(survival, namings.length, random))) rename(durableNames, naming);
  const files = new Map([...durableNames].map(([path, inode]) => [path, contentOf(inode, survival, random)]));
  return { files, survival };
}

function apply(
  step: Step,
  at: number,
  names: Map<string, Inode>,
  durable: Map<string, Inode>,
  namings: Naming[],
): void {
  switch (step.kind) {
    case 'create':
      if (names.has(step.path)) return;
      namings.push({ ...step, at, inode: { durable: copyOf(Buffer.alloc(0)), pending: [] } });
      return rename(names, namings.at(-1));
    case 'unlink':
    case 'rename':
      namings.push({ ...step, at });
      return rename(names, namings.at(-1));
    case 'write':
      names.get(step.path)?.pending.push({ at, offset: step.offset, bytes: step.bytes });
      return;
    case 'truncate':
      names.get(step.path)?.pending.push({ at, length: step.length });
      return;
    case 'sync': {
      const inode = names.get(step.path);
      if (inode !== undefined) return settle(inode, step.since);
      const isSettled = ({ path, at: done }: Naming) => dirname(path) === step.path && done < step.since;
      for (const naming of namings.filter(isSettled)) rename(durable, naming);
      namings.splice(0, namings.length, ...namings.filter((naming) => !isSettled(naming)));
      return;
    }
    case 'answer':
      return;
  }
}

function rename(names: Map<string, Inode>, naming: Naming | undefined): void {
  if (naming === undefined) return;
  const { kind, path } = naming;
  if (kind === 'create') {
    if (naming.inode !== undefined) names.set(path, naming.inode);
    return;
  }
  const inode = names.get(path);
  names.delete(path);
  if (kind === 'rename' && inode !== undefined) names.set(naming.to, inode);
}

/** What was written before the sync began is on the disk. */
function settle(inode: Inode, since: number): void {
  const isSettled = ({ at }: Change) => at < since;
  for (const change of inode.pending.filter(isSettled)) write(inode.durable, change);
  inode.pending = inode.pending.filter((change) => !isSettled(change));
}

function copyOf(bytes: Buffer): Content {
  return { room: Buffer.from(bytes), length: bytes.length };
}

function write(content: Content, change: Change): void {
  const end = 'length' in change ? change.length : change.offset + change.bytes.length;
  if (end > content.room.length) {
    const room = Buffer.alloc(2 * end);
    content.room.copy(room, 0, 0, content.length);
    content.room = room;
  }
  if ('length' in change) {
    // What lies behind the end reads as zeros when the file grows again.
    if (change.length < content.length) content.room.fill(0, change.length, content.length);
    content.length = change.length;
  } else {
    change.bytes.copy(content.room, change.offset);
    content.length = Math.max(content.length, end);
  }
}

function bytesOf({ room, length }: Content): Buffer {
  return room.subarray(0, length);
}

function keptNamings(survival: Survival, count: number, random: Seeded): number {
  if (survival === 'nothing') return 0;
  return survival === 'everything' ? count : random.below(count + 1);
}

function contentOf({ durable, pending }: Inode, survival: Survival, random: Seeded): Buffer {
  const content = copyOf(bytesOf(durable));
  for (const change of surviving(pending, survival, random)) write(content, change);
  return bytesOf(content);
}

function surviving(pending: readonly Change[], survival: Survival, random: Seeded): readonly Change[] {
  switch (survival) {
    case 'nothing':
      return [];
    case 'everything':
      return pending;
    case 'firstOnes':
      return pending.slice(0, random.below(pending.length + 1));
    case 'someWrites':
      return pending.filter(() => random.oneIn(2));
    case 'someSectors':
    case 'someBlocks':
      return pending.flatMap((change) => torn(change, sectorBytes[survival], random));
  }
}

/** The sectors of a write that reached the disk; a new length reaches it or not. */
function torn(change: Change, size: number, random: Seeded): readonly Change[] {
  if ('length' in change) return random.oneIn(2) ? [change] : [];
  const { at, offset, bytes } = change;
  const parts: Change[] = [];
  for (let from = 0; from < bytes.length; ) {
    const to = Math.min(bytes.length, from + size - ((offset + from) % size));
    if (random.oneIn(2)) parts.push({ at, offset: offset + from, bytes: bytes.subarray(from, to) });
    from = to;
  }
  return parts;
}
