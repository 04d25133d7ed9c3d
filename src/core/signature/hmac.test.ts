// Requests signed here verify here, and stop verifying for every change, at every boundary, with the right reason.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { HeaderPair, SignableRequest } from './canonical.ts';
import { derivedKey, parseSignature, presignRequest, signRequest, type Verification, verifySignature } from './hmac.ts';
import { edited, header, KEYS, NOW, PLAIN, parsed, presigned, signed } from './rig.test.ts';

function verdict(request: SignableRequest, given: Partial<Verification> = {}): string {
  const found = parseSignature(request);
  if (!found.ok) return found.reason;
  const expected = { region: KEYS.region, service: KEYS.service, secretAccessKey: KEYS.secretAccessKey, now: NOW };
  const result = verifySignature({ request, parsed: found.signature, ...expected, ...given });
  return result.ok ? 'ok' : result.reason;
}

const at = (seconds: number) => ({ now: new Date(NOW.getTime() + seconds * 1000) });

test('what is signed verifies, in the header and in the query, with and without a session token', () => {
  for (const sessionToken of [undefined, 'to/ken+=='])
    for (const request of [
      signed({ sessionToken }),
      presigned({ sessionToken }),
      signed({ sessionToken, signedHeaders: [] }),
    ]) {
      assert.equal(verdict(request), 'ok');
      assert.equal(parsed(request).sessionToken, sessionToken);
    }
  assert.equal(verdict(signed({ normalizePath: false }), { normalizePath: false }), 'ok');
  assert.equal(verdict(signed({ normalizePath: false })), 'mismatch');
});

test('headers that proxies and clients change are not signed', () => {
  assert.deepEqual(parsed(signed()).signedHeaders, ['content-type', 'host', 'x-amz-date']);
  assert.deepEqual(parsed(signed({ signedHeaders: ['content-type'], sessionToken: 't' })).signedHeaders, [
    'content-type',
    'host',
    'x-amz-date',
    'x-amz-security-token',
  ]);
});

test('any change to what was signed is a mismatch', () => {
  const good = signed({ sessionToken: 't' });
  const changes: SignableRequest[] = [
    { ...good, method: 'PUT' },
    { ...good, path: '/subject/a' },
    { ...good, path: '/subject/a%20b/' },
    { ...good, path: '/subject/a b' },
    { ...good, rawQuery: 'b=2&a=1&c=' },
    { ...good, rawQuery: 'b=2&A=1' },
    { ...good, body: Buffer.from('Body') },
    { ...good, headers: [...good.headers, ['content-type', 'x']] },
    header(good, 'Content-Type', 'text/html'),
    header(good, 'Host', 'iam.example:80'),
    header(good, 'X-Amz-Security-Token', 'u'),
    header(good, 'X-Amz-Date', '20260301T101531Z'),
    edited(good, /.$/, (digit) => (digit === '0' ? '1' : '0')),
    edited(good, /(?<=Signature=)./, (digit) => (digit === '0' ? '1' : '0')),
  ];
  assert.deepEqual(new Set(changes.map((request) => verdict(request))), new Set(['mismatch']));
  assert.equal(verdict(good, { secretAccessKey: 'Secret' }), 'mismatch');
});

test('what is not signed may change: order, spacing and the spelling of escapes', () => {
  const good = signed();
  assert.equal(verdict({ ...good, rawQuery: 'a=%31&&b=2' }), 'ok');
  assert.equal(verdict({ ...good, path: '//subject/./x/../a%20b' }), 'ok');
  assert.equal(
    verdict({ ...good, headers: good.headers.toReversed().map(([name, value]) => [name.toUpperCase(), ` ${value} `]) }),
    'ok',
  );
  assert.equal(verdict(header(good, 'User-Agent', 'other')), 'ok');
  assert.equal(verdict(header(good, 'X-Amz-Cf-Id', 'added by CloudFront')), 'ok');
  assert.equal(verdict(header(good, 'X-Amzn-Trace-Id', 'added by a load balancer')), 'ok');
});

test('a mismatch tells the canonical request and the string to sign', () => {
  const request = signed();
  const result = verifySignature({ request, parsed: parsed(request), secretAccessKey: 'wrong', now: NOW });
  assert.ok(!result.ok && result.reason === 'mismatch');
  assert.match(
    result.canonicalRequest,
    /^POST\n\/subject\/a%2520b\na=1&b=2\ncontent-type:text\/plain\nhost:iam\.example\n/,
  );
  assert.match(
    result.stringToSign,
    /^AWS4-HMAC-SHA256\n20260301T101530Z\n20260301\/eu-west-2\/iam\/aws4_request\n[0-9a-f]{64}$/,
  );
});

test('a scope for elsewhere is refused, telling everything that is wrong with it', () => {
  assert.equal(verdict(signed({ region: 'us-east-1' })), 'scopeRegion');
  assert.equal(verdict(signed({ service: 'sts' })), 'scopeService');
  assert.equal(verdict(edited(signed(), 'aws4_request', 'aws5_request')), 'scopeTerminator');
  assert.equal(verdict(edited(signed(), '/20260301/', '/20260228/')), 'scopeDate');
  assert.equal(verdict(signed({ region: 'us-east-1' }), { region: undefined }), 'ok');
  const request = signed({ region: 'us-east-1', service: 'sts' });
  const result = verifySignature({
    request,
    parsed: parsed(request),
    secretAccessKey: 'secret',
    now: NOW,
    region: 'eu-west-2',
    service: 'iam',
  });
  assert.deepEqual(!result.ok && 'problems' in result && result.problems.map(({ reason }) => reason), [
    'scopeRegion',
    'scopeService',
  ]);
});

test('a signature lives from fifteen minutes before to fifteen minutes after, boundary seconds included', () => {
  const verdicts = [-901, -900, 900, 901].map((seconds) => verdict(signed(), at(seconds)));
  assert.deepEqual(verdicts, ['notYetCurrent', 'ok', 'ok', 'expired']);
  assert.equal(verdict(signed(), { ...at(301), skewSeconds: 300 }), 'expired');
  const request = signed();
  const result = verifySignature({ request, parsed: parsed(request), secretAccessKey: 'secret', ...at(901) });
  const serverTime = at(901).now;
  assert.deepEqual(result, {
    ok: false,
    reason: 'expired',
    signatureTime: NOW,
    serverTime,
    limit: new Date('2026-03-01T10:15:31Z'),
  });
});

test('a presigned URL lives as long as it says, and fifteen minutes when it says nothing', () => {
  assert.deepEqual(
    [-901, -900, 60, 61].map((seconds) => verdict(presigned(), at(seconds))),
    ['notYetCurrent', 'ok', 'ok', 'expired'],
  );
  assert.equal(verdict(presigned({ expiresSeconds: 604_800 }), at(604_800)), 'ok');
  const silent = { ...presigned(), rawQuery: presigned().rawQuery.replace('&X-Amz-Expires=60', '') };
  assert.deepEqual(
    [900, 901].map((seconds) => verdict(silent, at(seconds))),
    ['mismatch', 'expired'],
  );
});

test('an altered presigned URL is refused', () => {
  const url = presigned({ sessionToken: 't' });
  for (const [from, to] of [
    ['Expires=60', 'Expires=61'],
    ['Security-Token=t', 'Security-Token=u'],
    ['a=1', 'a=2'],
    ['X-Amz-Algorithm', 'z=1&X-Amz-Algorithm'],
    ['&X-Amz-Security-Token=t', ''],
  ] as const)
    assert.equal(verdict({ ...url, rawQuery: url.rawQuery.replace(from, to) }), 'mismatch', from);
});

test('the host, the date and every x-amz header must be signed', () => {
  assert.equal(verdict(edited(signed(), 'content-type;host;', 'content-type;')), 'hostUnsigned');
  assert.equal(verdict(edited(signed(), ';x-amz-date', '')), 'unsignedHeader');
  assert.equal(verdict(header(signed(), 'X-Amz-Target', 'IAM.DeleteRole')), 'unsignedHeader');
  assert.equal(verdict(header(signed(), 'X-Amz-Security-Token', 't')), 'unsignedHeader');
  assert.equal(verdict(header(presigned(), 'X-Amz-Date', '20260301T101530Z')), 'unsignedHeader');
  assert.equal(verdict(header(signed(), 'Content-Type', undefined)), 'signedHeaderMissing');
  assert.equal(
    verdict(header(signed({ sessionToken: 't' }), 'X-Amz-Security-Token', undefined)),
    'signedHeaderMissing',
  );
});

test('a token added after signing is accepted only where that is the rule', () => {
  const late = header(signed(), 'X-Amz-Security-Token', 't');
  assert.equal(verdict(late, { omitToken: true }), 'ok');
  const url = presigned();
  const lateUrl = { ...url, rawQuery: `${url.rawQuery}&X-Amz-Security-Token=t` };
  assert.equal(verdict(lateUrl), 'mismatch');
  assert.equal(verdict(lateUrl, { omitToken: true }), 'ok');
  assert.equal(verdict(presigned({ sessionToken: 't' }), { omitToken: true }), 'mismatch');
});

test('a stated payload hash must be the hash of the body, and a payload must not go unsigned', () => {
  const stated = (value: string) => signed({}, header(PLAIN, 'X-Amz-Content-Sha256', value));
  assert.equal(verdict(stated('230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5')), 'ok');
  for (const value of [
    'UNSIGNED-PAYLOAD',
    'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    '',
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  ])
    assert.equal(verdict(stated(value)), 'payloadMismatch', value);
});

test('a Date header stands in when there is no X-Amz-Date, and must then be signed', () => {
  const dated = (date: string, signedHeaders: string) =>
    header(
      header(
        header(PLAIN, 'Date', date),
        'Authorization',
        `AWS4-HMAC-SHA256 Credential=AK/20260301/eu-west-2/iam/aws4_request, SignedHeaders=${signedHeaders}, Signature=${'0'.repeat(64)}`,
      ),
      'X',
      'y',
    );
  for (const date of ['Sun, 01 Mar 2026 10:15:30 GMT', '20260301T101530Z']) {
    assert.equal(parsed(dated(date, 'date;host')).amzDate, '20260301T101530Z');
    assert.equal(verdict(dated(date, 'date;host')), 'mismatch');
    assert.equal(verdict(dated(date, 'host')), 'unsignedHeader');
  }
  assert.equal(verdict(dated('Mon, 01 Mar 2026 10:15:30 GMT', 'date;host')), 'malformedDate');
  assert.equal(verdict(header(signed(), 'Date', 'nonsense')), 'ok');
});

test('a derived key stands in for its secret, and for no other scope of it', () => {
  const key = (date: string, region: string, service: string) => derivedKey('secret', date, region, service);
  assert.equal(verdict(signed(), { secretAccessKey: key('20260301', 'eu-west-2', 'iam') }), 'ok');
  assert.equal(verdict(signed(), { secretAccessKey: key('20260302', 'eu-west-2', 'iam') }), 'mismatch');
  assert.equal(verdict(signed(), { secretAccessKey: key('20260301', 'eu-west-1', 'iam') }), 'mismatch');
  assert.equal(verdict(signed(), { secretAccessKey: key('20260301', 'eu-west-2', 'sts') }), 'mismatch');
});

test('a request without Host cannot be signed', () => {
  const hostless = { ...PLAIN, headers: [] };
  assert.throws(() => signRequest(hostless, KEYS), TypeError);
  assert.throws(() => presignRequest(hostless, { ...KEYS, expiresSeconds: 60 }), TypeError);
});

test('hostile headers and queries never make parsing throw', () => {
  const words = [
    'AWS4-HMAC-SHA256',
    ' ',
    ',',
    '/',
    ';',
    '=',
    '%',
    'Credential=',
    'SignedHeaders=host',
    'Signature=',
    'X-Amz-Date=20260301T101530Z',
    '&',
    'X-Amz-Credential=',
    'X-Amz-Expires=1',
    '\ud800',
    '\u0000',
  ];
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.constantFrom(...words)).map((list) => list.join('')),
  );
  const name = fc.constantFrom('Authorization', 'X-Amz-Date', 'Date', 'Host', 'X-Amz-Security-Token', '');
  const headers = fc.array(fc.tuple(name, text), { maxLength: 5 });
  fc.assert(
    fc.property(headers, text, text, (pairs, rawQuery, path) => {
      const request = { method: 'GET', path, rawQuery, headers: pairs, body: new Uint8Array() };
      const found = parseSignature(request);
      if (found.ok) verifySignature({ request, parsed: found.signature, secretAccessKey: 's', now: NOW });
    }),
  );
});

test('a signed request with one character anywhere replaced never makes parsing or verifying throw', () => {
  const good = [signed({ sessionToken: 't' }), presigned({ sessionToken: 't' })];
  const character = fc.constantFrom('%', '/', ';', ',', '=', '&', ' ', '0', 'Z', '\n', '\u0000', '\ud800', 'é');
  fc.assert(
    fc.property(fc.constantFrom(...good), fc.nat(), character, (request, seed, to) => {
      const replaced = (text: string) =>
        text.slice(0, seed % (text.length + 1)) + to + text.slice((seed % (text.length + 1)) + 1);
      const headers = request.headers.map(([name, value]): HeaderPair => [name, replaced(value)]);
      verdict({ ...request, headers });
      verdict(edited(request, /^.*$/, replaced));
      verdict({ ...request, rawQuery: replaced(request.rawQuery), path: replaced(request.path) });
    }),
  );
});
