// AssumeRoleWithWebIdentity: an identity token goes in, credentials of a role come out. Nobody signs the request: the token
// is the proof, once its issuer is a provider of the role's account and is known to have signed it.
// AWS doc: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
import { commonError, type ServiceError } from '../../contract/error.ts';
import { optional, required, string, structure } from '../../contract/shape.ts';
import { readIdentity, type TokenIdentity } from '../../core/session/web-identity.ts';
import { parseArn } from '../arn.ts';
import { type Call, operation } from '../call.ts';
import { tagKeys } from '../condition-keys.ts';
import { findOidcProvider, issuerName, type OidcProviderRecord, type RoleRecord } from '../iam/records.ts';
import { roleClaims } from '../sessions.ts';
import { untrusted } from '../trust.ts';
import type { TokenVerdict } from '../web-identity.ts';
import {
  denied,
  ExpiredTokenException,
  IDPCommunicationError,
  IDPRejectedClaim,
  InvalidIdentityToken,
  invalidParameter,
  MalformedPolicyDocument,
  PackedPolicyTooLarge,
} from './errors.ts';
import { roleNamed, roleOf, roleSessionAnswer, secondsOf } from './role-session.ts';
import { packed, tagsOf } from './session-policies.ts';
import {
  Arn,
  AssumedRoleUser,
  credentialsMember,
  packedPolicySizeMember,
  RoleDurationSeconds,
  RoleSessionName,
  SourceIdentity,
  sessionPolicyMembers,
} from './shapes.ts';

const input = structure({
  RoleArn: required(Arn, { doc: 'The role to assume.' }),
  RoleSessionName: required(RoleSessionName, { doc: 'The name of the session.' }),
  WebIdentityToken: required(string({ min: 4, max: 20_000, sensitive: true }), {
    doc: 'The identity token: a JWT that the issuer signed.',
  }),
  ProviderId: optional(string({ min: 4, max: 2048 }), { doc: 'Refused: it goes with OAuth access tokens.' }),
  ...sessionPolicyMembers,
  DurationSeconds: optional(RoleDurationSeconds, { doc: "Seconds; at most the role's. Absent: 3600." }),
});

export const AssumeRoleWithWebIdentity = operation({
  doc: 'Gives temporary credentials of a role to whoever has an identity token of a provider that the role trusts.',
  effect: 'write',
  signedWith: 'nothing',
  accountOf: ({ RoleArn }) => accountOf(RoleArn ?? ''),
  errors: [
    MalformedPolicyDocument,
    PackedPolicyTooLarge,
    IDPRejectedClaim,
    IDPCommunicationError,
    InvalidIdentityToken,
    ExpiredTokenException,
  ],
  input,
  output: structure({
    ...credentialsMember,
    SubjectFromWebIdentityToken: optional(string(), { doc: 'The `sub` of the token.' }),
    AssumedRoleUser: optional(AssumedRoleUser, { doc: 'Who the credentials are.' }),
    ...packedPolicySizeMember,
    Provider: optional(string(), { doc: 'The ARN of the provider.' }),
    Audience: optional(string(), { doc: 'The audience of the token.' }),
    SourceIdentity: optional(SourceIdentity, { doc: 'The source identity of the session.' }),
  }),
  // No IAM action guards it: the token and the role's trust policy do.
  access: () => [],
  async run(asked, call) {
    roleNamed(asked.RoleArn);
    if (asked.ProviderId !== undefined) {
      throw commonError('notServed', 'query', 'The parameter ProviderId is not served here.');
    }
    const { provider, identity } = await verified(asked.WebIdentityToken, call);
    const { tags, transitiveTagKeys } = checkedTags(identity);
    const role = await roleOf(call, asked.RoleArn);
    checkTrust(role, asked.RoleSessionName, provider, { ...identity, transitiveTagKeys }, tags, call);
    const { baggage, packedPolicySize } = await packed(asked, tags, call.account, call);
    const seconds = secondsOf(asked.DurationSeconds, role, false);
    const { subject, audience, sourceIdentity } = identity;
    const session = {
      issuedBy: 'sts:AssumeRoleWithWebIdentity',
      roleSessionName: asked.RoleSessionName,
      transitiveTagKeys,
      webIdentity: { provider: provider.arn, issuer: issuerName(provider.url), audience, subject },
      ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
    };
    const claims = roleClaims(call, role, seconds, session, baggage);
    return call.write(async () => ({
      ...roleSessionAnswer(call, claims, packedPolicySize),
      SubjectFromWebIdentityToken: subject,
      Provider: provider.arn,
      Audience: audience,
    }));
  },
});

type Proof = { readonly provider: OidcProviderRecord; readonly identity: TokenIdentity };
type Tags = Readonly<Record<string, string>>;

/** The account of a role's ARN, or undefined for what is no account id: it comes from a stranger and becomes part of keys. */
function accountOf(roleArn: string): string | undefined {
  const account = parseArn(roleArn)?.account;
  return account !== undefined && /^\d{12}$/.test(account) ? account : undefined;
}

/** For whom the token speaks, once it is known to. From here on the caller has a name. */
async function verified(token: string, call: Call): Promise<Proof> {
  const named = call.issuers.issuerNamed(token);
  if (named === undefined) throw notJwt();
  const provider = await call.read((reader) => findOidcProvider(reader, call.account, named));
  if (call.account === '' || provider === undefined) {
    // AWS seen: the sentence.
    throw InvalidIdentityToken(`No OpenIDConnect provider found in your account for ${named.slice(0, 255)}`, {
      reason: 'noProvider',
    });
  }
  const verdict = await call.issuers.verify(token, provider, call.now);
  if (!verdict.ok) throw refusalOf(verdict, call);
  const read = readIdentity(verdict.payload, provider.clientIds);
  if (!read.ok) throw unreadable(read);
  const { audience, subject } = read.identity;
  if (call.caller.kind === 'stranger') {
    call.caller.vouchedFor = { provider: provider.arn, issuer: issuerName(provider.url), audience, subject };
  }
  return { provider, identity: read.identity };
}

/** AWS seen: the sentence. */
function notJwt(): ServiceError {
  return InvalidIdentityToken(
    'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
  );
}

/** AWS seen: the sentences on keys, on expiry and on missing claims; of the others, ours. */
function refusalOf({ reason, detail, expiredAt = 0 }: TokenVerdict & { readonly ok: false }, call: Call): ServiceError {
  const why = { reason, ...(detail === undefined ? {} : { detail }) };
  switch (reason) {
    case 'malformed':
      return notJwt();
    case 'unreachable':
      return IDPCommunicationError('The identity provider could not be reached to verify the token.', why);
    case 'unusableKeys':
    case 'noKey':
      return InvalidIdentityToken(
        "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
        why,
      );
    case 'unsupportedAlgorithm':
      return InvalidIdentityToken('The token is signed with an algorithm that is not supported.', why);
    case 'badSignature':
    case 'otherIssuer':
      return InvalidIdentityToken('The signature of the token does not match the key of the identity provider.', why);
    case 'expired': {
      const now = Math.floor(call.now.getTime() / 1000);
      const sentence = `Token expired: current date/time ${now} must be before the expiration date/time ${expiredAt}`;
      return ExpiredTokenException(sentence, why);
    }
    case 'notYetValid':
      return InvalidIdentityToken('The token is not valid yet.', why);
    case 'missingClaim':
      return InvalidIdentityToken(`Missing a required claim: ${detail}`, why);
    case 'badClaim':
      return IDPRejectedClaim(`The claim ${detail} of the token is invalid.`, why);
  }
}

function unreadable(read: Extract<ReturnType<typeof readIdentity>, { ok: false }>): ServiceError {
  switch (read.reason) {
    case 'otherAudience':
      return InvalidIdentityToken('Incorrect token audience', { reason: read.reason });
    case 'missingClaim':
      return InvalidIdentityToken(`Missing a required claim: ${read.claim}`, read);
    case 'badClaim':
      return IDPRejectedClaim(`The claim ${read.claim} of the token is invalid.`, read);
  }
}

/** The tags and, in their case, the keys of those that are transitive. */
function checkedTags({ tags, transitiveTagKeys }: TokenIdentity) {
  const checked = tagsOf(tags);
  const wanted = new Set(transitiveTagKeys.map((key) => key.toLowerCase()));
  const transitive = Object.keys(checked).filter((key) => wanted.has(key.toLowerCase()));
  if (transitive.length < wanted.size) {
    throw invalidParameter('The specified transitive tag key must be included in the requested tags.');
  }
  return { tags: checked, transitiveTagKeys: transitive };
}

/** The role must trust the provider, and let it tag and name a source where the token does. AWS seen: the sentence. */
function checkTrust(
  role: RoleRecord | undefined,
  roleSessionName: string,
  provider: OidcProviderRecord,
  { subject, audience, amr, transitiveTagKeys, sourceIdentity }: TokenIdentity,
  tags: Tags,
  call: Call,
): asserts role is RoleRecord {
  const sentence = 'Not authorized to perform sts:AssumeRoleWithWebIdentity';
  if (role === undefined) throw denied(sentence, { reason: 'noRole' });
  const issuer = issuerName(provider.url);
  const keys = Object.keys(tags);
  const refused = untrusted(call, {
    role,
    principal: { kind: 'federated', arn: provider.arn },
    actions: [
      'sts:AssumeRoleWithWebIdentity',
      ...(keys.length === 0 ? [] : ['sts:TagSession']),
      ...(sourceIdentity === undefined ? [] : ['sts:SetSourceIdentity']),
    ],
    context: () => ({
      ...tagKeys('aws:RequestTag', tags),
      'aws:TagKeys': keys.length === 0 ? undefined : keys,
      'aws:FederatedProvider': provider.arn,
      [`${issuer}:aud`]: audience,
      [`${issuer}:sub`]: subject,
      [`${issuer}:amr`]: amr.length === 0 ? undefined : amr,
      'sts:RoleSessionName': roleSessionName,
      'sts:SourceIdentity': sourceIdentity,
      'sts:TransitiveTagKeys': transitiveTagKeys.length === 0 ? undefined : transitiveTagKeys,
    }),
    lists: [`${issuer}:amr`.toLowerCase()],
  });
  if (refused !== undefined) throw denied(sentence, refused);
}
