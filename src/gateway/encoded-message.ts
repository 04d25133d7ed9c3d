// The encoded authorization message: what sts:DecodeAuthorizationMessage opens. It names the request and tells nothing:
// the denial itself stands in the audit event, and only whoever may decode reads it.
import { Buffer } from 'node:buffer';
import { nonceBytes, seal } from '../keyring.ts';
import type { HeaderPair } from '../protocols/protocol.ts';
import { isSigner, purposes } from '../services/call.ts';
import type { Visit } from './record.ts';
import type { World } from './world.ts';

/**
 * Where the message travels. Ours: AWS's IAM, STS and Roles Anywhere encode none, and what they say of a denial stays
 * theirs to the letter, so that it stands in a header of its own.
 */
const header = 'x-anyrole-encoded-message';

/** The header of a refusal, where policies denied it to somebody of an account; else none. Of one length, whatever the policies say. */
export function encodedMessage(world: World, { caller, error, account, requestId }: Visit): readonly HeaderPair[] {
  if (error?.reason?.decision === undefined || caller === undefined || !isSigner(caller)) return [];
  const plaintext = Buffer.from(`${account}/${requestId}`);
  const sealed = seal(world.keyring, purposes.authorizationMessage, plaintext, world.randomBytes(nonceBytes));
  return [[header, Buffer.from(sealed).toString('base64url')]];
}
