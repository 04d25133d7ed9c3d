// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are written so
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type PolicyKind, type PolicyOptions, parsePolicy } from './document.ts';

type Document = Record<string, unknown>;

const statement = (changes: Document = {}): Document => ({
  Effect: 'Allow',
  Action: 's3:GetObject',
  Resource: '*',
  ...changes,
});
const document = (...statements: unknown[]): string => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const trust = (changes: Document = {}): string =>
  document({ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole', ...changes });

function refusal(text: string, kind: PolicyKind = 'identity', options?: PolicyOptions): string {
  const result = parsePolicy(text, kind, options);
  return result.ok ? 'accepted' : `${result.reason}: ${result.message}`;
}

const SYNTAX = 'syntax: Syntax errors in policy.';
const LEGACY = 'legacyParsing: The policy failed legacy parsing';
const VENDOR = 'action: Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.';
const NOT_STS = 'action: AssumeRole policy may only specify STS AssumeRole actions.';

for (const [title, changes] of [
  ['every optional element', { Sid: 'A1', Condition: { StringLike: { 's3:prefix': ['', 'a'], b: 7, c: true } } }],
  ['NotAction and NotResource', { Action: undefined, NotAction: ['s3:*'], Resource: undefined, NotResource: '*' }],
  ['a short ARN', { Resource: 'arn:aws:fdsasf' }],
  ['a wildcard partition', { Resource: 'arn:*:s3:::b' }],
  ['a variable with colons in the resource part', { Resource: "arn:aws:s3:::b/${aws:PrincipalTag/x, 'y'}/*" }],
  ['null in a list of resources', { Resource: ['*', null] }],
  ['an empty condition block', { Condition: {} }],
  ['an operator without keys, whatever its name', { Condition: { StringEquals: {}, Whatever: {} } }],
  ['a condition without values', { Condition: { StringNotEquals: { a: [] }, DateLessThan: { b: [] } } }],
  ['every resource of IAM', { Resource: ['arn:aws:iam', 'arn:aws:iam::123456789012:*', 'arn:aws:iam::*:role/*'] }],
  ['an S3 resource in a Region', { Resource: 'arn:aws:s3:us-west-2:123456789012:accesspoint/a/object/*' }],
  ['a wildcard Region of every S3 resource', { Resource: ['arn:aws:s3:*:*:*', 'arn:aws:s3:::', 'arn:aws:s3'] }],
] as const) {
  test(`${title} is accepted`, () => assert.equal(refusal(document(statement(changes))), 'accepted'));
}

for (const [title, text] of [
  ['text that is no JSON', 'policy'],
  ['a duplicate key', '{"Statement":{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}}'],
  ['a list', '[]'],
  ['null', 'null'],
  ['no Statement', '{"Version":"2012-10-17"}'],
  ['an empty Statement list', document()],
  ['a statement that is a list', document([statement()])],
  ['a statement that is null', document(null)],
  ['an unknown version', JSON.stringify({ Version: '2013-10-17', Statement: statement() })],
  ['a version that is no string', JSON.stringify({ Version: 20121017, Statement: statement() })],
  ['an Id that is no string', JSON.stringify({ Id: {}, Statement: statement() })],
  ['an unknown policy element', JSON.stringify({ Statement: statement(), Extra: 1 })],
  ['an unknown statement element', document(statement({ Actions: 's3:*' }))],
  ['an element in another case', document(statement({ action: 's3:*' }))],
  ['an own __proto__ element', '{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","__proto__":{}}}'],
  ['no Effect', document(statement({ Effect: undefined }))],
  ['an Effect that is no word of the language', document(statement({ Effect: 'Permit' }))],
  ['an Effect in a list', document(statement({ Effect: ['Allow'] }))],
  ['a Sid that is no string', document(statement({ Sid: 7 }))],
  ['Action and NotAction', document(statement({ NotAction: 's3:*' }))],
  ['Resource and an empty NotResource', document(statement({ NotResource: [] }))],
  ['an Action that is a number', document(statement({ Action: 7 }))],
  ['an Action list in a list', document(statement({ Action: [['s3:*']] }))],
  ['null in a list of actions', document(statement({ Action: ['s3:*', null] }))],
  ['a Resource that is null', document(statement({ Resource: null }))],
  ['a Condition that is a string', document(statement({ Condition: 'x' }))],
  ['a Condition that is a list', document(statement({ Condition: [] }))],
  ['an operator that does not exist', document(statement({ Condition: { Equals: { a: 'b' } } }))],
  ['an operator without keys', document(statement({ Condition: { StringEquals: 'b' } }))],
  ['a condition value that is null', document(statement({ Condition: { StringEquals: { a: null } } }))],
  ['a condition value that is an object', document(statement({ Condition: { StringEquals: { a: {} } } }))],
  ['an operator that does not exist, with an empty list', document(statement({ Condition: { Equals: { a: [] } } }))],
  ['an empty condition key', document(statement({ Condition: { StringEquals: { '': 'b' } } }))],
  ['nesting without end', '{"Statement":'.repeat(5_000)],
] as const) {
  test(`${title} is a syntax error`, () => assert.equal(refusal(text), SYNTAX));
}

const arn = 'arn:aws:s3:::b';
for (const [title, changes, expected] of [
  ['an effect in another case', { Effect: 'allow' }, LEGACY],
  ['a date that is none', { Condition: { DateLessThan: { 'aws:CurrentTime': 'soon' } } }, LEGACY],
  ['an address that is none', { Condition: { IpAddress: { 'aws:SourceIp': '10.0.0/8' } } }, LEGACY],
  ['an empty list of actions', { Action: [] }, 'action: Policy statement must contain actions.'],
  ['an action without vendor', { Action: 'GetObject' }, VENDOR],
  ['an action with an empty vendor', { Action: ':GetObject' }, VENDOR],
  ['an action with two colons', { Action: 's3:Get:Object' }, 'action: Actions/Condition can contain only one colon.'],
  ['a wildcard vendor', { Action: '*:GetObject' }, 'action: Vendor * is not valid'],
  ['an action without name', { Action: 's3:' }, 'action: The policy failed legacy parsing'],
  ['no resource', { Resource: undefined }, 'resource: Policy statement must contain resources.'],
  ['only null resources', { Resource: [null] }, 'resource: Policy statement must contain resources.'],
  ['a resource that is no ARN', { Resource: 'bucket' }, 'resource: Resource bucket must be in ARN format or "*".'],
  ['a bad resource among good ones', { Resource: [arn, 'x'] }, 'resource: Resource x must be in ARN format or "*".'],
  [
    'an unknown partition',
    { Resource: 'arn:x:s3:::b' },
    'resource: Partition "x" is not valid for resource "arn:x:s3:::b".',
  ],
  [
    'a wildcard service',
    { Resource: 'arn:aws:s*:::b' },
    'resource: Resource vendor must be fully qualified and cannot contain regexes.',
  ],
  [
    'an IAM resource with a Region',
    { Resource: 'arn:aws:iam:us-east-1::user/alice' },
    'resource: IAM resource arn:aws:iam:us-east-1::user/alice cannot contain region information.',
  ],
  [
    'an S3 bucket with a Region',
    { Resource: ['*', 'arn:aws:s3:us-east-1::bucket/*'] },
    'resource: Resource arn:aws:s3:us-east-1::bucket/* can not contain region information.',
  ],
  [
    'an S3 ARN that ends with a Region',
    { Resource: 'arn:aws:s3:us-east-1' },
    'resource: Resource arn:aws:s3:us-east-1 can not contain region information.',
  ],
  [
    'an IAM resource of no type',
    { Resource: ['arn:aws:iam', 'arn:aws:iam::123456789012:root'] },
    'resource: IAM resource path must either be "*" or start with user/, federated-user/, role/, group/, ' +
      'instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, ' +
      'access-report/.',
  ],
  ['an ARN with a field missing', { Resource: 'arn:aws:s3::b' }, LEGACY],
  ['an ARN without service', { Resource: 'arn:aws::::b' }, LEGACY],
  ['a prefix other than arn', { Resource: 'urn:aws:s3:::b' }, LEGACY],
  ['a variable in the account field', { Resource: 'arn:aws:iam::${aws:PrincipalAccount}:role/x' }, LEGACY],
  ['a principal', { Principal: '*' }, 'principal: Policy document should not specify a principal.'],
  ['a NotPrincipal', { NotPrincipal: '*' }, 'principal: Policy document should not specify a principal.'],
] as const) {
  for (const kind of ['identity', 'session'] as const) {
    test(`${title} is refused in an ${kind} policy`, () => {
      assert.equal(refusal(document(statement(changes)), kind), expected);
    });
  }
}

test('Sids are alphanumeric and unique, and empty ones do not count', () => {
  assert.equal(refusal(document(statement({ Sid: '' }), statement({ Sid: '' }))), 'accepted');
  assert.match(refusal(document(statement({ Sid: 'a' }), statement({ Sid: 'a' }))), /^sid: .* must be unique\.$/);
  assert.match(refusal(document(statement({ Sid: 'a b' }))), /^sid: .* must be alpha-numeric/);
  const bucketPolicy = document(statement({ Sid: 'a b', Principal: '*' }));
  assert.equal(refusal(bucketPolicy, 'resource'), 'accepted');
});

test('a managed policy must be of version 2012-10-17', () => {
  const managed = { requireVersion20121017: true };
  const message = 'version: Policy document must be version 2012-10-17 or greater.';
  assert.equal(refusal(JSON.stringify({ Statement: statement() }), 'identity', managed), message);
  const old = JSON.stringify({ Version: '2008-10-17', Statement: statement() });
  assert.equal(refusal(old, 'identity', managed), message);
  assert.equal(refusal(old), 'accepted');
  assert.equal(refusal(document(statement()), 'identity', managed), 'accepted');
});

for (const [title, text, expected] of [
  ['the three Roles Anywhere actions', trust({ Action: ['sts:AssumeRole', 'sts:TagSession'] }), 'accepted'],
  [
    'a Deny with NotPrincipal',
    trust({ Effect: 'Deny', Principal: undefined, NotPrincipal: '*' }),
    'principal: Has prohibited field NotPrincipal',
  ],
  ['a Resource', trust({ Resource: '*' }), 'resource: Has prohibited field Resource'],
  ['a NotResource', trust({ NotResource: '*' }), 'resource: Has prohibited field NotResource'],
  ['no Principal', trust({ Principal: undefined }), 'principal: Missing required field Principal'],
  [
    'an Allow with NotPrincipal',
    trust({ Principal: undefined, NotPrincipal: { AWS: '123456789012' } }),
    'principal: Has prohibited field NotPrincipal',
  ],
  [
    'a malformed principal',
    trust({ Principal: { AWS: 'alice' } }),
    'principal: Invalid principal in policy: "AWS":"alice"',
  ],
  ['an unknown kind of principal', trust({ Principal: { Group: 'x' } }), 'principal: Syntax errors in policy.'],
  [
    'a canonical user',
    trust({ Principal: { CanonicalUser: 'a'.repeat(64) } }),
    `principal: Invalid principal in policy: "CANONICALUSER":"${'a'.repeat(64)}"`,
  ],
  ['an action of another service', trust({ Action: 's3:GetObject' }), NOT_STS],
  ['every action', trust({ Action: '*' }), NOT_STS],
  ['NotAction', trust({ Action: undefined, NotAction: 'sts:TagSession' }), NOT_STS],
] as const) {
  test(`${title} in a trust policy: ${expected}`, () => assert.equal(refusal(text, 'trust'), expected));
}

test('a resource policy needs principal and resource', () => {
  assert.equal(refusal(document(statement({ Principal: '*' })), 'resource'), 'accepted');
  assert.equal(refusal(document(statement()), 'resource'), 'principal: Missing required field Principal');
  const bare = document(statement({ Principal: '*', Resource: undefined }));
  assert.equal(refusal(bare, 'resource'), 'resource: Missing required field Resource');
});

test('a compiled policy is frozen to the bottom', () => {
  const text = document(statement({ Condition: { StringEquals: { a: ['b'] } } }));
  const result = parsePolicy(text, 'identity');
  assert.ok(result.ok);
  const [first] = result.policy.statements;
  const parts = [result.policy, result.policy.statements, first, first?.action.globs, first?.conditions[0]?.wanted];
  for (const part of parts) assert.ok(part !== undefined && Object.isFrozen(part));
});

test('text that is too long is refused before it is read', () => {
  const result = parsePolicy(' '.repeat(131_073), 'identity');
  assert.equal(!result.ok && result.reason, 'tooLarge');
});

test('no text and no JSON value makes the parser throw', () => {
  const words = fc.constantFrom(
    'Version',
    'Statement',
    'Effect',
    'Allow',
    'Action',
    'Resource',
    'Condition',
    'AWS',
    '*',
  );
  const values = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 5 }, fc.jsonValue(), words, fc.array(tie('value')), fc.dictionary(words, tie('value'))),
  })).value;
  const kinds = fc.constantFrom<PolicyKind>('identity', 'trust', 'session', 'resource');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        values.map((value) => JSON.stringify(value)),
      ),
      kinds,
      (text, kind) => {
        assert.equal(typeof parsePolicy(text, kind).ok, 'boolean');
      },
    ),
    { numRuns: 500 },
  );
});
