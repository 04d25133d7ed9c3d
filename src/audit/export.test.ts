// An export verifies by itself, and whatever is bent in it is found at its place.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { exportLines } from './export.ts';
import { type Finding, findingText } from './findings.ts';
import { account, type Rig, rig, seededNumbers, startedAt, writtenLog } from './rig.test.ts';
import { sourceOf } from './source.ts';
import { verifyExport } from './verify-export.ts';
import { endsOf, eventsByTime, eventsFrom, lastEvents, passes, placeBefore } from './walking.ts';

let made: Rig;
let lines: readonly string[];
before(async () => {
  made = await rig();
  await writtenLog(made, 'export', 20);
  lines = await exported(0);
});

const source = () => sourceOf(made.store);

async function exported(after: number, of = made): Promise<readonly string[]> {
  const head = await of.store.read((reader) => of.chain.head(reader));
  return gathered(exportLines(sourceOf(of.store), of.chain.id, of.signer, { after, head, time: of.now() }));
}

async function gathered<T>(items: AsyncIterable<T> | Iterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function* each(all: readonly string[]) {
  yield* all;
}

async function verified(all: readonly string[], keys = [made.signer.publicKey]) {
  const findings: Finding[] = [];
  const verdict = await verifyExport(each(all), keys, (finding) => void findings.push(finding));
  assert.equal(verdict.findings, findings.length);
  return { ...verdict, named: findings.map(({ finding, sequence }) => `${finding} ${sequence}`), findings };
}

const valueAt = (at: number) => JSON.parse(lines[at] ?? '');
const isEvent = (line: string) => 'event' in JSON.parse(line);
/** A line of an event, by chance, neither the first nor the last. */
function someEvent(seed: number): number {
  const places = lines.flatMap((line, at) => (isEvent(line) ? [at] : [])).slice(1, -1);
  return places[seededNumbers(`line ${seed}`)(places.length)] ?? 1;
}

test('an export is whole, with the key alone', async () => {
  const { findings, parts } = await verified(lines);
  assert.deepEqual(findings, []);
  const last = made.chain.length();
  assert.deepEqual(parts, [
    { chain: made.chain.id, firstSequence: 1, lastSequence: last, events: last, checkpoints: made.signed.length },
  ]);
});

test('an export that begins at a later place is whole, and one of two chains', async () => {
  const part = await exported(17);
  assert.equal((await verified(part)).parts[0]?.firstSequence, 18);
  const other = await rig(undefined, 'other');
  await other.append(other.entry('A'));
  const both = [...part, ...(await exported(0, other))];
  assert.equal((await verified(both, [made.signer.publicKey, other.signer.publicKey])).findings.length, 0);
  assert.deepEqual((await verified(both)).named, ['forged 0', 'forged 1', 'truncated 2']);
});

test('an export that was formatted anew is still whole', async () => {
  assert.equal((await verified(lines.map((line) => JSON.stringify(JSON.parse(line), null, 1)))).findings.length, 0);
});

describe('what is bent in an export is found', () => {
  const bends: Readonly<
    Record<string, (at: number) => { all: readonly string[]; wanted: (n: number) => readonly string[] }>
  > = {
    'an event with another member': (at) => {
      const line = valueAt(at);
      const all = lines.with(at, JSON.stringify({ ...line, event: { ...line.event, eventName: 'Evil' } }));
      return { all, wanted: (n) => [`changed ${n}`] };
    },
    'an event under another key': (at) => {
      const line = valueAt(at);
      return { all: lines.with(at, JSON.stringify({ ...line, key: `${line.key}x` })), wanted: (n) => [`changed ${n}`] };
    },
    'an event with another hash': (at) => {
      const all = lines.with(at, JSON.stringify({ ...valueAt(at), hash: '0'.repeat(64) }));
      return { all, wanted: (n) => [`changed ${n}`] };
    },
    'a line that is gone': (at) => ({ all: lines.toSpliced(at, 1), wanted: (n) => [`removed ${n}`] }),
    'a line that is there twice': (at) => ({
      all: lines.toSpliced(at, 0, lines[at] ?? ''),
      wanted: (n) => [`inserted ${n}`],
    }),
    'a line that is no JSON': (at) => ({
      all: lines.with(at, '{'),
      wanted: (n) => ['changed undefined', `removed ${n}`],
    }),
    'an export without its end': () => ({
      all: lines.slice(0, -1),
      wanted: () => [`truncated ${made.chain.length() + 1}`],
    }),
    'an export that is cut': (at) => ({ all: lines.slice(0, at), wanted: (n) => [`truncated ${n}`] }),
    'an export that is cut, and its end moved there': (at) => ({
      all: [...lines.slice(0, at), lines.at(-1) ?? ''],
      wanted: (n) => [`truncated ${n}`],
    }),
    'an end that somebody else signed': (at) => {
      const end = { ...JSON.parse(lines.at(-1) ?? ''), sequence: valueAt(at).sequence };
      return {
        all: lines.with(-1, JSON.stringify(end)),
        wanted: (n) => [`forged ${n}`, `truncated ${made.chain.length() + 1}`],
      };
    },
    'an event after the end': (at) => ({ all: [...lines, lines[at] ?? ''], wanted: (n) => [`inserted ${n}`] }),
    'an event of another chain': (at) => {
      const all = lines.toSpliced(at, 0, JSON.stringify({ ...valueAt(at), chain: '0'.repeat(16) }));
      return { all, wanted: (n) => [`inserted ${n}`] };
    },
  };
  for (const [what, bend] of Object.entries(bends)) {
    test(what, async () => {
      for (let seed = 0; seed < 6; seed++) {
        const at = someEvent(seed);
        const { all, wanted } = bend(at);
        const n = valueAt(at).sequence;
        const { named, findings } = await verified(all);
        // Of a gap a checkpoint tells, too, where it stands right behind it.
        const found = named.filter((one) => !(one === `truncated ${n}` && named.includes(`removed ${n}`)));
        assert.deepEqual([...found].sort(), [...wanted(n)].sort(), `seed ${seed}, line ${at + 1}`);
        for (const finding of findings) assert.match(findingText(finding), /^[^\n]+$/);
      }
    });
  }

  test('an export without its beginning, and an empty one', async () => {
    const { named } = await verified(lines.slice(1));
    assert.deepEqual([named[0], named.at(-1)], ['inserted 1', 'missing undefined']);
    assert.deepEqual((await verified([])).named, ['missing undefined']);
  });
});

test('what was rewritten after the last checkpoint is not signed', async () => {
  const other = await rig(undefined, 'rewritten');
  await other.append(other.entry('A'), other.entry('B'));
  const head = { ...(await other.store.read((reader) => other.chain.head(reader))), hash: '0'.repeat(64) };
  const { chain, signer, store } = other;
  const all = exportLines(sourceOf(store), chain.id, signer, { after: 0, head, time: other.now() });
  await assert.rejects(gathered(all), /does not lead to its head/);
});

describe('walking', () => {
  const sequences = async (events: AsyncIterable<{ sequence: number }> | readonly { sequence: number }[]) =>
    (await gathered(events)).map(({ sequence }) => sequence);
  const length = () => made.chain.length();

  test('goes from any place to the end', async () => {
    const { id } = made.chain;
    for (const after of [0, 1, 50, length() - 1, length()]) {
      const wanted = Array.from({ length: length() - after }, (_, at) => after + 1 + at);
      assert.deepEqual(await sequences(eventsFrom(source(), id, after)), wanted);
    }
    assert.deepEqual(await endsOf(source(), id), { first: 0, last: length() });
  });

  test('begins no later than a time, and no more than a minute before', async () => {
    const { id } = made.chain;
    for (const ms of [-1, 0, 60_000, 61_000, 70_500, 90_000]) {
      const since = new Date(startedAt.getTime() + ms).toISOString();
      const after = await placeBefore(source(), id, since);
      const all = await gathered(eventsFrom(source(), id, 0));
      const isBefore = all.filter(({ sequence }) => sequence <= after);
      assert.ok(
        isBefore.every((event) => !passes(event, { since })),
        `${ms}`,
      );
      const earliest = new Date(startedAt.getTime() + ms - 60_000).toISOString();
      assert.equal(isBefore.length, all.filter(({ key }) => (key.split('/')[1] ?? '') < earliest).length);
    }
  });

  test('finds the last that pass', async () => {
    const { id } = made.chain;
    const last = length();
    assert.deepEqual(await sequences(await lastEvents(source(), id, {}, last, 3)), [last - 2, last - 1, last]);
    assert.deepEqual(await sequences(await lastEvents(source(), id, {}, last, 0)), []);
    const named = await lastEvents(source(), id, { eventName: 'Event110' }, last, 5);
    assert.deepEqual([named.length, JSON.parse(named[0]?.text ?? '').eventName], [1, 'Event110']);
    assert.equal((await lastEvents(source(), id, {}, last, 10_000)).length, last);
    assert.deepEqual(await lastEvents(source(), id, { eventName: 'None' }, last, 5), []);
  });

  test('by time gives every account in order, or one, between two instants', async () => {
    const all = await gathered(eventsByTime(source(), {}));
    assert.equal(all.length, length());
    assert.deepEqual(
      all.map(({ key }) => key),
      all.map(({ key }) => key).toSorted(),
    );
    const since = new Date(startedAt.getTime() + 5000).toISOString();
    const until = new Date(startedAt.getTime() + 15_000).toISOString();
    const filter = { account, since, until };
    const some = await gathered(eventsByTime(source(), filter));
    assert.deepEqual(
      some,
      all.filter((event) => passes(event, filter)),
    );
    assert.ok(some.length > 0);
    assert.deepEqual(await gathered(eventsByTime(source(), { account: '000000000000' })), []);
  });
});
