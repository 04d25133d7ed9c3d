// Accounts are separate worlds: two in one store, each with everything of the same names. Whatever one is asked shows
// nothing of the other, and whatever is done in one, also with the other's ARNs in hand, leaves the other as it was.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { services } from '../src/main.ts';
import { ensureAccount } from '../src/root-account.ts';
import { parametersOf } from './conformance/query-answers.ts';
import { makeCa } from './pki.ts';
import { type Answer, account as here, type Keys, type Road, testRoad } from './road.ts';

const there = '210987654321';
const allow = (Action: string | readonly string[]) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });
const trust = (...accounts: readonly string[]) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: accounts } }],
  });

type Values = Readonly<Record<string, unknown>>;

/** What every request of an account is made of, by the names of members: the same names everywhere, the ARNs its own. */
const valuesOf = (account: string): Values => ({
  UserName: 'same',
  GroupName: 'same',
  RoleName: 'same',
  InstanceProfileName: 'same',
  PolicyName: 'same',
  PolicyArn: `arn:aws:iam::${account}:policy/same`,
  PermissionsBoundary: `arn:aws:iam::${account}:policy/same`,
  PolicySourceArn: `arn:aws:iam::${account}:user/same`,
  Arn: `arn:aws:iam::${account}:user/same`,
  OpenIDConnectProviderArn: `arn:aws:iam::${account}:oidc-provider/issuer.example`,
  Url: 'https://issuer.example',
  ClientID: 'same',
  ThumbprintList: ['a'.repeat(40)],
  AssumeRolePolicyDocument: trust(account),
  PolicyDocument: allow('s3:*'),
  PolicyInputList: [allow('s3:*')],
  ActionNames: ['s3:GetObject'],
  Description: `described by ${account}`,
  Tags: [{ Key: 'account', Value: account }],
  TagKeys: ['account'],
  VersionId: 'v1',
  Status: 'Inactive',
  Password: 'Same-passw0rd-of-all',
  NewPassword: 'Other-passw0rd-of-all',
  OldPassword: 'Same-passw0rd-of-all',
  AWSServiceName: 'rolesanywhere.amazonaws.com',
  ServiceNamespace: 'iam',
  ServiceNamespaces: ['iam'],
  MinimumPasswordLength: 12,
});

const operations = services.get('iam')?.operations ?? new Map();
/** What may be asked of IAM with these values: each operation with all members that they name, if no needed one is left. */
function requests(effect: 'read' | 'write', values: Values): readonly (readonly [string, Values])[] {
  return [...operations.values()].flatMap(({ name, effect: its, input }) => {
    const members = Object.entries<{ readonly required: boolean }>(input.members);
    if (its !== effect || members.some(([member, { required }]) => required && !(member in values))) return [];
    return [
      [name, Object.fromEntries(members.flatMap(([member]) => (member in values ? [[member, values[member]]] : [])))],
    ];
  });
}

/** In the order of a life, so that there is something to change and to take away. A policy may bound what comes after. */
const lives = [
  'CreatePolicy',
  'Create',
  'Put',
  'Attach',
  'Add',
  'Tag',
  'Update',
  'Change',
  'Set',
  'Generate',
  'Untag',
  'Remove',
  'Detach',
];
function inOrderOfLife(all: ReturnType<typeof requests>): ReturnType<typeof requests> {
  const age = ([name]: readonly [string, Values]) => {
    const index = lives.findIndex((verb) => name.startsWith(verb));
    return index < 0 ? lives.length : index;
  };
  return [...all].sort((one, other) => age(one) - age(other));
}

describe('two accounts in one store', () => {
  let road: Road;
  const roots: Record<string, Keys> = {};
  const ask = (account: string, action: string, parameters: Values = {}) =>
    road.query('iam', action, parametersOf(parameters), { keys: roots[account] });

  before(async () => {
    road = await testRoad();
    roots[here] = road.root;
    roots[there] = { accessKeyId: 'AKIATHERETHERETHERET', secretAccessKey: 'there'.repeat(8) };
    const rootKey = { accessKeyId: 'AKIATHERETHERETHERET', secretAccessKey: 'there'.repeat(8) };
    await ensureAccount({ ...road.world, now: road.now() }, { accountId: there, rootKey });
    for (const account of [here, there]) await populate(account);
  });

  /** Everything that can be made of the account's values, in an order in which all of it can. */
  async function populate(account: string): Promise<void> {
    const values = valuesOf(account);
    const making = inOrderOfLife(requests('write', values)).filter(([name]) =>
      /^(Create(?!.*Version|ServiceLinked)|Put(?!.*Boundary)|Attach|Add)/.test(name),
    );
    for (const [name, input] of making) {
      const { status, body } = await ask(account, name, input);
      assert.equal(status, 200, `${account} ${name}: ${body}`);
    }
    const keys = { keys: roots[account] };
    const source = {
      sourceType: 'CERTIFICATE_BUNDLE',
      sourceData: { x509CertificateData: makeCa({ subject: 'CN=CA' }).pem },
    };
    const roleArns = [`arn:aws:iam::${account}:role/same`];
    assert.equal((await road.rest('POST', '/trustanchors', { name: 'same', source }, keys)).status, 201);
    assert.equal((await road.rest('POST', '/profiles', { name: 'same', roleArns }, keys)).status, 201);
  }

  /** Every answer that the account gives to its own root about itself, without what differs from request to request. */
  async function seenBy(account: string): Promise<ReadonlyMap<string, string>> {
    const seen = new Map<string, string>();
    for (const [name, input] of requests('read', valuesOf(account))) {
      seen.set(name, plain(await ask(account, name, input)));
    }
    for (const path of ['/trustanchors', '/profiles', '/crls', '/subjects']) {
      seen.set(path, (await road.rest('GET', path, undefined, { keys: roots[account] })).body);
    }
    return seen;
  }

  const plain = ({ body }: Answer) => body.replace(/<RequestId>.*?<\/RequestId>/, '');

  test('each sees itself, and no word of the other', async () => {
    for (const [account, other] of [
      [here, there],
      [there, here],
    ] as const) {
      const seen = await seenBy(account);
      assert.ok(seen.size > 45, `${seen.size} answers`);
      for (const [name, body] of seen) assert.ok(!body.includes(other), `${account} ${name}: ${body}`);
      assert.ok([...seen.values()].filter((body) => body.includes(account)).length > 20);
    }
  });

  test('ids, though the names are the same, are in one of them alone', async () => {
    const idsOf = async (account: string) =>
      new Set(
        [...(await seenBy(account)).values()].flatMap(
          (body) => body.match(/\bA(?:IDA|ROA|GPA|IPA|KIA)[A-Z2-7]{16,17}\b/g) ?? [],
        ),
      );
    const [mine, theirs] = [await idsOf(here), await idsOf(there)];
    assert.ok(mine.size >= 4 && theirs.size >= 4);
    assert.deepEqual(
      [...mine].filter((id) => theirs.has(id)),
      [],
    );
  });

  test("with the other's ARNs in hand there is nothing to read and nothing to change", async () => {
    const untouched = await seenBy(here);
    const foreign = Object.entries(valuesOf(here)).filter(([, value]) => String(value).startsWith('arn:'));
    assert.equal(foreign.length, 5);
    for (const effect of ['read', 'write'] as const) {
      for (const [member, value] of foreign) {
        const values = { ...valuesOf(there), [member]: value };
        for (const [name, input] of requests(effect, values).filter(([, one]) => member in one)) {
          const answer = await ask(there, name, input);
          // DeleteOpenIDConnectProvider of what is not there is no error.
          if (name === 'DeleteOpenIDConnectProvider') continue;
          assert.ok(answer.status >= 400 && answer.status < 500, `${name} ${member}: ${answer.status} ${answer.body}`);
        }
      }
    }
    assert.deepEqual(await seenBy(here), untouched);
  });

  test("a user with every right has none in the other account, whatever the resource's name", async () => {
    const keys = await administrator('admin');
    const mine = await road.query('iam', 'GetUser', {}, { keys });
    assert.equal(mine.text('Arn'), `arn:aws:iam::${there}:user/admin`);
    const PolicyArn = `arn:aws:iam::${here}:policy/same`;
    assert.ok((await road.query('iam', 'GetPolicy', { PolicyArn }, { keys })).status >= 400);
    const target = `/ListTagsForResource?resourceArn=${encodeURIComponent(await anchorOf(here))}`;
    assert.ok((await road.rest('GET', target, undefined, { keys })).status >= 400);
    assert.equal((await road.rest('GET', target)).status, 200);
  });

  /** The keys of a new user of the other account, who has every right. */
  async function administrator(UserName: string): Promise<Keys> {
    await ask(there, 'CreateUser', { UserName });
    await ask(there, 'PutUserPolicy', { UserName, PolicyName: 'all', PolicyDocument: allow('*') });
    const key = await ask(there, 'CreateAccessKey', { UserName });
    return { accessKeyId: key.text('AccessKeyId') ?? '', secretAccessKey: key.text('SecretAccessKey') ?? '' };
  }

  async function anchorOf(account: string): Promise<string> {
    const answer = await road.rest('GET', '/trustanchors', undefined, { keys: roots[account] });
    return answer.json().trustAnchors[0].trustAnchorArn;
  }

  test('only a role that trusts the other account is a door, and behind it is its own account alone', async () => {
    const keys = await administrator('visitor');
    const assume = (role: string) =>
      road.query(
        'sts',
        'AssumeRole',
        { RoleArn: `arn:aws:iam::${here}:role/${role}`, RoleSessionName: 'session' },
        { keys },
      );
    assert.equal((await assume('same')).code, 'AccessDenied');
    await ask(here, 'CreateRole', { RoleName: 'door', AssumeRolePolicyDocument: trust(there) });
    await ask(here, 'PutRolePolicy', { RoleName: 'door', PolicyName: 'all', PolicyDocument: allow('*') });
    const opened = await assume('door');
    assert.equal(opened.text('Arn'), `arn:aws:sts::${here}:assumed-role/door/session`);
    const [accessKeyId = '', secretAccessKey = ''] = [opened.text('AccessKeyId'), opened.text('SecretAccessKey')];
    const behind = { accessKeyId, secretAccessKey, sessionToken: opened.text('SessionToken') ?? '' };
    const listed = await road.query('iam', 'ListRoles', {}, { keys: behind });
    assert.ok(listed.body.includes(`arn:aws:iam::${here}:role/door`) && !listed.body.includes(`:${there}:role`));
    // The session acts in its account, so that what it takes away there, it takes away there alone.
    await road.query('iam', 'DeleteRole', { RoleName: 'door' }, { keys: behind });
    assert.equal((await ask(there, 'GetRole', { RoleName: 'same' })).status, 200);
    await ask(here, 'DeleteRolePolicy', { RoleName: 'door', PolicyName: 'all' });
    await ask(here, 'DeleteRole', { RoleName: 'door' });
    assert.equal((await road.query('iam', 'ListRoles', {}, { keys: behind })).status, 403);
  });

  test('everything that one does, to the last deletion, leaves the other as it was', async () => {
    const untouched = await seenBy(here);
    const done = new Set<string>();
    const all = inOrderOfLife(requests('write', valuesOf(there)));
    const removing = requests('write', { ...valuesOf(there), VersionId: 'v2' }).filter(([name]) =>
      /^(Delete|Detach|Remove)/.test(name),
    );
    const perform = async (writes: typeof all) => {
      for (const [name, input] of writes) {
        const { status } = await ask(there, name, input);
        assert.ok(status < 500, name);
        if (status === 200) done.add(name);
      }
    };
    await perform(all);
    const { texts } = await ask(there, 'ListAccessKeys', { UserName: 'same' });
    for (const AccessKeyId of texts('AccessKeyId'))
      await ask(there, 'DeleteAccessKey', { UserName: 'same', AccessKeyId });
    // What holds another is gone after the first time, so that the other goes at the second.
    for (let time = 0; time < 3; time++) await perform(removing);
    await perform(all);
    const refused = all.map(([name]) => name).filter((name) => !done.has(name));
    // The trust anchor made the service-linked role, under a name of its own; a document for what is done is none for
    // whom a role trusts; the caller is root, who has no password here.
    assert.deepEqual(refused.sort(), [
      'ChangePassword',
      'CreateServiceLinkedRole',
      'DeleteServiceLinkedRole',
      'UpdateAssumeRolePolicy',
    ]);
    assert.deepEqual(await seenBy(here), untouched);
  });
});
