import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { attachedTo } from './documents.ts';
import { account, allow, type Rig, rig, trust } from './rig.test.ts';

const full = 'arn:aws:iam::aws:policy/AWSRolesAnywhereFullAccess';
const readOnly = 'arn:aws:iam::aws:policy/AWSRolesAnywhereReadOnly';
const ofService = 'arn:aws:iam::aws:policy/aws-service-role/AWSRolesAnywhereServicePolicy';

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
    [{}, [full, readOnly, ofService]],
    [{ Scope: 'All' }, [full, readOnly, ofService]],
    [{ Scope: 'AWS' }, [full, readOnly, ofService]],
    [{ Scope: 'Local' }, []],
    [{ OnlyAttached: true }, [readOnly]],
    [{ OnlyAttached: false }, [full, readOnly, ofService]],
    [{ PathPrefix: '/aws-service-role/' }, [ofService]],
    [{ PathPrefix: '/team/' }, []],
    [{ PolicyUsageFilter: 'PermissionsPolicy' }, [full, readOnly, ofService]],
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
    assert.deepEqual([rest.texts('Policies.member.Arn'), rest.text('IsTruncated')], [[ofService], 'false']);
    for (const other of [{ Scope: 'AWS' }, { OnlyAttached: true }, { PathPrefix: '/team/' }]) {
      assert.equal((await iam.query('ListPolicies', { Marker, ...other })).code, 'ValidationError');
    }
    assert.equal((await iam.query('ListPolicies', { Marker }, await iam.stranger())).code, 'ValidationError');
  });

  for (const parameters of [{ Scope: 'Mine' }, { PathPrefix: 'team' }, { PathPrefix: '/te am/' }, { MaxItems: 0 }]) {
    test(`refuses ${JSON.stringify(parameters)}`, async () => {
      const answer = await rig().query('ListPolicies', parameters);
      assert.deepEqual([answer.status, answer.code], [400, 'ValidationError']);
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
