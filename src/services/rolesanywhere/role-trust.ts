// Whether a role lets Roles Anywhere assume it for a certificate's holder: its trust policy, asked as STS would ask it.
import type { Baggage } from '../../core/session/limits.ts';
import type { Call } from '../call.ts';
import { tagKeys } from '../condition-keys.ts';
import type { RoleRecord } from '../iam/records.ts';
import { untrusted } from '../trust.ts';
import { unassumable } from './errors.ts';
import type { TrustAnchorRecord } from './records.ts';
import type { Identity } from './session-answer.ts';

const service = 'rolesanywhere.amazonaws.com';

/** The role's trust policy must let Roles Anywhere assume it, set the source identity, and tag where there are tags. */
export function checkTrustPolicy(
  roleArn: string,
  role: RoleRecord | undefined,
  trustAnchor: TrustAnchorRecord,
  session: Identity & Baggage,
  call: Call,
): asserts role is RoleRecord {
  if (role === undefined) throw unassumable(roleArn, { reason: 'noRole', step: 'role' });
  const tagging = Object.keys(session.tags).length === 0 ? [] : ['sts:TagSession'];
  const refused = untrusted(call, {
    role,
    principal: { kind: 'service', service },
    actions: ['sts:AssumeRole', ...tagging, 'sts:SetSourceIdentity'],
    context: () => trustContext(trustAnchor, session, call),
  });
  if (refused !== undefined) throw unassumable(roleArn, { ...refused, step: 'trustPolicy' });
}

/** AWS doc: certificate attributes are `aws:PrincipalTag` in a trust policy. Ours: also `aws:RequestTag`, as AssumeRole has it. */
function trustContext(trustAnchor: TrustAnchorRecord, { tags, ...session }: Identity & Baggage, call: Call) {
  return {
    ...tagKeys('aws:PrincipalTag', tags),
    ...tagKeys('aws:RequestTag', tags),
    'aws:TagKeys': Object.keys(tags),
    'aws:SourceArn': trustAnchor.arn,
    'aws:SourceAccount': call.account,
    'aws:PrincipalServiceName': service,
    'aws:PrincipalIsAWSService': 'true',
    'sts:SourceIdentity': session.sourceIdentity,
    'sts:RoleSessionName': session.roleSessionName,
  };
}
