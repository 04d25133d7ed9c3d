// CreateSession: a certificate goes in, credentials of a role come out. The steps stand in AWS's order, because a caller
// with two faults is told the first; what each refusal says to the stranger is AWS's sentence, what it says to the
// operator is the reason.
// AWS doc: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html
import type { Reason, ServiceError } from '../../contract/error.ts';
import {
  integer,
  list,
  optional,
  pattern,
  required,
  string,
  structure,
  timestampInSeconds,
  type ValueOf,
} from '../../contract/shape.ts';
import { evaluateTrust } from '../../core/policy/evaluate.ts';
import { contextOf } from '../../core/policy/request.ts';
import { mapAttributes } from '../../core/session/attributes.ts';
import { encodeClaims, type SessionClaims } from '../../core/session/claims.ts';
import { accessKeyIdOf, identifierBytes, secretAccessKeyOf } from '../../core/session/credentials.ts';
import { roleSessionNameOf, sourceIdentityOf } from '../../core/session/identity.ts';
import { type Baggage, judgeBaggage, sessionSeconds } from '../../core/session/limits.ts';
import type { PathReason } from '../../core/x509/path.ts';
import type { Document, Reader } from '../../store/store.ts';
import { formatArn, parseArn } from '../arn.ts';
import { type Call, type CertificateHolder, operation, purposes } from '../call.ts';
import { findRole, type RoleRecord } from '../iam/records.ts';
import type { Collection } from '../records.ts';
import { AccessDeniedException, ValidationException } from './errors.ts';
import { type ProfileRecord, placeOf, profiles, type TrustAnchorRecord, trustAnchors } from './records.ts';
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

const secret = { sensitive: true } as const;
const Credentials = structure({
  accessKeyId: required(string(), { doc: '`ASIA` and 16 characters.' }),
  expiration: required(timestampInSeconds, { doc: 'When the credentials end.' }),
  secretAccessKey: required(string(secret), { doc: '40 characters.' }),
  sessionToken: required(string(secret), { doc: 'Goes with every request, opaque.' }),
});
const CredentialSet = structure({
  assumedRoleUser: required(
    structure({
      arn: required(string(), { doc: 'The ARN of the session.' }),
      assumedRoleId: required(string(), { doc: 'The unique id of the role, a colon, the session name.' }),
    }),
    { doc: 'Who the credentials are.' },
  ),
  credentials: required(Credentials, { doc: 'The credentials.' }),
  packedPolicySize: required(integer(), { doc: 'Percent of what policies and tags may take.' }),
  roleArn: required(string(), { doc: 'The role.' }),
  sourceIdentity: required(string(), { doc: 'The source identity of the session.' }),
});

export const CreateSession = operation({
  doc: 'Gives temporary credentials of a role to the holder of a certificate that leads to the trust anchor.',
  http: 'POST /sessions 201',
  effect: 'write',
  signedWith: 'certificate',
  accountOf: ({ trustAnchorArn }) => accountOf(trustAnchorArn ?? ''),
  errors: [ValidationException, AccessDeniedException],
  input,
  output: structure({
    credentialSet: required(list(CredentialSet), { doc: 'One set of credentials.' }),
    subjectArn: required(string(), {
      doc: "The subject: the certificate's distinguished name in this account and Region.",
    }),
  }),
  // No IAM action guards it: the certificate, the profile and the role's trust policy do.
  access: () => [],
  async run(asked, call) {
    const holder = certificateHolder(call);
    const { trustAnchor, profile, role } = await load(asked, call);
    checkTrustAnchor(trustAnchor);
    checkProfile(profile);
    checkChain(holder, trustAnchor, call);
    checkProof(holder);
    checkRoleInProfile(asked, profile);
    checkSessionName(asked, profile);
    const identity = identify(holder, asked, role);
    const baggage = pack(holder, profile, call);
    checkTrustPolicy(asked, role, trustAnchor, { ...identity, ...baggage }, call);
    const seconds = duration(asked, profile, role);
    const packedPolicySize = weigh(asked, baggage);
    const session = issue({ ...identity, ...baggage }, seconds, role, call);
    return call.write(async (writer) => {
      const subjectArn = await seen(writer, holder.certificate, call);
      return answer(session, packedPolicySize, subjectArn, call);
    });
  },
});

type Asked = ValueOf<typeof input>;
type Identity = { readonly sourceIdentity: string; readonly roleSessionName: string };

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
    const trustAnchor = await named(reader, trustAnchors, trustAnchorArn, call);
    const profile = await named(reader, profiles, profileArn, call);
    const roleName = nameIn(roleArn);
    const role = roleName === undefined ? undefined : await findRole(reader, call.account, roleName);
    return { trustAnchor, profile, role: role?.arn === roleArn ? role : undefined };
  });
}

async function named<T extends { readonly arn: string } & Document>(
  reader: Reader,
  from: Collection<T>,
  arn: string,
  call: Call,
): Promise<T | undefined> {
  const id = nameIn(arn);
  const record = id === undefined ? undefined : await from.get(reader, placeOf(call) + id);
  return record?.arn === arn ? record : undefined;
}

/** What follows an ARN's last slash, where it has the form of a name or an id: a stranger's text makes no other key. */
function nameIn(arn: string): string | undefined {
  return /\/([\w+=,.@-]{1,64})$/.exec(arn)?.[1];
}

// AWS seen: the sentences of this and the next three checks, in this order; a disabled profile's is not known.
function checkTrustAnchor(trustAnchor: TrustAnchorRecord | undefined): asserts trustAnchor is TrustAnchorRecord {
  if (trustAnchor === undefined) throw denied("Specified Trust Anchor wasn't found.", { reason: 'noTrustAnchor' });
  if (!trustAnchor.enabled) throw denied('Specified Trust Anchor is disabled.', { reason: 'trustAnchorDisabled' });
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
  if (reason !== undefined) throw denied('Invalid or empty profile provided.', { reason });
}

const untrusted: Readonly<Record<PathReason, string>> = {
  untrusted: 'Untrusted signing certificate',
  insufficientLeaf: 'Untrusted certificate. Insufficient certificate',
  // Ours: AWS's sentences for these are not known; each says no more than the two that are.
  leafExpired: 'Untrusted certificate. Insufficient certificate',
  leafNotYetValid: 'Untrusted certificate. Insufficient certificate',
  chainTooLong: 'Untrusted signing certificate',
};

function checkChain({ certificate, chain }: CertificateHolder, trustAnchor: TrustAnchorRecord, call: Call): void {
  const anchors = call.certificatesOf(trustAnchor.x509CertificateData);
  const verdict = call.validatePath({ leaf: certificate, intermediates: chain, anchors, now: call.now });
  if (verdict.ok) return;
  const { reason, cause, rule, detail } = verdict;
  throw denied(untrusted[reason], { reason, cause, rule, detail, certificate: verdict.certificate?.fingerprint });
}

function checkProof(holder: CertificateHolder): void {
  const verdict = holder.proof();
  if (!verdict.ok) throw denied('Invalid signature', { reason: verdict.reason });
}

function checkRoleInProfile({ roleArn }: Asked, profile: ProfileRecord): void {
  if (profile.roleArns.includes(roleArn)) return;
  throw denied("Requested Role isn't one of those listed in the Profile.", { reason: 'roleNotInProfile', roleArn });
}

function checkSessionName({ roleSessionName }: Asked, profile: ProfileRecord): void {
  if (roleSessionName === undefined || profile.acceptRoleSessionName) return;
  throw denied('Not authorized to set roleSessionName', { reason: 'roleSessionNameNotAccepted' });
}

function identify({ certificate }: CertificateHolder, asked: Asked, role: RoleRecord | undefined): Identity {
  if (role === undefined) throw unassumable(asked, { reason: 'noRole' });
  const sourceIdentity = sourceIdentityOf(certificate);
  if (!sourceIdentity.ok) throw unassumable(asked, sourceIdentity);
  const roleSessionName = roleSessionNameOf(certificate, asked.roleSessionName);
  if (!roleSessionName.ok) throw unassumable(asked, roleSessionName);
  return { sourceIdentity: sourceIdentity.text, roleSessionName: roleSessionName.text };
}

/** What the session carries: the certificate's attributes as tags, the profile's policies as its bounds. */
function pack({ certificate }: CertificateHolder, profile: ProfileRecord, call: Call): Baggage {
  const { tags, unmapped } = mapAttributes(certificate, profile.attributeMappings);
  for (const { key, reason } of unmapped) call.explain({ reason: 'unmappedAttribute', key, because: reason });
  const policies = profile.sessionPolicy === null ? [] : [profile.sessionPolicy];
  return { tags, policies, managedPolicyArns: profile.managedPolicyArns };
}

const service = 'rolesanywhere.amazonaws.com';

/** The role's trust policy must let Roles Anywhere assume it, set the source identity, and tag where there are tags. */
function checkTrustPolicy(
  asked: Asked,
  role: RoleRecord | undefined,
  trustAnchor: TrustAnchorRecord,
  session: Identity & Baggage,
  call: Call,
): asserts role is RoleRecord {
  if (role === undefined) throw unassumable(asked, { reason: 'noRole' });
  const trust = { name: 'trust policy', policy: call.policyOf(role.assumeRolePolicyDocument, 'trust') };
  const context = contextOf(trustContext(trustAnchor, session, call));
  const tagging = Object.keys(session.tags).length === 0 ? [] : ['sts:TagSession'];
  for (const action of ['sts:AssumeRole', ...tagging, 'sts:SetSourceIdentity']) {
    const decision = evaluateTrust(trust, {
      principal: { kind: 'service', service },
      action,
      resource: role.arn,
      resourceAccount: call.account,
      context,
      multivalued: listKeys,
    });
    if (decision.decision !== 'allowed') throw unassumable(asked, { reason: decision.because, action, decision });
  }
}

const listKeys: ReadonlySet<string> = new Set(['aws:tagkeys']);

/** AWS doc: certificate attributes are `aws:PrincipalTag` in a trust policy. Ours: also `aws:RequestTag`, as AssumeRole has it. */
function trustContext(trustAnchor: TrustAnchorRecord, { tags, ...session }: Identity & Baggage, call: Call) {
  const tagKeys = Object.entries(tags).flatMap(([key, value]) => [
    [`aws:PrincipalTag/${key}`, value],
    [`aws:RequestTag/${key}`, value],
  ]);
  return {
    ...Object.fromEntries(tagKeys),
    'aws:TagKeys': Object.keys(tags),
    'aws:SourceArn': trustAnchor.arn,
    'aws:SourceAccount': call.account,
    'aws:PrincipalServiceName': service,
    'aws:PrincipalIsAWSService': 'true',
    'aws:CurrentTime': call.now.toISOString(),
    'aws:EpochTime': String(Math.floor(call.now.getTime() / 1000)),
    'aws:RequestedRegion': call.region,
    'aws:SecureTransport': String(call.origin.secure),
    'aws:SourceIp': call.origin.ip,
    'aws:UserAgent': call.origin.userAgent,
    'sts:SourceIdentity': session.sourceIdentity,
    'sts:RoleSessionName': session.roleSessionName,
  };
}

function duration(asked: Asked, profile: ProfileRecord, role: RoleRecord): number {
  const verdict = sessionSeconds(asked.durationSeconds, profile.durationSeconds, role.maxSessionDuration);
  if (verdict.ok) return verdict.seconds;
  // AWS seen: the sentence goes on with STS's own.
  const because = ' The requested DurationSeconds exceeds the MaxSessionDuration set for this role.';
  throw unassumable(asked, { reason: verdict.reason, seconds: verdict.seconds }, because);
}

function weigh(asked: Asked, baggage: Baggage): number {
  const [unknown] = baggage.managedPolicyArns;
  // No managed policies are kept yet: one that cannot be read must not widen the session by being left out.
  if (unknown !== undefined) throw unassumable(asked, { reason: 'noManagedPolicy', policyArn: unknown });
  const verdict = judgeBaggage(baggage);
  if (!verdict.ok) throw unassumable(asked, { reason: verdict.reason });
  return verdict.packedPolicySize;
}

function issue(session: Identity & Baggage, seconds: number, role: RoleRecord, call: Call): SessionClaims {
  const issuedAt = Math.floor(call.now.getTime() / 1000);
  return {
    version: 1,
    accessKeyId: accessKeyIdOf('ASIA', call.randomBytes(identifierBytes)),
    secretAccessKey: secretAccessKeyOf(call.randomBytes(30)),
    account: call.account,
    partition: parseArn(role.arn)?.partition ?? call.partition,
    roleArn: role.arn,
    roleName: role.roleName,
    roleId: role.roleId,
    ...session,
    issuedAt,
    expiresAt: issuedAt + seconds,
    issuedBy: 'rolesanywhere:CreateSession',
  };
}

function answer(session: SessionClaims, packedPolicySize: number, subjectArn: string, call: Call) {
  const { partition, account, roleName, roleId, roleSessionName } = session;
  const resource = `assumed-role/${roleName}/${roleSessionName}`;
  const sessionToken = Buffer.from(call.sealed(purposes.sessionToken, encodeClaims(session))).toString('base64');
  return {
    credentialSet: [
      {
        assumedRoleUser: {
          arn: formatArn({ partition, service: 'sts', region: '', account, resource }),
          assumedRoleId: `${roleId}:${roleSessionName}`,
        },
        credentials: {
          accessKeyId: session.accessKeyId,
          expiration: new Date(session.expiresAt * 1000),
          secretAccessKey: session.secretAccessKey,
          sessionToken,
        },
        packedPolicySize,
        roleArn: session.roleArn,
        sourceIdentity: session.sourceIdentity ?? '',
      },
    ],
    subjectArn,
  };
}

function denied(message: string, reason: Reason): ServiceError {
  return AccessDeniedException(message, reason);
}

/** AWS seen: one sentence for all that keeps STS from assuming the role; some causes add a second. */
function unassumable({ roleArn }: Asked, reason: Reason, more = ''): ServiceError {
  return denied(`Unable to assume role for ${roleArn}.${more}`, reason);
}
