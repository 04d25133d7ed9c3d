// Reading a secret-key signature off a request: what is refused, by which reason, naming what.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SignableRequest } from './canonical.ts';
import { parseSignature } from './hmac-parse.ts';
import { edited, header, NOW, PLAIN, parsed, presigned, signed } from './rig.test.ts';

function reason(request: SignableRequest): string {
  const found = parseSignature(request);
  return found.ok ? 'ok' : found.reason;
}

test('a parsed signature says what the request states', () => {
  const { signature: _, ...rest } = parsed(presigned({ sessionToken: 't' }));
  assert.deepEqual(rest, {
    algorithm: 'AWS4-HMAC-SHA256',
    presigned: true,
    accessKeyId: 'AKIAEXAMPLE',
    date: '20260301',
    region: 'eu-west-2',
    service: 'iam',
    terminator: 'aws4_request',
    signedHeaders: ['host'],
    requestTime: NOW,
    amzDate: '20260301T101530Z',
    dateHeader: undefined,
    expiresSeconds: 60,
    sessionToken: 't',
  });
});

test('an expiry that is not 1 to 604800 is neither read nor written', () => {
  const url = presigned();
  for (const expiry of ['', '0', '604801', '-1', '1.5', '1e3', '9999999', 'x', '%2060']) {
    const rawQuery = url.rawQuery.replace('Expires=60', `Expires=${expiry}`);
    assert.equal(reason({ ...url, rawQuery }), 'malformedExpires', expiry);
  }
  for (const expiresSeconds of [0, 604_801, 1.5, Number.NaN])
    assert.throws(() => presigned({ expiresSeconds }), RangeError);
});

test('a request without any signature says so, and one with two is refused', () => {
  assert.deepEqual(parseSignature(PLAIN), { ok: false, presigned: false, reason: 'missing' });
  assert.equal(reason(header(PLAIN, 'Authorization', '  ')), 'missing');
  assert.equal(reason({ ...PLAIN, rawQuery: 'X-Amz-Target=x&x-amz-signature=y' }), 'missing');
  assert.equal(reason({ ...signed(), rawQuery: presigned().rawQuery }), 'bothForms');
});

test('repeated single-valued headers and parameters are refused and named', () => {
  const good = signed({ sessionToken: 't' });
  for (const [name, value] of good.headers.filter(([known]) => /^(host|auth|x-amz)/i.test(known))) {
    const twice: SignableRequest = { ...good, headers: [...good.headers, [name.toUpperCase(), value]] };
    assert.deepEqual(parseSignature(twice), {
      ok: false,
      presigned: false,
      reason: 'duplicateHeader',
      name: name.toLowerCase(),
    });
  }
  const url = presigned();
  const twice = { ...url, rawQuery: `${url.rawQuery}&%58-Amz-Date=20260301T101530Z` };
  assert.deepEqual(parseSignature(twice), {
    ok: false,
    presigned: true,
    reason: 'duplicateParameter',
    name: 'X-Amz-Date',
  });
});

test('the absent parts are named, in AWS order', () => {
  const bare = header(PLAIN, 'Authorization', 'AWS4-HMAC-SHA256');
  assert.deepEqual(parseSignature(bare), {
    ok: false,
    presigned: false,
    reason: 'malformedAuthorization',
    missing: ['Credential', 'Signature', 'SignedHeaders', 'X-Amz-Date'],
  });
  const empty = parseSignature(edited(signed(), /Signature=.*/, 'Signature='));
  assert.deepEqual(!empty.ok && 'missing' in empty && empty.missing, ['Signature']);
  const query = parseSignature({ ...PLAIN, rawQuery: 'X-Amz-Signature=x&X-Amz-Date=' });
  assert.deepEqual(!query.ok && 'missing' in query && query.missing, [
    'X-Amz-Algorithm',
    'X-Amz-Credential',
    'X-Amz-SignedHeaders',
    'X-Amz-Date',
  ]);
});

test('malformed pieces are refused with the piece', () => {
  const good = signed();
  const rows: [SignableRequest, string][] = [
    [edited(good, 'HMAC-SHA256', 'HMAC-SHA512'), 'unsupportedAlgorithm'],
    [header(good, 'Authorization', 'Basic dXNlcjpwYXNz'), 'unsupportedAlgorithm'],
    [header(good, 'Authorization', 'aws4-hmac-sha256 Credential=x'), 'unsupportedAlgorithm'],
    [edited(good, 'Credential=', 'Credential:'), 'malformedPair'],
    [edited(good, 'AKIAEXAMPLE/', ''), 'malformedCredential'],
    [edited(good, '/20260301/', '/today/'), 'malformedCredential'],
    [header(good, 'X-Amz-Date', '2026-03-01T10:15:30Z'), 'malformedDate'],
    [header(good, 'X-Amz-Date', 'Sun, 01 Mar 2026 10:15:30 GMT'), 'malformedDate'],
    [edited(good, 'content-type;host', 'host;content-type'), 'malformedSignedHeaders'],
    [edited(good, 'content-type;host', 'Content-Type;Host'), 'malformedSignedHeaders'],
    [edited(good, /Signature=.*/, `Signature=${'A'.repeat(64)}`), 'malformedSignature'],
    [edited(good, /Signature=.*/, `Signature=${'a'.repeat(63)}`), 'malformedSignature'],
    [edited(good, 'SignedHeaders=', `SignedHeaders=${'a'.repeat(40_000)};`), 'oversized'],
  ];
  for (const [request, expected] of rows) assert.equal(reason(request), expected);
});

test('a header is read the same, whatever headers were read before it', () => {
  const pieces = fc.constantFrom(
    'Credential=AK/20260301/eu-west-2/iam/aws4_request',
    'Credential=AK/20260301/eu-west-2/iam/Signature=',
    'Credential=AK/2026030/eu-west-2/iam/aws4_request',
    'SignedHeaders=host;x-amz-date',
    'SignedHeaders=x-amz-date;host',
    'SignedHeaders=Signature=',
    'Signature=',
    'Signature=ab',
    'X=y',
    '',
  );
  const digits = fc.constantFrom('a'.repeat(64), 'b'.repeat(64), `${'a'.repeat(63)}A`, 'a'.repeat(63), '');
  const dates = fc.constantFrom('20260301T101530Z', '20260301T101531Z', '20260230T101530Z', '');
  const values = fc
    .tuple(
      fc.constantFrom('AWS4-HMAC-SHA256 ', 'AWS4-HMAC-SHA256  ', 'AWS4-X ', ''),
      fc.array(pieces, { maxLength: 4 }),
      fc.constantFrom(', ', ',', ',  '),
      digits,
    )
    .map(([algorithm, parts, comma, end]) => `${algorithm}${parts.join(comma)}${end}`);
  const read = (value: string, date: string) =>
    parseSignature({
      ...PLAIN,
      headers: [
        ['X-Amz-Date', date],
        ['Authorization', value],
      ],
    });
  const good = 'AWS4-HMAC-SHA256 Credential=AK/20260301/eu-west-2/iam/aws4_request, SignedHeaders=host, Signature=';
  fc.assert(
    fc.property(
      fc.oneof(
        values,
        digits.map((end) => good + end),
      ),
      dates,
      (value, date) => {
        // What begins with a space is no text that is remembered.
        const fresh = read(` ${value}`, date);
        assert.deepEqual(read(value, date), fresh);
        assert.deepEqual(read(value, date), fresh);
      },
    ),
    { numRuns: 3000, seed: 1 },
  );
});
