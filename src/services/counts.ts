// How many records of a collection stand below a place: kept with every change, in its transaction, so that a quota is
// checked without counting, and two at once are not both the last.
import type { Document, Reader, Writer } from '../store/store.ts';
import { type Collection, collection } from './records.ts';

/** By place and collection; known from the first change below the place on. */
const counts = collection<{ readonly count: number }>('counts');

/** The count that is kept, or, for records of before it was kept, the count of them. `place` is what their keys begin with. */
export async function countOf<T extends Document>(reader: Reader, of: Collection<T>, place: string): Promise<number> {
  const kept = await counts.get(reader, place + of.name);
  if (kept !== undefined) return kept.count;
  const limit = 1000;
  let count = 0;
  for (let after: string | undefined; ; ) {
    const query = { prefix: place, limit, ...(after === undefined ? {} : { after }) };
    const entries = await of.list(reader, query);
    count += entries.length;
    if (entries.length < limit) return count;
    after = entries.at(-1)?.key;
  }
}

/** Puts a record, and counts it where it is new. INVARIANT: what is put so is deleted by `deleteCounted` alone. */
export async function putCounted<T extends Document>(
  writer: Writer,
  to: Collection<T>,
  place: string,
  name: string,
  record: T,
): Promise<void> {
  if ((await to.get(writer, place + name)) === undefined) await step(writer, to, place, 1);
  await to.put(writer, place + name, record);
}

/**
 * Puts a record that is not there, and counts it, unless `admit` throws: it is told, before, how many they are with this one.
 * INVARIANT: the caller looked, or the name was made by chance. What is put so is deleted by `deleteCounted` alone.
 */
export async function addCounted<T extends Document>(
  writer: Writer,
  to: Collection<T>,
  place: string,
  name: string,
  record: T,
  admit: (count: number) => void,
): Promise<void> {
  const count = (await countOf(writer, to, place)) + 1;
  admit(count);
  await counts.put(writer, place + to.name, { count });
  await to.put(writer, place + name, record);
}

/** Deletes a record, and counts it no more; one that is not there is no error. */
export async function deleteCounted<T extends Document>(
  writer: Writer,
  from: Collection<T>,
  place: string,
  name: string,
): Promise<void> {
  if ((await from.get(writer, place + name)) === undefined) return;
  await step(writer, from, place, -1);
  await from.delete(writer, place + name);
}

/** Before the change, which a count that was not kept would see. */
async function step<T extends Document>(writer: Writer, of: Collection<T>, place: string, by: 1 | -1): Promise<void> {
  await counts.put(writer, place + of.name, { count: (await countOf(writer, of, place)) + by });
}
