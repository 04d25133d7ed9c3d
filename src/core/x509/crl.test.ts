import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CrlOptions, der, makeCa, makeKeys, type RawExtension, signerOf } from '../../../test/pki.ts';
import { type Crl, type ParsedCrl, parseCrl, verifyCrlSignature } from './crl.ts';

const ca = makeCa();
const revoked = [{ serial: 7n, date: '2026-02-03T04:05:06Z', reason: 1 }, { serial: 9n }];

function crlOf(options: CrlOptions = {}, issuer = ca): Crl {
  const result = parseCrl(issuer.crl(options).der);
  assert.ok(result.ok, result.ok ? '' : result.detail);
  return result.crl;
}

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');

function refusal(result: ParsedCrl): string {
  return result.ok ? 'parsed' : `${result.reason}: ${result.detail}`;
}

const instant = der.time('2026-01-01T00:00:00Z');
const { algorithm, sign } = signerOf(ca.privateKey);
const version2 = der.integer(1);
const issuer = der.name('CN=Test CA');

/** A list of hand-made fields, signed. */
function handMade(...fields: readonly Uint8Array[]): Uint8Array {
  const tbs = der.sequence(...fields);
  return der.sequence(tbs, algorithm, der.bits(sign(tbs)));
}

const entry = (...fields: readonly Uint8Array[]) => der.sequence(der.sequence(...fields));
const withEntry = (...fields: readonly Uint8Array[]) =>
  handMade(version2, algorithm, issuer, instant, entry(...fields));
const entryExtension = (oid: string, value: Uint8Array) => ca.crl({ revoked: [extended(oid, value)] }).der;
const extended = (oid: string, value: Uint8Array) => ({ serial: 1n, extensions: [{ oid, value }] });
const withExtension = (oid: string, value: Uint8Array) => ca.crl({ number: false, extensions: [{ oid, value }] }).der;

test('a list says who issued it, when, and whom it revokes', () => {
  const crl = crlOf({ revoked, number: 300n });
  assert.equal(crl.version, 2);
  assert.equal(crl.issuer.key, ca.certificate.subject.key);
  assert.equal(crl.thisUpdate.toISOString(), '2026-01-01T00:00:00.000Z');
  assert.equal(crl.nextUpdate?.toISOString(), '2036-01-01T00:00:00.000Z');
  assert.equal(crl.extensions.cRLNumber, 300n);
  assert.equal(crl.entryCount, 2);
  assert.deepEqual(
    { ...crl.entryOf(7n) },
    { revocationDate: new Date('2026-02-03T04:05:06Z'), reason: 'keyCompromise', invalidityDate: undefined },
  );
  assert.equal(crl.entryOf(9n)?.reason, undefined);
  assert.equal(crl.entryOf(8n), undefined);
});

test('a list of version 1, without nextUpdate, without entries, is a list', () => {
  const crl = crlOf({ version: 1, nextUpdate: false });
  assert.deepEqual([crl.version, crl.nextUpdate, crl.entryCount, crl.entryOf(1n)], [1, undefined, 0, undefined]);
  assert.ok(verifyCrlSignature(crl, ca.certificate).ok);
});

test('the extensions of a list are read', () => {
  const idp = { names: { uri: ['http://crl.test/1'] }, only: 'user', someReasons: [1, 6], indirect: true } as const;
  const { extensions } = crlOf({ idp, deltaBase: 41n });
  assert.deepEqual(extensions.issuingDistributionPoint, {
    names: ['uri:http://crl.test/1'],
    onlyContainsUserCerts: true,
    onlyContainsCACerts: false,
    onlyContainsAttributeCerts: false,
    onlySomeReasons: 0b100_0010,
    indirectCRL: true,
  });
  assert.equal(extensions.deltaCRLIndicator, 41n);
  assert.deepEqual(extensions.oids, ['2.5.29.35', '2.5.29.20', '2.5.29.27', '2.5.29.28']);
  assert.deepEqual(extensions.unknownCritical, []);
});

test('a critical extension that is not understood is carried, from the list and from an entry', () => {
  const unknown = (oid: string, critical: boolean): RawExtension => ({ oid, critical, value: der.integer(1) });
  const extensions = [unknown('1.2.3.4', true), unknown('1.2.3.5', false)];
  const entries = [{ serial: 1n, extensions: [unknown('1.2.3.6', true), unknown('1.2.3.7', false)] }];
  const crl = crlOf({ extensions, revoked: entries });
  assert.deepEqual(crl.extensions.unknownCritical, ['1.2.3.4', '1.2.3.6']);
  // keyUsage means something in certificates only.
  const misplaced = { oid: '2.5.29.15', critical: true, value: der.bits(Buffer.from([0x80]), 7) };
  assert.deepEqual(crlOf({ extensions: [misplaced] }).extensions.unknownCritical, ['2.5.29.15']);
});

test('PEM and DER are the same list', () => {
  const { der: bytes, pem } = ca.crl({ revoked });
  const fromDer = parseCrl(bytes);
  assert.ok(fromDer.ok);
  const texts = [pem, pem.replaceAll('\n', '\r\n'), `issued by: Test CA\n${pem}and that was it\n`, pem.trimEnd()];
  for (const text of texts) {
    const fromPem = parseCrl(bytesOf(text));
    assert.ok(fromPem.ok);
    assert.equal(fromPem.crl.fingerprint, fromDer.crl.fingerprint);
  }
});

test('PEM that is not exactly one strict block of a list is refused', () => {
  const { pem } = ca.crl();
  const lines = pem.split('\n');
  const cases: readonly [string, string][] = [
    ['', 'neither DER nor PEM'],
    ['not a list', 'neither DER nor PEM'],
    [lines.slice(1).join('\n'), 'neither DER nor PEM'],
    [pem.replaceAll('-----', '----'), 'neither DER nor PEM'],
    [pem + pem, 'more than one PEM block'],
    [ca.pem + pem, 'more than one PEM block'],
    [ca.pem, 'a PEM block of CERTIFICATE, not of X509 CRL'],
    [lines.slice(0, -2).join('\n'), 'the PEM block does not end'],
    [pem.replace('END X509 CRL', 'END CERTIFICATE'), 'the PEM block does not end'],
    [[lines[0], ...lines.slice(-2)].join('\n'), 'bad base64'],
    [pem.replace('\nMI', '\nM*I'), 'bad base64'],
    [pem.replace(/\n(.)/, '\n=$1'), 'bad base64'],
    [pem.replace(/=*\n-----END/, '\n-----END').replace(/.\n-----END/, '\n-----END'), 'bad base64'],
    [pem.replace('\nMI', '\n-I'), 'bad base64'],
  ];
  for (const [text, detail] of cases) assert.equal(refusal(parseCrl(bytesOf(text))), `badPem: ${detail}`);
});

test('base64 with bits hidden behind its last character is refused', () => {
  const blockOf = (base64: string) => bytesOf(`-----BEGIN X509 CRL-----\n${base64}\n-----END X509 CRL-----\n`);
  for (const honest of ['MA==', 'MAA=', 'MAAA']) assert.match(refusal(parseCrl(blockOf(honest))), /^malformed/);
  for (const bent of ['MB==', 'MAB=', 'MA=', 'MA', 'MAA', 'MAA==', 'MA==MA==', '====', 'MA-_'])
    assert.equal(refusal(parseCrl(blockOf(bent))), 'badPem: bad base64', bent);
});

test('a list is refused wherever it is cut, and with a byte too many', () => {
  const bytes = ca.crl({ revoked }).der;
  for (let length = 0; length < bytes.length; length++) assert.ok(!parseCrl(bytes.subarray(0, length)).ok);
  assert.ok(!parseCrl(Buffer.concat([bytes, Buffer.from([0])])).ok);
});

test('no flipped bit throws, and none leaves both the signature good and the list another', () => {
  const idp = { names: { uri: ['http://crl.test/1'] } };
  const bytes = ca.crl({ revoked: [...revoked, { serial: 3n, invalidityDate: '2025-01-01T00:00:00Z' }], idp }).der;
  let parsed = 0;
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const bent = new Uint8Array(bytes);
    bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
    const result = parseCrl(bent);
    if (!result.ok) continue;
    parsed++;
    result.crl.entryOf(7n);
    const isGood = verifyCrlSignature(result.crl, ca.certificate).ok;
    assert.ok(!isGood, `bit ${bit}`);
  }
  assert.ok(parsed > 100);
});

test('what is no strict CertificateList is refused with the reason', () => {
  const seven = der.integer(7);
  const raw = (hex: string) => Buffer.from(hex, 'hex');
  const cases: readonly [string, Uint8Array, RegExp][] = [
    ['version 1 written out', handMade(der.integer(0), algorithm, issuer, instant), /impossible version/],
    ['version 3', handMade(der.integer(2), algorithm, issuer, instant), /impossible version/],
    ['no thisUpdate', handMade(version2, algorithm, issuer), /missing field/],
    ['an empty issuer', handMade(version2, algorithm, der.sequence(), instant), /empty issuer/],
    ['a third time', handMade(version2, algorithm, issuer, instant, instant, instant), /unexpected field/],
    [
      'a field too many',
      handMade(version2, algorithm, issuer, instant, entry(seven, instant), seven),
      /unexpected field/,
    ],
    ['a thousand fields', handMade(...Array.from({ length: 1000 }, () => seven)), /unexpected field/],
    [
      'extensions in version 1',
      handMade(
        algorithm,
        issuer,
        instant,
        der.tlv(0xa0, der.sequence(der.sequence(der.oid('1.2.3'), der.octets(seven)))),
      ),
      /extensions in a version 1 list/,
    ],
    [
      'entry extensions in version 1',
      ca.crl({ version: 1, revoked: [{ serial: 1n, reason: 1 }] }).der,
      /entry extensions in a version 1/,
    ],
    [
      'an empty list of extensions',
      handMade(version2, algorithm, issuer, instant, der.tlv(0xa0, der.sequence())),
      /empty/,
    ],
    [
      'an empty list of entries',
      handMade(version2, algorithm, issuer, instant, der.sequence()),
      /an empty list of entries/,
    ],
    ['an entry without a date', withEntry(seven), /truncated/],
    ['an entry without a serial number', withEntry(instant, instant), /wrong type/],
    ['an entry that is no SEQUENCE', handMade(version2, algorithm, issuer, instant, der.sequence(seven)), /wrong type/],
    ['an entry with a field too many', withEntry(seven, instant, seven, seven), /bytes after the element/],
    ['an entry with empty extensions', withEntry(seven, instant, der.sequence()), /empty sequence/],
    ['an empty serial number', withEntry(der.tlv(2), instant), /impossible length/],
    ['a serial number of 65 bytes', withEntry(der.integer(1n << 512n), instant), /impossible length/],
    ['a serial number that is not minimal', withEntry(der.tlv(2, raw('0007')), instant), /not minimal/],
    ['a negative one that is not minimal', withEntry(der.tlv(2, raw('ff87')), instant), /not minimal/],
    ['a date with an offset', withEntry(seven, der.text(0x17, '260101000000+0000')), /time not in the form/],
    ['a date that does not exist', withEntry(seven, der.text(0x17, '260230000000Z')), /date that does not exist/],
    ['a length that is not minimal', withEntry(raw('02810107'), instant), /length not minimal/],
    ['an indefinite length', withEntry(raw('02800107'), instant), /impossible form/],
    ['a length beyond the end', withEntry(raw('02840fffffff'), instant), /beyond the end/],
    ['an endless entry', withEntry(seven, instant, der.octets(new Uint8Array(20_000))), /entry too long/],
    ['reason 7', ca.crl({ revoked: [{ serial: 1n, reason: 7 }] }).der, /reason that does not exist/],
    ['reason 11', ca.crl({ revoked: [{ serial: 1n, reason: 11 }] }).der, /reason that does not exist/],
    ['a reason that is an INTEGER', entryExtension('2.5.29.21', der.integer(1)), /tag 0x2/],
    ['an invalidity date in UTCTime', entryExtension('2.5.29.24', instant), /no GeneralizedTime/],
    [
      'a certificate issuer in a direct list',
      ca.crl({ revoked: [{ serial: 1n, certificateIssuer: 'CN=B' }] }).der,
      /not indirect/,
    ],
    [
      'the same entry extension twice',
      ca.crl({ revoked: [{ ...extended('2.5.29.21', der.tlv(10, raw('01'))), reason: 1 }] }).der,
      /appears twice/,
    ],
    ['the same extension twice', ca.crl({ extensions: [{ oid: '2.5.29.20', value: seven }] }).der, /appears twice/],
    ['a negative CRL number', withExtension('2.5.29.20', der.integer(-1)), /impossible CRL number/],
    ['a CRL number of 21 octets', withExtension('2.5.29.20', der.integer(1n << 160n)), /impossible CRL number/],
    ['a CRL number with bytes behind it', withExtension('2.5.29.20', Buffer.concat([seven, seven])), /bytes after/],
    ['an empty issuing distribution point', ca.crl({ idp: {} }).der, /empty issuing distribution point/],
    ['one only for two kinds', withExtension('2.5.29.28', raw('30068101ff8201ff')), /several kinds/],
    ['one with a boolean of its own', withExtension('2.5.29.28', raw('3003810101')), /neither 00 nor FF/],
    ['one with fields out of order', withExtension('2.5.29.28', raw('30068401ff8101ff')), /unexpected field/],
    ['one without names in its names', withExtension('2.5.29.28', raw('3004a002a000')), /no general names/],
    ['two of the choice of names', withExtension('2.5.29.28', raw('300aa008a0028600a1028600')), /must hold one/],
    [
      'much besides the entries',
      handMade(version2, algorithm, der.name(`CN=${'x'.repeat(70_000)}`), instant),
      /too much besides/,
    ],
  ];
  for (const [what, bytes, detail] of cases) {
    const result = parseCrl(bytes);
    assert.ok(!result.ok, what);
    const isOfExtension = /^extension [0-9.]+: /.test(result.detail);
    assert.equal(result.reason, isOfExtension ? 'unreadableExtension' : 'malformed', what);
    assert.match(result.detail, detail, what);
  }
});

test('an extension of the list that cannot be read is told from a list that is none', () => {
  const result = parseCrl(ca.crl({ idp: {} }).der);
  assert.deepEqual(result, {
    ok: false,
    reason: 'unreadableExtension',
    detail: 'extension 2.5.29.28: empty issuing distribution point',
  });
});

test('a signature algorithm inside that is not the one outside is refused', () => {
  const other = signerOf(ca.privateKey, { hash: 'sha512' });
  const tbs = der.sequence(version2, other.algorithm, issuer, instant);
  const result = parseCrl(der.sequence(tbs, algorithm, der.bits(sign(tbs))));
  assert.equal(refusal(result), 'malformed: the two signature algorithms differ');
});

test('what becomes of the bytes later does not matter', () => {
  const bytes = new Uint8Array(ca.crl({ revoked }).der);
  const result = parseCrl(bytes);
  bytes.fill(0);
  assert.ok(result.ok);
  assert.equal(result.crl.entryOf(7n)?.reason, 'keyCompromise');
  assert.ok(verifyCrlSignature(result.crl, ca.certificate).ok);
});

test('the issuer of a list signed it, whatever its key', () => {
  for (const key of ['p256', 'p384', 'ed25519', 'rsa2048', 'ml-dsa-65'] as const) {
    const signer = makeCa({ key });
    const verdict = verifyCrlSignature(crlOf({ revoked }, signer), signer.certificate);
    assert.deepEqual(verdict, { ok: true }, key);
  }
});

test('a list is not signed by another name, another key, a bad signature, or a key that may not', () => {
  const renamed = makeCa({ subject: 'CN=Other CA', keys: ca.keys });
  const rekeyed = makeCa();
  const anonymous = makeCa({ subjectKeyIdentifier: false });
  const mayNot = makeCa({ keys: ca.keys, keyUsage: ['keyCertSign'] });
  const ofRsa = makeCa({ key: 'rsa2048', subjectKeyIdentifier: false });
  const crl = crlOf({ revoked });
  const cases = [
    [crl, renamed, 'otherIssuer'],
    [crl, rekeyed, 'otherKey'],
    [crl, anonymous, 'badSignature'],
    [crl, mayNot, 'noCrlSign'],
    [crl, ofRsa, 'keyMismatch'],
    [crlOf({ revoked, authorityKeyIdentifier: false }), rekeyed, 'badSignature'],
    [crlOf({ revoked, signWith: makeKeys('p256') }), ca, 'badSignature'],
    [crlOf({ revoked, hash: 'sha1' }), ca, 'weak'],
  ] as const;
  for (const [list, signer, reason] of cases)
    assert.deepEqual(verifyCrlSignature(list, signer.certificate), { ok: false, reason });
});

test('an issuer without keyUsage, or a list and an issuer without key identifiers, are no obstacle', () => {
  const plain = makeCa({ keys: ca.keys, keyUsage: false, subjectKeyIdentifier: false });
  assert.ok(verifyCrlSignature(crlOf(), plain.certificate).ok);
  assert.ok(verifyCrlSignature(crlOf({ authorityKeyIdentifier: false }), ca.certificate).ok);
});

test('a verdict that is remembered for one issuer is not the verdict for another', () => {
  const crl = crlOf({ authorityKeyIdentifier: false });
  const other = makeCa();
  for (let round = 0; round < 2; round++) {
    assert.equal(verifyCrlSignature(crl, ca.certificate).ok, true);
    assert.equal(verifyCrlSignature(crl, other.certificate).ok, false);
  }
});
