// What group commit promises when the disk fails, or takes its time: the test decides when a group ends, and how. The
// changes go through the real committer into a real database.
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import type { CommitThread, GroupEnd, GroupWaiter } from './commit-thread.ts';
import { groupWriter, type WriterLimits } from './group-writer.ts';
import { nobody, type Observer } from './observer.ts';
import { committer, type Group } from './sqlite-thread.ts';
import { readVerbsOn } from './sqlite-verbs.ts';
import type { Document, Entry, Journal, Writer } from './store.ts';
import { StoreUnavailable } from './store.ts';

const limits = { queueLimit: 100, groupLimit: 100, workLimitMs: 1000 };
const kept = 'KEPT';

/** A writer whose groups wait until the test ends them. */
function held(changed: Partial<WriterLimits> = {}) {
  const db = new DatabaseSync(':memory:');
  db.exec('CREATE TABLE documents (collection TEXT, key TEXT, document TEXT, PRIMARY KEY (collection, key))');
  const disk = committer(() => db);
  const groups: Group[] = [];
  let waiter: GroupWaiter | undefined;
  const thread: CommitThread = {
    commit(group, waits) {
      assert.equal(waiter, undefined, 'one group at a time');
      groups.push(group);
      waiter = waits;
    },
    close: async () => {},
  };
  const end = async (how: GroupEnd) => {
    const ends = waiter;
    waiter = undefined;
    assert.ok(ends, 'a group is under way');
    ends.ended(how);
    await turn();
  };
  return {
    writer: groupWriter(thread, readVerbsOn(db), { ...limits, ...changed }),
    groups,
    keys: () =>
      db
        .prepare('SELECT key FROM documents ORDER BY key')
        .all()
        .map((row) => row.key),
    isWaiting: () => waiter !== undefined,
    overdue: () => waiter?.overdue(),
    /** Makes the group durable and says so. */
    async commit() {
      disk.commit(groups.at(-1) ?? []);
      await end({ kind: 'durable' });
    },
    fail: (cause: unknown = new Error('disk I/O error')) => end({ kind: 'failed', cause }),
    die: () => end({ kind: 'unknown', cause: new Error('gone') }),
  };
}

/** Whatever can go on has gone on. */
const turn = async () => {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
};

type Held = ReturnType<typeof held>;
const put = ({ writer }: Held, key: string, document: Document = kept) =>
  writer.write((transaction) => transaction.put('c', key, document));
const get = ({ writer }: Held, key: string) => writer.write((transaction) => transaction.get('c', key));

/** What became of a promise so far. */
function watched(promise: Promise<unknown>): { now(): string; readonly error: unknown } {
  const seen = { state: 'waits', error: undefined as unknown };
  promise.then(
    () => {
      seen.state = kept;
    },
    (error: unknown) => {
      seen.error = error;
      seen.state = error instanceof StoreUnavailable ? 'unavailable' : 'own';
    },
  );
  return {
    now: () => seen.state,
    get error() {
      return seen.error;
    },
  };
}
const states = (...all: readonly { now(): string }[]) => all.map((one) => one.now());

/** A journal that numbers its entries, and what it did. */
function numbering() {
  const told: string[] = [];
  let isRefusing = false;
  const journal: Journal = {
    head: { collection: 'heads', key: 'j' },
    place(head, entries, putText) {
      if (isRefusing) throw new StoreUnavailable('refused');
      let last = Number(head ?? 0);
      const from = last;
      for (const { text } of entries) putText('j', String(++last), text);
      putText('heads', 'j', String(last));
      told.push(`${from} → ${last}`);
      return () => told.push(`durable ${last}`);
    },
  };
  const refuse = (is: boolean) => {
    isRefusing = is;
  };
  return { journal, told, refuse };
}
const enter = ({ writer }: Held, journal: Journal, text: string) =>
  writer.write((transaction) => transaction.enter(journal, [{ key: text.slice(0, 9), text: JSON.stringify(text) }]));

describe('group commit', () => {
  it('answers nobody before the group is durable, and then all of it', async () => {
    const store = held();
    const [a, b] = [watched(put(store, 'a')), watched(put(store, 'b'))];
    await turn();
    assert.deepEqual(states(a, b), ['waits', 'waits']);
    await store.commit();
    assert.deepEqual(states(a, b), [kept, kept]);
    assert.deepEqual(store.keys(), ['a', 'b']);
    assert.deepEqual(store.writer.stats(), { commits: 1, writes: 2, queued: 0 });
  });

  it('gathers one group while another is under way, in order, and writes each key of a group once', async () => {
    const store = held();
    const all = [watched(put(store, 'a', 1))];
    await turn();
    for (const value of [2, 3, 4]) all.push(watched(put(store, 'a', value)));
    all.push(watched(store.writer.write((transaction) => transaction.delete('c', 'b'))));
    await turn();
    assert.deepEqual(store.groups, [['c', 'a', '1']]);
    await store.commit();
    assert.deepEqual(states(...all), [kept, 'waits', 'waits', 'waits', 'waits']);
    assert.deepEqual(store.groups[1], ['c', 'a', '4', 'c', 'b', null]);
    await store.commit();
    assert.deepEqual(states(...all), [kept, kept, kept, kept, kept]);
    assert.equal(store.isWaiting(), false);
  });

  it('refuses a group that is not kept and all that was decided behind it, tells why, and goes on', async () => {
    const store = held();
    const first = watched(put(store, 'a'));
    await turn();
    const behind = watched(put(store, 'b'));
    await turn();
    await store.fail(new Error('database or disk is full'));
    assert.deepEqual(states(first, behind), ['unavailable', 'unavailable']);
    assert.ok(inspect(first.error).includes('database or disk is full'));
    assert.equal(store.isWaiting(), false, 'what was behind is not written later');
    const next = watched(get(store, 'a').then((document) => assert.equal(document, undefined)));
    await turn();
    assert.deepEqual(states(next), [kept], 'nothing of it is seen');
    const after = put(store, 'c');
    await turn();
    await store.commit();
    await after;
    assert.deepEqual(store.keys(), ['c']);
  });

  it('lets no write be decided on what may be undone without sharing its fate', async () => {
    const store = held();
    const first = watched(put(store, 'n', 1));
    await turn();
    const second = watched(
      store.writer.write(async (transaction) => {
        const n = await transaction.get('c', 'n');
        await transaction.put('c', 'n', Number(n) + 1);
      }),
    );
    const reader = watched(get(store, 'n'));
    const refusing = watched(
      store.writer.write(async (transaction) => {
        const [entry] = await transaction.list('c', { limit: 10 });
        throw new Error(`there is ${entry?.key} already`);
      }),
    );
    await turn();
    assert.deepEqual(states(first, second, reader, refusing), ['waits', 'waits', 'waits', 'waits']);
    await store.fail();
    assert.deepEqual(states(first, second, reader, refusing), Array(4).fill('unavailable'));
  });

  it('answers who changed nothing when what it read is durable; at once, when it read nothing else', async () => {
    const store = held();
    const first = watched(put(store, 'a'));
    await turn();
    const [dependent, free] = [watched(get(store, 'a')), watched(get(store, 'b'))];
    const failing = watched(store.writer.write(() => Promise.reject(new Error('own'))));
    const listing = watched(store.writer.write((transaction) => transaction.list('c', { prefix: 'b', limit: 10 })));
    await turn();
    assert.deepEqual(states(first, dependent, free, failing, listing), ['waits', 'waits', kept, 'own', kept]);
    await store.commit();
    assert.deepEqual(states(dependent), [kept]);
  });

  it('refuses a work in the middle that read what is undone, at once, and lends it nothing more', async () => {
    const store = held();
    void put(store, 'a').catch(() => {});
    await turn();
    let go = () => {};
    let late: unknown;
    const middle = watched(
      store.writer.write(async (transaction) => {
        assert.equal(await transaction.get('c', 'a'), kept);
        await new Promise<void>((resolve) => {
          go = resolve;
        });
        late = await transaction.put('c', 'b', kept).catch((error: unknown) => error);
      }),
    );
    await turn();
    await store.fail();
    assert.deepEqual(states(middle), ['unavailable']);
    go();
    await turn();
    assert.ok(late instanceof Error);
    assert.equal(store.isWaiting(), false);
    assert.deepEqual(store.keys(), []);
  });

  it('leaves what threw out, keeps its neighbours', async () => {
    const store = held();
    const thrown = store.writer.write(async (transaction) => {
      await transaction.put('c', 'x', kept);
      throw new Error('own');
    });
    const all = [watched(put(store, 'a')), watched(thrown), watched(put(store, 'b'))];
    await turn();
    await store.commit();
    assert.deepEqual(states(...all), [kept, 'own', kept]);
    assert.deepEqual(store.keys(), ['a', 'b']);
  });

  it('places what was entered once for a group, and tells so when it is durable, before anybody is answered', async () => {
    const store = held();
    const { journal, told } = numbering();
    const first = watched(enter(store, journal, 'a'));
    await turn();
    const behind = [watched(enter(store, journal, 'b')), watched(enter(store, journal, 'c'))];
    void store.writer.write((transaction) => transaction.put('c', 'x', 1)).then(() => told.push('answered'));
    await turn();
    assert.deepEqual(told, ['0 → 1'], 'the second is not closed yet');
    await store.commit();
    assert.deepEqual(states(first, ...behind), [kept, 'waits', 'waits']);
    await store.commit();
    assert.deepEqual(states(...behind), [kept, kept]);
    assert.deepEqual(told, ['0 → 1', 'durable 1', '1 → 3', 'durable 3', 'answered']);
    assert.deepEqual(store.groups[1], ['c', 'x', '1', 'j', '2', '"b"', 'j', '3', '"c"', 'heads', 'j', '3']);
  });

  for (const how of ['fail', 'die'] as const) {
    it(`goes on from the head that is durable where a group does not become so: ${how}`, async () => {
      const store = held();
      const { journal, told } = numbering();
      const lost = [watched(enter(store, journal, 'a'))];
      await turn();
      lost.push(watched(enter(store, journal, 'b')));
      await turn();
      await store[how]();
      assert.deepEqual(states(...lost), ['unavailable', 'unavailable']);
      const next = enter(store, journal, 'c');
      await turn();
      await store.commit();
      await next;
      assert.deepEqual(told, ['0 → 1', '0 → 1', 'durable 1']);
      assert.deepEqual(store.keys(), ['1', 'j']);
    });
  }

  it('refuses a group whose journal refuses with whoever may have read it, commits nothing, and goes on', async () => {
    const store = held({ groupLimit: 3 });
    const { journal, told, refuse } = numbering();
    refuse(true);
    let go = () => {};
    const [entering, putting] = [watched(enter(store, journal, 'a')), watched(put(store, 'b'))];
    const middle = watched(
      store.writer.write(async (transaction) => {
        await transaction.get('c', 'b');
        await new Promise<void>((resolve) => {
          go = resolve;
        });
      }),
    );
    const behind = watched(put(store, 'd'));
    await turn();
    assert.deepEqual(states(entering, putting, middle, behind), [...Array(3).fill('unavailable'), 'waits']);
    go();
    assert.equal(store.groups.length, 1);
    await store.commit();
    assert.deepEqual([states(behind), store.keys(), told], [[kept], ['d'], []]);
    refuse(false);
    const next = enter(store, journal, 'e');
    await turn();
    await store.commit();
    await next;
    assert.deepEqual(told, ['0 → 1', 'durable 1']);
  });

  it('bounds the text that is entered in a group', async () => {
    const store = held();
    const { journal } = numbering();
    const all = Array.from({ length: 3 }, () => watched(enter(store, journal, 'x'.repeat(3 * 1024 * 1024))));
    await turn();
    for (let round = 0; round < 2; round++) await store.commit();
    assert.deepEqual(states(...all), Array(3).fill(kept));
    assert.equal(store.groups.length, 2);
  });

  it('says of a group whose thread died that nobody knows, forgets it, and goes on', async () => {
    const store = held();
    const told: string[] = [];
    const observer: Observer = {
      ...nobody,
      committing: () => void told.push('committing'),
      committed: () => void told.push('committed'),
      undone: () => void told.push('undone'),
      lost: () => void told.push('lost'),
    };
    store.writer.observe(observer);
    const first = watched(put(store, 'a'));
    await turn();
    const behind = watched(put(store, 'b'));
    await turn();
    await store.die();
    assert.deepEqual(states(first, behind), ['unavailable', 'unavailable']);
    const next = put(store, 'c');
    await turn();
    await store.commit();
    await next;
    await Promise.allSettled([put(store, 'd'), turn().then(() => store.fail())]);
    assert.deepEqual(told, ['committing', 'lost', 'committing', 'committed', 'committing', 'undone']);
  });

  it('refuses everybody when the disk does not answer, whoever comes meanwhile at once, and goes on when it does', async () => {
    const store = held({ groupLimit: 2 });
    const before = Array.from({ length: 7 }, (_, i) => watched(put(store, `k${i}`)));
    await turn();
    store.overdue();
    await turn();
    assert.deepEqual(states(...before), Array(7).fill('unavailable'));
    await assert.rejects(put(store, 'meanwhile'), StoreUnavailable);
    await store.commit();
    assert.deepEqual(store.keys(), ['k0', 'k1'], 'what was under way may be kept, nothing else');
    assert.equal(store.isWaiting(), false);
    const next = put(store, 'next');
    await turn();
    await store.commit();
    await next;
    assert.deepEqual(store.keys(), ['k0', 'k1', 'next']);
  });

  it('bounds a group, and how many wait', async () => {
    const store = held({ groupLimit: 2, queueLimit: 5 });
    const all = Array.from({ length: 7 }, (_, i) => watched(put(store, `k${i}`)));
    await turn();
    assert.deepEqual(states(...all.slice(5)), ['unavailable', 'unavailable']);
    for (let round = 0; round < 3; round++) await store.commit();
    assert.deepEqual(states(...all.slice(0, 5)), Array(5).fill(kept));
    assert.deepEqual(
      store.groups.map((group) => group.length / 3),
      [2, 2, 1],
    );
  });

  it('bounds the text of a group', async () => {
    const store = held();
    const all = Array.from({ length: 5 }, (_, i) => watched(put(store, `k${i}`, 'x'.repeat(3 * 1024 * 1024))));
    await turn();
    for (let round = 0; round < 3; round++) await store.commit();
    assert.deepEqual(states(...all), Array(5).fill(kept));
    assert.deepEqual(
      store.groups.map((group) => group.length / 3),
      [2, 2, 1],
    );
  });

  it('gives up on a work that never settles without losing what was decided before and after it', async () => {
    const store = held({ workLimitMs: 15 });
    const before = watched(put(store, 'a'));
    const stuck = store.writer.write(async (transaction) => {
      await transaction.put('c', 'stuck', kept);
      await new Promise(() => {});
    });
    const after = watched(put(store, 'b'));
    await turn();
    await store.commit();
    assert.deepEqual(states(before, after), [kept, 'waits']);
    await assert.rejects(stuck, StoreUnavailable);
    await turn();
    await store.commit();
    assert.deepEqual(states(after), [kept]);
    assert.deepEqual(store.keys(), ['a', 'b']);
  });
});

type Step = { readonly act: 'put' | 'delete'; readonly key: string } | { readonly act: 'list'; readonly at: number };
const keys = ['', 'a', 'a/', 'a/1', 'a/2', 'a0', 'b', '\uffff', '😀'];
const queries = [
  { limit: 1001 },
  { limit: 2 },
  { prefix: 'a', limit: 3 },
  { prefix: 'a/', limit: 2 },
  { after: 'a', limit: 2 },
  { prefix: 'a', after: 'a/', limit: 10 },
];
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ act: fc.constantFrom('put', 'delete'), key: fc.constantFrom(...keys) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('list' as const), at: fc.nat(queries.length - 1) }) },
);

/** A page of the model. */
function pageOf(model: ReadonlyMap<string, Document>, query: { prefix?: string; after?: string; limit: number }) {
  const { prefix = '', after, limit } = query;
  return [...model]
    .filter(
      ([key]) =>
        key.startsWith(prefix) && (after === undefined || Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0),
    )
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .slice(0, limit)
    .map(([key, document]): Entry => ({ key, document }));
}

it('a work sees the same through what is durable, under way, gathered and its own, however these are spread', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { maxLength: 8 }), { maxLength: 8 }), async (works) => {
      const store = held();
      const model = new Map<string, Document>();
      let value = 0;
      const act = async (transaction: Writer, one: Step) => {
        if (one.act === 'list') {
          const query = queries[one.at] ?? { limit: 1 };
          assert.deepEqual(await transaction.list('c', query), pageOf(model, query));
          return;
        }
        if (one.act === 'put') {
          model.set(one.key, ++value);
          await transaction.put('c', one.key, value);
        } else {
          model.delete(one.key);
          await transaction.delete('c', one.key);
        }
        assert.deepEqual(await transaction.get('c', one.key), model.get(one.key));
      };
      const writes = [];
      for (const [at, steps] of works.entries()) {
        writes.push(
          store.writer.write(async (transaction) => {
            for (const one of steps) await act(transaction, one);
          }),
        );
        // Groups of several works, one under way while the next gathers.
        if (at % 3 === 2) {
          await turn();
          if (store.isWaiting()) await store.commit();
        }
      }
      await turn();
      while (store.isWaiting()) await store.commit();
      await Promise.all(writes);
      await store.writer.write(async (transaction) => {
        assert.deepEqual(await transaction.list('c', { limit: 1001 }), pageOf(model, { limit: 1001 }));
      });
    }),
    { numRuns: 200, seed: 20261125 },
  );
});
