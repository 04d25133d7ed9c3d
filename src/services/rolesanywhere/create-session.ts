// CreateSession: a certificate goes in, credentials of a role come out. The steps stand in AWS's order, because a caller
// with two faults is told the first; what each refusal says to the stranger is AWS's sentence, what it says to the
// operator is the reason.
// AWS doc: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html
import { type Reason, ServiceError } from '../../contract/error.ts';
import { optional, pattern, required, string, structure, type ValueOf } from '../../contract/shape.ts';
import { rememberAgain, rememberOf } from '../../core/remember.ts';
import { mapAttributes, type Unmapped } from '../../core/session/attributes.ts';
import { roleSessionNameOf, sourceIdentityOf } from '../../core/session/identity.ts';
import { type Baggage, type BaggageVerdict, judgeBaggage, sessionSeconds } from '../../core/session/limits.ts';
import type { Certificate } from '../../core/x509/certificate.ts';
import type { PathReason, PathVerdict } from '../../core/x509/path.ts';
import type { Reader, Writer } from '../../store/store.ts';
import { parseArn } from '../arn.ts';
import { type Call, type CertificateHolder, operation } from '../call.ts';
import { certificateFacts } from '../certificate-facts.ts';
import { findManagedPolicy, findRole, type RoleRecord } from '../iam/records.ts';
import { AccessDeniedException, unassumable, ValidationException } from './errors.ts';
import { followPoints } from './fetched-revocation.ts';
import { byArn, nameIn, type ProfileRecord, profiles, type TrustAnchorRecord, trustAnchors } from './records.ts';
import { checkRevocation, revocationBasis } from './revocation.ts';
import { checkTrustPolicy } from './role-trust.ts';
import { answer, type Identity, issue, SessionAnswer } from './session-answer.ts';
import { DurationSeconds, InstanceProperties, ProfileArn, RoleArn, TrustAnchorArn } from './shapes.ts';
import { seen } from './subjects.ts';

const input = structure({
  profileArn: required(ProfileArn, { in: 'queryOrBody', doc: 'The profile that lists the role.' }),
  roleArn: required(RoleArn, { in: 'queryOrBody', doc: 'The role to assume.' }),
  trustAnchorArn: required(TrustAnchorArn, { in: 'queryOrBody', doc: 'The authority that the certificate leads to.' }),
  durationSeconds: optional(DurationSeconds, {
    doc: "Seconds the session lasts; at most the profile's, which is also the default.",
  }),
  roleSessionName: optional(string({ min: 2, max: 64, pattern: pattern('[\\w+=,.@-]*') }), {
    doc: "The session's name, where the profile accepts one. Absent: the certificate's serial number.",
  }),
  instanceProperties: optional(InstanceProperties, { doc: 'What the workload says of itself.' }),
});

export const CreateSession = operation({
  doc: 'Gives temporary credentials of a role to the holder of a certificate that leads to the trust anchor.',
  http: 'POST /sessions 201',
  effect: 'write',
  signedWith: 'certificate',
  accountOf: ({ trustAnchorArn }) => accountOf(trustAnchorArn ?? ''),
  errors: [ValidationException, AccessDeniedException],
  input,
  output: SessionAnswer,
  // No IAM action guards it: the certificate, the profile and the role's trust policy do.
  access: () => [],
  async run(asked, call) {
    const holder = certificateHolder(call);
    const { trustAnchor, profile, role, revocation, unknownPolicy } = await load(asked, call);
    checkTrustAnchor(trustAnchor);
    checkProfile(profile);
    const anchors = call.certificatesOf(trustAnchor.x509CertificateData);
    // Both signatures at once, where other threads verify them. AWS's order is that in which the verdicts are asked for.
    const proving = holder.prove();
    const judging = call.validatePath({
      leaf: holder.certificate,
      intermediates: holder.chain,
      anchors,
      now: call.now,
    });
    const { ok: isProved } = proving instanceof Promise ? await proving : proving;
    const path = checkChain(judging instanceof Promise ? await judging : judging, holder, call);
    const following = isProved ? followPoints(path, trustAnchor, call) : [];
    const followed = following instanceof Promise ? await following : following;
    const grant = attempted(() => {
      checkRevocation({ path, intermediates: holder.chain, anchors }, { ...revocation, followed }, call);
      checkProof(holder);
      checkRoleInProfile(asked, profile);
      checkSessionName(asked, profile);
      checkInstanceProperties(asked, profile, call);
      const identity = identify(holder, asked, role);
      const { baggage, weight } = packed(holder, profile, call);
      checkTrustPolicy(asked.roleArn, role, trustAnchor, identity, baggage, call);
      const seconds = duration(asked, profile, role);
      const packedPolicySize = weigh(asked, weight, unknownPolicy);
      return { session: issue(identity, baggage, seconds, role, call), packedPolicySize };
    });
    const { certificate } = holder;
    const { instanceProperties } = asked;
    const note = (writer: Writer) => seen(writer, { certificate, instanceProperties, failed: !grant.ok }, call);
    if (grant.ok) {
      const { session, packedPolicySize } = grant.value;
      return call.write(async (writer) => answer(session, packedPolicySize, await note(writer), call));
    }
    // Ours: from here on, whoever holds the key is somebody that the trust anchor vouches for, and the attempt is noted.
    if (!holder.proof().ok) throw grant.refusal;
    return call.writeRefusal(grant.refusal, note);
  },
});

type Asked = ValueOf<typeof input>;

/** What the work gives, or what it was refused with. */
function attempted<T>(work: () => T) {
  try {
    return { ok: true, value: work() } as const;
  } catch (refusal) {
    if (refusal instanceof ServiceError) return { ok: false, refusal } as const;
    throw refusal;
  }
}

/** The account of an ARN, or undefined for what is no account id: it comes from a stranger and becomes part of keys. */
function accountOf(arn: string): string | undefined {
  const account = parseArn(arn)?.account;
  return account !== undefined && /^\d{12}$/.test(account) ? account : undefined;
}

function certificateHolder({ caller }: Call): CertificateHolder {
  // INVARIANT: the gateway authenticates an operation signed with a certificate as its holder.
  if (caller.kind !== 'certificate') throw new Error('CreateSession is signed with a certificate');
  return caller;
}

/** What the three ARNs name: in the account of the trust anchor and the Region of the signature, or not at all. */
async function load({ trustAnchorArn, profileArn, roleArn }: Asked, call: Call) {
  return call.read(async (reader) => {
    const trustAnchor = await byArn(reader, trustAnchors, trustAnchorArn, call);
    const profile = await byArn(reader, profiles, profileArn, call);
    const roleName = nameIn(roleArn);
    const role = roleName === undefined ? undefined : await findRole(reader, call.account, roleName);
    const revocation = await revocationBasis(reader, trustAnchor, call);
    const bounds = profile?.managedPolicyArns ?? [];
    const unknownPolicy = bounds.length === 0 ? undefined : await firstUnknown(reader, call.account, bounds);
    return { trustAnchor, profile, role: role?.arn === roleArn ? role : undefined, revocation, unknownPolicy };
  });
}

/** The first of these managed policies that is not there. */
async function firstUnknown(
  reader: Reader,
  account: string,
  policyArns: readonly string[],
): Promise<string | undefined> {
  for (const arn of policyArns) {
    if ((await findManagedPolicy(reader, account, arn)) === undefined) return arn;
  }
  return undefined;
}

// AWS seen: the sentences of this and the next three checks, in this order; a disabled profile's is not known.
function checkTrustAnchor(trustAnchor: TrustAnchorRecord | undefined): asserts trustAnchor is TrustAnchorRecord {
  if (trustAnchor === undefined)
    throw denied("Specified Trust Anchor wasn't found.", { reason: 'noTrustAnchor', step: 'trustAnchor' });
  if (!trustAnchor.enabled)
    throw denied('Specified Trust Anchor is disabled.', { reason: 'trustAnchorDisabled', step: 'trustAnchor' });
}

function checkProfile(profile: ProfileRecord | undefined): asserts profile is ProfileRecord {
  const reason =
    profile === undefined
      ? 'noProfile'
      : !profile.enabled
        ? 'profileDisabled'
        : profile.roleArns.length === 0
          ? 'profileWithoutRoles'
          : undefined;
  if (reason !== undefined) throw denied('Invalid or empty profile provided.', { reason, step: 'profile' });
}

const untrusted: Readonly<Record<PathReason, string>> = {
  untrusted: 'Untrusted signing certificate',
  insufficientLeaf: 'Untrusted certificate. Insufficient certificate',
  // Ours: AWS's sentences for these are not known; each says no more than the two that are.
  leafExpired: 'Untrusted certificate. Insufficient certificate',
  leafNotYetValid: 'Untrusted certificate. Insufficient certificate',
  chainTooLong: 'Untrusted signing certificate',
};

function checkChain(verdict: PathVerdict, holder: CertificateHolder, call: Call): readonly Certificate[] {
  if (verdict.ok) return verdict.path;
  // What was passed over may be the certificate that is missing.
  for (const element of holder.strangeElements) call.explain({ reason: 'ignoredChainElement', ...element });
  const { reason, cause, rule, detail, certificate } = verdict;
  throw denied(untrusted[reason], {
    reason,
    step: 'chain',
    cause,
    rule,
    detail,
    ...(certificate && certificateFacts(certificate)),
  });
}

function checkProof(holder: CertificateHolder): void {
  const verdict = holder.proof();
  if (!verdict.ok) throw denied('Invalid signature', { reason: verdict.reason, step: 'proof' });
}

function checkRoleInProfile({ roleArn }: Asked, profile: ProfileRecord): void {
  if (profile.roleArns.includes(roleArn)) return;
  throw denied("Requested Role isn't one of those listed in the Profile.", {
    reason: 'roleNotInProfile',
    step: 'profile',
    roleArn,
  });
}

function checkSessionName({ roleSessionName }: Asked, profile: ProfileRecord): void {
  if (roleSessionName === undefined || profile.acceptRoleSessionName) return;
  throw denied('Not authorized to set roleSessionName', { reason: 'roleSessionNameNotAccepted', step: 'profile' });
}

/** AWS doc: `requireInstanceProperties` is unused. Ours: the operator may have it enforced; the sentence is ours, too. */
function checkInstanceProperties({ instanceProperties = {} }: Asked, profile: ProfileRecord, call: Call): void {
  if (!profile.requireInstanceProperties || !call.settings.enforceInstanceProperties) return;
  if (Object.keys(instanceProperties).length > 0) return;
  throw denied('Instance properties are required by the Profile.', {
    reason: 'instancePropertiesMissing',
    step: 'profile',
  });
}

function identify({ certificate }: CertificateHolder, asked: Asked, role: RoleRecord | undefined): Identity {
  if (role === undefined) throw unassumable(asked.roleArn, { reason: 'noRole', step: 'role' });
  const sourceIdentity = sourceIdentityOf(certificate);
  if (!sourceIdentity.ok) throw unassumable(asked.roleArn, { ...sourceIdentity, step: 'identity' });
  const roleSessionName = roleSessionNameOf(certificate, asked.roleSessionName);
  if (!roleSessionName.ok) throw unassumable(asked.roleArn, { ...roleSessionName, step: 'identity' });
  return { sourceIdentity: sourceIdentity.text, roleSessionName: roleSessionName.text };
}

/** What a session carries: the certificate's attributes as tags, the profile's policies as its bounds. */
type Packed = {
  readonly baggage: Baggage;
  readonly unmapped: readonly Unmapped[];
  readonly weight: BaggageVerdict;
};

/** It follows from the two alone: worked out once for a profile, until it changes, and a certificate. */
const packedOf = rememberOf((profile: ProfileRecord) =>
  rememberAgain((certificate: Certificate): Packed => {
    const { tags, unmapped } = mapAttributes(certificate, profile.attributeMappings);
    const policies = profile.sessionPolicy === null ? [] : [profile.sessionPolicy];
    const baggage = { policies, managedPolicyArns: profile.managedPolicyArns, tags };
    return { baggage, unmapped, weight: judgeBaggage(baggage) };
  }),
);

function packed({ certificate }: CertificateHolder, profile: ProfileRecord, call: Call): Packed {
  const found = packedOf(profile)(certificate);
  for (const { key, reason } of found.unmapped) call.explain({ reason: 'unmappedAttribute', key, because: reason });
  return found;
}

function duration(asked: Asked, profile: ProfileRecord, role: RoleRecord): number {
  const verdict = sessionSeconds(asked.durationSeconds, profile.durationSeconds, role.maxSessionDuration);
  if (verdict.ok) return verdict.seconds;
  // AWS seen: the sentence goes on with STS's own.
  const because = ' The requested DurationSeconds exceeds the MaxSessionDuration set for this role.';
  throw unassumable(asked.roleArn, { reason: verdict.reason, step: 'duration', seconds: verdict.seconds }, because);
}

function weigh(asked: Asked, weight: BaggageVerdict, unknownPolicy: string | undefined): number {
  // INVARIANT: the managed policies are read again at every use, as they are then; one that cannot be read never widens.
  if (unknownPolicy !== undefined)
    throw unassumable(asked.roleArn, {
      reason: 'noManagedPolicy',
      step: 'size',
      policyArn: unknownPolicy,
    });
  if (!weight.ok) throw unassumable(asked.roleArn, { reason: weight.reason, step: 'size' });
  return weight.packedPolicySize;
}

function denied(message: string, reason: Reason): ServiceError {
  return AccessDeniedException(message, reason);
}
