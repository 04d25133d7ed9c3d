// The client's requests against recorded ones: of the official helper on the wire, and of its signing routines under a fixed
// clock. RSA signatures are equal byte for byte; ECDSA draws a number by chance, so its signatures are verified instead.
import assert from 'node:assert/strict';
import { createPrivateKey, verify } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadIdentity } from '../../src/client/identity.ts';
import type { SessionOptions } from '../../src/client/options.ts';
import { sessionRequest, signedHeaders } from '../../src/client/session-request.ts';
import { parseAmzDate } from '../../src/core/signature/authorization.ts';
import { canonicalRequest, type HeaderPair, sha256Hex } from '../../src/core/signature/canonical.ts';

const ROOT = new URL('../../', import.meta.url);
const SHARED = `${resolve(fileURLToPath(ROOT), process.env.ANYROLE_SHARED ?? '../shared')}/`;
const shared = existsSync(SHARED) ? {} : { skip: 'shared/ is absent' };
const vectors = `${SHARED}vectors/create-session/`;
const world = { sleep: async () => {} };

/** What the helper's HTTP client adds below the signature. */
const below = ['user-agent', 'content-length', 'accept-encoding'];

function sorted(headers: readonly HeaderPair[]): readonly string[] {
  return headers
    .filter(([name]) => !below.includes(name.toLowerCase()))
    .map(([name, value]) => `${name.toLowerCase()}: ${value}`)
    .sort();
}

function value(headers: readonly HeaderPair[], wanted: string): string {
  return headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? '';
}

function instant(amzDate: string): Date {
  const date = parseAmzDate(amzDate);
  assert.ok(date);
  return date;
}

function optionsOf(rawQuery: string, body: string): SessionOptions {
  const query = new URLSearchParams(rawQuery);
  const arn = (name: string) => query.get(name) ?? '';
  const arns = { trustAnchorArn: arn('trustAnchorArn'), profileArn: arn('profileArn'), roleArn: arn('roleArn') };
  return { ...arns, ...JSON.parse(body) };
}

for (const [file, certificate, intermediates] of [
  ['rsa-chain-rolesessionname.json', 'rsa.pem', ['int.pem']],
  ['ecdsa-no-chain.json', 'ec.pem', []],
] as const) {
  test(`what the helper sent in ${file} is what is sent here, byte for byte`, shared, async () => {
    const recorded = JSON.parse(readFileSync(`${vectors}${file}`, 'utf8'));
    const raw: readonly string[] = recorded.rawHeaders;
    const headers = raw.flatMap((name, at): HeaderPair[] => (at % 2 === 0 ? [[name, raw[at + 1] ?? '']] : []));
    const authorization = value(headers, 'authorization');
    // The key of the vectors is not there: a signer gives the recorded signature, for the recorded string alone.
    const sign = (_: string, data: Uint8Array) => {
      assert.equal(Buffer.from(data).toString(), recorded.stringToSign);
      return Buffer.from(authorization.slice(authorization.indexOf('Signature=') + 10), 'hex');
    };
    const chain = intermediates.map((name) => `${vectors}${name}`);
    const options = { certificate: `${vectors}${certificate}`, privateKey: { sign }, intermediates: chain };
    const identity = await loadIdentity(options, world);
    const [path, rawQuery = ''] = recorded.url.split('?');
    const told = ['Amz-Sdk-Invocation-Id', 'Amz-Sdk-Request'].map(
      (name): HeaderPair => [name, value(headers, name.toLowerCase())],
    );
    const request = sessionRequest(optionsOf(rawQuery, recorded.body), value(headers, 'host'), told);
    const when = { region: 'us-east-1', now: instant(value(headers, 'x-amz-date')) };
    assert.deepEqual([request.method, request.path, request.rawQuery], [recorded.method, path, rawQuery]);
    assert.equal(Buffer.from(request.body).toString(), recorded.body);
    assert.deepEqual(sorted(await signedHeaders(request, identity, when)), sorted(headers));
  });
}

test('the good requests of the signature vectors are signed here alike', shared, async () => {
  const lines = readFileSync(`${SHARED}sigv4x509/aws4_x509.jsonl`, 'utf8').split('\n').filter(Boolean);
  const good = lines.map((line) => JSON.parse(line)).filter(({ expected }) => expected === 'valid');
  const seen = { equal: 0, verified: 0, whole: 0 };
  for (const { id, region, request, leafKey, canonicalRequest: canonical, stringToSign } of good) {
    const pairs: readonly HeaderPair[] = request.headers;
    const chain = value(pairs, 'x-amz-x509-chain').split(',').filter(Boolean);
    const identity = await loadIdentity(
      {
        certificate: Buffer.from(value(pairs, 'x-amz-x509'), 'base64'),
        intermediates: chain.map((der) => Buffer.from(der, 'base64')),
        privateKey: createPrivateKey({ key: Buffer.from(leafKey, 'base64'), format: 'der', type: 'pkcs8' }),
      },
      world,
    );
    const own = ['authorization', 'x-amz-date', 'x-amz-x509', 'x-amz-x509-chain'];
    const given = pairs.filter(([name]) => !own.includes(name.toLowerCase()));
    const body = Buffer.from(request.body);
    const expected = value(pairs, 'authorization');
    // What the recorded signature covers: in some requests Content-Length, which the client leaves to proxies.
    const covered = expected.match(/SignedHeaders=([^,]*)/)?.[1]?.split(';') ?? [];
    const when = { region, now: instant(value(pairs, 'x-amz-date')), signedHeaders: covered };
    const signed = await signedHeaders({ ...request, headers: given, body }, identity, when);
    const all = { ...request, headers: signed, body };
    assert.equal(canonicalRequest(all, { signedHeaders: covered, normalizePath: true }), canonical, id);
    assert.ok(stringToSign.endsWith(sha256Hex(canonical)), id);
    const [stated, hex = ''] = value(signed, 'authorization').split(', Signature=');
    assert.equal(stated, expected.split(', Signature=')[0], id);
    if (!covered.includes('content-length')) {
      const byDefault = await signedHeaders({ ...request, headers: given, body }, identity, {
        ...when,
        signedHeaders: undefined,
      });
      assert.equal(value(byDefault, 'authorization').split(', Signature=')[0], stated, id);
    }
    if (identity.algorithm === 'AWS4-X509-RSA-SHA256') {
      assert.deepEqual(sorted(signed), sorted(pairs), id);
      seen.equal++;
    } else {
      const publicKey = identity.certificate.publicKey();
      assert.ok(publicKey && verify('sha256', Buffer.from(stringToSign), publicKey, Buffer.from(hex, 'hex')), id);
      seen.verified++;
    }
    if (!id.endsWith('-query')) continue;
    const made = sessionRequest(optionsOf(request.rawQuery, request.body), value(pairs, 'host'), []);
    assert.deepEqual([made.method, made.path, made.rawQuery], [request.method, request.path, request.rawQuery], id);
    // The recorded bodies have spaces, which no client of AWS's writes: their values are compared.
    const bodies = [Buffer.from(made.body).toString(), request.body].map((text) => JSON.parse(text));
    assert.deepEqual([bodies[0], sorted(made.headers)], [bodies[1], sorted(given)], id);
    seen.whole++;
  }
  assert.deepEqual([good.length, seen], [18, { equal: 9, verified: 9, whole: 6 }]);
});
