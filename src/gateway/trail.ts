// Finding one audit event: a request's id holds its time, events stand by account and time, so that a few milliseconds of
// the account's trail are read and no index is written.
import type { Document } from '../store/store.ts';
import { auditCollection } from '../telemetry/audit.ts';
import type { World } from './world.ts';

/** UUID version 7: the first 48 bits are milliseconds. Spec: RFC 9562 §5.7 */
const idForm = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** Milliseconds that a request may have begun before its id was made, and after: a clock may be set back a little. */
const before = 50;
const after = 5;
const pageSize = 1000;
/** Pages read at most: more events in so short a time are none of one account's. */
const maxPages = 10;

/** The event of a request in the account's trail, or undefined. Writes what still waits to be recorded. */
export async function eventOf(world: World, account: string, requestId: string): Promise<Document | undefined> {
  const [, high, low] = idForm.exec(requestId) ?? [];
  const ms = Number.parseInt(`${high}${low}`, 16);
  if (Number.isNaN(ms) || ms > maxMs) return undefined;
  await world.recorder.flush();
  const prefix = `${account}/`;
  const end = keyAt(account, ms + after + 1);
  return world.store.read(async (reader) => {
    let from = keyAt(account, ms - before);
    for (let page = 0; page < maxPages; page++) {
      const entries = await reader.list(auditCollection, { prefix, after: from, limit: pageSize });
      const found = entries.find(({ key, document }) => key < end && Object(document).requestID === requestId);
      const last = entries.at(-1)?.key;
      if (found !== undefined || last === undefined || last >= end) return found?.document;
      from = last;
    }
    return undefined;
  });
}

/** The last instant whose ISO 8601 text has four digits of year, as those of keys. */
const maxMs = Date.UTC(9999, 0);

/** Comes before every event of the instant. */
const keyAt = (account: string, ms: number): string => `${account}/${new Date(Math.max(0, ms)).toISOString()}`;
