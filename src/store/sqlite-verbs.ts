// The reading verbs as SQL, prepared once for a connection.

import { Buffer } from 'node:buffer';
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { KeyRange } from './key-order.ts';
import type { ReadVerbs, Row } from './transaction.ts';

/** SQLite sorts every BLOB after every TEXT, so that an empty one stands for "to the end of the collection". */
const afterEveryText: SQLInputValue = new Uint8Array(0);

/** The reading verbs on one connection. Each throws what SQLite throws. */
export function readVerbsOn(db: DatabaseSync): ReadVerbs {
  const get = db.prepare('SELECT document FROM documents WHERE collection = ? AND key = ?');
  // Keys come back as bytes: Node 24 ends a TEXT at its first NUL, which a key may hold. Documents hold none, as JSON
  // escapes it.
  const list = db.prepare(
    `SELECT CAST(key AS BLOB) AS key, document FROM documents
      WHERE collection = ? AND key >= ? AND key < ? ORDER BY documents.key LIMIT ?`,
  );
  return {
    get: (collection, key) => {
      const row = get.get(collection, key);
      return row === undefined ? undefined : textOf(row.document);
    },
    list: (collection, { from, to = afterEveryText }, limit) =>
      list.all(collection, from, to, limit).map((row): Row => ({ key: keyOf(row.key), text: textOf(row.document) })),
  };
}

/** Lists keys alone, as the verb lists documents. */
export function keysOn(db: DatabaseSync): (collection: string, range: KeyRange, limit: number) => readonly string[] {
  const list = db.prepare(
    `SELECT CAST(key AS BLOB) AS key FROM documents
      WHERE collection = ? AND key >= ? AND key < ? ORDER BY documents.key LIMIT ?`,
  );
  return (collection, { from, to = afterEveryText }, limit) =>
    list.all(collection, from, to, limit).map((row) => keyOf(row.key));
}

function textOf(value: SQLOutputValue | undefined): string {
  if (typeof value !== 'string') throw new TypeError('a stored document is not text: the file is damaged');
  return value;
}

function keyOf(value: SQLOutputValue | undefined): string {
  if (!(value instanceof Uint8Array)) throw new TypeError('a stored key is not text: the file is damaged');
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
}
