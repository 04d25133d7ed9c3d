// What the thread that writes does when the database refuses: triggers make it refuse a statement or a COMMIT, or end the
// transaction, on demand; a page limit makes it full.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { type Connection, committer } from './sqlite-thread.ts';

function open(path = ':memory:') {
  const db = new DatabaseSync(path, { timeout: 0 });
  db.exec(`
    CREATE TABLE documents (collection TEXT, key TEXT, document TEXT, PRIMARY KEY (collection, key)) STRICT;
    CREATE TABLE parent (id INTEGER PRIMARY KEY);
    CREATE TABLE child (parent INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
    CREATE TRIGGER refuse_commit AFTER INSERT ON documents WHEN new.key = 'refuse commit'
      BEGIN INSERT INTO child VALUES (1); END;
    CREATE TRIGGER end_transaction AFTER INSERT ON documents WHEN new.key = 'end transaction'
      BEGIN SELECT RAISE(ROLLBACK, 'as a full disk may'); END;
    CREATE TRIGGER fail_statement AFTER INSERT ON documents WHEN new.key = 'fail statement'
      BEGIN SELECT RAISE(ABORT, 'as a document too big does'); END;`);
  return { db, disk: committer(() => db) };
}

const putting = (...keys: readonly string[]) => keys.flatMap((key) => ['c', key, '1']);
const keysOf = (db: DatabaseSync) =>
  db
    .prepare('SELECT key FROM documents ORDER BY key')
    .all()
    .map((row) => row.key);

describe('the thread that writes', () => {
  it('puts, replaces and removes, in order', () => {
    const { db, disk } = open();
    disk.commit([...putting('a', 'b', 'c'), 'c', 'b', null, 'c', 'none', null, 'c', 'c', '"new"', 'd', 'a', '2']);
    const rows = db.prepare('SELECT collection || key || document AS row FROM documents ORDER BY 1').all();
    assert.deepEqual(
      rows.map(({ row }) => row),
      ['ca1', 'cc"new"', 'da2'],
    );
  });

  for (const key of ['refuse commit', 'end transaction', 'fail statement']) {
    it(`keeps nothing of a group when the database says "${key}", and writes the next`, () => {
      const { db, disk } = open();
      assert.throws(() => disk.commit(putting('a', key, 'b')));
      assert.deepEqual([keysOf(db), db.isTransaction], [[], false]);
      disk.commit(putting('c'));
      assert.deepEqual(keysOf(db), ['c']);
    });
  }

  it('keeps nothing of a group that a full disk has no room for, and writes what has', () => {
    const { db, disk } = open();
    db.exec('PRAGMA max_page_count = 40');
    const huge = ['c', 'huge', JSON.stringify('x'.repeat(1_000_000))];
    assert.throws(() => disk.commit([...putting('a'), ...huge]), /full/);
    disk.commit(putting('b'));
    assert.deepEqual(keysOf(db), ['b']);
    db.exec('PRAGMA max_page_count = 4000');
    disk.commit(huge);
    assert.deepEqual(keysOf(db), ['b', 'huge']);
  });

  it('refuses a group that cannot begin, and no later one', () => {
    const directory = mkdtempSync(join(tmpdir(), 'anyrole-thread-'));
    const { db, disk } = open(join(directory, 'a.db'));
    const other = new DatabaseSync(join(directory, 'a.db'));
    other.exec('BEGIN IMMEDIATE');
    assert.throws(() => disk.commit(putting('a')), /locked/);
    other.close();
    disk.commit(putting('b'));
    assert.deepEqual(keysOf(db), ['b']);
    disk.close();
    rmSync(directory, { recursive: true });
  });

  it('opens another connection where a transaction cannot be undone, or none could be opened', () => {
    let opened = 0;
    const { db } = open();
    const stubborn = (): Connection => ({
      get isTransaction() {
        return db.isTransaction;
      },
      prepare: (sql) => {
        const statement = db.prepare(sql);
        return { run: (...values) => (sql === 'ROLLBACK' ? assert.fail('disk I/O error') : statement.run(...values)) };
      },
      // Closing undoes what was open.
      close: () => db.exec('ROLLBACK'),
    });
    const disk = committer(() => {
      opened += 1;
      if (opened === 1) throw new Error('unable to open database file');
      return opened === 2 ? stubborn() : db;
    });
    assert.throws(() => disk.commit(putting('a')), /unable to open/);
    assert.throws(() => disk.commit(putting('a', 'fail statement')), /too big/);
    assert.deepEqual([keysOf(db), opened], [[], 2]);
    disk.commit(putting('b'));
    assert.deepEqual([keysOf(db), opened], [['b'], 3]);
  });
});
