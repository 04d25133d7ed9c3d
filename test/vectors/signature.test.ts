// Signature vectors made elsewhere: AWS's SigV4 suite, requests signed by botocore and by the Roles Anywhere credential
// helper, Wycheproof, two captures of the helper, and AWS's documented example. Judged by the functions the server uses.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { scopeFor } from '../../src/core/signature/authorization.ts';
import { canonicalRequest, type HeaderPair, stringToSign } from '../../src/core/signature/canonical.ts';
import { parseSignature, signingKey, signRequest, verifySignature } from '../../src/core/signature/hmac.ts';
import { parseX509Authorization, verifyX509Signature } from '../../src/core/signature/x509.ts';
import { rawVerify } from '../judge/raw-verify.ts';
import { requestOf } from '../judge/request.ts';
import { sigv4Verify } from '../judge/sigv4-verify.ts';
import { sigv4x509Verify } from '../judge/sigv4x509-verify.ts';
import { asObject, flag, type JsonObject, type Subcommand, text } from '../judge/subcommand.ts';

const ROOT = new URL('../../', import.meta.url);
const SHARED = `${resolve(fileURLToPath(ROOT), process.env.ANYROLE_SHARED ?? '../shared')}/`;
const shared = existsSync(SHARED) ? {} : { skip: 'shared/ is absent' };

function casesOf(file: string): JsonObject[] {
  const lines = readFileSync(`${SHARED}${file}`, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => asObject(JSON.parse(line), file));
}

async function wrong(cases: readonly JsonObject[], subcommand: Subcommand): Promise<string[]> {
  const answers = cases.map(async (one) => {
    const { result, code = '' } = await subcommand(one);
    return result === one.expected ? [] : [`${one.id}: ${result} ${code}`];
  });
  return (await Promise.all(answers)).flat();
}

for (const [file, subcommand, count] of [
  ['sigv4/aws_c_auth_v4.jsonl', sigv4Verify, 76],
  ['sigv4/botocore_signed.jsonl', sigv4Verify, 54],
  ['sigv4x509/aws4_x509.jsonl', sigv4x509Verify, 109],
] as const) {
  test(`${file}: every case gets the expected verdict`, shared, async () => {
    const cases = casesOf(file);
    assert.equal(cases.length, count);
    assert.deepEqual(await wrong(cases, subcommand), []);
  });
}

test('the canonical requests and strings to sign of the SigV4 vectors are reproduced exactly', shared, () => {
  const positives = ['aws_c_auth_v4', 'botocore_signed']
    .flatMap((name) => casesOf(`sigv4/${name}.jsonl`))
    .filter((one) => one.expected === 'valid');
  for (const one of positives) {
    const request = requestOf(one);
    const found = parseSignature(request);
    assert.ok(found.ok);
    const { signedHeaders, amzDate, region, service, presigned } = found.signature;
    const omitQuery = [
      ...(presigned ? ['X-Amz-Signature'] : []),
      ...(flag(one, 'omitToken', false) ? ['X-Amz-Security-Token'] : []),
    ];
    const canonical = canonicalRequest(request, {
      signedHeaders,
      normalizePath: flag(one, 'normalizePath', true),
      omitQuery,
    });
    assert.equal(canonical, text(one, 'canonicalRequest'));
    const scope = scopeFor(amzDate, region, service).text;
    assert.equal(stringToSign('AWS4-HMAC-SHA256', amzDate, scope, canonical), text(one, 'stringToSign'));
  }
  assert.equal(positives.length, 94);
});

test('Wycheproof: every signature that is not merely acceptable gets the expected verdict', shared, () => {
  const scored = globSync(`${SHARED}wycheproof/*.json.gz`).map((file) => {
    const vectors = JSON.parse(gunzipSync(readFileSync(file)).toString('utf8'));
    let count = 0;
    for (const group of vectors.testGroups)
      for (const { tcId, msg, sig, result } of group.tests) {
        if (result === 'acceptable') continue;
        count += 1;
        const verdict = rawVerify({ algorithm: vectors.algorithm, spki: group.publicKeyDer, msg, sig });
        assert.equal(verdict.result, result, `${basename(file)} ${tcId}`);
      }
    return count;
  });
  assert.deepEqual(scored.sort(), [258, 484]);
});

test(
  'captures of the official credential helper verify, and stop verifying once anything signed changes',
  shared,
  () => {
    const files = globSync(`${SHARED}vectors/create-session/*.json`);
    assert.equal(files.length, 2);
    for (const file of files) {
      const capture = JSON.parse(readFileSync(file, 'utf8'));
      const raw: string[] = capture.rawHeaders;
      const headers = raw.flatMap((name, at): HeaderPair[] => (at % 2 === 0 ? [[name, raw[at + 1] ?? '']] : []));
      const [path = '', rawQuery = ''] = capture.url.split('?');
      const request = { method: capture.method, path, rawQuery, headers, body: Buffer.from(capture.body) };
      const found = parseX509Authorization(request);
      assert.ok(found.ok);
      const { parsed } = found;
      const certificate = new X509Certificate(Buffer.from(parsed.certificateDer));
      const holder = { publicKey: certificate.publicKey, serialNumber: BigInt(`0x${certificate.serialNumber}`) };
      const judged = (changed: Partial<typeof request>, now = parsed.requestTime) =>
        verifyX509Signature({ request: { ...request, ...changed }, parsed, ...holder, now, region: 'us-east-1' });
      assert.deepEqual(judged({}), { ok: true });
      for (const changed of [
        { method: 'PUT' },
        { path: '/sessions/' },
        { rawQuery: rawQuery.replace('us-east-1', 'us-east-2') },
        { body: Buffer.from(`${capture.body} `) },
        { headers: headers.map(([name, value]): HeaderPair => [name, name === 'Host' ? 'evil.example' : value]) },
      ]) {
        const verdict = judged(changed);
        assert.equal(verdict.ok ? 'ok' : verdict.reason, 'mismatch');
      }
      const late = judged({}, new Date(parsed.requestTime.getTime() + 1_800_000));
      assert.equal(late.ok ? 'ok' : late.reason, 'skew');
    }
  },
);

test("AWS's documented ListUsers example is signed to the documented signature, and verifies", () => {
  const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
  const now = new Date('2015-08-30T12:36:00Z');
  const headers: HeaderPair[] = [
    ['Host', 'iam.amazonaws.com'],
    ['Content-Type', 'application/x-www-form-urlencoded; charset=utf-8'],
  ];
  const request = {
    method: 'GET',
    path: '/',
    rawQuery: 'Action=ListUsers&Version=2010-05-08',
    headers,
    body: new Uint8Array(),
  };
  const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey, region: 'us-east-1', service: 'iam', now };
  const added = signRequest(request, keys);
  const authorization =
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7';
  assert.deepEqual(added, [
    ['X-Amz-Date', '20150830T123600Z'],
    ['Authorization', authorization],
  ]);
  assert.equal(
    signingKey(secretAccessKey, '20150830', 'us-east-1', 'iam').toString('hex'),
    'c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9',
  );
  const signed = { ...request, headers: [...headers, ...added] };
  const found = parseSignature(signed);
  assert.ok(found.ok);
  assert.deepEqual(verifySignature({ request: signed, parsed: found.signature, secretAccessKey, now }), { ok: true });
});
