// Whom a request is about that may leave the user's name out: the named user, or the caller.
import { commonError } from '../../contract/error.ts';
import type { Access } from '../../contract/operation.ts';
import type { Reader } from '../../store/store.ts';
import { type Call, isSigner } from '../call.ts';
import { entityAccess } from './access.ts';
import type { UserRecord } from './documents.ts';
import { findById, foundRecord } from './entities.ts';
import { NoSuchEntity } from './errors.ts';

/** A user, or the account itself, whose user id is the account. */
export type Owner =
  | { readonly kind: 'user'; readonly userId: string; readonly user: UserRecord }
  | { readonly kind: 'root'; readonly userId: string; readonly arn: string };

/** The named user; without a name, the caller. AWS seen: the sentence for callers that are neither a user nor root. */
export async function ownerOf(reader: Reader, call: Call, userName: string | undefined): Promise<Owner> {
  const { account, caller } = call;
  if (userName !== undefined) {
    const user = await foundRecord(reader, account, 'user', userName);
    return { kind: 'user', userId: user.userId, user };
  }
  if (caller.kind === 'root') return { kind: 'root', userId: account, arn: caller.arn };
  if (caller.kind !== 'user') {
    throw commonError('validation', 'query', 'Must specify userName when calling with non-User credentials');
  }
  const user = await findById(reader, account, 'user', caller.userId);
  // A user may be deleted between authentication and here.
  if (user === undefined) throw NoSuchEntity(`The user with name ${caller.userName} cannot be found.`);
  return { kind: 'user', userId: user.userId, user };
}

/** Access to whom the request is about. Ours: of a caller that is neither a user nor root, its own ARN. */
export async function ownerAccess(call: Call, userName: string | undefined): Promise<Access> {
  const { caller } = call;
  if (userName !== undefined) return entityAccess(call, 'user', userName);
  if (caller.kind === 'user') return entityAccess(call, 'user', caller.userName);
  return { resource: isSigner(caller) ? caller.arn : '*' };
}
