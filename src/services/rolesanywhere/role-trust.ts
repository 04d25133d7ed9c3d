// Whether a role lets Roles Anywhere assume it for a certificate's holder: its trust policy, asked as STS would ask it.
import { rememberAgain, rememberOf } from '../../core/remember.ts';
import type { Baggage } from '../../core/session/limits.ts';
import type { Call } from '../call.ts';
import { passingKeys, tagKeys } from '../condition-keys.ts';
import type { RoleRecord } from '../iam/records.ts';
import { untrusted } from '../trust.ts';
import { unassumable } from './errors.ts';
import type { TrustAnchorRecord } from './records.ts';
import type { Identity } from './session-answer.ts';

const service = 'rolesanywhere.amazonaws.com';

/** What the trust policy's answer may depend on, besides the role, the tags and the passing keys of a request. */
type Circumstances = {
  readonly trustAnchorArn: string;
  readonly sourceIdentity: string;
  readonly roleSessionName: string;
  readonly account: string;
  readonly region: string;
  /** Whether there are tags: then the role must let the session be tagged. */
  readonly isTagged: boolean;
};

/**
 * The circumstances in which a role was last found to trust: the holder of these tags, where no key was looked at that the
 * next request may have otherwise; any holder at all, where none was looked at but those that follow from the rest. A changed
 * role is another record; a refusal is judged again, for it must be explained.
 */
type Trusted = {
  any: Circumstances | undefined;
  /** For each holder's tags the circumstances of its own, there from the second time on. */
  readonly byTags: (tags: Baggage['tags']) => { last: Circumstances | undefined };
};
const trusted = rememberOf((_role: RoleRecord): Trusted => {
  return { any: undefined, byTags: rememberAgain((_tags: Baggage['tags']) => ({ last: undefined })) };
});

/** Keys, in lower case, that say the same of every holder who names this trust anchor in this Region. */
const keysOfAnchor: ReadonlySet<string> = new Set([
  'aws:sourcearn',
  'aws:sourceaccount',
  'aws:resourceaccount',
  'aws:requestedregion',
  'aws:principalservicename',
  'aws:principalisawsservice',
]);

/** The role's trust policy must let Roles Anywhere assume it, set the source identity, and tag where there are tags. */
export function checkTrustPolicy(
  roleArn: string,
  role: RoleRecord | undefined,
  trustAnchor: TrustAnchorRecord,
  { sourceIdentity, roleSessionName }: Identity,
  { tags }: Baggage,
  call: Call,
): asserts role is RoleRecord {
  if (role === undefined) throw unassumable(roleArn, { reason: 'noRole', step: 'role' });
  const { account, region } = call;
  const isTagged = Object.keys(tags).length > 0;
  const now = { trustAnchorArn: trustAnchor.arn, sourceIdentity, roleSessionName, account, region, isTagged };
  const known = trusted(role);
  if (known.any !== undefined && isSameAnchor(known.any, now)) return;
  const ofTags = known.byTags(tags);
  if (ofTags.last !== undefined && areSame(ofTags.last, now)) return;
  const looked = new Set<string>();
  const refused = untrusted(call, {
    role,
    principal: { kind: 'service', service },
    actions: isTagged ? withTags : withoutTags,
    context: () => trustContext(now, tags),
    looked,
  });
  if (refused !== undefined) throw unassumable(roleArn, { ...refused, step: 'trustPolicy' });
  const keys = [...looked];
  if (keys.every((key) => keysOfAnchor.has(key))) known.any = now;
  else if (!keys.some((key) => passingKeys.has(key))) ofTags.last = now;
}

const withoutTags: readonly string[] = ['sts:AssumeRole', 'sts:SetSourceIdentity'];
const withTags: readonly string[] = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'];

function areSame(one: Circumstances, other: Circumstances): boolean {
  return (
    isSameAnchor(one, other) &&
    one.sourceIdentity === other.sourceIdentity &&
    one.roleSessionName === other.roleSessionName
  );
}

function isSameAnchor(one: Circumstances, other: Circumstances): boolean {
  return (
    one.trustAnchorArn === other.trustAnchorArn &&
    one.account === other.account &&
    one.region === other.region &&
    one.isTagged === other.isTagged
  );
}

/** AWS doc: certificate attributes are `aws:PrincipalTag` in a trust policy. Ours: also `aws:RequestTag`, as AssumeRole has it. */
function trustContext(session: Circumstances, tags: Baggage['tags']) {
  return {
    ...tagKeys('aws:PrincipalTag', tags),
    ...tagKeys('aws:RequestTag', tags),
    'aws:TagKeys': Object.keys(tags),
    'aws:SourceArn': session.trustAnchorArn,
    'aws:SourceAccount': session.account,
    'aws:PrincipalServiceName': service,
    'aws:PrincipalIsAWSService': 'true',
    'sts:SourceIdentity': session.sourceIdentity,
    'sts:RoleSessionName': session.roleSessionName,
  };
}
