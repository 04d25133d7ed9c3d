// Who a session is: its name, its source identity and its tags, and what a role's trust policy may ask of them.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { CertificateOptions } from '../../../test/pki.ts';
import { account, region } from '../../../test/road.ts';
import { type Arrangement, arranged, refused, trustedActions, trusting, unknownId } from './rig.test.ts';

const denied = 'AccessDeniedException';
const unassumable = `Unable to assume role for arn:aws:iam::${account}:role/app.`;

async function identityOf(leaf: CertificateOptions) {
  const { session } = await arranged({ leaf });
  const answer = await session();
  if (answer.status !== 201) return answer.message;
  const [{ sourceIdentity, assumedRoleUser }] = answer.json().credentialSet;
  return [sourceIdentity, assumedRoleUser.arn.split('/').at(-1)];
}

const identities: readonly (readonly [what: string, leaf: CertificateOptions, expected: unknown])[] = [
  ['a common name', { subject: 'CN=client-1', serial: 291n }, ['CN=client-1', '0123']],
  ['a common name of 61', { subject: `CN=${'a'.repeat(61)}`, serial: 1n }, [`CN=${'a'.repeat(61)}`, '01']],
  ['a common name of 62', { subject: `CN=${'a'.repeat(62)}`, serial: 1n }, ['a'.repeat(62), '01']],
  ['a common name of 64', { subject: `CN=${'a'.repeat(64)}`, serial: 1n }, ['a'.repeat(64), '01']],
  ['a common name of 65', { subject: `CN=${'a'.repeat(65)}` }, unassumable],
  ['no common name', { subject: 'O=Acme', serial: 291n }, ['ID=0123', '0123']],
  ['no common name, two bytes', { subject: 'O=Acme', serial: 17767n }, ['ID=4567', '4567']],
  ['several common names', { subject: 'CN=far,OU=x,CN=near', serial: 1n }, ['CN=near', '01']],
  ['a serial number with its first bit set', { subject: 'CN=c', serial: 0x80n }, ['CN=c', '0080']],
  ['a serial number of 20 bytes', { subject: 'CN=c', serial: 2n ** 158n }, ['CN=c', `40${'00'.repeat(19)}`]],
  ['the signs that are lawful', { subject: 'CN=a\\+b\\=c.d@e-f_g', serial: 1n }, ['CN=a+b=c.d@e-f_g', '01']],
  ...['two words', 'a/b', 'a:b', 'ä', 'a*', 'a;b'].map(
    (name) => [`the common name '${name}'`, { subject: `CN=${name}` }, unassumable] as const,
  ),
];

for (const [what, leaf, expected] of identities) {
  test(`source identity and session name: ${what}`, async () => {
    assert.deepEqual(await identityOf(leaf), expected);
  });
}

test('a name that is asked for and accepted is the name of the session', async () => {
  const { session, roleId } = await arranged({ profile: { acceptRoleSessionName: true }, leaf: { serial: 291n } });
  for (const roleSessionName of ['ab', 'a+=,.@-_1', 'x'.repeat(64)]) {
    const [{ assumedRoleUser }] = (await session({ body: { roleSessionName } })).json().credentialSet;
    assert.deepEqual(assumedRoleUser, {
      arn: `arn:aws:sts::${account}:assumed-role/app/${roleSessionName}`,
      assumedRoleId: `${roleId}:${roleSessionName}`,
    });
  }
  const [{ assumedRoleUser }] = (await session()).json().credentialSet;
  assert.equal(assumedRoleUser.arn, `arn:aws:sts::${account}:assumed-role/app/0123`);
});

test('the path of a role stands in its ARN and not in the ARN of its sessions', async () => {
  const { road, session, profileId } = await arranged({ leaf: { serial: 291n } });
  const parameters = { RoleName: 'deep', Path: '/a/b/', AssumeRolePolicyDocument: trusting() };
  const roleArn = (await road.query('iam', 'CreateRole', parameters)).text('Arn');
  assert.equal(roleArn, `arn:aws:iam::${account}:role/a/b/deep`);
  await road.rest('PATCH', `/profile/${profileId}`, { roleArns: [roleArn] });
  const [set] = (await session({ body: { roleArn } })).json().credentialSet;
  assert.equal(set.roleArn, roleArn);
  assert.equal(set.assumedRoleUser.arn, `arn:aws:sts::${account}:assumed-role/deep/0123`);
});

for (const missing of trustedActions) {
  test(`a trust policy without ${missing} lets nobody in`, async () => {
    const { session } = await arranged({
      trust: trusting({ Action: trustedActions.filter((one) => one !== missing) }),
    });
    refused(await session(), denied, unassumable);
  });
}

test('without tags the trust policy need not allow sts:TagSession', async () => {
  const trust = trusting({ Action: ['sts:AssumeRole', 'sts:SetSourceIdentity'] });
  const { session, road, profileId } = await arranged({ trust });
  refused(await session(), denied, unassumable);
  for (const field of ['x509Subject', 'x509Issuer', 'x509SAN']) {
    await road.rest('DELETE', `/profiles/${profileId}/mappings?certificateField=${field}`);
  }
  assert.equal((await session()).status, 201);
});

test('a trust policy that denies, trusts another principal or nobody lets nobody in', async () => {
  const Allow = { Effect: 'Allow', Principal: { Service: 'rolesanywhere.amazonaws.com' }, Action: 'sts:*' };
  const deny = { ...Allow, Effect: 'Deny', Action: 'sts:TagSession' };
  for (const trust of [
    trusting({ Principal: { AWS: account } }),
    trusting({ Principal: { Service: ['ec2.amazonaws.com', 'sts.amazonaws.com'] } }),
    trusting({ Effect: 'Deny' }),
    JSON.stringify({ Version: '2012-10-17', Statement: [Allow, deny] }),
  ]) {
    const { session } = await arranged({ trust });
    refused(await session(), denied, unassumable);
  }
});

const leaf: CertificateOptions = {
  subject: 'C=DE,O=Acme,OU=Security,OU=Engineering,UID=u1,serialNumber=sn-7,CN=client',
  serial: 291n,
  san: {
    dns: ['a.example', 'b.example'],
    uri: ['spiffe://td/x', 'spiffe://td/y'],
    directoryName: ['OU=Inner,CN=alt', 'CN=second'],
  },
};
const anchorPattern = `arn:aws:rolesanywhere:${region}:${account}:trust-anchor/*`;

/** Conditions of the trust policy that hold for the leaf above. */
const fulfilled: readonly object[] = [
  {
    StringEquals: {
      'aws:PrincipalTag/x509Subject/CN': 'client',
      'aws:PrincipalTag/x509Subject/OU': 'Security/Engineering',
    },
  },
  { StringEquals: { 'aws:PrincipalTag/x509Subject/C': 'DE', 'aws:PrincipalTag/x509Subject/UID': 'u1' } },
  { StringEquals: { 'aws:PrincipalTag/x509Subject/serialNumber': 'sn-7' } },
  { StringEquals: { 'aws:PrincipalTag/x509Issuer/CN': 'Test CA' } },
  { StringEquals: { 'aws:PrincipalTag/x509SAN/DNS': 'a.example', 'aws:PrincipalTag/x509SAN/URI': 'spiffe://td/x' } },
  { StringEquals: { 'aws:PrincipalTag/x509SAN/Name/CN': 'alt', 'aws:PrincipalTag/x509SAN/Name/OU': 'Inner' } },
  { StringEquals: { 'aws:RequestTag/x509Subject/CN': 'client' } },
  { StringLike: { 'aws:PrincipalTag/x509SAN/URI': 'spiffe://td/*' } },
  { ArnLike: { 'aws:SourceArn': anchorPattern }, StringEquals: { 'aws:SourceAccount': account } },
  { StringEquals: { 'sts:SourceIdentity': 'CN=client', 'sts:RoleSessionName': '0123' } },
  { 'ForAnyValue:StringEquals': { 'aws:TagKeys': 'x509Subject/CN' } },
  { Null: { 'aws:PrincipalTag/x509Subject/L': 'true' } },
  { StringNotEquals: { 'aws:PrincipalTag/x509Subject/L': 'anything' } },
  { DateGreaterThan: { 'aws:CurrentTime': '2026-11-22T11:59:59Z' } },
  { IpAddress: { 'aws:SourceIp': '127.0.0.0/8' } },
  { StringEquals: { 'aws:PrincipalServiceName': 'rolesanywhere.amazonaws.com' } },
  { Bool: { 'aws:PrincipalIsAWSService': 'true' } },
];

/** Conditions that do not. */
const unfulfilled: readonly object[] = [
  { StringEquals: { 'aws:PrincipalTag/x509Subject/CN': 'Client' } },
  { StringEquals: { 'aws:PrincipalTag/x509Subject/OU': 'Security' } },
  { StringEquals: { 'aws:PrincipalTag/x509SAN/DNS': 'b.example' } },
  { StringEquals: { 'aws:PrincipalTag/x509SAN/URI': 'spiffe://td/y' } },
  { StringEquals: { 'aws:PrincipalTag/x509SAN/Name/CN': 'second' } },
  { StringEquals: { 'aws:PrincipalTag/x509Subject/L': '' } },
  { StringNotEquals: { 'aws:PrincipalTag/x509Subject/O': 'Acme' } },
  { ArnEquals: { 'aws:SourceArn': anchorPattern.replace('*', unknownId) } },
  { StringEquals: { 'aws:SourceAccount': '999999999999' } },
  { StringEquals: { 'sts:SourceIdentity': 'client' } },
  { StringEquals: { 'sts:RoleSessionName': '291' } },
  { 'ForAllValues:StringEquals': { 'aws:TagKeys': 'x509Subject/CN' } },
  { Bool: { 'aws:SecureTransport': 'true' } },
  { DateLessThan: { 'aws:CurrentTime': '2026-11-22T12:00:00Z' } },
];

for (const [Condition, good] of [
  ...fulfilled.map((condition) => [condition, true] as const),
  ...unfulfilled.map((condition) => [condition, false] as const),
]) {
  test(`the trust condition ${JSON.stringify(Condition)} ${good ? 'lets in' : 'keeps out'}`, async () => {
    const { session } = await arranged({ leaf, trust: trusting({ Condition }) });
    const answer = await session();
    if (good) assert.equal(answer.status, 201, answer.body);
    else refused(answer, denied, unassumable);
  });
}

test('aws:SourceArn is the trust anchor that was named', async () => {
  const server = await arranged();
  const { road, session, arns, ca } = server;
  const Condition = { ArnEquals: { 'aws:SourceArn': arns.trustAnchorArn } };
  await road.query('iam', 'UpdateAssumeRolePolicy', { RoleName: 'app', PolicyDocument: trusting({ Condition }) });
  assert.equal((await session()).status, 201);
  const source = { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData: ca.pem } };
  const other = await road.rest('POST', '/trustanchors', { name: 'twin', enabled: true, source });
  const { trustAnchorArn } = other.json().trustAnchor;
  refused(await session({ body: { trustAnchorArn } }), denied, unassumable);
});

const cnOnly: Arrangement = {
  leaf,
  trust: trusting({ Condition: { StringEquals: { 'aws:PrincipalTag/x509Subject/CN': 'client' } } }),
};

test('an attribute that is not mapped is no tag, whatever the certificate says', async () => {
  const { session, road, profileId } = await arranged(cnOnly);
  assert.equal((await session()).status, 201);
  const map = (...specifiers: readonly string[]) =>
    road.rest('PUT', `/profiles/${profileId}/mappings`, {
      certificateField: 'x509Subject',
      mappingRules: specifiers.map((specifier) => ({ specifier })),
    });
  await map('OU', 'UID');
  refused(await session(), denied, unassumable);
  await map('2.5.4.3');
  refused(await session(), denied, unassumable);
  await map('CN');
  const answer = await session();
  assert.equal(answer.status, 201);
  assert.equal(answer.json().credentialSet[0].sourceIdentity, 'CN=client');
});

test('an attribute that STS cannot carry is dropped for the caller and told to the operator', async () => {
  const { session, road } = await arranged({ leaf: { subject: 'O=Acme\\, Inc.,OU=100%,CN=client' } });
  assert.equal((await session()).status, 201);
  const event = JSON.stringify((await road.events()).at(-1));
  assert.match(event, /"reason":"unmappedAttribute","key":"x509Subject\/O","because":"illegalCharacters"/);
  assert.match(event, /"key":"x509Subject\/OU"/);
});

test('more than fifty tags are refused', async () => {
  const arcs = Array.from({ length: 49 }, (_, at) => `1.2.3.${at + 1}`);
  const subject = ['CN=client', ...arcs.map((arc) => `${arc}=v`)].join(',');
  const { session, road, profileId } = await arranged({ leaf: { subject } });
  const map = (specifiers: readonly string[]) =>
    road.rest('PUT', `/profiles/${profileId}/mappings`, {
      certificateField: 'x509Subject',
      mappingRules: specifiers.map((specifier) => ({ specifier })),
    });
  // The issuer's common name makes one tag more.
  await map(arcs);
  assert.equal((await session()).status, 201);
  await map(['CN', ...arcs]);
  refused(await session(), denied, unassumable);
});
