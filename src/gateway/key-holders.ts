// Who stands behind an access key, and behind a session that a key asked for. The records are looked at at every request; who
// that is, is worked out again when one of them is another than it was.
import { bounded, rememberOf } from '../core/remember.ts';
import type { FederatedUserClaims, RootClaims, SessionClaims, UserClaims } from '../core/session/claims.ts';
import { formatArn } from '../services/arn.ts';
import type { FederatedUserCaller, RootCaller, Signer, UserCaller } from '../services/call.ts';
import { type AccessKeyRecord, activeAccessKey, findUserById, type UserRecord } from '../services/iam/records.ts';
import type { Reader, Store } from '../store/store.ts';
import { type Grounded, onGrounds } from './grounds.ts';

/** An active key, and whose it is. */
export type KeyHolder = { readonly record: AccessKeyRecord; readonly caller: RootCaller | UserCaller };

/**
 * Finds the holder of a key by its id: undefined where there is no such key, it is not active, or its user is gone. A promise
 * only where records are to be read.
 */
export type KeyHolders = (
  store: Pick<Store, 'read' | 'recall'>,
  accessKeyId: string,
) => KeyHolder | undefined | Promise<KeyHolder | undefined>;

/** Keys whose holders are remembered at most. */
const room = 2048;

export function keyHolders(): KeyHolders {
  const known = bounded<Grounded<KeyHolder | undefined>>(room, room);
  const memory = { get: known.get, set: (id: string, one: Grounded<KeyHolder | undefined>) => known.set(id, one, 1) };
  return onGrounds<string, void, KeyHolder | undefined>(memory, async (reader, accessKeyId) => {
    const record = await activeAccessKey(reader, accessKeyId);
    const caller = record && (await ownerOf(reader, record));
    return record && caller && { record, caller };
  });
}

/** Whose key it is, as of now; undefined where the user is gone. */
async function ownerOf(reader: Reader, key: AccessKeyRecord): Promise<RootCaller | UserCaller | undefined> {
  if (key.owner === 'root') return rootOf(key);
  const user = await findUserById(reader, key.account, key.userId);
  return user && userOf(key)(user);
}

// The same caller for the same records: what others work out of a caller they remember by it.
const rootOf = rememberOf(({ account, accessKeyId }: AccessKeyRecord): RootCaller => {
  const arn = formatArn({ partition: 'aws', service: 'iam', region: '', account, resource: 'root' });
  return { kind: 'root', account, arn, userId: account, accessKeyId };
});
const userOf = rememberOf(({ account, userId, accessKeyId }: AccessKeyRecord) =>
  rememberOf(({ arn, userName }: UserRecord): UserCaller => {
    return { kind: 'user', account, arn, userId, accessKeyId, userName };
  }),
);

/** Claims of a session that lives no longer than the key that asked for it. */
type BackedClaims = UserClaims | RootClaims | FederatedUserClaims;

/** The caller of a session whose key is still there, active and its owner's; undefined where it is not. */
export const backedBy = onGrounds<BackedClaims, void, Signer | undefined>(new WeakMap(), async (reader, claims) => {
  const { account, accessKeyId } = claims;
  const key = await activeAccessKey(reader, claims.sourceAccessKeyId);
  if (key?.account !== account) return undefined;
  const owner = await ownerOf(reader, key);
  if (owner === undefined) return undefined;
  switch (claims.kind) {
    case 'root':
      return owner.kind === 'root' ? { ...owner, accessKeyId, session: claims } : undefined;
    case 'user':
      return owner.kind === 'user' && owner.userId === claims.userId
        ? { ...owner, accessKeyId, session: claims }
        : undefined;
    case 'federatedUser':
      return owner.userId === (claims.user?.userId ?? account) ? federatedUser(claims) : undefined;
  }
});

const federatedUser = rememberOf((claims: FederatedUserClaims): FederatedUserCaller => {
  const { account, name, accessKeyId } = claims;
  const arn = stsArn(claims, `federated-user/${name}`);
  return { kind: 'federatedUser', account, arn, userId: `${account}:${name}`, accessKeyId, session: claims };
});

/** The ARN of whoever has a session. */
export function stsArn({ partition, account }: SessionClaims, resource: string): string {
  return formatArn({ partition, service: 'sts', region: '', account, resource });
}
