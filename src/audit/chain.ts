// The audit log as a hash chain: every event that is written gets the next place of its writer's chain when the transaction
// that makes it durable is closed. What is undone leaves no gap; what is changed, removed or put elsewhere no longer fits its
// neighbours.
import { hash } from 'node:crypto';
import { type Document, type Journal, type Reader, StoreUnavailable, type Writer } from '../store/store.ts';
import { type AuditEntry, auditCollection } from '../telemetry/audit.ts';

/** Where the chain stands in the store: links by chain and place, one head for each chain. */
export const linkCollection = 'audit/links';
export const headCollection = 'audit/heads';

/** A place in a chain: how many events are before it, and what they come to. */
export type Place = {
  readonly sequence: number;
  /** SHA-256 in lower-case hex over all that stands at this place and before it. */
  readonly hash: string;
  /** Characters of keys and JSON texts up to here, which is what retention by size counts. */
  readonly characters: number;
};

/** The last place, with a tag that nobody makes without the keyring. */
export type Head = Place & { readonly tag: string };

/** One event of the chain: its place, its key without the place, and the hash of the place. */
export type Link = { readonly sequence: number; readonly key: string; readonly hash: string };

/** Links of one transaction that stand in one document, so that many events together cost little more than one. */
export const linksTogether = 100;

/** Makes and checks the tag of a head. */
export type HeadTags = { of(text: string): string; holds(text: string, tag: string): boolean };

export type AuditChain = {
  /** Sixteen lower-case hex digits: the writer's, so that several writers of one store never wait for one head. */
  readonly id: string;
  /**
   * Writes the events with the changes of the writer. They get their places, in this order, when the transaction is closed,
   * which is refused with StoreUnavailable where the head is not as it was left.
   */
  append(writer: Writer, entries: readonly AuditEntry[]): Promise<void>;
  /** The head. Rejects with StoreUnavailable where it is missing, put back, or not what the keyring vouches for. */
  head(reader: Reader): Promise<Head>;
  /** Events of the chain as far as this process has seen it; a transaction that was undone may be counted. */
  length(): number;
};

/** The place before the first event. */
export function genesis(chain: string): Place {
  return { sequence: 0, hash: hash('sha256', `anyrole audit chain 1\n${chain}`, 'hex'), characters: 0 };
}

/** The hash of a place. Neither hashes, numbers nor keys hold a line's end, and a JSON text is all that follows. */
export function hashOf(before: string, sequence: number, key: string, text: string): string {
  return hash('sha256', `${before}\n${sequence}\n${key}\n${text}`, 'hex');
}

/** What a head's tag is made of. */
export function headText(chain: string, { sequence, hash, characters }: Place): string {
  return `${chain}\n${sequence}\n${hash}\n${characters}`;
}

/** The key of the links that end at this place: they ascend with it. */
export function linkKey(chain: string, lastSequence: number): string {
  return `${chain}/${String(lastSequence).padStart(16, '0')}`;
}

/** The key of a chained event: found by account and time, and it tells its place. */
export function placedKey(key: string, chain: string, sequence: number): string {
  return `${key}/${chain}-${sequence}`;
}

/** The chain whose head stands in the store. One process writes to it. */
export function auditChain(id: string, tags: HeadTags): AuditChain {
  // The head that was written or checked last: where it is found again, its tag needs no second look.
  let known: Head | undefined;
  // All up to this place is durable: a head before it was put back by somebody.
  let confirmed = 0;

  const vouchedFor = (document: Document | undefined): Head => {
    const found = headOf(document);
    const fault = found === undefined ? 'missing' : faultOf(found);
    if (found === undefined || fault !== undefined) {
      throw new StoreUnavailable(`the head of the audit chain ${id} is ${fault}: see \`anyrole audit verify\``);
    }
    return found;
  };
  const faultOf = (found: Head): string | undefined => {
    if (found.sequence < confirmed) return 'put back to an earlier place';
    return isSame(found, known) || tags.holds(headText(id, found), found.tag) ? undefined : 'not as it was left';
  };

  const journal: Journal = {
    head: { collection: headCollection, key: id },
    place(head, entries, put) {
      let place: Place = vouchedFor(head);
      for (let from = 0; from < entries.length; from += linksTogether) {
        const links: Link[] = [];
        for (const { key, text } of entries.slice(from, from + linksTogether)) {
          place = placeAfter(place, key, text);
          links.push({ sequence: place.sequence, key, hash: place.hash });
          put(auditCollection, placedKey(key, id, place.sequence), text);
        }
        put(linkCollection, linkKey(id, place.sequence), linksText(links));
      }
      const { sequence, hash, characters } = place;
      known = Object.freeze({ sequence, hash, characters, tag: tags.of(headText(id, place)) });
      put(headCollection, id, headJson(known), known);
      return () => {
        confirmed = Math.max(confirmed, sequence);
      };
    },
  };

  return {
    id,
    head: async (reader) => vouchedFor(await reader.get(headCollection, id)),
    append: (writer, entries) => writer.enter(journal, entries),
    length: () => known?.sequence ?? 0,
  };
}

/** Written out, since it is written so often: only a key may hold what JSON escapes. */
function linksText(links: readonly Link[]): string {
  const texts = links.map(
    ({ sequence, key, hash }) => `{"sequence":${sequence},"key":${JSON.stringify(key)},"hash":"${hash}"}`,
  );
  return `{"events":[${texts.join(',')}]}`;
}

function headJson({ sequence, hash, characters, tag }: Head): string {
  return `{"sequence":${sequence},"hash":"${hash}","characters":${characters},"tag":"${tag}"}`;
}

/** The place of the next event. */
export function placeAfter({ sequence, hash: before, characters }: Place, key: string, text: string): Place {
  return {
    sequence: sequence + 1,
    hash: hashOf(before, sequence + 1, key, text),
    characters: characters + key.length + text.length,
  };
}

function isSame(found: Head, known: Head | undefined): boolean {
  return (
    known !== undefined &&
    found.tag === known.tag &&
    found.hash === known.hash &&
    found.sequence === known.sequence &&
    found.characters === known.characters
  );
}

/** A stored head, or undefined for what has not the form of one. */
export function headOf(document: unknown): Head | undefined {
  const { sequence, hash, characters, tag }: Partial<Record<keyof Head, unknown>> = Object(document);
  if (!isCount(sequence) || !isCount(characters) || typeof hash !== 'string' || typeof tag !== 'string')
    return undefined;
  return { sequence, hash, characters, tag };
}

/** Stored links, or undefined for what has not the form of them. Their places are looked at by whoever verifies. */
export function linksOf(document: unknown): readonly Link[] | undefined {
  const { events } = Object(document);
  if (!Array.isArray(events) || events.length === 0) return undefined;
  return events.every(isLink) ? events : undefined;
}

function isLink(value: unknown): value is Link {
  const { sequence, key, hash } = Object(value);
  return isCount(sequence) && typeof key === 'string' && typeof hash === 'string';
}

/** Whether this is a number of events or of characters. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
