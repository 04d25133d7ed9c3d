// Certificate-signed requests of every kind of key. The certificate itself is opaque here, so any bytes stand in for it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type KeyName, makeKeys } from '../../../test/pki.ts';
import { X509_ALGORITHMS } from './algorithms.ts';
import { canonicalRequest, type HeaderPair, type SignableRequest, stringToSign } from './canonical.ts';
import { edited, header } from './rig.test.ts';
import {
  parseX509Authorization,
  signX509Request,
  verifyX509Signature,
  verifyX509SignatureAside,
  type X509Verification,
} from './x509.ts';

const NOW = new Date('2026-03-01T10:15:30Z');
const KINDS: KeyName[] = ['rsa2048', 'p256', 'p384', 'p521', 'ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'];
const SERIAL = 2n ** 159n - 1n;
const LEAF = Buffer.from('stands in for the DER of the leaf!');
const CHAIN = [Buffer.from('intermediate'), Buffer.from('root')];
const KEYS = makeKeys('p256');
const PLAIN: SignableRequest = {
  method: 'POST',
  path: '/sessions',
  rawQuery: 'roleArn=r&profileArn=p',
  headers: [
    ['Host', 'rolesanywhere.example:8443'],
    ['Content-Type', 'application/json'],
    ['User-Agent', 'CredHelper'],
  ],
  body: Buffer.from('{"durationSeconds":900}'),
};

function signed(keys = KEYS, changes: Partial<Parameters<typeof signX509Request>[1]> = {}): SignableRequest {
  const { privateKey } = keys;
  const given = {
    privateKey,
    certificateDer: LEAF,
    serialNumber: SERIAL,
    chainDer: CHAIN,
    region: 'eu-west-2',
    now: NOW,
    ...changes,
  };
  return { ...PLAIN, headers: [...PLAIN.headers, ...signX509Request(PLAIN, given)] };
}

/** Signed soundly, whatever the scope and the signed headers say. */
function signedAs(scope: string, signedHeaders: string[], extra: readonly HeaderPair[] = []): SignableRequest {
  const base: HeaderPair[] = [
    ...PLAIN.headers,
    ['X-Amz-Date', '20260301T101530Z'],
    ['X-Amz-X509', LEAF.toString('base64')],
    ...extra,
  ];
  const request = { ...PLAIN, headers: base };
  const algorithm = 'AWS4-X509-ECDSA-SHA256';
  const text = stringToSign(
    algorithm,
    '20260301T101530Z',
    scope,
    canonicalRequest(request, { signedHeaders, normalizePath: true }),
  );
  const signature = Buffer.from(X509_ALGORITHMS[algorithm].sign(KEYS.privateKey, Buffer.from(text))).toString('hex');
  const value = `${algorithm} Credential=${SERIAL}/${scope}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`;
  return { ...request, headers: [...base, ['Authorization', value]] };
}

function verdict(request: SignableRequest, given: Partial<X509Verification> = {}): string {
  const found = parseX509Authorization(request);
  if (!found.ok) return found.reason;
  const expected = { publicKey: KEYS.publicKey, serialNumber: SERIAL, now: NOW, region: 'eu-west-2' };
  const result = verifyX509Signature({ request, parsed: found.parsed, ...expected, ...given });
  return result.ok ? 'ok' : result.reason;
}

const SCOPE = '20260301/eu-west-2/rolesanywhere/aws4_request';

test('every kind of key signs a request that verifies, with and without a chain', () => {
  for (const kind of KINDS) {
    const keys = makeKeys(kind);
    for (const chainDer of [[], CHAIN])
      assert.equal(verdict(signed(keys, { chainDer }), { publicKey: keys.publicKey }), 'ok', kind);
    assert.equal(
      verdict(signed(keys), { publicKey: makeKeys(kind.startsWith('rsa') ? 'rsa2048#other' : kind).publicKey }),
      'mismatch',
      kind,
    );
  }
});

test('on another thread the verdict is the same, of what is sound and of what is not', async () => {
  for (const kind of KINDS) {
    const keys = makeKeys(kind);
    const good = signed(keys);
    const other = kind.startsWith('rsa') ? makeKeys('rsa2048#other') : makeKeys(kind);
    const requests = [good, { ...good, body: Buffer.from('{}') }, edited(good, /..$/, ''), edited(good, /$/, '00')];
    const unlike = makeKeys(kind === 'p256' ? 'ml-dsa-44' : 'p256');
    for (const publicKey of [keys.publicKey, other.publicKey, unlike.publicKey, keys.privateKey]) {
      for (const request of requests) {
        const found = parseX509Authorization(request);
        assert.ok(found.ok);
        for (const now of [NOW, new Date(0)]) {
          const given: X509Verification = { request, parsed: found.parsed, publicKey, serialNumber: SERIAL, now };
          const aside = verifyX509SignatureAside(given);
          assert.deepEqual(await aside, verifyX509Signature(given), kind);
        }
      }
    }
  }
});

test('a parsed signature says what the request states', () => {
  const found = parseX509Authorization(signed());
  assert.ok(found.ok);
  const { signature: _, ...rest } = found.parsed;
  assert.deepEqual(rest, {
    algorithm: 'AWS4-X509-ECDSA-SHA256',
    serialNumber: String(SERIAL),
    date: '20260301',
    region: 'eu-west-2',
    service: 'rolesanywhere',
    terminator: 'aws4_request',
    signedHeaders: ['content-type', 'host', 'x-amz-date', 'x-amz-x509', 'x-amz-x509-chain'],
    amzDate: '20260301T101530Z',
    requestTime: NOW,
    certificateDer: LEAF,
    chainDer: CHAIN,
  });
});

test('any change to what was signed is a mismatch, for every kind of key', () => {
  for (const kind of KINDS) {
    const keys = makeKeys(kind);
    const good = signed(keys);
    const flip = (digit: string) => (digit === '0' ? '1' : '0');
    const changes: SignableRequest[] = [
      { ...good, method: 'PUT' },
      { ...good, path: '/sessions/' },
      { ...good, path: '/pre/fix/sessions' },
      { ...good, rawQuery: `${good.rawQuery}&x=` },
      { ...good, rawQuery: good.rawQuery.replace('=r', '=s') },
      { ...good, body: Buffer.from('{}') },
      header(good, 'Host', 'rolesanywhere.example'),
      header(good, 'Content-Type', 'application/x-amz-json-1.0'),
      header(good, 'X-Amz-Date', '20260301T101531Z'),
      header(good, 'X-Amz-X509', Buffer.from('another certificate').toString('base64')),
      header(
        good,
        'X-Amz-X509-Chain',
        CHAIN.toReversed()
          .map((der) => der.toString('base64'))
          .join(','),
      ),
      edited(good, /.$/, flip),
      edited(good, /..$/, ''),
      edited(good, /$/, '00'),
    ];
    for (const [index, request] of changes.entries())
      assert.equal(verdict(request, { publicKey: keys.publicKey }), 'mismatch', `${kind} ${index}`);
  }
});

test('a sound signature over the wrong scope is refused', () => {
  const all = ['host', 'x-amz-date', 'x-amz-x509'];
  assert.equal(verdict(signedAs(SCOPE, all)), 'ok');
  assert.equal(verdict(signedAs(SCOPE.replace('eu-west-2', 'us-east-1'), all)), 'scopeRegion');
  assert.equal(verdict(signedAs(SCOPE.replace('rolesanywhere', 'iam'), all)), 'scopeService');
  assert.equal(verdict(signedAs(SCOPE.replace('aws4', 'aws5'), all)), 'scopeTerminator');
  assert.equal(verdict(signedAs(SCOPE.replace('0301', '0228'), all)), 'scopeDate');
  const elsewhere = parseX509Authorization(signedAs(SCOPE.replace('eu-west-2', 'us-east-1'), all));
  assert.ok(elsewhere.ok);
  const request = signedAs(SCOPE.replace('eu-west-2', 'us-east-1'), all);
  assert.equal(
    verifyX509Signature({
      request,
      parsed: elsewhere.parsed,
      publicKey: KEYS.publicKey,
      serialNumber: SERIAL,
      now: NOW,
    }).ok,
    true,
  );
});

test('a sound signature that leaves out a mandatory header is refused', () => {
  const all = ['host', 'x-amz-date', 'x-amz-x509'];
  for (const name of all)
    assert.equal(
      verdict(
        signedAs(
          SCOPE,
          all.filter((other) => other !== name),
        ),
      ),
      'unsignedHeader',
      name,
    );
  const chain: HeaderPair[] = [['X-Amz-X509-Chain', LEAF.toString('base64')]];
  assert.equal(verdict(signedAs(SCOPE, all, chain)), 'unsignedHeader');
  assert.equal(verdict(signedAs(SCOPE, [...all, 'x-amz-x509-chain'], chain)), 'ok');
  assert.equal(verdict(signedAs(SCOPE, [...all, 'x-gone'])), 'signedHeaderMissing');
});

test('the serial number is compared with the certificate as a number', () => {
  assert.equal(verdict(signed(), { serialNumber: SERIAL - 1n }), 'serialMismatch');
  assert.equal(verdict(edited(signed(), /Credential=\d+/, 'Credential=291')), 'serialMismatch');
  assert.equal(verdict(edited(signed(), 'Credential=', 'Credential=00')), 'ok');
  for (const serial of ['0x123', '-1', '1.0', '+1', ' 1', 'ff', '1'.repeat(101)])
    assert.equal(verdict(edited(signed(), /Credential=\d+/, `Credential=${serial}`)), 'malformedCredential', serial);
});

test('an algorithm that does not take the key is refused before anything is computed', () => {
  assert.equal(verdict(edited(signed(), 'ECDSA-SHA256', 'RSA-SHA256')), 'algorithmMismatch');
  assert.equal(verdict(signed(), { publicKey: makeKeys('rsa2048').publicKey }), 'algorithmMismatch');
  assert.equal(verdict(signed(), { publicKey: makeKeys('secp256k1').publicKey }), 'algorithmMismatch');
  assert.equal(verdict(signed(), { publicKey: makeKeys('ed25519').publicKey }), 'algorithmMismatch');
  for (const algorithm of ['AWS4-HMAC-SHA256', 'AWS4-X509-ECDSA-SHA384', 'aws4-x509-ecdsa-sha256', 'Basic'])
    assert.equal(verdict(edited(signed(), 'AWS4-X509-ECDSA-SHA256', algorithm)), 'unsupportedAlgorithm');
});

test('the clock may differ by the skew, boundary seconds included', () => {
  const judged = [-901, -900, 900, 901].map((seconds) =>
    verdict(signed(), { now: new Date(NOW.getTime() + seconds * 1000) }),
  );
  assert.deepEqual(judged, ['skew', 'ok', 'ok', 'skew']);
  assert.equal(verdict(signed(), { now: new Date(NOW.getTime() + 301_000), skewSeconds: 300 }), 'skew');
});

test('a signature is hex of either case, whole bytes, of bounded length', () => {
  assert.equal(verdict(edited(signed(), /(?<=Signature=).*/, (hex) => hex.toUpperCase())), 'ok');
  for (const hex of ['0', 'zz', '0x00', '00 00', '00'.repeat(5001)])
    assert.equal(verdict(edited(signed(), /(?<=Signature=).*/, hex)), 'malformedSignature');
});

test('certificates are strict base64', () => {
  const cases = [
    'AAA',
    'AAA=A',
    'AA',
    'AB==',
    'AAA-',
    'AAA_',
    'AA\u00a0AA',
    'AA AA',
    '=',
    '*',
    `${'A'.repeat(43_696)}`,
  ];
  for (const text of cases) {
    assert.equal(verdict(header(signed(), 'X-Amz-X509', text)), 'malformedCertificate', text.slice(0, 20));
    assert.equal(verdict(header(signed(), 'X-Amz-X509-Chain', `AAAA,${text}`)), 'malformedChain', text.slice(0, 20));
  }
  for (const text of ['', ',', 'AAAA,', ',AAAA', 'AAAA,,AAAA', 'AAAA;AAAA', Array(21).fill('AAAA').join(',')])
    assert.equal(verdict(header(signed(), 'X-Amz-X509-Chain', text)), 'malformedChain', text);
});

test('white space around the commas of a chain is tolerated, and up to twenty certificates are read', () => {
  const spaced = parseX509Authorization(header(signed(), 'X-Amz-X509-Chain', ' AAAA , AAAB,\tAAAC '));
  assert.deepEqual(spaced.ok && spaced.parsed.chainDer.map((der) => der.at(-1)), [0, 1, 2]);
  const twenty = parseX509Authorization(header(signed(), 'X-Amz-X509-Chain', Array(20).fill('AAAA').join(',')));
  assert.equal(twenty.ok && twenty.parsed.chainDer.length, 20);
});

test('repeated single-valued headers are refused and named', () => {
  const good = signed();
  for (const [name, value] of good.headers.filter(([known]) => /^(host|auth|x-amz)/i.test(known)))
    assert.deepEqual(parseX509Authorization({ ...good, headers: [...good.headers, [name.toLowerCase(), value]] }), {
      ok: false,
      reason: 'duplicateHeader',
      name: name.toLowerCase(),
    });
});

test('absent parts are named', () => {
  assert.deepEqual(parseX509Authorization(PLAIN), { ok: false, reason: 'missing' });
  assert.deepEqual(parseX509Authorization(header(PLAIN, 'Authorization', 'AWS4-X509-MLDSA')), {
    ok: false,
    reason: 'malformedAuthorization',
    missing: ['Credential', 'Signature', 'SignedHeaders', 'X-Amz-Date', 'X-Amz-X509'],
  });
  for (const name of ['X-Amz-X509', 'X-Amz-Date'])
    assert.equal(verdict(header(signed(), name, undefined)), 'malformedAuthorization');
});

test('malformed pieces are refused', () => {
  const rows: [SignableRequest, string][] = [
    [edited(signed(), ', SignedHeaders', ' SignedHeaders'), 'malformedAuthorization'],
    [edited(signed(), 'Signature=', 'Signature '), 'malformedPair'],
    [edited(signed(), '/rolesanywhere', ''), 'malformedCredential'],
    [header(signed(), 'X-Amz-Date', '20260230T000000Z'), 'malformedDate'],
    [edited(signed(), ';host', ';Host'), 'malformedSignedHeaders'],
    [edited(signed(), 'SignedHeaders=', `SignedHeaders=${'a;'.repeat(20_000)}`), 'oversized'],
  ];
  for (const [request, reason] of rows) assert.equal(verdict(request), reason);
});

test('a key no algorithm takes and a request without Host cannot be signed', () => {
  assert.throws(() => signed(makeKeys('ed25519')), TypeError);
  const keys = { privateKey: KEYS.privateKey, certificateDer: LEAF, serialNumber: 1n, region: 'r', now: NOW };
  assert.throws(() => signX509Request({ ...PLAIN, headers: [] }, keys), TypeError);
});

test('hostile headers never make parsing or verifying throw', () => {
  const words = [
    'AWS4-X509-ECDSA-SHA256 ',
    ',',
    ';',
    '/',
    '=',
    'Credential=1/20260301/r/rolesanywhere/aws4_request',
    'SignedHeaders=host',
    'Signature=3000',
    'AAAA',
    '20260301T101530Z',
    ' ',
    '\ud800',
    '\u0000',
  ];
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.constantFrom(...words)).map((list) => list.join('')),
  );
  const name = fc.constantFrom('Authorization', 'X-Amz-Date', 'X-Amz-X509', 'X-Amz-X509-Chain', 'Host');
  fc.assert(
    fc.property(fc.array(fc.tuple(name, text), { maxLength: 6 }), (headers) => {
      verdict({ ...PLAIN, headers });
    }),
  );
});
