// The thread on which the least server makes rows durable: one transaction for each group, synced before it is acknowledged.
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

const database = new DatabaseSync(String(workerData));
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
database.exec('CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT) STRICT');
const insert = database.prepare('INSERT INTO rows (text) VALUES (?)');

parentPort?.on('message', (texts: readonly string[]) => {
  database.exec('BEGIN IMMEDIATE');
  for (const text of texts) insert.run(text);
  database.exec('COMMIT');
  parentPort?.postMessage(0);
});
