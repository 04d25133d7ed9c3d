// CreateSession requests that others signed, on the whole road: two captures of AWS's credential helper, and the good
// requests of a set made with its signing routines. The records have the ids that the requests name.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { certificatePem } from '../../src/core/x509/certificate.ts';
import type { HeaderPair, WireRequest } from '../../src/protocols/protocol.ts';
import { parseArn } from '../../src/services/arn.ts';
import { roles } from '../../src/services/iam/records.ts';
import { defaultMappings, profiles, trustAnchors } from '../../src/services/rolesanywhere/records.ts';
import { account, testRoad } from '../road.ts';

const ROOT = new URL('../../', import.meta.url);
const SHARED = `${resolve(fileURLToPath(ROOT), process.env.ANYROLE_SHARED ?? '../shared')}/`;
const shared = existsSync(SHARED) ? {} : { skip: 'shared/ is absent' };

type Arns = { readonly trustAnchorArn: string; readonly profileArn: string; readonly roleArn: string };

const roleId = 'AROAVECTORVECTORVECTO';
const made = { tags: [], createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z' };
/** A trust policy that asks for these tags. */
function trusting(tags: Readonly<Record<string, string>>): string {
  const asked = Object.entries(tags).map(([key, value]) => [`aws:PrincipalTag/${key}`, value]);
  const Principal = { Service: 'rolesanywhere.amazonaws.com' };
  const Condition = { StringEquals: Object.fromEntries(asked) };
  const Statement = [{ Effect: 'Allow', Principal, Action: 'sts:*', ...(asked.length > 0 && { Condition }) }];
  return JSON.stringify({ Version: '2012-10-17', Statement });
}

/** A server at `now` that holds what the ARNs name and trusts the PEM. */
async function serverWith(
  now: Date | string,
  { trustAnchorArn, profileArn, roleArn }: Arns,
  x509CertificateData: string,
  tags: Readonly<Record<string, string>> = {},
) {
  const road = await testRoad();
  road.at(now);
  const place = `${account}/${parseArn(trustAnchorArn)?.region}/`;
  const idOf = (arn: string) => arn.slice(arn.lastIndexOf('/') + 1);
  await road.store.write(async (writer) => {
    await trustAnchors.put(writer, place + idOf(trustAnchorArn), {
      ...made,
      id: idOf(trustAnchorArn),
      arn: trustAnchorArn,
      name: 'vector',
      sourceType: 'CERTIFICATE_BUNDLE',
      x509CertificateData,
      enabled: true,
      notificationSettings: [],
    });
    await profiles.put(writer, place + idOf(profileArn), {
      ...made,
      id: idOf(profileArn),
      arn: profileArn,
      name: 'vector',
      requireInstanceProperties: false,
      enabled: true,
      createdBy: account,
      sessionPolicy: null,
      roleArns: [roleArn],
      managedPolicyArns: [],
      durationSeconds: 3600,
      acceptRoleSessionName: true,
      attributeMappings: defaultMappings(),
    });
    await roles.put(writer, `${account}/${idOf(roleArn).toLowerCase()}`, {
      path: roleArn.slice(roleArn.indexOf('/'), roleArn.lastIndexOf('/') + 1),
      roleName: idOf(roleArn),
      roleId,
      arn: roleArn,
      createDate: made.createdAt,
      assumeRolePolicyDocument: trusting(tags),
      description: null,
      maxSessionDuration: 43200,
      permissionsBoundary: null,
      tags: [],
    });
  });
  return road;
}

/** The three ARNs, from the query or the body. */
function arnsOf({ rawQuery, body }: WireRequest): Arns {
  const text = Buffer.from(body).toString() || '{}';
  const given = { ...JSON.parse(text), ...Object.fromEntries(new URLSearchParams(rawQuery)) };
  const { trustAnchorArn, profileArn, roleArn } = given;
  return { trustAnchorArn, profileArn, roleArn };
}

const captures = [
  {
    file: 'rsa-chain-rolesessionname',
    now: '2026-11-22T01:39:34Z',
    sessionName: 'my-session',
    sourceIdentity: 'CN=client-1',
    expiration: '2026-11-22T02:39:34Z',
    tags: { 'x509Subject/OU': 'Security/Eng', 'x509Subject/CN': 'client-1', 'x509SAN/URI': 'spiffe://td/x' },
  },
  {
    file: 'ecdsa-no-chain',
    now: '2026-11-22T01:39:35Z',
    sessionName: '0123',
    sourceIdentity: 'CN=client-ec',
    expiration: '2026-11-22T01:54:35Z',
    tags: { 'x509Subject/CN': 'client-ec', 'x509SAN/DNS': 'a.example', 'x509SAN/URI': 'spiffe://td/x' },
  },
] as const;

function captured(file: string): WireRequest {
  const capture = JSON.parse(readFileSync(`${SHARED}vectors/create-session/${file}.json`, 'utf8'));
  const [path = '', rawQuery = ''] = capture.url.split('?');
  const raw: readonly string[] = capture.rawHeaders;
  const headers = raw.flatMap((name, at): HeaderPair[] => (at % 2 === 0 ? [[name, raw[at + 1] ?? '']] : []));
  return { method: capture.method, path, rawQuery, headers, body: Buffer.from(capture.body) };
}

for (const { file, now, sessionName, sourceIdentity, expiration, tags } of captures) {
  test(`the credential helper's request ${file} is given a session`, shared, async () => {
    const request = captured(file);
    const arns = arnsOf(request);
    const road = await serverWith(now, arns, readFileSync(`${SHARED}vectors/create-session/ca.pem`, 'utf8'), tags);
    const answer = await road.walk(request);
    assert.equal(answer.status, 201, answer.body);
    const [{ assumedRoleUser, credentials, ...rest }] = answer.json().credentialSet;
    assert.deepEqual(assumedRoleUser, {
      arn: `arn:aws:sts::${account}:assumed-role/r/${sessionName}`,
      assumedRoleId: `${roleId}:${sessionName}`,
    });
    assert.equal(rest.roleArn, arns.roleArn);
    assert.equal(rest.sourceIdentity, sourceIdentity);
    assert.equal(credentials.expiration, expiration);
    const identity = await road.query('sts', 'GetCallerIdentity', {}, { keys: credentials });
    assert.equal(identity.text('Arn'), assumedRoleUser.arn);
  });

  test(`the credential helper's request ${file} is refused when anything of it is changed`, shared, async () => {
    const request = captured(file);
    const pem = readFileSync(`${SHARED}vectors/create-session/ca.pem`, 'utf8');
    const road = await serverWith(now, arnsOf(request), pem);
    const body = Buffer.from(request.body.toString().replace('durationSeconds', 'durationSecondz'));
    const first = request.headers.map(
      ([name, value]): HeaderPair => (name === 'Amz-Sdk-Request' ? [name, value.replace('1', '2')] : [name, value]),
    );
    for (const changed of [
      { ...request, body },
      { ...request, headers: first },
    ]) {
      const answer = await road.walk(changed);
      assert.deepEqual([answer.status, answer.message], [403, 'Invalid signature']);
    }
    road.at('2026-11-22T02:09:36Z');
    assert.equal((await road.walk(request)).message, 'Invalid signature', 'thirty minutes later');
  });
}

test('every good request of the signature vectors is given a session, or told its bad name', shared, async () => {
  const lines = readFileSync(`${SHARED}sigv4x509/aws4_x509.jsonl`, 'utf8').split('\n').filter(Boolean);
  const good = lines.map((line) => JSON.parse(line)).filter(({ expected }) => expected === 'valid');
  let sessions = 0;
  for (const { id, request, now, trustAnchor, serialHex } of good) {
    const wire = { ...request, body: Buffer.from(request.body) };
    const arns = arnsOf(wire);
    const road = await serverWith(now, arns, certificatePem(Buffer.from(trustAnchor, 'base64')));
    const answer = await road.walk(wire);
    const { roleSessionName = serialHex } = JSON.parse(request.body);
    if (/^[\w+=,.@-]+$/.test(roleSessionName)) {
      assert.equal(answer.status, 201, `${id}: ${answer.body}`);
      const [{ assumedRoleUser, sourceIdentity }] = answer.json().credentialSet;
      const resource = `assumed-role/${arns.roleArn.split('/').at(-1)}/${roleSessionName}`;
      assert.equal(assumedRoleUser.arn, `arn:${parseArn(arns.roleArn)?.partition}:sts::${account}:${resource}`, id);
      assert.match(sourceIdentity, /^CN=workload-/);
      sessions++;
    } else {
      assert.equal(answer.status, 400, id);
      assert.match(answer.message ?? '', /at 'roleSessionName' failed to satisfy constraint/);
    }
  }
  assert.deepEqual([good.length, sessions], [18, 16]);
});

test('no bad request of the signature vectors is given a session', shared, async () => {
  const lines = readFileSync(`${SHARED}sigv4x509/aws4_x509.jsonl`, 'utf8').split('\n').filter(Boolean);
  const all = lines.map((line) => JSON.parse(line));
  const bad = all.filter(({ expected }) => expected === 'invalid');
  for (const { id, request, now, trustAnchor } of bad) {
    const like = all.find((one) => one.expected === 'valid' && one.trustAnchor === trustAnchor);
    assert.ok(like, id);
    const arns = arnsOf({ ...like.request, body: Buffer.from(like.request.body) });
    const road = await serverWith(now, arns, certificatePem(Buffer.from(trustAnchor, 'base64')));
    const answer = await road.walk({ ...request, body: Buffer.from(request.body) });
    assert.ok([400, 403, 404].includes(answer.status), `${id}: ${answer.status} ${answer.body}`);
  }
  assert.equal(bad.length, 91);
});
