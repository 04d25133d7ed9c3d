// AssumeRole: a principal becomes a role, in its own account or another, where the role trusts it and its own policies
// let it. What the new session inherits from the caller's own cannot be changed on the way.
// AWS doc: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
import { commonError } from '../../contract/error.ts';
import type { Access } from '../../contract/operation.ts';
import { list, optional, pattern, required, string, structure, type ValueOf } from '../../contract/shape.ts';
import { handover } from '../../core/remember.ts';
import { type Call, operation } from '../call.ts';
import { overlaid, tagKeys } from '../condition-keys.ts';
import type { RoleRecord } from '../iam/records.ts';
import { roleClaims } from '../sessions.ts';
import { denied, invalid, invalidParameter, MalformedPolicyDocument, PackedPolicyTooLarge } from './errors.ts';
import { roleNamed, roleOf, roleSessionAnswer, secondsOf } from './role-session.ts';
import { packed, tagsOf } from './session-policies.ts';
import {
  Arn,
  AssumedRoleUser,
  credentialsMember,
  PolicyArns,
  packedPolicySizeMember,
  RoleDurationSeconds,
  RoleSessionName,
  SerialNumber,
  SourceIdentity,
  TagKeyList,
  TagList,
  TokenCode,
  UnrestrictedSessionPolicy,
} from './shapes.ts';

const input = structure({
  RoleArn: required(Arn, { doc: 'The role to assume.' }),
  RoleSessionName: required(RoleSessionName, { doc: 'The name of the session.' }),
  PolicyArns: optional(PolicyArns, { doc: 'Managed policies that bound the session; at most 10.' }),
  Policy: optional(UnrestrictedSessionPolicy, { doc: 'A policy that bounds the session, as JSON text.' }),
  DurationSeconds: optional(RoleDurationSeconds, { doc: "Seconds; at most the role's. Absent: 3600." }),
  Tags: optional(TagList, { doc: 'Tags of the session.' }),
  TransitiveTagKeys: optional(TagKeyList, { doc: 'Those of the tags that sessions made with this one inherit.' }),
  ExternalId: optional(string({ min: 2, max: 1224, pattern: pattern('[\\w+=,.@:\\/-]*') }), {
    doc: 'What a third party was given by the owner of the role.',
  }),
  SerialNumber: optional(SerialNumber, { doc: 'Refused: there are no MFA devices here.' }),
  TokenCode: optional(TokenCode, { doc: 'Refused: there are no MFA devices here.' }),
  SourceIdentity: optional(SourceIdentity, { doc: 'Who stands behind the session; once set it stays.' }),
  ProvidedContexts: optional(
    list(
      structure({
        ProviderArn: optional(Arn, { doc: 'The context provider.' }),
        ContextAssertion: optional(string({ min: 4, max: 2048 }), { doc: 'Its assertion.' }),
      }),
      { min: 1, max: 5 },
    ),
    { doc: 'Refused: there are no context providers here.' },
  ),
});

export const AssumeRole = operation({
  doc: 'Gives temporary credentials of a role to a user, or to a session of a user or a role.',
  effect: 'write',
  validatesFirst: true,
  errors: [MalformedPolicyDocument, PackedPolicyTooLarge],
  input,
  output: structure({
    ...credentialsMember,
    AssumedRoleUser: optional(AssumedRoleUser, { doc: 'Who the credentials are.' }),
    ...packedPolicySizeMember,
    SourceIdentity: optional(SourceIdentity, { doc: 'The source identity of the session.' }),
  }),
  // The shape was validated, so that the required members are there.
  access: (asked, call) => accessTo(asked as Asked, call),
  async run(asked, call) {
    const { role, carries } = assumptions.take(call) ?? (await assumptionOf(asked, call));
    // INVARIANT: nobody is allowed to assume what is not there.
    if (role === undefined) throw denied(`${asked.RoleArn} cannot be assumed.`, { reason: 'noRole' });
    const { account } = roleNamed(asked.RoleArn);
    const { baggage, packedPolicySize } = await packed(asked, carries.tags, account, call);
    const seconds = secondsOf(asked.DurationSeconds, role, sessionOf(call) !== undefined);
    const identity = {
      issuedBy: 'sts:AssumeRole',
      roleSessionName: asked.RoleSessionName,
      transitiveTagKeys: carries.transitiveTagKeys,
      sourceIdentity: carries.sourceIdentity,
      webIdentity: undefined,
    };
    const claims = roleClaims(call, role, seconds, identity, baggage);
    call.shareEventWith(account);
    return call.write(async () => roleSessionAnswer(call, claims, packedPolicySize));
  },
});

type Asked = ValueOf<typeof input>;

/** Who becomes which role, and with what. */
type Assumption = { readonly role: RoleRecord | undefined; readonly carries: Carried };

/** Ours: the role that was asked about is the one that is assumed, and mostly is looked up once: access leaves it for the run. */
const assumptions = handover<Call, Assumption>();

async function assumptionOf(asked: Asked, call: Call): Promise<Assumption> {
  const carries = carried(asked, call);
  return assumptions.leave(call, { role: await roleOf(call, asked.RoleArn), carries });
}

/** The role must trust the caller, and let it tag and name a source where the session has tags and a source identity. */
async function accessTo(asked: Asked, call: Call): Promise<readonly Access[]> {
  const resource = asked.RoleArn;
  roleNamed(resource);
  refuseUnserved(asked);
  // AWS seen: the sentence.
  if (call.caller.kind === 'root') throw denied('Roles may not be assumed by root accounts.', { reason: 'rootCaller' });
  const { role, carries } = await assumptionOf(asked, call);
  const trustPolicy = role?.assumeRolePolicyDocument ?? null;
  const access: Access = { resource, trustPolicy, context: contextOf(asked, role, carries) };
  const wanted = [access];
  if (hasTags(carries)) wanted.push({ ...access, action: 'sts:TagSession' });
  if (carries.sourceIdentity !== undefined) wanted.push({ ...access, action: 'sts:SetSourceIdentity' });
  return wanted;
}

/** Most sessions have no tags and most roles neither: nothing is put together for them. */
function contextOf(asked: Asked, role: RoleRecord | undefined, carries: Carried): Access['context'] {
  const { tags, transitiveTagKeys, sourceIdentity } = carries;
  const always = {
    'aws:TagKeys': hasTags(carries) ? Object.keys(tags) : undefined,
    'sts:TransitiveTagKeys': transitiveTagKeys.length === 0 ? undefined : transitiveTagKeys,
    'sts:ExternalId': asked.ExternalId,
    'sts:SourceIdentity': sourceIdentity,
    'sts:RoleSessionName': asked.RoleSessionName,
  };
  if (!hasTags(carries) && (role === undefined || role.tags.length === 0)) return always;
  return { ...tagKeys('aws:RequestTag', tags), ...resourceTags(role), ...always };
}

function resourceTags(role: RoleRecord | undefined): Access['context'] {
  if (role === undefined || role.tags.length === 0) return undefined;
  const pairs = role.tags.flatMap(({ Key, Value }) => [
    [`aws:ResourceTag/${Key}`, Value],
    [`iam:ResourceTag/${Key}`, Value],
  ]);
  return Object.fromEntries(pairs);
}

/** In the order in which they are looked at. */
const unserved = ['SerialNumber', 'TokenCode', 'ProvidedContexts'] as const;

/** Ours: what is accepted and not honoured would be a hole. */
function refuseUnserved(asked: Asked): void {
  for (const name of unserved) {
    if (asked[name] === undefined) continue;
    throw commonError('notServed', 'query', `The parameter ${name} is not served here.`);
  }
}

function sessionOf({ caller }: Call) {
  return 'session' in caller ? caller.session : undefined;
}

/** What a session will carry besides its policies. */
type Carried = {
  readonly tags: Readonly<Record<string, string>>;
  readonly transitiveTagKeys: readonly string[];
  readonly sourceIdentity: string | undefined;
};

const noTags: Carried['tags'] = Object.freeze({});
const noKeys: Carried['transitiveTagKeys'] = []; // not frozen: see encodeClaims

const hasTags = ({ tags }: Carried) => tags !== noTags && Object.keys(tags).length > 0;

/**
 * What the session will carry: the tags and the source identity asked for, and those it inherits.
 * AWS seen: the codes and sentences; inherited tags must be allowed by sts:TagSession like the others.
 */
function carried(asked: Asked, call: Call): Carried {
  const own = sessionOf(call);
  const parent = own?.kind === 'role' ? own : undefined;
  const transitiveOfParent = parent?.transitiveTagKeys ?? [];
  if (asked.Tags === undefined && asked.TransitiveTagKeys === undefined && transitiveOfParent.length === 0) {
    // Most sessions carry no tags.
    const sourceIdentity = sourceIdentityOf(asked.SourceIdentity, parent?.sourceIdentity);
    return { tags: noTags, transitiveTagKeys: noKeys, sourceIdentity };
  }
  const tags = tagsOf(asked.Tags);
  const inherited = Object.fromEntries(transitiveOfParent.map((key) => [key, parent?.tags[key] ?? '']));
  const inheritedKeys = folded(Object.keys(inherited));
  const givenKeys = folded(Object.keys(tags));
  if ([...givenKeys].some((key) => inheritedKeys.has(key))) {
    throw invalidParameter(
      "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
    );
  }
  const transitive = folded(asked.TransitiveTagKeys ?? []);
  if ([...transitive].some((key) => !givenKeys.has(key))) {
    throw invalidParameter('The specified transitive tag key must be included in the requested tags.');
  }
  const isTransitive = (key: string) => transitive.has(key.toLowerCase()) || inheritedKeys.has(key.toLowerCase());
  const all = overlaid(inherited, tags);
  return {
    tags: all,
    transitiveTagKeys: Object.keys(all).filter(isTransitive),
    sourceIdentity: sourceIdentityOf(asked.SourceIdentity, parent?.sourceIdentity),
  };
}

function folded(keys: readonly string[]): ReadonlySet<string> {
  return new Set(keys.map((key) => key.toLowerCase()));
}

/** AWS seen: code and sentence. */
function sourceIdentityOf(asked: string | undefined, set: string | undefined): string | undefined {
  if (set !== undefined && asked !== undefined && asked !== set) {
    throw invalid('The source identity is already set for this assume role session');
  }
  return set ?? asked;
}
