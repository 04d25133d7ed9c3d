// When keys and roles were last used. Of each and of each service the last use alone is remembered, and all that were noted are written together
// some seconds later, so that a read costs no write. What a crash loses is those seconds.
import { isoText } from '../contract/instant.ts';
import type { Signer } from '../services/call.ts';
import { type Use, usedOf, writeUse } from '../services/iam/records.ts';
import type { Store } from '../store/store.ts';

export type LastUses = {
  /** Notes a use, or leaves it when there is no more room: the thing is used again, or it was not used much. */
  note(use: Use): void;
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

export function lastUses({ store, later, failed, room = 10_000 }: LastUsesTraits): LastUses {
  let noted = new Map<string, Use>();
  let scheduled = false;
  let writing: Promise<void> = Promise.resolve();

  const drain = async () => {
    const uses = [...noted.values()];
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
  return {
    note(use) {
      const used = usedOf(use);
      if (noted.size >= room && !noted.has(used)) return;
      noted.set(used, use);
      if (scheduled) return;
      scheduled = true;
      later(() => {
        scheduled = false;
        void flush();
      });
    },
    flush,
  };
}

/**
 * The use that a proved signature is: of the permanent key, or of the role or user of a session. A session of a user is no
 * use of the key that asked for it. AWS doc: an attempt counts, whatever comes of it.
 */
export function useOf(caller: Signer, serviceName: string, region: string, now: Date): Use | undefined {
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
