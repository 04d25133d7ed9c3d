// GetFederationToken: credentials for somebody whom a user vouches for, within the user's power and the session policies.
// AWS doc: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
import { optional, pattern, required, string, structure } from '../../contract/shape.ts';
import type { FederatedUserClaims } from '../../core/session/claims.ts';
import type { Baggage } from '../../core/session/limits.ts';
import { formatArn, parseArn } from '../arn.ts';
import { type Call, isSigner, operation, type RootCaller, type UserCaller } from '../call.ts';
import { issued } from '../sessions.ts';
import { MalformedPolicyDocument, PackedPolicyTooLarge } from './errors.ts';
import { credentialsAnswer } from './role-session.ts';
import { packed, tagsOf } from './session-policies.ts';
import { keyHolder, maxRootSeconds } from './session-token.ts';
import { credentialsMember, DurationSeconds, packedPolicySizeMember, sessionPolicyMembers, TagList } from './shapes.ts';

const defaultSeconds = 43_200;

export const GetFederationToken = operation({
  doc: 'Gives temporary credentials to a federated user: what the signing user and the session policies both allow.',
  effect: 'write',
  errors: [MalformedPolicyDocument, PackedPolicyTooLarge],
  input: structure({
    Name: required(string({ min: 2, max: 32, pattern: pattern('[\\w+=,.@-]*') }), {
      doc: 'The name of the federated user.',
    }),
    ...sessionPolicyMembers,
    DurationSeconds: optional(DurationSeconds, { doc: 'Seconds; of a root at most 3600. Absent: 43200.' }),
    Tags: optional(TagList, { doc: 'Tags of the session.' }),
  }),
  output: structure({
    ...credentialsMember,
    FederatedUser: optional(
      structure({
        FederatedUserId: required(string(), { doc: 'The account, a colon, the name.' }),
        Arn: required(string(), { doc: 'The ARN of the federated user.' }),
      }),
      { doc: 'Who the credentials are.' },
    ),
    ...packedPolicySizeMember,
  }),
  access: (input, call) => {
    const { Name: name = '*', Tags: tags = [] } = input;
    const resource = federatedUserArn(call, /^[\w+=,.@-]{2,32}$/.test(name) ? name : '*');
    const keys = tags.flatMap(({ Key }) => Key ?? []);
    const context = {
      ...Object.fromEntries(tags.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value ?? ''])),
      ...(keys.length === 0 ? {} : { 'aws:TagKeys': keys }),
    };
    const access = { resource, context };
    return keys.length === 0 ? [access] : [access, { ...access, action: 'sts:TagSession' }];
  },
  async run(asked, call) {
    const caller = keyHolder(call, 'GetFederationToken');
    const { DurationSeconds: wanted = defaultSeconds } = asked;
    const seconds = caller.kind === 'root' ? Math.min(wanted, maxRootSeconds) : wanted;
    const { baggage, packedPolicySize } = await packed(asked, tagsOf(asked.Tags), call.account, call);
    const claims = claimsOf(call, caller, asked.Name, seconds, baggage);
    return call.write(async () => ({
      ...credentialsAnswer(call, claims),
      FederatedUser: { FederatedUserId: `${call.account}:${asked.Name}`, Arn: federatedUserArn(call, asked.Name) },
      ...(packedPolicySize === 0 ? {} : { PackedPolicySize: packedPolicySize }),
    }));
  },
});

/** In the partition of whoever vouches. */
function federatedUserArn({ account, caller }: Call, name: string): string {
  const { partition = 'aws' } = (isSigner(caller) && parseArn(caller.arn)) || {};
  return formatArn({ partition, service: 'sts', region: '', account, resource: `federated-user/${name}` });
}

function claimsOf(
  call: Call,
  caller: RootCaller | UserCaller,
  name: string,
  seconds: number,
  baggage: Baggage,
): FederatedUserClaims {
  const { account, accessKeyId: sourceAccessKeyId } = caller;
  return {
    ...issued(call, account, seconds, 'sts:GetFederationToken'),
    kind: 'federatedUser',
    partition: parseArn(caller.arn)?.partition ?? 'aws',
    name,
    sourceAccessKeyId,
    ...(caller.kind === 'user'
      ? { user: { userName: caller.userName, userId: caller.userId, userArn: caller.arn } }
      : {}),
    ...baggage,
  };
}
