// What the servers under measurement hold before they are measured, made over the public API: for CreateSession a trust
// anchor, a role and a profile; for the rest a user whose key signs, and what is read.
import { type AccessKey, sendWithKey, xmlText } from '../src/client/send.ts';

export const region = 'us-east-1';

/** The root key of the servers under measurement: throw-away, of this process's making. */
export type RootKey = Pick<AccessKey, 'accessKeyId' | 'secretAccessKey'>;

/** The three ARNs that a request names. */
export type Arns = { readonly trustAnchorArn: string; readonly profileArn: string; readonly roleArn: string };

/** Calls a server with one key. Both throw AnswerError where it refuses. */
export type Caller = {
  /** Roles Anywhere: POST with a JSON body; gives the answer's. */
  // biome-ignore lint/suspicious/noExplicitAny: who calls knows what the operation answers, and fails where it is not there
  rest(path: string, body: unknown): Promise<any>;
  /** IAM or STS: the action and its parameters; gives the answer's XML. */
  query(service: 'iam' | 'sts', action: string, parameters: Readonly<Record<string, string>>): Promise<string>;
};

/** Who calls the server at `endpoint` with this key. */
export function callerWith(endpoint: string, key: AccessKey): Caller {
  const post = (path: string, contentType: string, body: string, service: string) =>
    sendWithKey({ endpoint, method: 'POST', path, contentType, body, region, now: new Date() }, service, key);
  return {
    rest: async (path, body) => JSON.parse(await post(path, 'application/json', JSON.stringify(body), 'rolesanywhere')),
    query: (service, action, parameters) => post('/', formType, formOf(service, action, parameters), service),
  };
}

export const formType = 'application/x-www-form-urlencoded';

/** The body of a request in AWS's query protocol. */
export function formOf(
  service: 'iam' | 'sts',
  action: string,
  parameters: Readonly<Record<string, string>> = {},
): string {
  const version = service === 'iam' ? '2010-05-08' : '2011-06-15';
  return new URLSearchParams({ Action: action, Version: version, ...parameters }).toString();
}

const trusting = (principal: object, action: readonly string[]) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: principal, Action: action }],
  });

const workloadTrust = trusting({ Service: 'rolesanywhere.amazonaws.com' }, [
  'sts:AssumeRole',
  'sts:TagSession',
  'sts:SetSourceIdentity',
]);

/** Makes them on the server; throws AnswerError where it refuses. `anchorPem` is the authority that is trusted. */
export async function prepareAccount(endpoint: string, key: RootKey, anchorPem: string): Promise<Arns> {
  const root = callerWith(endpoint, key);
  const roleArn = await createRole(root, 'Bench', workloadTrust);
  const { trustAnchorArn } = await createTrustAnchor(root, 'bench', anchorPem);
  const { profileArn } = await createProfile(root, 'bench', roleArn);
  return { trustAnchorArn, profileArn, roleArn };
}

async function createRole(caller: Caller, name: string, trustPolicy: string): Promise<string> {
  const parameters = { RoleName: name, AssumeRolePolicyDocument: trustPolicy };
  return xmlText(await caller.query('iam', 'CreateRole', parameters), 'Arn') ?? '';
}

async function createTrustAnchor(caller: Caller, name: string, pem: string) {
  const source = { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData: pem } };
  const { trustAnchor } = await caller.rest('/trustanchors', { name, source, enabled: true });
  return trustAnchor;
}

async function createProfile(caller: Caller, name: string, roleArn: string) {
  const { profile } = await caller.rest('/profiles', { name, roleArns: [roleArn], enabled: true });
  return profile;
}

/** Who calls with an access key, and as what. */
export type Callers = {
  /** Of a user, who may do everything by an inline policy. */
  readonly userKey: AccessKey;
  /** Of a session of the role that the user may assume. */
  readonly sessionKey: AccessKey;
  readonly assumableArn: string;
};

/** Makes a user and a role for it; throws AnswerError where the server refuses. */
export async function prepareCallers(endpoint: string, key: RootKey): Promise<Callers> {
  const root = callerWith(endpoint, key);
  const account = xmlText(await root.query('sts', 'GetCallerIdentity', {}), 'Account') ?? '';
  const userKey = await createUser(root);
  const user = callerWith(endpoint, userKey);
  const trust = trusting({ AWS: `arn:aws:iam::${account}:root` }, ['sts:AssumeRole']);
  const assumableArn = await createRole(user, 'BenchAssumable', trust);
  const asked = { RoleArn: assumableArn, RoleSessionName: 'bench' };
  return { userKey, assumableArn, sessionKey: keyIn(await user.query('sts', 'AssumeRole', asked)) };
}

/** What the control plane's cases call with and ask for. */
export type ControlPlane = Callers & {
  readonly roleNames: readonly string[];
  readonly profileIds: readonly string[];
  readonly trustAnchorIds: readonly string[];
};

/** As many of each as AWS's own quotas allow, but no more than a hundred: what is read is not always the same. */
const counts = { roles: 100, profiles: 100, trustAnchors: 50 };

/** Makes users, roles, profiles and trust anchors; throws AnswerError where the server refuses. */
export async function prepareControlPlane(endpoint: string, key: RootKey, anchorPem: string): Promise<ControlPlane> {
  const callers = await prepareCallers(endpoint, key);
  const user = callerWith(endpoint, callers.userKey);
  const roleNames = numbered('Bench', counts.roles);
  await inLanes(roleNames, (name) => createRole(user, name, workloadTrust));
  const profiles = await inLanes(numbered('bench', counts.profiles), (name) =>
    createProfile(user, name, callers.assumableArn),
  );
  const anchors = await inLanes(numbered('bench', counts.trustAnchors), (name) =>
    createTrustAnchor(user, name, anchorPem),
  );
  return {
    ...callers,
    roleNames,
    profileIds: profiles.map(({ profileId }) => profileId),
    trustAnchorIds: anchors.map(({ trustAnchorId }) => trustAnchorId),
  };
}

async function createUser(root: Caller): Promise<AccessKey> {
  const UserName = 'bench';
  const Statement = [{ Effect: 'Allow', Action: ['rolesanywhere:*', 'iam:*', 'sts:*'], Resource: '*' }];
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await root.query('iam', 'CreateUser', { UserName });
  await root.query('iam', 'PutUserPolicy', { UserName, PolicyName: 'all', PolicyDocument });
  return keyIn(await root.query('iam', 'CreateAccessKey', { UserName }));
}

/** The key in the answer of CreateAccessKey or AssumeRole. */
export function keyIn(xml: string): AccessKey {
  const sessionToken = xmlText(xml, 'SessionToken');
  return {
    accessKeyId: xmlText(xml, 'AccessKeyId') ?? '',
    secretAccessKey: xmlText(xml, 'SecretAccessKey') ?? '',
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
}

function numbered(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `${name}-${at}`);
}

/** Requests under way together: a server that has just started refuses more than it can answer. */
const lanes = 4;

/** What `make` makes of each, in their order. */
async function inLanes<From, To>(items: readonly From[], make: (item: From) => Promise<To>): Promise<readonly To[]> {
  const made: To[] = [];
  const left = [...items.entries()].reverse();
  const lane = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) made[next[0]] = await make(next[1]);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return made;
}
