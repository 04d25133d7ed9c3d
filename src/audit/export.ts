// A part of a chain as lines of JSON that verify by themselves: signed where it begins and where it ends, every event with
// its place and its hash, and the checkpoints between.

import { genesis, type Place } from './chain.ts';
import { checkpointCollection, checkpointKey } from './checkpoints.ts';
import { cutIn } from './reading.ts';
import { type AuditSource, jsonOf } from './source.ts';
import { type Signer, type Statement, statementOf } from './statements.ts';
import { linkFinder } from './verify-events.ts';
import { eventsFrom } from './walking.ts';

/** A line about an event. Statements are lines of their own. */
export type EventLine = {
  readonly chain: string;
  readonly sequence: number;
  readonly hash: string;
  readonly key: string;
  readonly event: unknown;
};

/**
 * The lines of what stands after a place and up to the head, without their ends. Throws where that place is not there, and
 * where the log does not lead to the head: what is signed here was the server's. The caller has checked the head's tag.
 */
export async function* exportLines(
  source: AuditSource,
  chain: string,
  signer: Signer,
  { after, head, time }: { readonly after: number; readonly head: Place; readonly time: Date },
): AsyncGenerator<string> {
  let last = await placeOf(source, chain, after);
  if (last === undefined) throw new Error(`the chain ${chain} has no place ${after}: see \`anyrole audit verify\``);
  yield JSON.stringify(signer.sign('begin', last, time));
  const checkpoints = checkpointsFrom(source, chain, after);
  let next = await checkpoints.next();
  for await (const { sequence, key, hash, text } of eventsFrom(source, chain, after)) {
    if (sequence > head.sequence) break;
    yield `${JSON.stringify({ chain, sequence, hash, key }).slice(0, -1)},"event":${text}}`;
    last = { sequence, hash, characters: last.characters + key.length + text.length };
    for (; !next.done && next.value.sequence <= sequence; next = await checkpoints.next()) {
      yield JSON.stringify(next.value);
    }
  }
  if (last.sequence !== head.sequence || last.hash !== head.hash) {
    throw new Error(`the chain ${chain} does not lead to its head: see \`anyrole audit verify\``);
  }
  yield JSON.stringify(signer.sign('end', last, time));
}

/** A place as it is stored. Its characters are those after the place, since no place but the head tells them. */
async function placeOf(source: AuditSource, chain: string, sequence: number): Promise<Place | undefined> {
  if (sequence === 0) return genesis(chain);
  const { cut, link } = await source.read(async (rows) => ({
    cut: await cutIn(rows, chain),
    link: await linkFinder()(rows, chain, sequence),
  }));
  const hash =
    link?.hash ?? (cut !== undefined && cut !== 'malformed' && cut.sequence === sequence ? cut.hash : undefined);
  return hash === undefined ? undefined : { sequence, hash, characters: 0 };
}

async function* checkpointsFrom(source: AuditSource, chain: string, after: number): AsyncGenerator<Statement> {
  const limit = 100;
  for (let from = checkpointKey(chain, after); ; ) {
    const query = { prefix: `${chain}/`, after: from, limit };
    const rows = await source.read((reader) => reader.list(checkpointCollection, query));
    for (const { text } of rows) {
      const statement = statementOf(jsonOf(text));
      if (statement !== undefined) yield statement;
    }
    from = rows.at(-1)?.key ?? from;
    if (rows.length < limit) return;
  }
}
