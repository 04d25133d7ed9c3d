// What the tests of this folder share: a server with an authority, a role and a profile that go together, sessions of
// roles with given rights, and the store's content to compare. Holds no test itself.
import assert from 'node:assert/strict';
import { type Authority, type CertificateOptions, type Minted, makeCa } from '../../../test/pki.ts';
import {
  type Answer,
  account,
  type Keys,
  type Network,
  type Road,
  region,
  type SessionRequest,
  testRoad,
} from '../../../test/road.ts';
import type { Settings } from '../settings.ts';
import {
  crls,
  crlsOfTrustAnchors,
  profiles,
  subjectCredentials,
  subjectProperties,
  subjects,
  trustAnchors,
} from './records.ts';

/** What a role's trust policy must allow for a session with tags. */
export const trustedActions = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'];

/** A trust policy for Roles Anywhere; `more` changes members of its statement. */
export function trusting(more: object = {}): string {
  const Principal = { Service: 'rolesanywhere.amazonaws.com' };
  return policy({ Effect: 'Allow', Principal, Action: trustedActions, ...more });
}

/** A policy document of these statements. */
export function policy(...statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

/** The source member of a trust anchor that trusts these PEM texts. */
export function bundle(...pems: readonly string[]) {
  return { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData: pems.join('') } };
}

/** An ARN of the test's account and Region: `arnOf('profile/…')`. */
export function arnOf(resource: string): string {
  return `arn:aws:rolesanywhere:${region}:${account}:${resource}`;
}

export const unknownId = '11111111-2222-4333-8444-555555555555';

export type Arrangement = {
  readonly ca?: Authority;
  /** Members that CreateTrustAnchor, CreateProfile and the role get besides, or instead. */
  readonly anchor?: object;
  readonly profile?: object;
  readonly trust?: string;
  readonly maxSessionDuration?: number;
  readonly leaf?: CertificateOptions;
  readonly settings?: Settings;
  readonly network?: Network;
};

/** What a request for a session differs in from the plain good one. */
export type Asked = Partial<Omit<SessionRequest, 'certificate' | 'privateKey' | 'body'>> & {
  readonly leaf?: Minted;
  /** Laid over the three ARNs; a member that is undefined is left out. */
  readonly body?: object;
};

export type Arranged = Awaited<ReturnType<typeof arranged>>;

/** A server where CreateSession succeeds: enabled trust anchor and profile, and a role `app` that trusts Roles Anywhere. */
export async function arranged(arrangement: Arrangement = {}) {
  const { ca = makeCa(), trust = trusting(), maxSessionDuration = 43200 } = arrangement;
  const { settings, network } = arrangement;
  const road = await testRoad({ ...(settings && { settings }), ...(network && { network }) });
  const leaf = ca.issue({ subject: 'O=Acme,OU=Ops,CN=client', ...arrangement.leaf });
  const role = await road.query('iam', 'CreateRole', {
    RoleName: 'app',
    AssumeRolePolicyDocument: trust,
    MaxSessionDuration: maxSessionDuration,
  });
  const roleArn = `arn:aws:iam::${account}:role/app`;
  assert.equal(role.text('Arn'), roleArn, role.body);
  const anchor = await made(road, '/trustanchors', {
    name: 'anchor',
    enabled: true,
    source: bundle(ca.pem),
    ...arrangement.anchor,
  });
  const profile = await made(road, '/profiles', {
    name: 'profile',
    enabled: true,
    roleArns: [roleArn],
    ...arrangement.profile,
  });
  const arns = { trustAnchorArn: arnOf(`trust-anchor/${anchor}`), profileArn: arnOf(`profile/${profile}`), roleArn };
  return {
    road,
    ca,
    leaf,
    arns,
    profileId: profile,
    trustAnchorId: anchor,
    roleId: role.text('RoleId') ?? '',
    /** CreateSession with the leaf, the three ARNs in the body. */
    session({ leaf: presented = leaf, body = {}, ...more }: Asked = {}): Promise<Answer> {
      const { certificate, privateKey } = presented;
      return road.session({ certificate, privateKey, body: { ...arns, ...body }, ...more });
    },
  };
}

async function made(road: Road, path: '/trustanchors' | '/profiles', body: object): Promise<string> {
  const answer = await road.rest('POST', path, body);
  assert.equal(answer.status, 201, answer.body);
  const { trustAnchor, profile } = answer.json();
  return trustAnchor?.trustAnchorId ?? profile.profileId;
}

/** The credentials of an answer to CreateSession. */
export function keysOf(answer: Answer): Keys {
  assert.equal(answer.status, 201, answer.body);
  const { accessKeyId, secretAccessKey, sessionToken } = answer.json().credentialSet[0].credentials;
  return { accessKeyId, secretAccessKey, sessionToken };
}

/** Keys of a session of the role `app` that may do what the statements say. */
export async function actor({ road, session }: Arranged, ...statements: readonly object[]): Promise<Keys> {
  const granted = await road.query('iam', 'PutRolePolicy', {
    RoleName: 'app',
    PolicyName: 'rights',
    PolicyDocument: policy(...statements),
  });
  assert.equal(granted.status, 200, granted.body);
  return keysOf(await session());
}

/** Everything Roles Anywhere keeps, to compare before and after. */
export function kept({ store }: Road): Promise<object> {
  return store.read(async (reader) => {
    const all = { prefix: '', limit: 1000 };
    return {
      profiles: await profiles.list(reader, all),
      trustAnchors: await trustAnchors.list(reader, all),
      crls: await crls.list(reader, all),
      crlsOfTrustAnchors: await crlsOfTrustAnchors.list(reader, all),
      subjects: await subjects.list(reader, all),
      subjectCredentials: await subjectCredentials.list(reader, all),
      subjectProperties: await subjectProperties.list(reader, all),
    };
  });
}

/** Imports a CRL for the trust anchor, enabled unless `more` says otherwise; gives what is shown of it. */
export async function imported({ road, arns }: Arranged, crl: string | Uint8Array, more: object = {}) {
  const crlData = Buffer.from(crl).toString('base64');
  const body = { name: 'crl', enabled: true, crlData, trustAnchorArn: arns.trustAnchorArn, ...more };
  const answer = await road.rest('POST', '/crls', body);
  assert.equal(answer.status, 201, answer.body);
  return answer.json().crl;
}

/** Asserts that the answer is this error, sentence and all. */
export function refused(answer: Answer, code: string, message: string | RegExp): void {
  const status = code === 'ResourceNotFoundException' ? 404 : /Validation|Serialization/.test(code) ? 400 : 403;
  assert.deepEqual([answer.status, answer.code], [status, code], answer.body);
  if (typeof message === 'string') assert.equal(answer.message, message);
  else assert.match(answer.message ?? '', message);
  assert.deepEqual(Object.keys(answer.json()), ['message']);
}

/** Asserts that every call is refused as said and that nothing of it is kept. */
export async function refusedAll(
  road: Road,
  cases: readonly (readonly [call: () => Promise<Answer>, code: string, message: string | RegExp])[],
): Promise<void> {
  const before = await kept(road);
  for (const [call, code, message] of cases) refused(await call(), code, message);
  assert.deepEqual(await kept(road), before);
}

/** The sentence for one violated constraint. */
export function violation(value: string | undefined, at: string, constraint: string): string {
  const shown = value === undefined ? ' null' : ` '${value}'`;
  return `1 validation error detected: Value${shown} at '${at}' failed to satisfy constraint: ${constraint}`;
}
