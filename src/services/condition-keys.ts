// The global condition keys of a request: the one place that says which are there, for whom, with which value. What
// belongs to one operation alone stands in its `access`.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
import { isoText } from '../contract/instant.ts';
import type { Call, Caller, Signer } from './call.ts';

/** Condition keys by name in AWS's spelling; undefined: absent. */
export type Keys = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Keys that stay lists when they hold one value, in lower case. */
export const listKeys: ReadonlySet<string> = new Set(['aws:tagkeys', 'aws:calledvia', 'sts:transitivetagkeys']);

/** What the request says by itself, whoever makes it. No service calls another here: `aws:CalledVia` is always absent. */
export function requestKeys({ now, origin, region }: Pick<Call, 'now' | 'origin' | 'region'>): Keys {
  return {
    'aws:CurrentTime': isoText(now),
    'aws:EpochTime': String(Math.floor(now.getTime() / 1000)),
    'aws:Referer': origin.referer,
    'aws:RequestedRegion': region,
    'aws:SecureTransport': String(origin.secure),
    'aws:SourceIp': origin.ip,
    'aws:UserAgent': origin.userAgent,
    'aws:ViaAWSService': 'false',
  };
}

/** Those of them that the next request of the same caller may have otherwise, in lower case: when, from where and how it came. */
export const passingKeys: ReadonlySet<string> = new Set([
  'aws:currenttime',
  'aws:epochtime',
  'aws:referer',
  'aws:securetransport',
  'aws:sourceip',
  'aws:useragent',
]);

/** What the request says of its caller. `tags`: those of the principal, where `tagsOfPrincipal` put them together. */
export function callerKeys(caller: Caller, tags: Readonly<Record<string, string>>): Keys {
  switch (caller.kind) {
    case 'certificate':
    case 'stranger':
      // AWS doc: reference_policies_variables.html, the table of principals: the anonymous caller.
      return { 'aws:PrincipalType': 'Anonymous', 'aws:userid': 'anonymous' };
    case 'root':
    case 'user':
    case 'assumedRole':
    case 'federatedUser':
      return { ...tagKeys('aws:PrincipalTag', tags), ...signerKeys(caller), ...sessionKeys(caller) };
  }
}

function signerKeys(caller: Signer): Keys {
  return {
    'aws:PrincipalAccount': caller.account,
    // AWS doc: for a session of a role, the ARN of the role.
    'aws:PrincipalArn': caller.kind === 'assumedRole' ? caller.session.roleArn : caller.arn,
    'aws:PrincipalIsAWSService': 'false',
    'aws:PrincipalType': principalTypes[caller.kind],
    'aws:userid': caller.userId,
    'aws:username': caller.kind === 'user' ? caller.userName : undefined,
  };
}

const principalTypes = {
  root: 'Account',
  user: 'User',
  assumedRole: 'AssumedRole',
  federatedUser: 'FederatedUser',
} as const satisfies Readonly<Record<Signer['kind'], string>>;

/**
 * AWS doc: `aws:MultiFactorAuthPresent` is there for temporary credentials alone; no session here was made with MFA, so
 * that `aws:MultiFactorAuthAge` is always absent.
 */
function sessionKeys({ session }: Signer): Keys {
  if (session === undefined) return {};
  const always = {
    'aws:MultiFactorAuthPresent': 'false',
    'aws:TokenIssueTime': isoText(new Date(session.issuedAt * 1000)),
  };
  if (session.kind !== 'role') return always;
  const { sourceIdentity, webIdentity } = session;
  return { ...always, 'aws:SourceIdentity': sourceIdentity, ...(webIdentity && webIdentityKeys(webIdentity)) };
}

/** AWS doc: reference_policies_iam-condition-keys.html, OIDC federation. Ours: the session has them, too. */
function webIdentityKeys(
  identity: NonNullable<Extract<Signer, { kind: 'assumedRole' }>['session']['webIdentity']>,
): Keys {
  return {
    'aws:FederatedProvider': identity.provider,
    [`${identity.issuer}:aud`]: identity.audience,
    [`${identity.issuer}:sub`]: identity.subject,
  };
}

/** `PREFIX/KEY` for each tag. */
export function tagKeys(prefix: string, tags: Readonly<Record<string, string>>): Keys {
  const keys: Record<string, string | undefined> = {};
  for (const key of Object.keys(tags)) keys[`${prefix}/${key}`] = tags[key];
  return keys;
}

/**
 * `tags` with `over` put over them; a key in another case is the same key and shown as last given. INVARIANT: no two keys
 * of one of them differ in case alone.
 */
export function overlaid(
  tags: Readonly<Record<string, string>>,
  over: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (Object.keys(over).length === 0) return tags;
  if (Object.keys(tags).length === 0) return over;
  const byKey = new Map(
    [tags, over].flatMap((all) => Object.entries(all).map((pair) => [pair[0].toLowerCase(), pair])),
  );
  return Object.fromEntries(byKey.values());
}
