// The thread that reads a big list: bytes in, its DER and the order of its entries out.
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { parseCrl } from '../core/x509/crl.ts';
import type { EntryTables } from '../core/x509/crl-entries.ts';

/** What the thread says. */
export type ThreadAnswer =
  | { readonly ok: true; readonly der: Uint8Array<ArrayBuffer>; readonly tables: EntryTables }
  | Extract<ReturnType<typeof parseCrl>, { readonly ok: false }>;

function answerOf(bytes: Uint8Array): ThreadAnswer {
  const parsed = parseCrl(bytes);
  if (!parsed.ok) return parsed;
  return { ok: true, der: new Uint8Array(parsed.crl.der), tables: parsed.crl.entryTables };
}

if (!isMainThread) {
  const answer = answerOf(workerData);
  // Moved, not copied.
  const moved = answer.ok
    ? [answer.der.buffer, ...[...answer.tables.positions.values()].map(({ buffer }) => buffer)]
    : [];
  parentPort?.postMessage(
    answer,
    moved.flatMap((buffer) => (buffer instanceof ArrayBuffer ? buffer : [])),
  );
}
