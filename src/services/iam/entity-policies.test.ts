// What is written once for users, groups and roles holds for each of them: inline policies, attachments, and the lists
// that lead from a managed policy to its entities.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { attachedPolicies, attachedTo, inlinePolicies } from './documents.ts';
import { account, allow, type Rig, rig, trust } from './rig.test.ts';

const policyArn = (name: string) => `arn:aws:iam::${account}:policy/${name}`;
const readOnly = 'arn:aws:iam::aws:policy/ReadOnlyAccess';

const kinds = [
  { kind: 'User', noun: 'user', maxInline: 2048, more: {} },
  { kind: 'Group', noun: 'group', maxInline: 5120, more: {} },
  { kind: 'Role', noun: 'role', maxInline: 10_240, more: { AssumeRolePolicyDocument: trust } },
] as const;

/** One entity of each kind under the path, all of one name. */
async function arranged(name = 'E', Path = '/', iam = rig()): Promise<Rig> {
  for (const { kind, more } of kinds) {
    const answer = await iam.query(`Create${kind}`, { [`${kind}Name`]: name, Path, ...more });
    assert.equal(answer.status, 200, answer.message);
  }
  return iam;
}

for (const { kind, noun, maxInline } of kinds) {
  const name = { [`${kind}Name`]: 'e' };
  const put = (iam: Rig, PolicyName: string, PolicyDocument = allow('s3:*')) =>
    iam.query(`Put${kind}Policy`, { ...name, PolicyName, PolicyDocument });
  const names = async (iam: Rig) => (await iam.query(`List${kind}Policies`, name)).texts('PolicyNames.member');
  const attach = (iam: Rig, PolicyArn: string) => iam.query(`Attach${kind}Policy`, { ...name, PolicyArn });
  const arns = async (iam: Rig, parameters: object = {}) =>
    (await iam.query(`ListAttached${kind}Policies`, { ...name, ...parameters })).texts(
      'AttachedPolicies.member.PolicyArn',
    );

  describe(`inline policies of a ${noun}`, () => {
    test('are put, shown, replaced and deleted, of this kind alone', async () => {
      const iam = await arranged();
      assert.equal((await put(iam, 'a')).status, 200);
      assert.equal((await put(iam, 'A', allow('ec2:*'))).status, 200);
      assert.deepEqual(await names(iam), ['A', 'a']);
      const shown = await iam.query(`Get${kind}Policy`, { ...name, PolicyName: 'A' });
      assert.deepEqual([shown.text(`${kind}Name`), shown.text('PolicyName')], ['E', 'A']);
      assert.equal(decodeURIComponent(shown.text('PolicyDocument') ?? ''), allow('ec2:*'));
      for (const other of kinds.filter((one) => one.kind !== kind)) {
        const list = await iam.query(`List${other.kind}Policies`, { [`${other.kind}Name`]: 'E' });
        assert.deepEqual(list.texts('PolicyNames.member'), []);
      }
      assert.equal((await iam.query(`Delete${kind}Policy`, { ...name, PolicyName: 'a' })).status, 200);
      assert.deepEqual(await names(iam), ['A']);
    });

    test('that are not there are refused in the words of the kind', async () => {
      const iam = await arranged();
      for (const action of [`Get${kind}Policy`, `Delete${kind}Policy`]) {
        const answer = await iam.query(action, { ...name, PolicyName: 'p' });
        assert.deepEqual([answer.status, answer.code], [404, 'NoSuchEntity']);
        assert.equal(answer.message, `The ${noun} policy with name p cannot be found.`);
      }
      const nobody = await iam.query(`Put${kind}Policy`, {
        [`${kind}Name`]: 'Nobody',
        PolicyName: 'p',
        PolicyDocument: allow('s3:*'),
      });
      assert.equal(nobody.message, `The ${noun} with name Nobody cannot be found.`);
    });

    test(`are ${maxInline} characters at most, all together, without white space`, async () => {
      const iam = await arranged();
      const empty = allow('s3:*', 'arn:aws:s3:::').length;
      const sized = (size: number) => allow('s3:*', `arn:aws:s3:::${'x'.repeat(size - empty)}`);
      assert.equal((await put(iam, 'a', `${sized(maxInline - 200)}${'\n'.repeat(20_000)}`)).status, 200);
      assert.equal((await put(iam, 'b', sized(200))).status, 200);
      const answer = await put(iam, 'c', allow('s3:*'));
      assert.deepEqual([answer.status, answer.code], [409, 'LimitExceeded']);
      assert.equal(answer.message, `Maximum policy size of ${maxInline} bytes exceeded for ${noun} E`);
      assert.equal((await put(iam, 'b', sized(201))).code, 'LimitExceeded');
      assert.deepEqual(await names(iam), ['a', 'b']);
    });

    test('are no trust policies, and not without a name', async () => {
      const iam = await arranged();
      assert.equal((await put(iam, 'p', trust)).code, 'MalformedPolicyDocument');
      assert.equal((await put(iam, 'p', '{}')).code, 'MalformedPolicyDocument');
      assert.equal((await put(iam, '')).code, 'ValidationError');
      assert.equal(
        (await iam.query(`Put${kind}Policy`, { PolicyName: 'p', PolicyDocument: trust })).code,
        'ValidationError',
      );
      assert.deepEqual(await iam.read((reader) => inlinePolicies[noun].list(reader, { prefix: '', limit: 1 })), []);
    });
  });

  describe(`managed policies on a ${noun}`, () => {
    test('are attached once, listed by ARN below a path, and detached', async () => {
      const iam = await arranged();
      await iam.query('CreatePolicy', { PolicyName: 'P', Path: '/x/', PolicyDocument: allow('s3:*') });
      const own = policyArn('x/P');
      for (const arn of [readOnly, own, own]) assert.equal((await attach(iam, arn)).status, 200);
      assert.deepEqual(await arns(iam), [own, readOnly]);
      assert.deepEqual(await arns(iam, { PathPrefix: '/x/' }), [own]);
      const first = await iam.query(`ListAttached${kind}Policies`, { ...name, MaxItems: 1 });
      assert.deepEqual(await arns(iam, { Marker: first.text('Marker') }), [readOnly]);
      assert.equal((await iam.query('GetPolicy', { PolicyArn: own })).text('Policy.AttachmentCount'), '1');
      assert.equal((await iam.query(`Detach${kind}Policy`, { ...name, PolicyArn: own })).status, 200);
      assert.equal((await iam.query('GetPolicy', { PolicyArn: own })).text('Policy.AttachmentCount'), '0');
      const again = await iam.query(`Detach${kind}Policy`, { ...name, PolicyArn: own });
      assert.deepEqual([again.status, again.message], [404, `Policy ${own} was not found.`]);
    });

    test("that are not the account's or AWS's are refused without a trace", async () => {
      const iam = await arranged();
      const stranger = await iam.stranger();
      await iam.query('CreatePolicy', { PolicyName: 'P', PolicyDocument: allow('s3:*') }, stranger);
      for (const arn of [policyArn('P'), 'arn:aws:iam::999988887777:policy/P', `${readOnly}2`]) {
        const answer = await attach(iam, arn);
        assert.deepEqual([answer.status, answer.code], [404, 'NoSuchEntity']);
        assert.equal(answer.message, `Policy ${arn} does not exist or is not attachable.`);
      }
      const service = await attach(iam, 'arn:aws:iam::aws:policy/aws-service-role/AWSRolesAnywhereServicePolicy');
      assert.equal(service.code, 'PolicyNotAttachable');
      const kept = await iam.read(async (reader) => [
        ...(await attachedPolicies[noun].list(reader, { prefix: '', limit: 1 })),
        ...(await attachedTo[noun].list(reader, { prefix: '', limit: 1 })),
      ]);
      assert.deepEqual(kept, []);
    });

    test('are ten at most', async () => {
      const iam = await arranged();
      for (let each = 0; each <= 10; each++) {
        await iam.query('CreatePolicy', { PolicyName: `p${each}`, PolicyDocument: allow('s3:*') });
      }
      for (let each = 0; each < 10; each++) assert.equal((await attach(iam, policyArn(`p${each}`))).status, 200);
      const answer = await attach(iam, policyArn('p10'));
      assert.deepEqual([answer.status, answer.code], [409, 'LimitExceeded']);
      assert.equal(answer.message, `Cannot exceed quota for PoliciesPer${kind}: 10`);
      assert.equal((await attach(iam, policyArn('p3'))).status, 200);
    });
  });
}

describe('ListEntitiesForPolicy', () => {
  type Found = { groups: readonly string[]; users: readonly string[]; roles: readonly string[] };
  async function entities(iam: Rig, parameters: object = {}): Promise<Found> {
    const answer = await iam.query('ListEntitiesForPolicy', { PolicyArn: policyArn('P'), ...parameters });
    assert.equal(answer.status, 200, answer.message);
    return {
      groups: answer.texts('PolicyGroups.member.GroupName'),
      users: answer.texts('PolicyUsers.member.UserName'),
      roles: answer.texts('PolicyRoles.member.RoleName'),
    };
  }
  const none: Found = { groups: [], users: [], roles: [] };

  async function used(): Promise<Rig> {
    const iam = await arranged('a');
    await arranged('b', '/x/', iam);
    await iam.query('CreatePolicy', { PolicyName: 'P', PolicyDocument: allow('s3:*') });
    const PolicyArn = policyArn('P');
    for (const { kind } of kinds) await iam.query(`Attach${kind}Policy`, { [`${kind}Name`]: 'a', PolicyArn });
    for (const kind of ['User', 'Role']) {
      for (const name of ['a', 'b']) {
        const PermissionsBoundary = PolicyArn;
        await iam.query(`Put${kind}PermissionsBoundary`, { [`${kind}Name`]: name, PermissionsBoundary });
      }
    }
    return iam;
  }

  test('shows every entity once, however it uses the policy', async () => {
    const iam = await used();
    assert.deepEqual(await entities(iam), { groups: ['a'], users: ['a', 'b'], roles: ['a', 'b'] });
  });

  for (const [parameters, expected] of [
    [{ PolicyUsageFilter: 'PermissionsPolicy' }, { groups: ['a'], users: ['a'], roles: ['a'] }],
    [{ PolicyUsageFilter: 'PermissionsBoundary' }, { ...none, users: ['a', 'b'], roles: ['a', 'b'] }],
    [{ EntityFilter: 'User' }, { ...none, users: ['a', 'b'] }],
    [{ EntityFilter: 'Group' }, { ...none, groups: ['a'] }],
    [
      { EntityFilter: 'Role', PathPrefix: '/x/' },
      { ...none, roles: ['b'] },
    ],
    [{ EntityFilter: 'Group', PolicyUsageFilter: 'PermissionsBoundary' }, none],
    [{ EntityFilter: 'LocalManagedPolicy' }, none],
    [{ EntityFilter: 'AWSManagedPolicy' }, none],
    [{ PathPrefix: '/x/' }, { ...none, users: ['b'], roles: ['b'] }],
    [{ PolicyArn: readOnly }, none],
  ] as const) {
    test(`of ${JSON.stringify(parameters)}`, async () => {
      const found = await entities(await used(), parameters);
      assert.deepEqual({ ...found, users: found.users.toSorted(), roles: found.roles.toSorted() }, expected);
    });
  }

  test('walks over the kinds in pages of any size', async () => {
    const iam = await used();
    for (const MaxItems of [1, 2, 3, 4, 5, 6]) {
      const found: string[] = [];
      for (let Marker: string | undefined, more = true; more; ) {
        const asked = { PolicyArn: policyArn('P'), MaxItems, Marker };
        const answer = await iam.query('ListEntitiesForPolicy', asked);
        const page = ['Group', 'User', 'Role'].flatMap((kind) =>
          answer.texts(`Policy${kind}s.member.${kind}Name`).map((name) => `${kind} ${name}`),
        );
        assert.ok(page.length <= MaxItems);
        found.push(...page);
        Marker = answer.text('Marker');
        more = answer.text('IsTruncated') === 'true';
      }
      assert.deepEqual(found.toSorted(), ['Group a', 'Role a', 'Role b', 'User a', 'User b']);
    }
  });

  test('refuses a Marker of another question', async () => {
    const iam = await used();
    const Marker = (await iam.query('ListEntitiesForPolicy', { PolicyArn: policyArn('P'), MaxItems: 1 })).text(
      'Marker',
    );
    for (const other of [{ EntityFilter: 'User' }, { PathPrefix: '/x/' }, { PolicyArn: readOnly }]) {
      const asked = { PolicyArn: policyArn('P'), Marker, ...other };
      assert.equal((await iam.query('ListEntitiesForPolicy', asked)).code, 'ValidationError');
    }
  });
});
