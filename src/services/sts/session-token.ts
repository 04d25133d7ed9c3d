// GetSessionToken: credentials of a user or of the account itself that end by themselves.
// AWS doc: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
import { commonError } from '../../contract/error.ts';
import { optional, structure } from '../../contract/shape.ts';
import type { RootClaims, UserClaims } from '../../core/session/claims.ts';
import { parseArn } from '../arn.ts';
import { type Call, operation, type RootCaller, type UserCaller } from '../call.ts';
import { issued } from '../sessions.ts';
import { credentialsAnswer } from './role-session.ts';
import { credentialsMember, DurationSeconds, SerialNumber, TokenCode } from './shapes.ts';

const defaultSeconds = 43_200;
/** AWS doc: what an account's root asks for beyond an hour is an hour. */
export const maxRootSeconds = 3600;

export const GetSessionToken = operation({
  doc: 'Gives temporary credentials of the user, or of the account itself, whose access key signed.',
  effect: 'write',
  errors: [],
  input: structure({
    DurationSeconds: optional(DurationSeconds, { doc: 'Seconds; of a root at most 3600. Absent: 43200.' }),
    SerialNumber: optional(SerialNumber, { doc: 'Refused: there are no MFA devices here.' }),
    TokenCode: optional(TokenCode, { doc: 'Refused: there are no MFA devices here.' }),
  }),
  output: structure(credentialsMember),
  // AWS doc: no permission is needed, and no policy can take it away: id_credentials_temp_control-access_getsessiontoken.html
  access: () => [],
  async run({ DurationSeconds: asked = defaultSeconds, ...mfa }, call) {
    const caller = keyHolder(call, 'GetSessionToken');
    if (mfa.SerialNumber !== undefined || mfa.TokenCode !== undefined) {
      const name = mfa.SerialNumber === undefined ? 'TokenCode' : 'SerialNumber';
      throw commonError('notServed', 'query', `The parameter ${name} is not served here.`);
    }
    const seconds = caller.kind === 'root' ? Math.min(asked, maxRootSeconds) : asked;
    const claims = claimsOf(call, caller, seconds);
    return call.write(async () => credentialsAnswer(call, claims));
  },
});

/** The caller, whose permanent key signed. INVARIANT: the gateway lets no session ask for what only a key may. */
export function keyHolder({ caller }: Call, operationName: string): RootCaller | UserCaller {
  if ((caller.kind === 'root' || caller.kind === 'user') && caller.session === undefined) return caller;
  throw new Error(`${operationName} is asked with a permanent key`);
}

function claimsOf(call: Call, caller: RootCaller | UserCaller, seconds: number): RootClaims | UserClaims {
  const { account, accessKeyId: sourceAccessKeyId } = caller;
  const { partition = 'aws' } = parseArn(caller.arn) ?? {};
  const session = { ...issued(call, account, seconds, 'sts:GetSessionToken'), partition, sourceAccessKeyId };
  if (caller.kind === 'root') return { ...session, kind: 'root' };
  const { userName, userId, arn: userArn } = caller;
  return { ...session, kind: 'user', userName, userId, userArn };
}
