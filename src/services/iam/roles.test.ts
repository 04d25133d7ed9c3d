import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { roleUses } from './documents.ts';
import { account, allow, type Rig, rig, trust } from './rig.test.ts';

const create = (iam: Rig, RoleName: string, more: object = {}) =>
  iam.query('CreateRole', { RoleName, AssumeRolePolicyDocument: trust, ...more });

describe('CreateRole', () => {
  test('answers the new role as AWS shows it', async () => {
    const answer = await create(rig(), 'Web', { Path: '/a/b/', Description: 'x', Tags: [{ Key: 'k', Value: 'v' }] });
    assert.equal(answer.status, 200);
    assert.equal(answer.text('Role.Path'), '/a/b/');
    assert.equal(answer.text('Role.RoleName'), 'Web');
    assert.match(answer.text('Role.RoleId') ?? '', /^AROA[A-Z2-7]{17}$/);
    assert.equal(answer.text('Role.Arn'), `arn:aws:iam::${account}:role/a/b/Web`);
    assert.equal(answer.text('Role.CreateDate'), '2026-11-22T12:00:00Z');
    assert.equal(answer.text('Role.Description'), 'x');
    assert.equal(answer.text('Role.Tags.member.Key'), 'k');
    assert.deepEqual(
      answer.names('Role').filter((name) => ['MaxSessionDuration', 'RoleLastUsed'].includes(name)),
      [],
    );
  });

  test('shows the trust policy percent-encoded with everything reserved escaped', async () => {
    const document = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'a',
          Effect: 'Allow',
          Principal: { AWS: '*' },
          Action: 'sts:AssumeRole',
          Condition: { StringLike: { 'aws:PrincipalTag/é': "(it's)*!~" } },
        },
      ],
    });
    const encoded = (await create(rig(), 'Web', { AssumeRolePolicyDocument: document })).text(
      'Role.AssumeRolePolicyDocument',
    );
    assert.equal(decodeURIComponent(encoded ?? ''), document);
    assert.match(encoded ?? '', /^[A-Za-z0-9%._~-]+$/);
    assert.ok(encoded?.includes('%28it%27s%29%2A%21~'));
    assert.ok(encoded?.includes('%C3%A9'));
  });

  test('refuses a name that is taken, in whatever case, and leaves the first as it was', async () => {
    const iam = rig();
    const first = await create(iam, 'Web');
    for (const name of ['Web', 'web', 'WEB']) {
      const answer = await create(iam, name, { Description: 'second' });
      assert.equal(answer.status, 409);
      assert.equal(answer.code, 'EntityAlreadyExists');
      assert.equal(answer.message, `Role with name ${name} already exists.`);
    }
    const held = await iam.query('GetRole', { RoleName: 'Web' });
    assert.equal(held.text('Role.RoleId'), first.text('Role.RoleId'));
    assert.equal(held.text('Role.Description'), undefined);
  });

  const statement = { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const policy = (change: object) =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ ...statement, ...change }] });
  for (const [what, document, message] of [
    ['text that is not JSON', '{', 'Syntax errors in policy.'],
    ['a resource', policy({ Resource: '*' }), 'Has prohibited field Resource'],
    ['an action of another service', policy({ Action: 's3:GetObject' }), /^AssumeRole policy may only specify STS/],
    ['no principal', allow('sts:AssumeRole'), /./],
    ['an unknown kind of principal', policy({ Principal: { Nobody: 'x' } }), /./],
  ] as const) {
    test(`refuses a trust policy with ${what}, and makes no role`, async () => {
      const iam = rig();
      const answer = await create(iam, 'Web', { AssumeRolePolicyDocument: document });
      assert.equal(answer.status, 400);
      assert.equal(answer.code, 'MalformedPolicyDocument');
      if (typeof message === 'string') assert.equal(answer.message, message);
      else assert.match(answer.message, message);
      assert.equal((await iam.query('GetRole', { RoleName: 'Web' })).code, 'NoSuchEntity');
    });
  }

  test('counts a trust policy to 2,048 characters without white space', async () => {
    const iam = rig();
    const sized = (size: number) => {
      const empty = policy({ Sid: '' }).length;
      return policy({ Sid: 'x'.repeat(size - empty) });
    };
    const fits = await create(iam, 'Fits', { AssumeRolePolicyDocument: `${sized(2048)}${' \n'.repeat(500)}` });
    assert.equal(fits.status, 200);
    const answer = await create(iam, 'Web', { AssumeRolePolicyDocument: sized(2049) });
    assert.equal(answer.status, 409);
    assert.equal(answer.code, 'LimitExceeded');
    assert.equal(answer.message, 'Cannot exceed quota for ACLSizePerRole: 2048');
  });

  test('refuses a permissions boundary that is no policy, and makes no role', async () => {
    const iam = rig();
    const PermissionsBoundary = `arn:aws:iam::${account}:policy/bound`;
    const answer = await create(iam, 'Web', { PermissionsBoundary });
    assert.deepEqual([answer.status, answer.code], [404, 'NoSuchEntity']);
    assert.equal(answer.message, `Scope ARN: ${PermissionsBoundary} does not exist or is not attachable.`);
    assert.equal((await iam.query('GetRole', { RoleName: 'Web' })).status, 404);
  });

  for (const path of ['/aws-service-role/rolesanywhere.amazonaws.com/', '/aws-reserved/']) {
    test(`refuses the reserved path ${path}`, async () => {
      const answer = await create(rig(), 'Web', { Path: path });
      assert.equal(answer.status, 400);
      assert.equal(answer.code, 'InvalidInput');
    });
  }

  for (const [what, tags, code] of [
    ['keys that differ in case only', [tag('Team'), tag('team')], 'InvalidInput'],
    ['a reserved key', [tag('AWS:x')], 'InvalidInput'],
    ['a key with a character outside its class', [tag('a*b')], 'ValidationError'],
    ['an empty key', [tag('')], 'ValidationError'],
    ['51 of them', Array.from({ length: 51 }, (_, index) => tag(`k${index}`)), 'ValidationError'],
    ['no value', [{ Key: 'k' }], 'ValidationError'],
  ] as const) {
    test(`refuses tags with ${what}, and makes no role`, async () => {
      const iam = rig();
      const answer = await create(iam, 'Web', { Tags: tags });
      assert.equal(answer.status, 400);
      assert.equal(answer.code, code);
      assert.equal((await iam.query('GetRole', { RoleName: 'Web' })).status, 404);
    });
  }

  test('names what is repeated in the words of AWS', async () => {
    const answer = await create(rig(), 'Web', { Tags: [tag('Ä'), tag('ä')] });
    assert.equal(answer.message, 'Duplicate tag keys found. Please note that Tag keys are case insensitive.');
  });

  for (const [what, parameters, at] of [
    ['no name', { AssumeRolePolicyDocument: trust }, "at 'roleName'"],
    ['no trust policy', { RoleName: 'Web' }, "at 'assumeRolePolicyDocument'"],
    ['a name of 65 characters', { RoleName: 'x'.repeat(65), AssumeRolePolicyDocument: trust }, 'equal to 64'],
    ['an empty name', { RoleName: '', AssumeRolePolicyDocument: trust }, 'equal to 1'],
    ['a name with a slash', { RoleName: 'a/b', AssumeRolePolicyDocument: trust }, '[\\w+=,.@-]+'],
    ['a name with a letter beyond ASCII', { RoleName: 'é', AssumeRolePolicyDocument: trust }, '[\\w+=,.@-]+'],
    ['a path that does not end with a slash', { Path: '/a', RoleName: 'W', AssumeRolePolicyDocument: trust }, "'path'"],
    ['a path with a space', { Path: '/a b/', RoleName: 'W', AssumeRolePolicyDocument: trust }, "at 'path'"],
    ['a session too short', { RoleName: 'W', AssumeRolePolicyDocument: trust, MaxSessionDuration: 3599 }, '3600'],
    ['a session too long', { RoleName: 'W', AssumeRolePolicyDocument: trust, MaxSessionDuration: 43201 }, '43200'],
    [
      'a description too long',
      { RoleName: 'W', AssumeRolePolicyDocument: trust, Description: 'x'.repeat(1001) },
      '1000',
    ],
    ['a trust policy beyond Latin-1', { RoleName: 'W', AssumeRolePolicyDocument: '"€"' }, 'assumeRolePolicyDocument'],
  ] as const) {
    test(`refuses ${what} as a validation error`, async () => {
      const answer = await rig().query('CreateRole', parameters);
      assert.equal(answer.status, 400);
      assert.equal(answer.code, 'ValidationError');
      assert.ok(answer.message.includes(at), answer.message);
    });
  }
});

describe('GetRole', () => {
  test('shows the longest session, the tags by key, and a last use that is empty', async () => {
    const iam = rig();
    await create(iam, 'Web', { MaxSessionDuration: 7200, Tags: [tag('b'), tag('a')] });
    const answer = await iam.query('GetRole', { RoleName: 'Web' });
    assert.equal(answer.text('Role.MaxSessionDuration'), '7200');
    assert.deepEqual(answer.texts('Role.Tags.member.Key'), ['a', 'b']);
    assert.ok(answer.body.includes('<RoleLastUsed/>'));
  });

  test('shows what changed since it was shown, of the role and of its last use', async () => {
    const iam = rig();
    const id = (await create(iam, 'Web')).text('Role.RoleId');
    const shown = async () => {
      await iam.query('GetRole', { RoleName: 'Web' });
      return iam.query('GetRole', { RoleName: 'Web' });
    };
    assert.equal((await shown()).text('Role.Description'), undefined);
    await iam.query('UpdateRole', { RoleName: 'Web', Description: 'new' });
    assert.equal((await shown()).text('Role.Description'), 'new');
    for (const day of ['2026-11-20', '2026-11-21']) {
      const use = { at: `${day}T10:00:00.000Z`, region: 'eu-central-1' };
      await iam.write((writer) => roleUses.put(writer, `${account}/${id}`, use));
      assert.equal((await shown()).text('Role.RoleLastUsed.LastUsedDate'), `${day}T10:00:00Z`);
    }
    await iam.query('TagRole', { RoleName: 'Web', Tags: [tag('k')] });
    assert.equal((await shown()).text('Role.Tags.member.Key'), 'k');
  });

  test('finds a role in any case and shows its own', async () => {
    const iam = rig();
    await create(iam, 'Web');
    assert.equal((await iam.query('GetRole', { RoleName: 'wEB' })).text('Role.RoleName'), 'Web');
  });

  test('says which role cannot be found', async () => {
    const answer = await rig().query('GetRole', { RoleName: 'Nobody' });
    assert.equal(answer.status, 404);
    assert.equal(answer.code, 'NoSuchEntity');
    assert.equal(answer.message, 'The role with name Nobody cannot be found.');
    assert.ok(answer.body.includes('<Type>Sender</Type>'));
  });

  test('knows nothing of the roles of another account', async () => {
    const iam = rig();
    await create(iam, 'Web');
    assert.equal((await iam.query('GetRole', { RoleName: 'Web' }, await iam.stranger())).status, 404);
    assert.deepEqual((await iam.query('ListRoles', {}, await iam.stranger())).texts('Roles.member.RoleName'), []);
  });
});

describe('UpdateRole', () => {
  test('changes what is given and leaves the rest', async () => {
    const iam = rig();
    await create(iam, 'Web', { Description: 'old' });
    await iam.query('UpdateRole', { RoleName: 'web', MaxSessionDuration: 43200 });
    const one = await iam.query('GetRole', { RoleName: 'Web' });
    assert.deepEqual([one.text('Role.Description'), one.text('Role.MaxSessionDuration')], ['old', '43200']);
    await iam.query('UpdateRole', { RoleName: 'Web', Description: 'new' });
    const other = await iam.query('GetRole', { RoleName: 'Web' });
    assert.deepEqual([other.text('Role.Description'), other.text('Role.MaxSessionDuration')], ['new', '43200']);
  });

  test('takes an empty description for none', async () => {
    const iam = rig();
    await create(iam, 'Web', { Description: 'old' });
    await iam.query('UpdateRole', { RoleName: 'Web', Description: '' });
    assert.ok(!(await iam.query('GetRole', { RoleName: 'Web' })).names('Role').includes('Description'));
  });

  test('refuses a role that is not there', async () => {
    assert.equal((await rig().query('UpdateRole', { RoleName: 'Web' })).code, 'NoSuchEntity');
  });
});

describe('UpdateRoleDescription', () => {
  test('changes the description alone, and answers the role', async () => {
    const iam = rig();
    await create(iam, 'Web', { Description: 'old', MaxSessionDuration: 7200 });
    const answer = await iam.query('UpdateRoleDescription', { RoleName: 'WEB', Description: 'new' });
    const shown = ['RoleName', 'Description', 'MaxSessionDuration'].map((name) => answer.text(`Role.${name}`));
    assert.deepEqual(shown, ['Web', 'new', '7200']);
    assert.equal((await iam.query('GetRole', { RoleName: 'Web' })).text('Role.Description'), 'new');
  });

  test('takes an empty description for none, and does not do without', async () => {
    const iam = rig();
    await create(iam, 'Web', { Description: 'old' });
    assert.equal((await iam.query('UpdateRoleDescription', { RoleName: 'Web' })).code, 'ValidationError');
    const answer = await iam.query('UpdateRoleDescription', { RoleName: 'Web', Description: '' });
    assert.ok(!answer.names('Role').includes('Description'));
  });

  test('refuses a role that is not there', async () => {
    const answer = await rig().query('UpdateRoleDescription', { RoleName: 'Web', Description: 'new' });
    assert.equal(answer.code, 'NoSuchEntity');
  });
});

describe('UpdateAssumeRolePolicy', () => {
  test('replaces the trust policy', async () => {
    const iam = rig();
    await create(iam, 'Web');
    const PolicyDocument = trust.replace('ec2', 'lambda');
    const answer = await iam.query('UpdateAssumeRolePolicy', { RoleName: 'WEB', PolicyDocument });
    assert.equal(answer.status, 200);
    assert.ok(!answer.body.includes('Result'));
    const held = (await iam.query('GetRole', { RoleName: 'Web' })).text('Role.AssumeRolePolicyDocument') ?? '';
    assert.equal(decodeURIComponent(held), PolicyDocument);
  });

  test('keeps the old one when the new one is malformed', async () => {
    const iam = rig();
    await create(iam, 'Web');
    const answer = await iam.query('UpdateAssumeRolePolicy', { RoleName: 'Web', PolicyDocument: '{}' });
    assert.equal(answer.code, 'MalformedPolicyDocument');
    const held = (await iam.query('GetRole', { RoleName: 'Web' })).text('Role.AssumeRolePolicyDocument') ?? '';
    assert.equal(decodeURIComponent(held), trust);
  });

  test('refuses a role that is not there', async () => {
    const answer = await rig().query('UpdateAssumeRolePolicy', { RoleName: 'Web', PolicyDocument: trust });
    assert.equal(answer.code, 'NoSuchEntity');
  });
});

describe('DeleteRole', () => {
  test('deletes a role that is free, and its name can be given again with another id', async () => {
    const iam = rig();
    const first = await create(iam, 'Web');
    assert.equal((await iam.query('DeleteRole', { RoleName: 'web' })).status, 200);
    assert.equal((await iam.query('GetRole', { RoleName: 'Web' })).status, 404);
    const second = await create(iam, 'WEB');
    assert.notEqual(second.text('Role.RoleId'), first.text('Role.RoleId'));
  });

  test('keeps a role that has an inline policy, until it has none', async () => {
    const iam = rig();
    await create(iam, 'Web');
    await iam.query('PutRolePolicy', { RoleName: 'Web', PolicyName: 'p', PolicyDocument: allow('s3:*') });
    const answer = await iam.query('DeleteRole', { RoleName: 'Web' });
    assert.equal(answer.status, 409);
    assert.equal(answer.code, 'DeleteConflict');
    assert.equal(answer.message, 'Cannot delete entity, must delete policies first.');
    await iam.query('DeleteRolePolicy', { RoleName: 'Web', PolicyName: 'p' });
    assert.equal((await iam.query('DeleteRole', { RoleName: 'Web' })).status, 200);
  });

  test('keeps a role that is in an instance profile, until it is out', async () => {
    const iam = rig();
    await create(iam, 'Web');
    await iam.query('CreateInstanceProfile', { InstanceProfileName: 'P' });
    await iam.query('AddRoleToInstanceProfile', { InstanceProfileName: 'P', RoleName: 'web' });
    const answer = await iam.query('DeleteRole', { RoleName: 'Web' });
    assert.equal(answer.code, 'DeleteConflict');
    assert.equal(answer.message, 'Cannot delete entity, must remove roles from instance profile first.');
    await iam.query('RemoveRoleFromInstanceProfile', { InstanceProfileName: 'p', RoleName: 'WEB' });
    assert.equal((await iam.query('DeleteRole', { RoleName: 'Web' })).status, 200);
  });

  test('is not held back by what belongs to a role whose name begins alike', async () => {
    const iam = rig();
    await create(iam, 'Web');
    await create(iam, 'Web2');
    await iam.query('PutRolePolicy', { RoleName: 'Web2', PolicyName: 'p', PolicyDocument: allow('s3:*') });
    assert.equal((await iam.query('DeleteRole', { RoleName: 'Web' })).status, 200);
  });

  test('refuses a role that is not there', async () => {
    assert.equal((await rig().query('DeleteRole', { RoleName: 'Web' })).code, 'NoSuchEntity');
  });
});

function tag(Key: string, Value = 'v') {
  return { Key, Value };
}
