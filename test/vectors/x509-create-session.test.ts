// Public X.509 records through CreateSession: a sample of those that come with the leaf's key, signed with it and sent on
// the whole road. Who should be let in is, who should not be is not, and each refusal names reason, rule and certificate.
import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { certificatePem, parseCertificate } from '../../src/core/x509/certificate.ts';
import { type Answer, account, region, testRoad } from '../road.ts';
import { type PathRecord, recordsOf, skip, suites } from './x509-records.ts';

const size = 100;

/** Every so many, so that all suites and tiers have their share. */
function sample(): readonly PathRecord[] {
  const fit = suites.flatMap((suite) => recordsOf(suite)).filter(({ e2e }) => e2e);
  return Array.from({ length: size }, (_, at) => fit[Math.floor((at * fit.length) / size)] ?? assert.fail('too few'));
}

/** Records that the service answers otherwise on purpose: those of paths, under the same demands. */
function listed(): ReadonlySet<string> {
  const file = readFileSync(new URL('x509-differences.json', import.meta.url), 'utf8');
  // The file is this folder's own.
  const differences = JSON.parse(file) as readonly { readonly id: string; readonly profile: string }[];
  return new Set(differences.filter(({ profile }) => profile === 'rolesanywhere').map(({ id }) => id));
}

const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));

/** A role that trusts Roles Anywhere and a profile that lists it. */
async function arranged() {
  const road = await testRoad();
  const Principal = { Service: 'rolesanywhere.amazonaws.com' };
  const Action = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'];
  const policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal, Action }] };
  const roleArn = `arn:aws:iam::${account}:role/app`;
  await road.query('iam', 'CreateRole', { RoleName: 'app', AssumeRolePolicyDocument: JSON.stringify(policy) });
  const profile = await road.rest('POST', '/profiles', { name: 'profile', enabled: true, roleArns: [roleArn] });
  return { road, roleArn, profileArn: profile.json().profile.profileArn };
}

/** CreateSession under a trust anchor of the record's; the answer to CreateTrustAnchor where that is refused. */
async function session({ road, ...arns }: Awaited<ReturnType<typeof arranged>>, record: PathRecord): Promise<Answer> {
  const pem = record.anchors.map((anchor) => certificatePem(bytesOf(anchor))).join('');
  const source = { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData: pem } };
  const anchor = await road.rest('POST', '/trustanchors', { name: 'anchor', enabled: true, source });
  if (anchor.status !== 201) return anchor;
  const { trustAnchorArn, trustAnchorId } = anchor.json().trustAnchor;
  const any = parseCertificate(bytesOf(record.anchors[0] ?? ''));
  assert.ok(any.ok, record.id);
  // Of a certificate only its bytes and its serial number are sent: one that does not parse is sent as it is.
  const sent = (base64: string) => ({ ...any.certificate, der: bytesOf(base64) });
  const serialNumber = BigInt(`0x${new X509Certificate(bytesOf(record.leaf)).serialNumber}`);
  const certificate = { ...sent(record.leaf), serialNumber };
  const privateKey = createPrivateKey({
    key: Buffer.from(record.leafKey ?? '', 'base64'),
    format: 'der',
    type: 'pkcs8',
  });
  const chain = record.intermediates.map(sent);
  const answer = await road.session({ certificate, privateKey, chain, body: { ...arns, trustAnchorArn }, region });
  await road.rest('DELETE', `/trustanchor/${trustAnchorId}`);
  return answer;
}

/** What the operator reads of a refusal: its reason, rule, certificate and clause. A malformed leaf has no event, but a line. */
function reasonGiven(logged: readonly object[]): Record<string, unknown> {
  const refused = Object(logged.find((line) => Object(line).explanations !== undefined));
  return refused.explanations?.at(-1) ?? {};
}

test(`${size} records are answered through CreateSession as Roles Anywhere would`, { skip }, async (t) => {
  const server = await arranged();
  const otherwise = listed();
  const wrong: string[] = [];
  let granted = 0;
  let refused = 0;
  for (const record of sample()) {
    const since = server.road.logged.length;
    const answer = await session(server, record);
    const answered = answer.status === 201 ? 'valid' : 'invalid';
    if (answered === 'valid') granted++;
    else {
      refused++;
      const { reason, cause, rule, detail, certificate } = reasonGiven(server.road.logged.slice(since));
      const hasAll = [reason, cause, rule, detail, certificate].every((one) => typeof one === 'string');
      // Who is refused a trust anchor is told at once: the operator is the caller.
      if (!hasAll && !/^Error creating TrustAnchor\. Bad certificate data: \S/.test(answer.message ?? ''))
        wrong.push(`${record.id}: ${answer.body} for ${reason}, ${cause}, ${rule}, ${detail}, ${certificate}`);
    }
    if (answered !== record.raProfileExpected && !otherwise.has(record.id))
      wrong.push(`${record.id} (${record.tier}): expected ${record.raProfileExpected}, answered ${answer.body}`);
  }
  t.diagnostic(`${granted} granted, ${refused} refused`);
  assert.deepEqual(wrong, []);
  assert.ok(granted >= 20 && refused >= 20);
});
