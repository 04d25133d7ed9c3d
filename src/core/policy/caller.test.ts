import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountOf, callerOf } from './caller.ts';

const A = '123456789012';

for (const [text, expected] of [
  [`arn:aws:iam::${A}:user/path/alice`, { kind: 'user', arn: `arn:aws:iam::${A}:user/path/alice`, account: A }],
  [`arn:aws-cn:iam::${A}:role/Deploy`, { kind: 'role', arn: `arn:aws-cn:iam::${A}:role/Deploy`, account: A }],
  [`arn:aws:iam::${A}:root`, { kind: 'root', arn: `arn:aws:iam::${A}:root`, account: A }],
  [A, { kind: 'root', arn: `arn:aws:iam::${A}:root`, account: A }],
  [
    `arn:aws-cn:sts::${A}:assumed-role/Deploy/build`,
    {
      kind: 'assumedRole',
      arn: `arn:aws-cn:sts::${A}:assumed-role/Deploy/build`,
      account: A,
      roleArn: `arn:aws-cn:iam::${A}:role/Deploy`,
    },
  ],
  [
    `arn:aws:sts::${A}:federated-user/bob`,
    { kind: 'federated', arn: `arn:aws:sts::${A}:federated-user/bob`, account: A },
  ],
  [
    `arn:aws:iam::${A}:oidc-provider/host/path`,
    { kind: 'federated', arn: `arn:aws:iam::${A}:oidc-provider/host/path`, account: A },
  ],
  ['rolesanywhere.amazonaws.com', { kind: 'service', service: 'rolesanywhere.amazonaws.com' }],
  ['*', { kind: 'anonymous' }],
] as const) {
  test(`${text} names a ${expected.kind}`, () => assert.deepEqual(callerOf(text), expected));
}

for (const text of [
  '',
  'alice',
  '12345678901',
  'arn:aws:iam::123:user/x',
  `arn:aws:iam::${A}:group/x`,
  `arn:aws:iam::${A}:user/`,
  `arn:aws:iam::${A}:user`,
  `arn:aws:iam::${A}:assumed-role/Deploy/build`,
  `arn:aws:sts::${A}:user/alice`,
  `arn:aws:sts::${A}:saml-provider/corp`,
  `arn:aws:sts::${A}:assumed-role/Deploy`,
  `arn:aws:sts::${A}:assumed-role/path/Deploy/build`,
  `arn:aws:s3::${A}:user/alice`,
  `arn:aws:iam:eu-west-1:${A}:user/alice`,
  `arn:aws:iam::${A}:constructor/x`,
]) {
  test(`"${text}" names nobody`, () => assert.equal(callerOf(text), undefined));
}

test('the account of an ARN is its fifth field, when that is one', () => {
  assert.equal(accountOf(`arn:aws:sqs:eu-west-1:${A}:queue`), A);
  for (const arn of ['arn:aws:s3:::bucket', 'arn:aws:iam::aws:policy/x', 'arn:aws:sqs:*:*:queue', '*', '']) {
    assert.equal(accountOf(arn), undefined, arn);
  }
});
