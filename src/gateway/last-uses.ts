// When keys and roles were last used. Of each and of each service the last use alone is remembered, and all that were noted are written together
// some seconds later, so that a read costs no write. What a crash loses is those seconds.
import { isoText } from '../contract/instant.ts';
import type { Signer } from '../services/call.ts';
import { type Use, usedOf, writeUse } from '../services/iam/records.ts';
import type { Store } from '../store/store.ts';

export type LastUses = {
  /**
   * Notes that a proved signature of the caller asked a service in a Region, or leaves it when there is no more room: the
   * thing is used again, or it was not used much.
   */
  note(caller: Signer, serviceName: string, region: string, at: Date): void;
  /** Writes all that was noted. */
  flush(): Promise<void>;
};

export type LastUsesTraits = {
  readonly store: Store;
  /** Calls `work` some seconds later. */
  readonly later: (work: () => void) => void;
  /** Called when uses could not be written; they are forgotten. */
  readonly failed: (cause: unknown) => void;
  /** Things whose use may wait to be written. */
  readonly room?: number;
};

/** Uses written together at most. */
const maxBatch = 500;

/** The last use of a thing for a service, by whoever noted it first since the last were written. */
type Noted = { readonly caller: Signer; readonly serviceName: string; region: string; at: Date; isWritten: boolean };

export function lastUses({ store, later, failed, room = 10_000 }: LastUsesTraits): LastUses {
  let noted = new Map<string, Noted>();
  /** Of each caller what it used last: most ask one service again and again. */
  const lastOf = new WeakMap<Signer, Noted>();
  let scheduled = false;
  let writing: Promise<void> = Promise.resolve();

  const drain = async () => {
    const uses: Use[] = [];
    for (const one of noted.values()) {
      one.isWritten = true;
      const use = useOf(one.caller, one.serviceName, one.region, one.at);
      if (use !== undefined) uses.push(use);
    }
    noted = new Map();
    for (let at = 0; at < uses.length; at += maxBatch) {
      await store.write(async (writer) => {
        for (const use of uses.slice(at, at + maxBatch)) await writeUse(writer, use);
      });
    }
  };
  const flush = () => {
    writing = writing.then(drain).catch(failed);
    return writing;
  };
  const writeLater = () => {
    if (scheduled) return;
    scheduled = true;
    later(() => {
      scheduled = false;
      void flush();
    });
  };
  /** What is noted of this use, which several callers may share; undefined where none is due, or there is no room. */
  const notedOf = (caller: Signer, serviceName: string, region: string, at: Date): Noted | undefined => {
    const use = useOf(caller, serviceName, region, at);
    if (use === undefined) return undefined;
    const used = usedOf(use);
    const known = noted.get(used);
    if (known !== undefined) return known;
    if (noted.size >= room) return undefined;
    const fresh: Noted = { caller, serviceName, region, at, isWritten: false };
    noted.set(used, fresh);
    writeLater();
    return fresh;
  };
  return {
    note(caller, serviceName, region, at) {
      let one = lastOf.get(caller);
      if (one === undefined || one.isWritten || one.serviceName !== serviceName) {
        one = notedOf(caller, serviceName, region, at);
        if (one === undefined) return;
        lastOf.set(caller, one);
      }
      one.region = region;
      one.at = at;
    },
    flush,
  };
}

/**
 * The use that a proved signature of the caller is: of the permanent key, or of the role or user of a session. A session of a user is no
 * use of the key that asked for it. AWS doc: an attempt counts, whatever comes of it.
 */
function useOf(caller: Signer, serviceName: string, region: string, now: Date): Use | undefined {
  const at = isoText(now);
  const { session, accessKeyId } = caller;
  if (session === undefined) return { kind: 'accessKey', accessKeyId, at, region, serviceName };
  if (session.kind === 'user') {
    const { account, userId } = session;
    return { kind: 'user', account, userId, at, region, serviceName };
  }
  if (session.kind !== 'role') return undefined;
  const { account, roleName, roleId } = session;
  return { kind: 'role', account, roleName, roleId, at, region, serviceName };
}
