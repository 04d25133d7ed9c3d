import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { awsManagedPolicies } from './aws-managed-policies.ts';
import { attachedTo } from './documents.ts';
import { account, allow, type Rig, rig, trust } from './rig.test.ts';

const full = 'arn:aws:iam::aws:policy/AWSRolesAnywhereFullAccess';
const readOnly = 'arn:aws:iam::aws:policy/AWSRolesAnywhereReadOnly';
const ofService = 'arn:aws:iam::aws:policy/aws-service-role/AWSRolesAnywhereServicePolicy';
const ofAws = awsManagedPolicies('aws').map(({ arn }) => arn);

async function attached(...roles: readonly string[]): Promise<Rig> {
  const iam = rig();
  for (const RoleName of roles) {
    await iam.query('CreateRole', { RoleName, AssumeRolePolicyDocument: trust });
    await iam.query('AttachRolePolicy', { RoleName, PolicyArn: readOnly });
  }
  return iam;
}

describe('GetPolicy', () => {
  test('shows a policy of AWS with its dates and its attachments', async () => {
    const iam = await attached('A', 'B');
    const answer = await iam.query('GetPolicy', { PolicyArn: readOnly });
    const shown = answer.names('Policy').map((name) => [name, answer.text(`Policy.${name}`)]);
    assert.deepEqual(Object.fromEntries(shown), {
      PolicyName: 'AWSRolesAnywhereReadOnly',
      PolicyId: 'ANPAROLESANYWHEREREAD',
      Arn: readOnly,
      Path: '/',
      DefaultVersionId: 'v1',
      AttachmentCount: '2',
      PermissionsBoundaryUsageCount: '0',
      IsAttachable: 'true',
      Description: 'Reading everything in IAM Roles Anywhere.',
      CreateDate: '2025-07-16T00:00:00Z',
      UpdateDate: '2025-07-16T00:00:00Z',
      Tags: '',
    });
    const changed = await iam.query('GetPolicy', { PolicyArn: full });
    const dates = ['DefaultVersionId', 'CreateDate', 'UpdateDate', 'AttachmentCount'];
    assert.deepEqual(
      dates.map((name) => changed.text(`Policy.${name}`)),
      ['v3', '2025-07-16T00:00:00Z', '2026-02-12T00:00:00Z', '0'],
    );
  });

  test('counts the attachments of its own account only', async () => {
    const iam = await attached('A');
    const answer = await iam.query('GetPolicy', { PolicyArn: readOnly }, await iam.stranger());
    assert.equal(answer.text('Policy.AttachmentCount'), '0');
  });

  test('counts what was attached before attachments were counted, past a page of the store', async () => {
    const iam = rig();
    await iam.query('CreateRole', { RoleName: 'A', AssumeRolePolicyDocument: trust });
    await iam.write(async (writer) => {
      for (let each = 1; each <= 1000; each++) {
        const record = { name: `r${each}`, id: 'AROA', path: '/' };
        await attachedTo.role.put(writer, `${account}/${readOnly} r${each}`, record);
        // Its ARN begins with the other's, as that of a policy under a path may.
        await attachedTo.role.put(writer, `${account}/${readOnly}/${each} r1`, record);
      }
    });
    await iam.query('AttachRolePolicy', { RoleName: 'A', PolicyArn: readOnly });
    assert.equal((await iam.query('GetPolicy', { PolicyArn: readOnly })).text('Policy.AttachmentCount'), '1001');
  });
});

describe('an ARN', () => {
  for (const action of ['GetPolicy', 'ListPolicyVersions', 'ListEntitiesForPolicy']) {
    for (const [arn, status, code, message] of [
      ['longpolicynamebutnoarn', 400, 'ValidationError', 'Invalid ARN:  Could not be parsed!'],
      ['arn:aws:iam::aws:', 400, 'ValidationError', undefined],
      [`arn:aws:iam::${account}:role/a`, 400, 'InvalidInput', `ARN arn:aws:iam::${account}:role/a is not valid.`],
      ['arn:aws:s3:::policy/aaaaaaaaaaaaa', 400, 'InvalidInput', undefined],
      [readOnly.replace('::', ':us-east-1:'), 400, 'InvalidInput', undefined],
      [readOnly.replace('aws', 'aws-cn'), 400, 'InvalidInput', undefined],
      [`${readOnly}1`, 404, 'NoSuchEntity', `Policy ${readOnly}1 was not found.`],
      [readOnly.toLowerCase(), 404, 'NoSuchEntity', undefined],
      [readOnly.replace('::aws:', `::${account}:`), 404, 'NoSuchEntity', undefined],
      ['x'.repeat(2049), 400, 'ValidationError', undefined],
      ['short', 400, 'ValidationError', undefined],
    ] as const) {
      test(`${action} refuses ${arn.slice(0, 80)}`, async () => {
        const answer = await rig().query(action, { PolicyArn: arn });
        assert.deepEqual([answer.status, answer.code], [status, code], answer.message);
        if (message !== undefined) assert.equal(answer.message, message);
      });
    }
  }

  test('of another partition is lawful where the Region is of that partition', async () => {
    const PolicyArn = readOnly.replace('aws', 'aws-cn');
    const answer = await rig().query('GetPolicy', { PolicyArn }, undefined, 'cn-north-1');
    assert.equal(answer.text('Policy.Arn'), PolicyArn);
  });
});

describe('the versions of a policy', () => {
  test('are the one in force, whose document is percent-encoded JSON', async () => {
    const iam = rig();
    const list = await iam.query('ListPolicyVersions', { PolicyArn: full });
    assert.deepEqual(list.names('Versions.member'), ['VersionId', 'IsDefaultVersion', 'CreateDate']);
    assert.equal(list.text('IsTruncated'), 'false');
    const VersionId = list.text('Versions.member.VersionId');
    const answer = await iam.query('GetPolicyVersion', { PolicyArn: full, VersionId });
    assert.deepEqual(
      ['VersionId', 'IsDefaultVersion', 'CreateDate'].map((name) => answer.text(`PolicyVersion.${name}`)),
      ['v3', 'true', '2026-02-12T00:00:00Z'],
    );
    const text = answer.text('PolicyVersion.Document') ?? '';
    assert.match(text, /^[\w.~%-]+$/);
    assert.equal(JSON.parse(decodeURIComponent(text)).Version, '2012-10-17');
  });

  test('do not hold one that is not kept', async () => {
    const answer = await rig().query('GetPolicyVersion', { PolicyArn: full, VersionId: 'v2' });
    assert.deepEqual([answer.status, answer.code], [404, 'NoSuchEntity']);
    assert.equal(answer.message, `Policy ${full} version v2 does not exist or is not attachable.`);
  });

  for (const VersionId of ['v0', '3', 'V3', 'v3 ', `v3.${'-'.repeat(20_000)}!`]) {
    test(`are not named ${VersionId.slice(0, 10)}`, async () => {
      const answer = await rig().query('GetPolicyVersion', { PolicyArn: full, VersionId });
      assert.deepEqual([answer.status, answer.code], [400, 'ValidationError']);
    });
  }
});

describe('ListPolicies', () => {
  for (const [parameters, expected] of [
    [{}, ofAws],
    [{ Scope: 'All' }, ofAws],
    [{ Scope: 'AWS' }, ofAws],
    [{ Scope: 'Local' }, []],
    [{ OnlyAttached: true }, [readOnly]],
    [{ OnlyAttached: false }, ofAws],
    [{ PathPrefix: '/aws-service-role/' }, [ofService]],
    [{ PathPrefix: '/team/' }, []],
    [{ PolicyUsageFilter: 'PermissionsPolicy' }, ofAws],
    [{ PolicyUsageFilter: 'PermissionsBoundary' }, []],
  ] as const) {
    test(`of ${JSON.stringify(parameters)} shows ${expected.length}`, async () => {
      const answer = await (await attached('A')).query('ListPolicies', parameters);
      assert.equal(answer.status, 200, answer.message);
      assert.deepEqual(answer.texts('Policies.member.Arn'), expected);
      assert.equal(answer.text('IsTruncated'), 'false');
    });
  }

  test('shows neither descriptions nor tags nor documents', async () => {
    const answer = await rig().query('ListPolicies', { MaxItems: 1 });
    assert.deepEqual(answer.names('Policies.member').toSorted(), [
      'Arn',
      'AttachmentCount',
      'CreateDate',
      'DefaultVersionId',
      'IsAttachable',
      'Path',
      'PermissionsBoundaryUsageCount',
      'PolicyId',
      'PolicyName',
      'UpdateDate',
    ]);
  });

  test('walks in pages, and a Marker belongs to its own question', async () => {
    const iam = rig();
    const first = await iam.query('ListPolicies', { MaxItems: 2 });
    assert.deepEqual([first.texts('Policies.member.Arn'), first.text('IsTruncated')], [[full, readOnly], 'true']);
    const Marker = first.text('Marker');
    const rest = await iam.query('ListPolicies', { Marker });
    assert.deepEqual([rest.texts('Policies.member.Arn'), rest.text('IsTruncated')], [ofAws.slice(2), 'false']);
    for (const other of [{ Scope: 'AWS' }, { OnlyAttached: true }, { PathPrefix: '/team/' }]) {
      assert.equal((await iam.query('ListPolicies', { Marker, ...other })).code, 'ValidationError');
    }
    assert.equal((await iam.query('ListPolicies', { Marker }, await iam.stranger())).code, 'ValidationError');
  });

  test('ends with a full page where nothing follows', async () => {
    const answer = await rig().query('ListPolicies', { MaxItems: ofAws.length });
    assert.deepEqual([answer.texts('Policies.member').length, answer.text('IsTruncated')], [ofAws.length, 'false']);
  });

  for (const parameters of [{ Scope: 'Mine' }, { PathPrefix: 'team' }, { PathPrefix: '/te am/' }, { MaxItems: 0 }]) {
    test(`refuses ${JSON.stringify(parameters)}`, async () => {
      const answer = await rig().query('ListPolicies', parameters);
      assert.deepEqual([answer.status, answer.code], [400, 'ValidationError']);
    });
  }
});

describe("ListPolicies of the account's own", () => {
  async function withOwn(...names: readonly string[]): Promise<Rig> {
    const iam = rig();
    for (const PolicyName of names) {
      const Path = PolicyName.startsWith('x') ? '/x/' : '/';
      await iam.query('CreatePolicy', { PolicyName, Path, PolicyDocument: allow('s3:*') });
    }
    return iam;
  }
  const own = (name: string) => `arn:aws:iam::${account}:policy/${name}`;
  const list = async (iam: Rig, parameters: object = {}) =>
    (await iam.query('ListPolicies', { ...parameters })).texts('Policies.member.Arn');

  test("comes after AWS's, in pages of any size, each policy once", async () => {
    const iam = await withOwn('b', 'A', 'xc');
    const all = [...ofAws, own('A'), own('b'), own('x/xc')];
    assert.deepEqual(await list(iam), all);
    for (const MaxItems of [1, 2, 3, 7, 8, 9, 10, 11]) {
      const found: string[] = [];
      for (let Marker: string | undefined, more = true; more; ) {
        const answer = await iam.query('ListPolicies', { MaxItems, Marker });
        const page = answer.texts('Policies.member.Arn');
        assert.ok(page.length > 0 && page.length <= MaxItems);
        found.push(...page);
        Marker = answer.text('Marker');
        more = answer.text('IsTruncated') === 'true';
      }
      assert.deepEqual(found, all);
    }
    assert.deepEqual(await list(iam, { Scope: 'Local', PathPrefix: '/x/' }), [own('x/xc')]);
    assert.deepEqual(
      (await iam.query('ListPolicies', { Scope: 'Local' }, await iam.stranger())).texts('Policies.member'),
      [],
    );
  });

  test('fits its Marker into 320 characters for the longest name', async () => {
    const iam = await withOwn('a'.repeat(128), 'b'.repeat(128));
    const first = await iam.query('ListPolicies', { Scope: 'Local', MaxItems: 1 });
    const Marker = first.text('Marker') ?? '';
    assert.ok(Marker.length <= 320, String(Marker.length));
    assert.deepEqual(await list(iam, { Scope: 'Local', Marker }), [own('b'.repeat(128))]);
  });

  test('knows which are attached, and which are boundaries', async () => {
    const iam = await withOwn('attached', 'boundary', 'both', 'unused');
    await iam.query('CreateUser', { UserName: 'Ada', PermissionsBoundary: own('boundary') });
    await iam.query('CreateUser', { UserName: 'Eve', PermissionsBoundary: own('both') });
    for (const name of ['attached', 'both']) {
      await iam.query('AttachUserPolicy', { UserName: 'Ada', PolicyArn: own(name) });
    }
    const Scope = 'Local';
    const boundaries = { Scope, PolicyUsageFilter: 'PermissionsBoundary' };
    const permissions = { Scope, PolicyUsageFilter: 'PermissionsPolicy' };
    assert.deepEqual(await list(iam, { Scope, OnlyAttached: true }), [own('attached'), own('both')]);
    assert.deepEqual(await list(iam, boundaries), [own('both'), own('boundary')]);
    assert.deepEqual(await list(iam, { ...boundaries, OnlyAttached: true }), [own('both'), own('boundary')]);
    assert.deepEqual(await list(iam, permissions), [own('attached'), own('both'), own('unused')]);
    assert.deepEqual(await list(iam, { ...permissions, OnlyAttached: true }), [own('attached'), own('both')]);
    const both = await iam.query('GetPolicy', { PolicyArn: own('both') });
    assert.deepEqual(
      ['AttachmentCount', 'PermissionsBoundaryUsageCount'].map((name) => both.text(`Policy.${name}`)),
      ['1', '1'],
    );
  });

  for (const Marker of ['0', '1', '9', '0x', `${'0'.repeat(40)}`, '-1']) {
    test(`refuses the Marker ${Marker}`, async () => {
      assert.equal((await rig().query('ListPolicies', { Marker })).code, 'ValidationError');
    });
  }
});

describe('CreatePolicy', () => {
  const create = (iam: Rig, parameters: object = {}) =>
    iam.query('CreatePolicy', { PolicyName: 'P', PolicyDocument: allow('s3:*'), ...parameters });

  test('makes a policy with its first version in force', async () => {
    const iam = rig();
    const answer = await create(iam, { Path: '/x/', Description: 'For tests.', Tags: [{ Key: 'k', Value: 'v' }] });
    assert.equal(answer.text('Policy.Arn'), `arn:aws:iam::${account}:policy/x/P`);
    assert.match(answer.text('Policy.PolicyId') ?? '', /^ANPA[A-Z2-7]{17}$/);
    assert.deepEqual([answer.text('Policy.DefaultVersionId'), answer.text('Policy.Tags.member.Value')], ['v1', 'v']);
    const PolicyArn = answer.text('Policy.Arn');
    const got = await iam.query('GetPolicy', { PolicyArn });
    assert.deepEqual([got.text('Policy.Description'), got.text('Policy.IsAttachable')], ['For tests.', 'true']);
    const version = await iam.query('GetPolicyVersion', { PolicyArn, VersionId: 'v1' });
    assert.equal(decodeURIComponent(version.text('PolicyVersion.Document') ?? ''), allow('s3:*'));
  });

  test('refuses a name that is taken, in any case and under any path', async () => {
    const iam = rig();
    await create(iam);
    const answer = await create(iam, { PolicyName: 'p', Path: '/x/' });
    assert.deepEqual([answer.status, answer.code], [409, 'EntityAlreadyExists']);
    assert.equal(answer.message, 'A policy called p already exists. Duplicate names are not allowed.');
  });

  test('refuses more than 6,144 characters, white space not counted', async () => {
    const iam = rig();
    const empty = allow('s3:*', `arn:aws:s3:::${'x'.repeat(0)}`).length;
    const sized = (size: number) => allow('s3:*', `arn:aws:s3:::${'x'.repeat(size - empty)}`);
    const answer = await create(iam, { PolicyDocument: sized(6145) });
    assert.deepEqual([answer.status, answer.code], [409, 'LimitExceeded']);
    assert.equal(answer.message, 'Cannot exceed quota for PolicySize: 6144');
    assert.equal((await create(iam, { PolicyDocument: `${sized(6144)}${' '.repeat(9000)}` })).status, 200);
  });

  for (const [what, PolicyDocument] of [
    ['no Version', '{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}'],
    ['an old Version', '{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}'],
    ['a principal', trust],
    ['no JSON', '{'],
  ] as const) {
    test(`refuses ${what}`, async () => {
      const iam = rig();
      const answer = await create(iam, { PolicyDocument });
      assert.deepEqual([answer.status, answer.code], [400, 'MalformedPolicyDocument']);
      assert.deepEqual((await iam.query('ListPolicies', { Scope: 'Local' })).texts('Policies.member'), []);
    });
  }
});

describe('DeletePolicy', () => {
  const PolicyArn = `arn:aws:iam::${account}:policy/P`;
  async function withPolicy(): Promise<Rig> {
    const iam = rig();
    await iam.query('CreatePolicy', { PolicyName: 'P', PolicyDocument: allow('s3:*') });
    await iam.query('CreateUser', { UserName: 'Ada' });
    return iam;
  }
  const refused = async (iam: Rig, message: string) => {
    const answer = await iam.query('DeletePolicy', { PolicyArn });
    assert.deepEqual([answer.status, answer.code, answer.message], [409, 'DeleteConflict', message]);
  };

  test('refuses a policy that is attached, or that bounds somebody', async () => {
    const iam = await withPolicy();
    await iam.query('AttachUserPolicy', { UserName: 'Ada', PolicyArn });
    await refused(iam, 'Cannot delete a policy attached to entities.');
    await iam.query('DetachUserPolicy', { UserName: 'Ada', PolicyArn });
    await iam.query('PutUserPermissionsBoundary', { UserName: 'Ada', PermissionsBoundary: PolicyArn });
    await refused(iam, 'Cannot delete a policy attached to entities.');
    await iam.query('DeleteUserPermissionsBoundary', { UserName: 'Ada' });
    assert.equal((await iam.query('DeletePolicy', { PolicyArn })).status, 200);
    assert.equal((await iam.query('GetPolicy', { PolicyArn })).code, 'NoSuchEntity');
    assert.deepEqual(await iam.read((reader) => reader.list('iam/policy-documents', { limit: 9 })), []);
  });

  test('refuses a policy of more than one version', async () => {
    const iam = await withPolicy();
    await iam.query('CreatePolicyVersion', { PolicyArn, PolicyDocument: allow('s3:*'), SetAsDefault: 'true' });
    await refused(
      iam,
      "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
    );
    await iam.query('DeletePolicyVersion', { PolicyArn, VersionId: 'v1' });
    assert.equal((await iam.query('DeletePolicy', { PolicyArn })).status, 200);
  });

  for (const [action, parameters] of [
    ['DeletePolicy', {}],
    ['CreatePolicyVersion', { PolicyDocument: allow('s3:*') }],
    ['SetDefaultPolicyVersion', { VersionId: 'v3' }],
    ['DeletePolicyVersion', { VersionId: 'v3' }],
    ['TagPolicy', { Tags: [{ Key: 'k', Value: 'v' }] }],
    ['UntagPolicy', { TagKeys: ['k'] }],
  ] as const) {
    test(`${action} is denied on AWS's policies, to root as well, and on another account's finds nothing`, async () => {
      const iam = await withPolicy();
      const aws = await iam.query(action, { PolicyArn: full, ...parameters });
      assert.deepEqual([aws.status, aws.code], [403, 'AccessDenied']);
      const other = await iam.query(action, { PolicyArn, ...parameters }, await iam.stranger());
      assert.ok(['AccessDenied', 'NoSuchEntity'].includes(other.code ?? ''), other.code);
      assert.equal((await iam.query('GetPolicy', { PolicyArn })).status, 200);
    });
  }
});

describe('access', () => {
  async function session(action: string, resource: string) {
    const iam = rig();
    const made = await iam.query('CreateRole', { RoleName: 'A', AssumeRolePolicyDocument: trust });
    const PolicyDocument = allow(action, resource);
    await iam.query('PutRolePolicy', { RoleName: 'A', PolicyName: 'p', PolicyDocument });
    return { iam, keys: await iam.session('A', made.text('Role.RoleId') ?? '') };
  }

  test('to a policy is asked for its ARN', async () => {
    const { iam, keys } = await session('iam:GetPolicy', 'arn:aws:iam::aws:policy/*ReadOnly');
    assert.equal((await iam.query('GetPolicy', { PolicyArn: readOnly }, keys)).status, 200);
    const answer = await iam.query('GetPolicy', { PolicyArn: full }, keys);
    assert.equal(answer.code, 'AccessDenied');
    assert.ok(answer.message.includes(`iam:GetPolicy on resource: ${full} because`), answer.message);
  });

  test('to what is no ARN is asked for everything', async () => {
    const { iam, keys } = await session('iam:GetPolicy', 'arn:aws:iam::aws:policy/*');
    const answer = await iam.query('GetPolicy', { PolicyArn: 'longpolicynamebutnoarn' }, keys);
    assert.ok(answer.message.includes('iam:GetPolicy on resource: * because'), answer.message);
  });

  test('to the list is asked for a path, which only a star matches', async () => {
    const narrow = await session('iam:ListPolicies', 'arn:aws:iam::aws:policy/*');
    const answer = await narrow.iam.query('ListPolicies', {}, narrow.keys);
    assert.ok(answer.message.includes('iam:ListPolicies on resource: policy path / because'), answer.message);
    const wide = await session('iam:ListPolicies', '*');
    assert.equal((await wide.iam.query('ListPolicies', {}, wide.keys)).status, 200);
  });
});
