// `control-plane`: who-am-I, reads and creates with access keys. HMAC signatures cost little, so that the limit is H alone.
import { makeCa } from '../test/pki.ts';
import { type ControlPlane, formOf, formType, prepareControlPlane, type RootKey } from './account.ts';
import { askedInTurn, askedOnce, type Question } from './key-requests.ts';
import type { Case, Workload } from './measure.ts';

const promisedOfReads = 0.5;
const promisedOfCreates = 0.3;
/** Requests made for one measurement of creates, at most: it ends when they are used up. */
const maxCreates = 60_000;

/** Who am I? */
export const identity: Question = query('sts', 'GetCallerIdentity');

export const controlPlaneCases: Readonly<Record<string, Case>> = {
  'get-caller-identity': reads('GetCallerIdentity, key', ({ userKey }) => ({ key: userKey, questions: [identity] })),
  'get-caller-identity-session': reads('GetCallerIdentity, session', ({ sessionKey }) => ({
    key: sessionKey,
    questions: [identity],
  })),
  'get-profile': reads('GetProfile', ({ userKey, profileIds }) => ({
    key: userKey,
    questions: profileIds.map((id) => get(`/profile/${id}`)),
  })),
  'list-profiles': reads('ListProfiles, a page of 50', ({ userKey }) => ({
    key: userKey,
    questions: [get('/profiles')],
  })),
  'get-role': reads('GetRole', ({ userKey, roleNames }) => ({
    key: userKey,
    questions: roleNames.map((RoleName) => query('iam', 'GetRole', { RoleName })),
  })),
  'get-trust-anchor': reads('GetTrustAnchor', ({ userKey, trustAnchorIds }) => ({
    key: userKey,
    questions: trustAnchorIds.map((id) => get(`/trustanchor/${id}`)),
  })),
  'create-profile': creates('CreateProfile', 201, ({ assumableArn }, name) => ({
    service: 'rolesanywhere',
    method: 'POST',
    path: '/profiles',
    contentType: 'application/json',
    body: JSON.stringify({ name, roleArns: [assumableArn], enabled: true }),
  })),
  'create-role': creates('CreateRole', 200, (_, name) =>
    query('iam', 'CreateRole', { RoleName: name, AssumeRolePolicyDocument: trustPolicy }),
  ),
  'assume-role': repeats('AssumeRole', ({ userKey, assumableArn }) => ({
    key: userKey,
    questions: [assumeRole(assumableArn)],
  })),
};

const trustPolicy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'rolesanywhere.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});

/** AssumeRole of this role. */
export function assumeRole(roleArn: string): Question {
  return query('sts', 'AssumeRole', { RoleArn: roleArn, RoleSessionName: 'bench' });
}

/** UpdateRole: a new description of this role. */
export function updateRole(RoleName: string, Description: string): Question {
  return query('iam', 'UpdateRole', { RoleName, Description });
}

/** A GET of Roles Anywhere. */
export function get(path: string): Question {
  return { service: 'rolesanywhere', method: 'GET', path };
}

/** An action of IAM or STS. */
export function query(
  service: 'iam' | 'sts',
  action: string,
  parameters: Readonly<Record<string, string>> = {},
): Question {
  return { service, method: 'POST', path: '/', contentType: formType, body: formOf(service, action, parameters) };
}

type Asked = { readonly key: ControlPlane['userKey']; readonly questions: readonly Question[] };

function reads(title: string, asked: (made: ControlPlane) => Asked): Case {
  return { ...repeats(title, asked), promised: promisedOfReads };
}

/** What may be asked again and again. */
function repeats(title: string, asked: (made: ControlPlane) => Asked): Case {
  return {
    title,
    status: 200,
    signatures: 0,
    async prepare(url, rootKey): Promise<Workload> {
      const { key, questions } = asked(await prepared(url, rootKey));
      return { requests: (count) => askedInTurn(url, key, questions, count) };
    },
  };
}

function creates(title: string, status: number, question: (made: ControlPlane, name: string) => Question): Case {
  return {
    title,
    status,
    signatures: 0,
    promised: promisedOfCreates,
    maxOnce: maxCreates,
    async prepare(url, rootKey): Promise<Workload> {
      const made = await prepared(url, rootKey);
      const { userKey } = made;
      return { requests: (count) => askedOnce(url, userKey, (serial) => question(made, `b-${serial}`), count) };
    },
  };
}

function prepared(url: string, rootKey: RootKey): Promise<ControlPlane> {
  return prepareControlPlane(url, rootKey, makeCa({ key: 'p256', subject: 'CN=Bench Root CA,O=Anyrole' }).pem);
}
