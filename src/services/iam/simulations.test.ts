// Simulations over the road: decisions, the statements behind them, what is missing, pages, and questions that are none.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { memberOf, treeOf } from '../../../test/conformance/query-answers.ts';
import { account, allow, type Rig, rig, trust } from './rig.test.ts';

const policy = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const everything = allow('*');
const deny = (Action: string) => policy({ Effect: 'Deny', Action, Resource: '*' });
const bucket = 'arn:aws:s3:::bucket';
const other = '222222222222';
const user = `arn:aws:iam::${account}:user/ann`;

/** The first result of a simulation; `at` reads below it. */
async function simulated(iam: Rig, question: Readonly<Record<string, unknown>>, action = 'SimulateCustomPolicy') {
  const { status, message, code, body, text } = await iam.query(action, question);
  const tree = treeOf(body);
  const results = memberOf(tree, `${action}Response.${action}Result.EvaluationResults`);
  return { status, message, code, text, results, at: (path: string) => memberOf(results, `0.${path}`) };
}

const custom = (question: object, iam = rig()) =>
  simulated(iam, { PolicyInputList: [everything], ActionNames: ['s3:GetObject'], ...question });

describe('what is decided', () => {
  const rows: readonly (readonly [string, object, string])[] = [
    ['an Allow allows', {}, 'allowed'],
    ['no Allow denies', { PolicyInputList: [allow('iam:*')] }, 'implicitDeny'],
    ['a Deny denies', { PolicyInputList: [everything, deny('s3:*')] }, 'explicitDeny'],
    ['a boundary that is silent denies', { PermissionsBoundaryPolicyInputList: [allow('iam:*')] }, 'implicitDeny'],
    ['a boundary that denies', { PermissionsBoundaryPolicyInputList: [deny('s3:*')] }, 'explicitDeny'],
    [
      'the strictest of several resources',
      { PolicyInputList: [allow('*', `${bucket}/a`)], ResourceArns: [`${bucket}/a`, `${bucket}/b`] },
      'implicitDeny',
    ],
    [
      'the policy of a resource of the same account allows by itself',
      {
        PolicyInputList: [allow('iam:*')],
        CallerArn: user,
        ResourceArns: [bucket],
        ResourcePolicy: policy({ Effect: 'Allow', Principal: { AWS: user }, Action: 's3:*', Resource: '*' }),
      },
      'allowed',
    ],
    [
      'and does not where another account owns the resource',
      {
        PolicyInputList: [allow('iam:*')],
        CallerArn: user,
        ResourceArns: [bucket],
        ResourceOwner: `arn:aws:iam::${other}:root`,
        ResourcePolicy: policy({ Effect: 'Allow', Principal: { AWS: user }, Action: 's3:*', Resource: '*' }),
      },
      'implicitDeny',
    ],
    [
      'the account in the ARN counts more than ResourceOwner',
      {
        CallerArn: user,
        ActionNames: ['sqs:SendMessage'],
        ResourceArns: [`arn:aws:sqs:eu-central-1:${other}:q`],
        ResourceOwner: `arn:aws:iam::${account}:root`,
        ResourcePolicy: policy({
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${other}:user/x` },
          Action: 'sqs:*',
          Resource: '*',
        }),
      },
      'implicitDeny',
    ],
    [
      'a role is judged by its trust policy, where that is given',
      {
        CallerArn: user,
        ActionNames: ['sts:AssumeRole'],
        ResourceArns: [`arn:aws:iam::${account}:role/R`],
        ResourcePolicy: trust,
      },
      'implicitDeny',
    ],
  ];
  for (const [name, question, decision] of rows) {
    test(name, async () => assert.equal((await custom(question)).at('EvalDecision'), decision));
  }
});

describe('the statements behind a decision', () => {
  test('are named by their policies and places', async () => {
    const [first, second] = [allow('iam:*'), policy({ Effect: 'Allow', Action: 's3:*', Resource: '*' })];
    const { at } = await custom({ PolicyInputList: [first, second] });
    assert.deepEqual(at('MatchedStatements'), [
      {
        SourcePolicyId: 'PolicyInputList.2',
        SourcePolicyType: 'IAM Policy',
        StartPosition: { Line: '1', Column: String(second.indexOf('{"Effect') + 2) },
        EndPosition: { Line: '1', Column: String(second.indexOf('}') + 2) },
      },
    ]);
  });

  test('of an explicit deny are the Deny statements alone', async () => {
    const { at } = await custom({ PolicyInputList: [everything, deny('s3:*')] });
    assert.equal(at('MatchedStatements.0.SourcePolicyId'), 'PolicyInputList.2');
    assert.equal(at('MatchedStatements.1'), undefined);
  });

  test('of an implicit deny are none, and a boundary is told of by itself', async () => {
    const { at } = await custom({ PermissionsBoundaryPolicyInputList: [allow('iam:*')] });
    assert.deepEqual(at('MatchedStatements'), {});
    assert.equal(at('PermissionsBoundaryDecisionDetail.AllowedByPermissionsBoundary'), 'false');
    const without = await custom({});
    assert.equal(without.at('PermissionsBoundaryDecisionDetail'), undefined);
  });

  test("of a resource's policy are named after it", async () => {
    const ResourcePolicy = policy({ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*' });
    const { at } = await custom({ CallerArn: user, ResourceArns: [bucket], ResourcePolicy });
    assert.equal(at('MatchedStatements.0.SourcePolicyId'), 'ResourcePolicy');
    assert.equal(at('MatchedStatements.0.SourcePolicyType'), 'Resource Policy');
  });

  test('of the policies of a user are named after policies, holders and groups', async () => {
    const iam = rig();
    await iam.query('CreateUser', { UserName: 'ann' });
    await iam.query('CreateGroup', { GroupName: 'g' });
    await iam.query('AddUserToGroup', { UserName: 'ann', GroupName: 'g' });
    await iam.query('PutUserPolicy', { UserName: 'ann', PolicyName: 'own', PolicyDocument: everything });
    await iam.query('PutGroupPolicy', { GroupName: 'g', PolicyName: 'shared', PolicyDocument: everything });
    await iam.query('AttachUserPolicy', { UserName: 'ann', PolicyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' });
    const question = { PolicySourceArn: user, ActionNames: ['iam:GetRole'], PolicyInputList: [everything] };
    const { at } = await simulated(iam, question, 'SimulatePrincipalPolicy');
    const ids = [0, 1, 2, 3].map((index) => at(`MatchedStatements.${index}.SourcePolicyId`));
    assert.deepEqual(ids, ['user_ann_own', 'ReadOnlyAccess', 'group_g_shared', 'PolicyInputList.1']);
  });
});

describe('results', () => {
  test('are one for an action, with each resource beside it', async () => {
    const resources = [`${bucket}/a`, `${bucket}/b`];
    const { at } = await custom({ PolicyInputList: [allow('*', `${bucket}/a`)], ResourceArns: resources });
    assert.equal(at('EvalResourceName'), '*');
    assert.equal(at('ResourceSpecificResults.0.EvalResourceDecision'), 'allowed');
    assert.equal(at('ResourceSpecificResults.1.EvalResourceDecision'), 'implicitDeny');
    assert.equal(at('ResourceSpecificResults.1.EvalResourceName'), resources[1]);
    assert.deepEqual(at('MatchedStatements'), {});
    assert.deepEqual(at('EvalDecisionDetails'), {});
  });

  test('about all resources have no resources beside them', async () => {
    const { at } = await custom({});
    assert.equal(at('EvalResourceName'), '*');
    assert.equal(at('ResourceSpecificResults'), undefined);
    assert.equal(at('EvalDecisionDetails'), undefined);
    assert.equal(at('OrganizationsDecisionDetail'), undefined);
  });

  test('across accounts tell what each kind of policy decides', async () => {
    const { at } = await custom({
      CallerArn: user,
      ResourceArns: [bucket],
      ResourceOwner: `arn:aws:iam::${other}:root`,
      ResourcePolicy: policy({ Effect: 'Deny', Principal: { AWS: user }, Action: 's3:*', Resource: '*' }),
      PermissionsBoundaryPolicyInputList: [allow('iam:*')],
    });
    assert.deepEqual(at('EvalDecisionDetails.entry'), { key: 'Permissions Boundary Policy', value: 'implicitDeny' });
    assert.equal(at('EvalDecision'), 'explicitDeny');
  });

  test('name the condition keys that count and were not given, each once', async () => {
    const conditional = policy(
      {
        Effect: 'Allow',
        Action: 's3:*',
        Resource: `${bucket}/\${aws:username}/*`,
        Condition: { Bool: { 'aws:SecureTransport': 'true' } },
      },
      { Effect: 'Allow', Action: 'iam:*', Resource: '*', Condition: { Bool: { 'aws:ViaAWSService': 'true' } } },
    );
    const question = {
      PolicyInputList: [conditional],
      ResourceArns: [`${bucket}/ann/a`, `${bucket}/ann/b`],
      ContextEntries: [{ ContextKeyName: 'AWS:USERNAME', ContextKeyType: 'string', ContextKeyValues: ['ann'] }],
    };
    const { at } = await custom(question);
    assert.deepEqual(at('MissingContextValues'), ['aws:SecureTransport']);
    assert.deepEqual(at('ResourceSpecificResults.1.MissingContextValues'), ['aws:SecureTransport']);
    assert.equal(at('EvalDecision'), 'implicitDeny');
  });

  test('a key of a list type needs a set operator even for one value', async () => {
    const plain = policy({
      Effect: 'Allow',
      Action: '*',
      Resource: '*',
      Condition: { StringEquals: { 'aws:TagKeys': 'a' } },
    });
    const entry = { ContextKeyName: 'aws:TagKeys', ContextKeyValues: ['a'] };
    const asked = (ContextKeyType: string) =>
      custom({ PolicyInputList: [plain], ContextEntries: [{ ...entry, ContextKeyType }] });
    assert.equal((await asked('string')).at('EvalDecision'), 'allowed');
    assert.equal((await asked('stringList')).at('EvalDecision'), 'implicitDeny');
  });

  test('come in pages, of which each belongs to its question', async () => {
    const iam = rig();
    const question = { ActionNames: ['s3:A', 's3:B', 's3:C'], MaxItems: 2 };
    const first = await custom(question, iam);
    assert.equal(first.text('IsTruncated'), 'true');
    const Marker = first.text('Marker');
    const second = await custom({ ...question, Marker }, iam);
    assert.equal(second.at('EvalActionName'), 's3:C');
    assert.equal(second.text('IsTruncated'), 'false');
    const another = await custom({ ...question, ActionNames: ['s3:A', 's3:B', 's3:D'], Marker }, iam);
    assert.deepEqual([another.status, another.code], [400, 'ValidationError']);
  });

  test('are fewer on a page where they would cost much', async () => {
    const documents = Array.from({ length: 3 }, () => allow('s3:GetObject', `${bucket}/${'x'.repeat(100_000)}`));
    const ActionNames = Array.from({ length: 30 }, (_, index) => `s3:A${index}`);
    const { text, results } = await custom({ PolicyInputList: documents, ActionNames, ResourceArns: [bucket] });
    assert.equal(text('IsTruncated'), 'true');
    assert.ok(Array.isArray(results) && results.length >= 1 && results.length < 30);
  });
});

describe('the policies of a user or a role', () => {
  async function withRole() {
    const iam = rig();
    await iam.query('CreatePolicy', { PolicyName: 'Bound', PolicyDocument: allow('s3:*') });
    const PermissionsBoundary = `arn:aws:iam::${account}:policy/Bound`;
    await iam.query('CreateRole', { RoleName: 'R', Path: '/p/', AssumeRolePolicyDocument: trust, PermissionsBoundary });
    await iam.query('PutRolePolicy', { RoleName: 'R', PolicyName: 'all', PolicyDocument: everything });
    const asked = (action: string, more: object = {}) =>
      simulated(
        iam,
        { PolicySourceArn: `arn:aws:iam::${account}:role/p/R`, ActionNames: [action], ...more },
        'SimulatePrincipalPolicy',
      );
    return { iam, asked };
  }

  test('are bounded by its boundary', async () => {
    const { asked } = await withRole();
    assert.equal((await asked('s3:GetObject')).at('EvalDecision'), 'allowed');
    assert.equal((await asked('iam:GetRole')).at('EvalDecision'), 'implicitDeny');
  });

  test('by another boundary where one is given', async () => {
    const { asked } = await withRole();
    const more = { PermissionsBoundaryPolicyInputList: [allow('iam:*')] };
    assert.equal((await asked('iam:GetRole', more)).at('EvalDecision'), 'allowed');
    assert.equal((await asked('s3:GetObject', more)).at('EvalDecision'), 'implicitDeny');
  });

  const own = { PolicyName: 'all', AttachmentType: 'role', AttachmentName: 'R' };
  const exclusions: readonly (readonly [string, object, string, string])[] = [
    ['of a type', { PolicyType: 'inline' }, 's3:GetObject', 'implicitDeny'],
    ['of another type', { PolicyType: 'aws-managed' }, 's3:GetObject', 'allowed'],
    ['the boundary', { PolicyType: 'permission-boundary' }, 'iam:GetRole', 'allowed'],
    ['by its name', { InlinePolicyIdentifier: own }, 's3:GetObject', 'implicitDeny'],
    ['not by another name', { InlinePolicyIdentifier: { ...own, PolicyName: 'All' } }, 's3:GetObject', 'allowed'],
    ['by an ARN that none has', { PolicyArn: 'arn:aws:iam::aws:policy/*' }, 's3:GetObject', 'allowed'],
  ];
  for (const [name, identifier, action, decision] of exclusions) {
    test(`may be left out: ${name}`, async () => {
      const { asked } = await withRole();
      assert.equal((await asked(action, { PolicyExclusionList: [identifier] })).at('EvalDecision'), decision);
    });
  }

  test('managed ones are left out by a pattern', async () => {
    const iam = rig();
    await iam.query('CreateUser', { UserName: 'ann' });
    await iam.query('AttachUserPolicy', { UserName: 'ann', PolicyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' });
    const question = { PolicySourceArn: user, ActionNames: ['iam:GetRole'] };
    for (const [pattern, decision] of [
      ['ReadOnly*', 'implicitDeny'],
      ['ReadOnlyAcces?', 'implicitDeny'],
      ['Read', 'allowed'],
    ]) {
      const PolicyExclusionList = [{ PolicyArn: `arn:aws:iam::aws:policy/${pattern}` }];
      const { at } = await simulated(iam, { ...question, PolicyExclusionList }, 'SimulatePrincipalPolicy');
      assert.equal(at('EvalDecision'), decision, pattern);
    }
  });
});

describe('who may ask', () => {
  test('whoever a policy allows to, of whom it names', async () => {
    const iam = rig();
    await iam.query('CreateUser', { UserName: 'ann' });
    const { text } = await iam.query('CreateRole', { RoleName: 'R', AssumeRolePolicyDocument: trust });
    const PolicyDocument = allow(['iam:SimulatePrincipalPolicy', 'iam:GetContextKeysForPrincipalPolicy'], user);
    await iam.query('PutRolePolicy', { RoleName: 'R', PolicyName: 'p', PolicyDocument });
    const keys = await iam.session('R', text('Role.RoleId') ?? '');
    const asked = (PolicySourceArn: string) =>
      iam.query('SimulatePrincipalPolicy', { PolicySourceArn, ActionNames: ['s3:GetObject'] }, keys);
    assert.equal((await asked(user)).status, 200);
    assert.equal((await asked(`arn:aws:iam::${account}:role/R`)).code, 'AccessDenied');
    const question = { PolicyInputList: [everything], ActionNames: ['s3:GetObject'] };
    assert.equal((await iam.query('SimulateCustomPolicy', question, keys)).code, 'AccessDenied');
    assert.equal((await iam.query('GetContextKeysForCustomPolicy', question, keys)).code, 'AccessDenied');
    assert.equal((await iam.query('GetContextKeysForPrincipalPolicy', { PolicySourceArn: user }, keys)).status, 200);
  });

  test("nobody of another account's, whether they are there or not", async () => {
    const iam = rig();
    await iam.query('CreateUser', { UserName: 'ann' });
    const stranger = await iam.stranger();
    const answers = await Promise.all(
      [user, `${user}x`].map((PolicySourceArn) =>
        iam.query('SimulatePrincipalPolicy', { PolicySourceArn, ActionNames: ['s3:A'] }, stranger),
      ),
    );
    assert.deepEqual(
      answers.map(({ code }) => code),
      ['AccessDenied', 'AccessDenied'],
    );
  });
});

describe('context keys', () => {
  const mentions = policy({
    Effect: 'Allow',
    Action: '*',
    Resource: `arn:aws:s3:::\${aws:username}/*`,
    Condition: { StringEquals: { 'aws:PrincipalTag/team': `\${aws:PrincipalTag/Team}`, 'AWS:username': 'x' } },
  });

  test('of given policies, each once in the spelling that comes first', async () => {
    const answer = await rig().query('GetContextKeysForCustomPolicy', { PolicyInputList: [mentions, mentions] });
    assert.deepEqual(answer.texts('ContextKeyNames.member'), ['aws:username', 'aws:PrincipalTag/team']);
  });

  test('of a user, the groups and further policies', async () => {
    const iam = rig();
    await iam.query('CreateUser', { UserName: 'ann' });
    await iam.query('CreateGroup', { GroupName: 'g' });
    await iam.query('AddUserToGroup', { UserName: 'ann', GroupName: 'g' });
    await iam.query('PutGroupPolicy', { GroupName: 'g', PolicyName: 'p', PolicyDocument: mentions });
    const more = policy({
      Effect: 'Deny',
      Action: '*',
      Resource: '*',
      Condition: { Null: { 'aws:SourceIp': 'true' } },
    });
    const question = { PolicySourceArn: user, PolicyInputList: [more] };
    const answer = await iam.query('GetContextKeysForPrincipalPolicy', question);
    const keys = ['aws:username', 'aws:PrincipalTag/team', 'aws:SourceIp'];
    assert.deepEqual(answer.texts('ContextKeyNames.member'), keys);
  });
});

describe('questions that are none', () => {
  const principal = { PolicySourceArn: user, ActionNames: ['s3:A'], PolicyInputList: undefined };
  const rows: readonly (readonly [string, object, string, string | RegExp])[] = [
    [
      'a policy that is none',
      { PolicyInputList: ['{}'] },
      'InvalidInput',
      'PolicyInputList.1: Syntax errors in policy.',
    ],
    [
      'a policy of a resource among them',
      { PolicyInputList: [trust] },
      'InvalidInput',
      /should not specify a principal/,
    ],
    [
      'a resource policy that is none',
      { ResourcePolicy: everything, CallerArn: user },
      'InvalidInput',
      /^ResourcePolicy: /,
    ],
    ['two boundaries', { PermissionsBoundaryPolicyInputList: [everything, everything] }, 'InvalidInput', /Only one/],
    [
      'an action without a service',
      { ActionNames: ['GetObject'] },
      'InvalidInput',
      'ActionNames are not in a valid format: GetObject.',
    ],
    ['a pattern of actions', { ActionNames: ['s3:*'] }, 'InvalidInput', /not in a valid format/],
    [
      'a resource without an ARN',
      { ResourceArns: ['*', 'x'] },
      'InvalidInput',
      'ResourceNames are not in a valid ARN format: x.',
    ],
    [
      'a caller that is a session',
      { CallerArn: `arn:aws:sts::${account}:assumed-role/R/s` },
      'InvalidInput',
      /^Invalid Entity Arn: /,
    ],
    ['a caller that is a service', { CallerArn: 'ec2.amazonaws.com' }, 'InvalidInput', /^Invalid Entity Arn: /],
    [
      'an owner that is an id',
      { ResourceOwner: other },
      'InvalidInput',
      `'${other}' is not a valid as a Resource Owner.`,
    ],
    ['a resource policy without a caller', { ResourcePolicy: trust }, 'InvalidInput', /^CallerArn is required/],
    [
      'a context key without a name',
      { ContextEntries: [{ ContextKeyValues: ['x'] }] },
      'InvalidInput',
      /ContextKeyName/,
    ],
    [
      'a context key given twice',
      { ContextEntries: ['aws:userid', 'AWS:UserId'].map((ContextKeyName) => ({ ContextKeyName })) },
      'InvalidInput',
      /more than once/,
    ],
    [
      'a context key of no type',
      { ContextEntries: [{ ContextKeyName: 'aws:x', ContextKeyType: 'text' }] },
      'ValidationError',
      /enum/,
    ],
    ['a scenario that is none', { ResourceHandlingOption: 'EC2' }, 'InvalidInput', /not a valid/],
    [
      'a scenario without its resources',
      { ResourceHandlingOption: 'EC2-VPC-EBS', ResourceArns: [bucket] },
      'InvalidInput',
      /instance, image/,
    ],
    [
      'policies of organizations',
      { OrderedOrganizationPolicyInputList: [{ ServiceControlPolicyInputList: [everything] }] },
      'InvalidInput',
      /not served/,
    ],
    [
      'more than one simulation may cost',
      {
        PolicyInputList: [allow('*', `${bucket}/${'*a'.repeat(60_000)}`)],
        ContextEntries: [{ ContextKeyName: 'aws:x', ContextKeyValues: ['x'.repeat(100_000)] }],
      },
      'InvalidInput',
      /too large/,
    ],
    ['no actions', { ActionNames: undefined }, 'ValidationError', /actionNames/],
    ['a source that is not there', principal, 'NoSuchEntity', /cannot be found/],
    [
      'a source that is a policy',
      { ...principal, PolicySourceArn: `arn:aws:iam::${account}:policy/P` },
      'InvalidInput',
      /^Invalid Entity Arn/,
    ],
    [
      'a source that is a session',
      { ...principal, PolicySourceArn: `arn:aws:sts::${account}:assumed-role/R/s` },
      'InvalidInput',
      /^Invalid Entity Arn/,
    ],
    [
      'an identifier of two kinds',
      { ...principal, PolicyExclusionList: [{ PolicyType: 'inline', PolicyArn: `arn:aws:iam::aws:policy/X` }] },
      'InvalidInput',
      /exactly one/,
    ],
    [
      'an identifier of two stars',
      { ...principal, PolicyExclusionList: [{ PolicyArn: 'arn:aws:iam::aws:policy/*X*' }] },
      'InvalidInput',
      /not valid/,
    ],
    [
      'an identifier of any path',
      { ...principal, PolicyExclusionList: [{ PolicyArn: 'arn:aws:iam::aws:policy/*/X' }] },
      'InvalidInput',
      /not valid/,
    ],
  ];
  for (const [name, question, code, message] of rows) {
    test(name, async () => {
      const iam = rig();
      const isPrincipal = 'PolicySourceArn' in question;
      if (name.startsWith('an identifier')) await iam.query('CreateUser', { UserName: 'ann' });
      const answer = isPrincipal
        ? await simulated(iam, { ...question }, 'SimulatePrincipalPolicy')
        : await custom(question, iam);
      assert.equal(answer.code, code, answer.message);
      if (typeof message === 'string') assert.equal(answer.message, message);
      else assert.match(answer.message, message);
    });
  }
});
