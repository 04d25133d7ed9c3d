import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { account, type Rig, rig, trust } from './rig.test.ts';

const create = (iam: Rig, InstanceProfileName: string, more: object = {}) =>
  iam.query('CreateInstanceProfile', { InstanceProfileName, ...more });
const get = (iam: Rig, InstanceProfileName: string) => iam.query('GetInstanceProfile', { InstanceProfileName });
const add = (iam: Rig, InstanceProfileName: string, RoleName: string) =>
  iam.query('AddRoleToInstanceProfile', { InstanceProfileName, RoleName });
const remove = (iam: Rig, InstanceProfileName: string, RoleName: string) =>
  iam.query('RemoveRoleFromInstanceProfile', { InstanceProfileName, RoleName });

async function withRoles(...names: readonly string[]): Promise<Rig> {
  const iam = rig();
  for (const RoleName of names) await iam.query('CreateRole', { RoleName, AssumeRolePolicyDocument: trust });
  return iam;
}

describe('CreateInstanceProfile', () => {
  test('answers the new profile with an empty list of roles', async () => {
    const answer = await create(rig(), 'Webserver', { Path: '/x/', Tags: [{ Key: 'k', Value: '' }] });
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.names('InstanceProfile'), [
      'Path',
      'InstanceProfileName',
      'InstanceProfileId',
      'Arn',
      'CreateDate',
      'Roles',
      'Tags',
    ]);
    assert.match(answer.text('InstanceProfile.InstanceProfileId') ?? '', /^AIPA[A-Z2-7]{17}$/);
    assert.equal(answer.text('InstanceProfile.Arn'), `arn:aws:iam::${account}:instance-profile/x/Webserver`);
    assert.equal(answer.text('InstanceProfile.CreateDate'), '2026-11-22T12:00:00Z');
    assert.ok(answer.body.includes('<Roles/>'));
    assert.ok(
      answer.body.startsWith('<CreateInstanceProfileResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">'),
    );
  });

  test('refuses a name that is taken, in whatever case', async () => {
    const iam = rig();
    await create(iam, 'Web');
    const answer = await create(iam, 'wEb');
    assert.equal(answer.status, 409);
    assert.equal(answer.code, 'EntityAlreadyExists');
    assert.equal(answer.message, 'Instance Profile wEb already exists.');
  });

  test('may have the name of a role', async () => {
    assert.equal((await create(await withRoles('Web'), 'Web')).status, 200);
  });

  for (const [what, parameters, code] of [
    ['no name', {}, 'ValidationError'],
    ['a name of 129 characters', { InstanceProfileName: 'x'.repeat(129) }, 'ValidationError'],
    ['a name with a space', { InstanceProfileName: 'a b' }, 'ValidationError'],
    ['a path of 513 characters', { InstanceProfileName: 'a', Path: `/${'x'.repeat(511)}/` }, 'ValidationError'],
    ['a path without slashes', { InstanceProfileName: 'a', Path: 'x' }, 'ValidationError'],
    ['a repeated tag key', { InstanceProfileName: 'a', Tags: [tag('K'), tag('k')] }, 'InvalidInput'],
    ['a tag value too long', { InstanceProfileName: 'a', Tags: [tag('k', 'x'.repeat(257))] }, 'ValidationError'],
  ] as const) {
    test(`refuses ${what}, and makes no profile`, async () => {
      const iam = rig();
      const answer = await iam.query('CreateInstanceProfile', parameters);
      assert.deepEqual([answer.status, answer.code], [400, code]);
      assert.deepEqual((await iam.query('ListInstanceProfiles')).texts('InstanceProfiles.member'), []);
    });
  }
});

describe('GetInstanceProfile', () => {
  test('shows the role with its trust policy, and the tags by key', async () => {
    const iam = await withRoles('Web');
    await create(iam, 'P', { Tags: [tag('b'), tag('a')] });
    await add(iam, 'p', 'web');
    const answer = await get(iam, 'P');
    assert.equal(answer.text('InstanceProfile.Roles.member.RoleName'), 'Web');
    const document = answer.text('InstanceProfile.Roles.member.AssumeRolePolicyDocument') ?? '';
    assert.equal(decodeURIComponent(document), trust);
    assert.deepEqual(answer.texts('InstanceProfile.Tags.member.Key'), ['a', 'b']);
  });

  test('shows the role as it is now, not as it was when it was added', async () => {
    const iam = await withRoles('Web');
    await create(iam, 'P');
    await add(iam, 'P', 'Web');
    const PolicyDocument = trust.replace('ec2', 'lambda');
    await iam.query('UpdateAssumeRolePolicy', { RoleName: 'Web', PolicyDocument });
    const document = (await get(iam, 'P')).text('InstanceProfile.Roles.member.AssumeRolePolicyDocument') ?? '';
    assert.equal(decodeURIComponent(document), PolicyDocument);
  });

  test('says which profile cannot be found', async () => {
    const answer = await get(rig(), 'Nothing');
    assert.equal(answer.status, 404);
    assert.equal(answer.code, 'NoSuchEntity');
    assert.equal(answer.message, 'Instance Profile Nothing cannot be found.');
  });
});

describe('AddRoleToInstanceProfile', () => {
  test('lets one role be in many profiles', async () => {
    const iam = await withRoles('Web');
    for (const name of ['a', 'b', 'c']) {
      await create(iam, name);
      assert.equal((await add(iam, name, 'Web')).status, 200);
    }
  });

  test('refuses a second role, and the same one again', async () => {
    const iam = await withRoles('One', 'Two');
    await create(iam, 'P');
    await add(iam, 'P', 'One');
    for (const role of ['Two', 'One', 'ONE']) {
      const answer = await add(iam, 'P', role);
      assert.equal(answer.status, 409);
      assert.equal(answer.code, 'LimitExceeded');
      assert.equal(answer.message, 'Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1');
    }
    assert.equal((await get(iam, 'P')).text('InstanceProfile.Roles.member.RoleName'), 'One');
    assert.equal((await iam.query('DeleteRole', { RoleName: 'Two' })).status, 200);
  });

  test('refuses what is not there, the role or the profile', async () => {
    const iam = await withRoles('Web');
    await create(iam, 'P');
    assert.equal((await add(iam, 'Q', 'Web')).message, 'Instance Profile Q cannot be found.');
    assert.equal((await add(iam, 'P', 'Nobody')).message, 'The role with name Nobody cannot be found.');
    assert.ok((await get(iam, 'P')).body.includes('<Roles/>'));
  });

  test('refuses a request without either name', async () => {
    const iam = rig();
    const answer = await iam.query('AddRoleToInstanceProfile');
    assert.equal(answer.code, 'ValidationError');
    assert.match(answer.message, /^2 validation errors detected: .*'instanceProfileName'.*'roleName'/);
  });
});

describe('RemoveRoleFromInstanceProfile', () => {
  test('empties the profile, which can then take another role', async () => {
    const iam = await withRoles('One', 'Two');
    await create(iam, 'P');
    await add(iam, 'P', 'One');
    assert.equal((await remove(iam, 'p', 'one')).status, 200);
    assert.ok((await get(iam, 'P')).body.includes('<Roles/>'));
    assert.equal((await add(iam, 'P', 'Two')).status, 200);
  });

  test('refuses a role that is not in the profile, and leaves the one that is', async () => {
    const iam = await withRoles('One', 'Two');
    await create(iam, 'P');
    assert.equal((await remove(iam, 'P', 'One')).code, 'NoSuchEntity');
    await add(iam, 'P', 'One');
    const answer = await remove(iam, 'P', 'Two');
    assert.equal(answer.status, 404);
    assert.equal(answer.message, 'The role with name Two cannot be found.');
    assert.equal((await get(iam, 'P')).text('InstanceProfile.Roles.member.RoleName'), 'One');
  });

  test('refuses a profile that is not there', async () => {
    assert.equal((await remove(rig(), 'P', 'One')).message, 'Instance Profile P cannot be found.');
  });
});

describe('ListInstanceProfiles', () => {
  test('walks 250 profiles in pages of 100, with roles and without tags', async () => {
    const iam = await withRoles('Web');
    const names = Array.from({ length: 250 }, (_, index) => `p-${String(index).padStart(3, '0')}`);
    for (const name of names) await create(iam, name, { Tags: [tag('k')] });
    await add(iam, 'p-100', 'Web');
    const found: string[] = [];
    for (let Marker: string | undefined, more = true; more; ) {
      const answer = await iam.query('ListInstanceProfiles', { MaxItems: 100, Marker });
      found.push(...answer.texts('InstanceProfiles.member.InstanceProfileName'));
      assert.ok(!answer.names('InstanceProfiles.member').includes('Tags'));
      if (found.length === 200) {
        assert.deepEqual(answer.texts('InstanceProfiles.member.Roles.member.RoleName'), ['Web']);
      }
      Marker = answer.text('Marker');
      more = answer.text('IsTruncated') === 'true';
    }
    assert.deepEqual(found, names);
  });

  test('keeps to the path prefix', async () => {
    const iam = rig();
    await create(iam, 'a', { Path: '/team/' });
    await create(iam, 'b', { Path: '/teams/' });
    const list = async (PathPrefix: string) =>
      (await iam.query('ListInstanceProfiles', { PathPrefix })).texts('InstanceProfiles.member.InstanceProfileName');
    assert.deepEqual(await list('/team/'), ['a']);
    assert.deepEqual(await list('/team'), ['a', 'b']);
    assert.deepEqual(await list('/other/'), []);
  });

  test('gives Markers that fit the longest names', async () => {
    const iam = rig();
    for (const letter of ['a', 'b']) await create(iam, letter.repeat(128));
    const Marker = (await iam.query('ListInstanceProfiles', { MaxItems: 1 })).text('Marker');
    const answer = await iam.query('ListInstanceProfiles', { Marker });
    assert.deepEqual(answer.texts('InstanceProfiles.member.InstanceProfileName'), ['b'.repeat(128)]);
  });
});

describe('ListInstanceProfilesForRole', () => {
  test('walks the profiles that hold the role, and no others', async () => {
    const iam = await withRoles('Web', 'Web2');
    for (const name of ['A', 'b', 'C', 'd']) await create(iam, name);
    for (const name of ['A', 'b', 'C']) await add(iam, name, 'Web');
    await add(iam, 'd', 'Web2');
    const first = await iam.query('ListInstanceProfilesForRole', { RoleName: 'web', MaxItems: 2 });
    assert.deepEqual(first.texts('InstanceProfiles.member.InstanceProfileName'), ['A', 'b']);
    assert.deepEqual(first.texts('InstanceProfiles.member.Roles.member.RoleName'), ['Web', 'Web']);
    const Marker = first.text('Marker');
    const second = await iam.query('ListInstanceProfilesForRole', { RoleName: 'Web', Marker });
    assert.deepEqual(second.texts('InstanceProfiles.member.InstanceProfileName'), ['C']);
    assert.equal(second.text('IsTruncated'), 'false');
  });

  test('forgets a profile that the role was taken out of', async () => {
    const iam = await withRoles('Web');
    await create(iam, 'P');
    await add(iam, 'P', 'Web');
    await remove(iam, 'P', 'Web');
    const answer = await iam.query('ListInstanceProfilesForRole', { RoleName: 'Web' });
    assert.ok(answer.body.includes('<InstanceProfiles/>'));
  });

  test('refuses a role that is not there', async () => {
    const answer = await rig().query('ListInstanceProfilesForRole', { RoleName: 'Web' });
    assert.equal(answer.message, 'The role with name Web cannot be found.');
  });
});

describe('DeleteInstanceProfile', () => {
  test('deletes an empty profile', async () => {
    const iam = rig();
    await create(iam, 'P');
    assert.equal((await iam.query('DeleteInstanceProfile', { InstanceProfileName: 'p' })).status, 200);
    assert.equal((await get(iam, 'P')).status, 404);
  });

  test('keeps a profile that holds a role', async () => {
    const iam = await withRoles('Web');
    await create(iam, 'P');
    await add(iam, 'P', 'Web');
    const answer = await iam.query('DeleteInstanceProfile', { InstanceProfileName: 'P' });
    assert.equal(answer.status, 409);
    assert.equal(answer.code, 'DeleteConflict');
    assert.equal(answer.message, 'Cannot delete entity, must remove roles from instance profile first.');
    assert.equal((await get(iam, 'P')).status, 200);
  });

  test('refuses a profile that is not there', async () => {
    const answer = await rig().query('DeleteInstanceProfile', { InstanceProfileName: 'P' });
    assert.equal(answer.message, 'Instance Profile P cannot be found.');
  });
});

function tag(Key: string, Value = 'v') {
  return { Key, Value };
}
