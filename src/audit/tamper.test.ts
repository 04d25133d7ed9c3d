// Brute force: a log is bent at random places in every way that SQL allows, and verification must name the place. Whoever
// bends it has the database and not the keyring.
import assert from 'node:assert/strict';
import { hash as hashOfText } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { glanceOn } from '../store/sqlite-glance.ts';
import { hashOf, type Link, linkKey, placedKey } from './chain.ts';
import { type Finding, findingText } from './findings.ts';
import { account, directory, type Rig, rig, seededNumbers, writtenLog } from './rig.test.ts';
import type { Statement } from './statements.ts';
import { verifyAudit } from './verify.ts';

const seeds = 6;
const place = directory();
let made: Rig;
let db: DatabaseSync;
let chain: string;
let length: number;

before(async () => {
  const store = place.open();
  made = await rig(store);
  await writtenLog(made, 'log');
  chain = made.chain.id;
  length = made.chain.length();
  await store.close();
  db = new DatabaseSync(join(place.path, 'anyrole.db'));
});
after(() => {
  db.close();
  place.remove();
});

async function* outside(statements: readonly Statement[]) {
  for (const [at, statement] of statements.entries()) yield { statement, origin: `line ${at + 1}` };
}

async function verified(checkpoints: readonly Statement[] = []) {
  const findings: Finding[] = [];
  const verdict = await verifyAudit(glanceOn(db), {
    keyring: made.keyring,
    named: chain,
    checkpoints: outside(checkpoints),
    report: (finding) => void findings.push(finding),
  });
  assert.equal(verdict.findings, findings.length);
  return { findings, verdict };
}

// What somebody with SQL has.
const get = (collection: string, key: string): string | undefined =>
  db.prepare('SELECT document FROM documents WHERE collection = ? AND key = ?').get(collection, key)?.document as
    | string
    | undefined;
const put = (collection: string, key: string, text: string) =>
  void db.prepare('INSERT OR REPLACE INTO documents VALUES (?, ?, ?)').run(collection, key, text);
const remove = (collection: string, key: string) =>
  void db.prepare('DELETE FROM documents WHERE collection = ? AND key = ?').run(collection, key);

type Row = { readonly key: string; readonly links: Link[] };
const linkRows = (): Row[] =>
  db
    .prepare("SELECT key, document FROM documents WHERE collection = 'audit/links' ORDER BY key")
    .all()
    .map(({ key, document }) => ({ key: String(key), links: JSON.parse(String(document)).events }));
const putLinks = (links: readonly Link[]) =>
  put('audit/links', linkKey(chain, links.at(-1)?.sequence ?? 0), JSON.stringify({ events: links }));
const rowOf = (sequence: number): Row => {
  const found = linkRows().find(({ links }) => links.some((link) => link.sequence === sequence));
  assert.ok(found);
  return found;
};
const linkOf = (sequence: number): Link => {
  const link = rowOf(sequence).links.find((one) => one.sequence === sequence);
  assert.ok(link);
  return link;
};
/** Puts the link in its row. */
const relink = (sequence: number, change: (link: Link) => Link) =>
  putLinks(rowOf(sequence).links.map((link) => (link.sequence === sequence ? change(link) : link)));
const eventKey = (sequence: number) => placedKey(linkOf(sequence).key, chain, sequence);
const textOf = (sequence: number): string => get('audit', eventKey(sequence)) ?? '';
const bent = (text: string) => text.replace('"eventName":"Event', '"eventName":"Evil');
const head = () => JSON.parse(get('audit/heads', chain) ?? '');
const putHead = (change: object) => put('audit/heads', chain, JSON.stringify({ ...head(), ...change }));
const hashAt = (sequence: number) =>
  sequence === 0 ? hashOfText('sha256', `anyrole audit chain 1\n${chain}`, 'hex') : linkOf(sequence).hash;

/** Computes every hash anew from this place on, as somebody would who knows the form. */
function rehash(from: number): string {
  let before = hashAt(from - 1);
  for (const { links } of linkRows()) {
    const anew = links.map((link) => {
      if (link.sequence < from) return link;
      const text = get('audit', placedKey(link.key, chain, link.sequence)) ?? '';
      before = hashOf(before, link.sequence, link.key, text);
      return { ...link, hash: before };
    });
    if ((links.at(-1)?.sequence ?? 0) >= from) putLinks(anew);
  }
  return before;
}

function truncate(last: number): void {
  for (const { key, links } of linkRows()) {
    for (const link of links) if (link.sequence > last) remove('audit', placedKey(link.key, chain, link.sequence));
    const left = links.filter(({ sequence }) => sequence <= last);
    if (left.length === links.length) continue;
    remove('audit/links', key);
    if (left.length > 0) putLinks(left);
  }
}

const named = (findings: readonly Finding[]) =>
  findings.map(({ finding, sequence, lastSequence }) =>
    lastSequence === undefined || lastSequence === sequence
      ? `${finding} ${sequence}`
      : `${finding} ${sequence}-${lastSequence}`,
  );
const signedAfter = (sequence: number) =>
  [...made.signed].find((statement) => statement.sequence >= sequence)?.sequence;
const signedBefore = (sequence: number) =>
  [...made.signed].findLast((statement) => statement.sequence < sequence)?.sequence ?? 0;

/** Bends the log at a place, or at two, and says what must be found. */
type Bend = (n: number, m: number) => readonly string[];

/** What follows from a place whose event is gone and whose hash is another one, unless it is gone itself. */
const afterUnknown = (at: number, gone: readonly number[]) =>
  gone.includes(at + 1) ? [] : [at === length ? `rewritten ${at}` : `changed ${at + 1}`];
const range = (links: readonly Link[]) => {
  const [first, last] = [links[0]?.sequence, links.at(-1)?.sequence];
  return `${last === length ? 'truncated' : 'removed'} ${first}${first === last ? '' : `-${last}`}`;
};
const unlinked = (links: readonly Link[]) => links.map(({ sequence }) => `inserted ${sequence}`);

const bends: Readonly<Record<string, Bend>> = {
  'an event with another text'(n) {
    put('audit', eventKey(n), bent(textOf(n)));
    return [`changed ${n}`];
  },
  'an event with a blank more'(n) {
    put('audit', eventKey(n), `${textOf(n)} `);
    return [`changed ${n}`];
  },
  'an event that is no JSON'(n) {
    put('audit', eventKey(n), '{');
    return [`changed ${n}`];
  },
  'an event that is gone'(n) {
    remove('audit', eventKey(n));
    return [`removed ${n}`];
  },
  'an event under another time'(n) {
    const { key } = linkOf(n);
    const text = textOf(n);
    remove('audit', eventKey(n));
    put('audit', placedKey(key.replace('2026', '2025'), chain, n), text);
    return [`removed ${n}`, `inserted ${n}`];
  },
  'an event in another account'(n) {
    const { key } = linkOf(n);
    const text = textOf(n);
    remove('audit', eventKey(n));
    put('audit', placedKey(key.replace(/^\d+/, '999999999999'), chain, n), text);
    return [`removed ${n}`, `inserted ${n}`];
  },
  'two events that changed places'(n, m) {
    const [one, other] = [textOf(n), textOf(m)];
    put('audit', eventKey(n), other);
    put('audit', eventKey(m), one);
    return [`changed ${Math.min(n, m)}`, `changed ${Math.max(n, m)}`];
  },
  'two places that changed their links'(n, m) {
    const [one, other] = [linkOf(n), linkOf(m)];
    relink(n, () => ({ ...other, sequence: n }));
    relink(m, () => ({ ...one, sequence: m }));
    return [n, m].flatMap((at) => [`removed ${at}`, `inserted ${at}`, ...afterUnknown(at, [n, m])]);
  },
  'a link with another hash'(n) {
    relink(n, (link) => ({ ...link, hash: hashOfText('sha256', link.hash, 'hex') }));
    return [`changed ${n}`];
  },
  'links that are gone'(n) {
    const { key, links } = rowOf(n);
    remove('audit/links', key);
    return [range(links), ...unlinked(links)];
  },
  'links and events that are gone'(n) {
    const { key, links } = rowOf(n);
    for (const { sequence } of links) remove('audit', eventKey(sequence));
    remove('audit/links', key);
    return [range(links)];
  },
  'links that cannot be read'(n) {
    const { key, links } = rowOf(n);
    put('audit/links', key, '[]');
    return [`changed ${links.at(-1)?.sequence}`, range(links), ...unlinked(links)];
  },
  'an event without a place'(n) {
    put('audit', `${linkOf(n).key}x`, bent(textOf(n)));
    return ['inserted undefined'];
  },
  'a second event of a place'(n) {
    put('audit', placedKey(`${linkOf(n).key}x`, chain, n), bent(textOf(n)));
    return [`inserted ${n}`];
  },
  'an event of a place before the first'(n) {
    put('audit', placedKey(linkOf(n).key, chain, 0), textOf(n));
    return ['inserted 0'];
  },
  'an event of a chain that is none'(n) {
    put('audit', placedKey(linkOf(n).key, '0123456789abcdef', n), textOf(n));
    return [`inserted ${n}`];
  },
  'an event after the head'(n) {
    const link = { sequence: length + 1, key: `${linkOf(n).key}x`, hash: '' };
    put('audit', placedKey(link.key, chain, link.sequence), textOf(n));
    putLinks([{ ...link, hash: hashOf(hashAt(length), link.sequence, link.key, textOf(n)) }]);
    return [`inserted ${length + 1}`];
  },
  'a link that is there twice'(n) {
    putLinks(rowOf(n).links.flatMap((link) => (link.sequence === n ? [link, link] : [link])));
    return [`inserted ${n}`];
  },
  'a tail that is cut'(n) {
    truncate(n);
    return n === length ? [] : [`truncated ${n + 1}-${length}`];
  },
  'a tail that is cut, and the head moved there'(n) {
    const { hash } = linkOf(n);
    truncate(n);
    putHead({ sequence: n, hash });
    return n === length ? [] : [`forged ${n}`];
  },
  'the first events without the mark of a cut'(n) {
    for (const { key, links } of linkRows().filter(({ links: [first] }) => (first?.sequence ?? 0) <= n)) {
      for (const { sequence } of links) remove('audit', eventKey(sequence));
      remove('audit/links', key);
    }
    const next = linkRows()[0]?.links[0]?.sequence;
    return next === undefined ? [`truncated 1-${length}`] : [`removed 1${next === 2 ? '' : `-${next - 1}`}`];
  },
  'a mark of a cut that somebody else made'(n) {
    const { hash } = linkOf(n);
    const { signature } = made.signed[0] ?? assert.fail();
    const cut = {
      statement: 'cut',
      chain,
      sequence: n,
      hash,
      characters: 0,
      time: made.now().toISOString(),
      signature,
    };
    put('audit/cuts', chain, JSON.stringify(cut));
    return ['forged undefined'];
  },
  'a checkpoint in the place of the mark of a cut'() {
    put('audit/cuts', chain, JSON.stringify(made.signed[1]));
    return ['forged undefined'];
  },
  'a head that is gone'() {
    remove('audit/heads', chain);
    return ['missing undefined'];
  },
  'a head with other characters'() {
    putHead({ characters: 1 });
    return [`forged ${length}`];
  },
  'a head with the tag of another key'() {
    putHead({ tag: head().tag.replace(/.$/, (digit: string) => (digit === '0' ? '1' : '0')) });
    return [`forged ${length}`];
  },
  'a chain that is gone'() {
    db.exec("DELETE FROM documents WHERE collection LIKE 'audit%'");
    return ['missing undefined'];
  },
  'a checkpoint with another hash'() {
    const { sequence } = made.signed[1] ?? assert.fail();
    const key = linkKey(chain, sequence);
    const checkpoint = JSON.parse(get('audit/checkpoints', key) ?? '');
    put('audit/checkpoints', key, JSON.stringify({ ...checkpoint, hash: hashAt(1) }));
    return [`forged ${sequence}`];
  },
};

/** Findings of a kind that others explain: what checkpoints say of what is gone. */
const isOfCheckpoint = ({ detail }: Finding) => detail.startsWith('a checkpoint of the store knows');

for (const [what, bend] of Object.entries(bends)) {
  test(`${what} is found at its place`, async () => {
    for (let seed = 0; seed < seeds; seed++) {
      const below = seededNumbers(`${what} ${seed}`);
      const n = 1 + below(length);
      const m = 1 + ((n + below(length - 1)) % length);
      db.exec('BEGIN');
      try {
        const wanted = bend(n, m);
        const { findings } = await verified();
        const found = findings.filter((finding) => !isOfCheckpoint(finding));
        assert.deepEqual(named(found).sort(), [...wanted].sort(), `seed ${seed}, places ${n} and ${m}`);
        for (const finding of findings) assert.match(findingText(finding), /^[a-z]+( \d+(–\d+)?)?: [^\n]+$/);
      } finally {
        db.exec('ROLLBACK');
      }
    }
  });
}

for (const [what, isHeadMoved] of [
  ['with the head as it was', false],
  ['with the head', true],
] as const) {
  test(`a log computed anew from a place on, ${what}, is found between two checkpoints`, async () => {
    for (let seed = 0; seed < seeds; seed++) {
      const n = 1 + seededNumbers(`anew ${seed}`)(length);
      db.exec('BEGIN');
      try {
        put('audit', eventKey(n), bent(textOf(n)));
        const hash = rehash(n);
        if (isHeadMoved) putHead({ hash });
        const { findings } = await verified();
        const next = signedAfter(n);
        const first = signedBefore(n) + 1;
        const between = first === next ? `${next}` : `${first}-${next}`;
        assert.deepEqual(
          named(findings),
          [
            isHeadMoved ? `forged ${length}` : `rewritten ${length}`,
            ...(next === undefined ? [] : [`rewritten ${between}`]),
          ],
          `seed ${seed}, place ${n}`,
        );
      } finally {
        db.exec('ROLLBACK');
      }
    }
  });
}

test('an event and its own hash changed together are found at the next place', async () => {
  for (let seed = 0; seed < seeds; seed++) {
    const n = 1 + seededNumbers(`own ${seed}`)(length - 1);
    db.exec('BEGIN');
    try {
      put('audit', eventKey(n), bent(textOf(n)));
      relink(n, (link) => ({ ...link, hash: hashOf(hashAt(n - 1), n, link.key, textOf(n)) }));
      const { findings } = await verified();
      assert.equal(named(findings)[0], `changed ${n + 1}`);
    } finally {
      db.exec('ROLLBACK');
    }
  }
});

test('places numbered anew after one was taken out are found from there on', async () => {
  for (let seed = 0; seed < 2; seed++) {
    const n = 1 + seededNumbers(`renumbered ${seed}`)(length - 1);
    db.exec('BEGIN');
    try {
      const all = linkRows().flatMap(({ links }) => links);
      const texts = new Map(all.map(({ sequence }) => [sequence, textOf(sequence)]));
      for (const { sequence } of all.filter((link) => link.sequence >= n)) remove('audit', eventKey(sequence));
      for (const { key } of linkRows()) remove('audit/links', key);
      for (const link of all.filter(({ sequence }) => sequence < n)) putLinks([link]);
      for (const link of all.filter(({ sequence }) => sequence > n)) {
        const sequence = link.sequence - 1;
        putLinks([{ ...link, sequence }]);
        put('audit', placedKey(link.key, chain, sequence), texts.get(link.sequence) ?? '');
      }
      const { findings } = await verified();
      assert.equal(named(findings)[0], `changed ${n}`);
      assert.ok(named(findings).includes(`truncated ${length}`));
    } finally {
      db.exec('ROLLBACK');
    }
  }
});

test('the log as it was written is whole, and what was signed agrees with it', async () => {
  const { findings, verdict } = await verified(made.signed);
  assert.deepEqual(findings, []);
  assert.equal(verdict.checkpoints, 2 * made.signed.length + 1);
  assert.deepEqual(verdict.chains, [
    {
      chain,
      startedAt: '2026-11-22T12:00:00.000Z',
      firstSequence: 1,
      lastSequence: length,
      lastTime: '2026-11-22T12:00:40.000Z',
      events: length,
      checkpointSequence: made.signed.at(-1)?.sequence,
      isHeadChecked: true,
    },
  ]);
});

test('events from before the chain are counted, and not believed when they say they are later', async () => {
  db.exec('BEGIN');
  try {
    put('audit', `${account}/2026-11-22T11:59:59.999Z/old`, '{}');
    assert.deepEqual([(await verified()).verdict.unchained, (await verified()).findings], [1, []]);
    put('audit', `${account}/2026-11-22T12:00:00.000Z/new`, '{}');
    const { findings } = await verified();
    assert.deepEqual(
      findings.map(({ finding, key, time }) => [finding, key, time]),
      [['inserted', `${account}/2026-11-22T12:00:00.000Z/new`, '2026-11-22T12:00:00.000Z']],
    );
  } finally {
    db.exec('ROLLBACK');
  }
});

test('another chain in the place of the one that the data directory names is found', async () => {
  db.exec('BEGIN');
  try {
    db.prepare("UPDATE documents SET key = ? WHERE collection = 'audit/chains'").run('0123456789abcdef');
    const { findings } = await verified();
    assert.equal(findings[0]?.finding, 'missing');
    assert.equal(findings[0]?.chain, chain);
  } finally {
    db.exec('ROLLBACK');
  }
});

test('a chain whose signing key the keyring does not open is found', async () => {
  db.exec('BEGIN');
  try {
    const identity = { ...JSON.parse(get('audit/chains', chain) ?? ''), sealedKey: 'AAAA' };
    put('audit/chains', chain, JSON.stringify(identity));
    assert.deepEqual(named((await verified()).findings), ['forged undefined']);
  } finally {
    db.exec('ROLLBACK');
  }
});
