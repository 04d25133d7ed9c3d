import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CertificateOptions, der, type Minted, makeCa, makeKeys, minted, signerOf } from '../../../test/pki.ts';
import { type PathQuestion, type PathVerdict, validatePath } from './path.ts';

const now = new Date('2026-06-01T00:00:00Z');
const root = makeCa({ subject: 'CN=Root' });
const ca = root.issueCa({ subject: 'CN=CA' });
const leaf = ca.issue();

type Extras = Partial<Omit<PathQuestion, 'leaf' | 'intermediates' | 'anchors'>>;

function validate(
  end: Minted,
  sent: readonly Minted[],
  anchors: readonly Minted[] = [root],
  extras: Extras = {},
): PathVerdict {
  const [intermediates, trusted] = [sent, anchors].map((list) => list.map(({ certificate }) => certificate));
  return validatePath({
    leaf: end.certificate,
    intermediates: intermediates ?? [],
    anchors: trusted ?? [],
    now,
    ...extras,
  });
}

function failure(verdict: PathVerdict): string {
  return verdict.ok ? assert.fail('a path was found') : `${verdict.reason}: ${verdict.cause}`;
}

const accepted = (verdict: PathVerdict) => assert.ok(verdict.ok, verdict.ok ? '' : verdict.detail);

/** The verdict on a leaf under a CA with these oddities. */
const under = (options: CertificateOptions, extras: Extras = {}) => {
  const odd = root.issueCa({ subject: 'CN=Odd', ...options });
  return validate(odd.issue(), [odd], [root], extras);
};

test('a path is leaf first, anchor last', () => {
  const verdict = validate(leaf, [ca]);
  assert.deepEqual(verdict.ok && verdict.path, [leaf.certificate, ca.certificate, root.certificate]);
});

test('the pool may hold the leaf, duplicates, the root and strangers, in any order', () => {
  accepted(validate(leaf, [leaf, root, makeCa(), ca, ca, leaf, leaf]));
});

test('the anchor need not be self-signed, and its own signature is not checked', () => {
  accepted(validate(leaf, [], [ca]));
  accepted(validate(leaf, [root], [ca]));
  const forged = makeCa({ subject: 'CN=Root', keys: root.keys, signWith: makeKeys('p256') });
  accepted(validate(leaf, [ca], [forged]));
});

test('any of several anchors will do, also two of one name', () => {
  accepted(validate(leaf, [ca], [makeCa({ subject: 'CN=Root' }), root]));
});

test('every kind of key makes a path', () => {
  for (const key of ['rsa2048', 'p384', 'p521', 'ml-dsa-44', 'ml-dsa-87'] as const) {
    const top = makeCa({ key });
    const middle = top.issueCa({ key });
    accepted(validate(middle.issue({ key }), [middle], [top]));
  }
  const pssOnly = makeCa({ key: 'rsaPss2048' });
  accepted(validate(pssOnly.issue(), [], [pssOnly]));
  const pss = makeCa({ key: 'rsa2048' });
  accepted(validate(pss.issue({ pss: true, hash: 'sha384' }), [], [pss]));
});

test('no issuer, no path', () => {
  assert.equal(failure(validate(leaf, [])), 'untrusted: noIssuer');
  assert.equal(failure(validate(leaf, [ca], [])), 'untrusted: noIssuer');
  assert.equal(failure(validate(leaf, [ca], [makeCa({ subject: 'CN=Other' })])), 'untrusted: noIssuer');
  assert.equal(failure(validate(leaf, [root])), 'untrusted: noIssuer');
});

test('a name is no proof: the signature must verify', () => {
  const namesake = makeCa({ subject: 'CN=Root', subjectKeyIdentifier: false });
  assert.equal(failure(validate(leaf, [ca], [namesake])), 'untrusted: badSignature');
  assert.equal(failure(validate(ca.issue({ signWith: makeKeys('p256') }), [ca])), 'untrusted: badSignature');
  assert.equal(failure(validate(ca.issue({ signWith: makeKeys('rsa2048') }), [ca])), 'untrusted: badSignature');
});

const octet = (value: number, length: number) => Buffer.alloc(length, value);
const namedBy = (...fields: readonly Uint8Array[]): CertificateOptions => ({
  authorityKeyIdentifier: false,
  extensions: [{ oid: '2.5.29.35', value: der.sequence(...fields) }],
});
const keyNamed = der.tlv(0x80, Buffer.from(ca.certificate.extensions.subjectKeyIdentifier ?? '', 'hex'));
const issuerNamed = (subject: string) => der.tlv(0xa1, der.tlv(0xa4, der.name(subject)));
const serialNamed = (serial: Uint8Array) => der.tlv(0x82, serial);
const serialOfCa = serialNamed(Buffer.from(ca.certificate.serialHex, 'hex'));

for (const [why, options] of [
  ['another key identifier', namedBy(der.tlv(0x80, octet(7, 20)))],
  ['the beginning of its key identifier', namedBy(der.tlv(0x80, keyNamed.subarray(2, 12)))],
  ['an empty key identifier', namedBy(der.tlv(0x80))],
  ['another key identifier, and its serial number', namedBy(der.tlv(0x80, octet(7, 20)), serialOfCa)],
  ['another serial number', namedBy(issuerNamed('CN=Root'), serialNamed(octet(7, 2)))],
  ['another issuer of its certificate', namedBy(issuerNamed('CN=CA'), serialOfCa)],
  ['an issuer of its certificate with what is not seen', namedBy(issuerNamed('CN=Ro\u00adot'), serialOfCa)],
  [
    'two issuers of its certificate',
    namedBy(der.tlv(0xa1, ...['CN=Root', 'CN=CA'].map((one) => der.tlv(0xa4, der.name(one)))), serialOfCa),
  ],
] satisfies [string, CertificateOptions][])
  test(`an issuer is refused under which a certificate names ${why}`, () => {
    const verdict = validate(ca.issue(options), [ca]);
    assert.equal(failure(verdict), 'untrusted: authorityKeyIdentifierMismatch');
    assert.deepEqual(!verdict.ok && [verdict.certificate, verdict.rule], [ca.certificate, 'RFC 5280 §4.2.1.1']);
    assert.equal(failure(validate(ca.issue(options), [], [ca])), 'untrusted: authorityKeyIdentifierMismatch');
    const generic = { requirements: 'generic' } as const;
    assert.equal(
      failure(validate(ca.issue(options), [ca], [root], generic)),
      'untrusted: authorityKeyIdentifierMismatch',
    );
  });

for (const [why, options] of [
  ['nothing', namedBy()],
  ['its certificate by issuer and serial number', namedBy(issuerNamed('CN=Root'), serialOfCa)],
  [
    'its key, and by serial number an earlier certificate of it',
    namedBy(keyNamed, issuerNamed('CN=Root'), serialNamed(octet(7, 2))),
  ],
  ['its issuer by no directory name', namedBy(der.tlv(0xa1, der.text(0x82, 'root.test')), serialOfCa)],
] satisfies [string, CertificateOptions][])
  test(`an issuer is accepted under which a certificate names ${why}`, () =>
    accepted(validate(ca.issue(options), [ca])));

test('an issuer without a key identifier of its own is not refused for the one that is named', () => {
  const plain = root.issueCa({ subject: 'CN=CA', subjectKeyIdentifier: false });
  accepted(validate(plain.issue(namedBy(der.tlv(0x80, octet(7, 20)))), [plain]));
});

test('of two issuers of one name and key, the one is taken whose key identifier is named', () => {
  const extensions = [{ oid: '2.5.29.14', value: der.octets(octet(7, 20)) }];
  const other = root.issueCa({ subject: 'CN=CA', keys: ca.keys, subjectKeyIdentifier: false, extensions });
  for (const sent of [
    [other, ca],
    [ca, other],
  ]) {
    const verdict = validate(leaf, sent);
    assert.equal(verdict.ok && verdict.path[1], ca.certificate);
  }
  assert.equal(failure(validate(leaf, [other])), 'untrusted: authorityKeyIdentifierMismatch');
});

test('a name makes an issuer as it is written, not by what is not seen', () => {
  const written = root.issueCa({ subject: 'O=Example,CN=Middle' });
  for (const subject of ['O=example,CN= middle ', 'O=EXAMPLE,CN=MIDDLE'])
    accepted(validate(written.issue(), [root.issueCa({ subject, keys: written.keys })]));
  for (const subject of ['O=Example\0,CN=Middle', 'O=Ex\u00adample,CN=Middle', 'O=Example,CN=\uff2diddle']) {
    const verdict = validate(written.issue(), [root.issueCa({ subject, keys: written.keys })]);
    assert.equal(failure(verdict), 'untrusted: noIssuer');
    assert.match(verdict.ok ? '' : verdict.detail, /not seen/);
  }
});

test('of several failures at one place that of a stranger of the same name is told last', () => {
  const weak = root.issueCa({ subject: 'CN=CA', hash: 'sha1' });
  const stranger = makeCa({ subject: 'CN=Root' });
  const verdict = validate(weak.issue(), [weak], [stranger, root], { requirements: 'generic' });
  assert.equal(failure(verdict), 'untrusted: weakSignatureAlgorithm');
});

test('a leaf that names another issuer is not under the key that signed it', () => {
  assert.equal(failure(validate(ca.issue({ issuer: 'CN=Nobody' }), [ca])), 'untrusted: noIssuer');
});

const anchorOddities: [string, CertificateOptions, string][] = [
  ['is expired', { notAfter: '2026-05-31T23:59:59Z' }, 'expired'],
  ['is not yet valid', { notBefore: '2026-06-01T00:00:01Z' }, 'notYetValid'],
  ['is no CA', { basicConstraints: { ca: false } }, 'notCa'],
  ['has no basicConstraints', { basicConstraints: false }, 'notCa'],
  ['must not sign certificates', { keyUsage: ['digitalSignature', 'cRLSign'] }, 'noKeyCertSign'],
  [
    'has a critical extension nobody understands',
    { extensions: [{ oid: '1.2.3', critical: true, value: der.integer(1) }] },
    'unknownCriticalExtension',
  ],
  ['has version 1', { version: 1 }, 'notVersion3'],
  ['has a weak key', { key: 'rsa1024' }, 'weakKey'],
  ['has a weak key for PSS only', { key: 'rsaPss1024' }, 'weakKey'],
  ['is signed with SHA-1', { hash: 'sha1' }, 'weakSignatureAlgorithm'],
];

for (const [what, options, cause] of anchorOddities) {
  test(`an intermediate that ${what} breaks the path`, () =>
    assert.equal(failure(under(options)), `untrusted: ${cause}`));
  test(`an anchor that ${what} breaks the path`, () => {
    const odd = makeCa(options);
    assert.equal(failure(validate(odd.issue(), [], [odd])), `untrusted: ${cause}`);
  });
}

test('an intermediate without keyUsage may sign', () => accepted(under({ keyUsage: false })));

test('a good path is found past bad certificates of the same name and key', () => {
  const bent: CertificateOptions[] = [
    { notAfter: '2026-01-02' },
    { basicConstraints: false },
    { pathLen: 0, nameConstraints: { permitted: { directoryName: 'O=x' } } },
  ];
  const bad = bent.map((options) => root.issueCa({ subject: 'CN=CA', keys: ca.keys, ...options }));
  const impostor = root.issueCa({ subject: 'CN=CA' });
  accepted(validate(leaf, [...bad, impostor, ca]));
  assert.match(failure(validate(leaf, [...bad, impostor])), /untrusted/);
});

test('a path may turn back where the first way ends', () => {
  const stranger = makeCa({ subject: 'CN=Stranger' });
  const cross = stranger.issueCa({ subject: 'CN=CA', keys: ca.keys });
  accepted(validate(leaf, [cross, ca]));
  assert.equal(failure(validate(leaf, [cross])), 'untrusted: noIssuer');
});

test('certificates that vouch for each other in a circle lead nowhere', () => {
  const a = makeCa({ subject: 'CN=A' });
  const b = makeCa({ subject: 'CN=B' });
  const aByB = b.issueCa({ subject: 'CN=A', keys: a.keys });
  const bByA = a.issueCa({ subject: 'CN=B', keys: b.keys });
  assert.equal(failure(validate(a.issue(), [aByB, bByA])), 'untrusted: noIssuer');
});

test('the failure told is the one that came furthest', () => {
  const strangers = makeCa({ subject: 'CN=CA' });
  const verdict = validate(
    leaf,
    [strangers, ca],
    [makeCa({ subject: 'CN=Root', keys: root.keys, notAfter: '2026-01-02' })],
  );
  assert.equal(failure(verdict), 'untrusted: expired');
  assert.equal(!verdict.ok && verdict.rule, 'RFC 5280 §6.1.3(a)(2)');
  assert.match((!verdict.ok && verdict.detail) || '', /2026-01-02/);
});

test('pathLenConstraint counts the intermediates below, not the leaf', () => {
  accepted(under({ pathLen: 0 }));
  const top = root.issueCa({ subject: 'CN=Top', pathLen: 0 });
  const lower = top.issueCa({ subject: 'CN=Lower' });
  assert.equal(failure(validate(lower.issue(), [top, lower])), 'untrusted: pathLenConstraint');
  const renewed = top.issueCa({ subject: 'CN=Top' });
  accepted(validate(renewed.issue(), [top, renewed]));
  const anchor = makeCa({ pathLen: 0 });
  const below = anchor.issueCa({ subject: 'CN=Below' });
  assert.equal(failure(validate(below.issue(), [below], [anchor])), 'untrusted: pathLenConstraint');
});

test('name constraints bind everything below, but no self-issued CA', () => {
  const nameConstraints = { permitted: { directoryName: 'O=A' } };
  const top = root.issueCa({ subject: 'CN=Top', nameConstraints });
  accepted(validate(top.issue({ subject: 'O=A,CN=x' }), [top]));
  assert.equal(failure(validate(top.issue({ subject: 'O=B,CN=x' }), [top])), 'untrusted: nameConstraints');
  const renewed = top.issueCa({ subject: 'CN=Top' });
  accepted(validate(renewed.issue({ subject: 'O=A,CN=x' }), [top, renewed]));
  const lower = top.issueCa({ subject: 'CN=Lower' });
  assert.equal(failure(validate(lower.issue({ subject: 'O=A,CN=x' }), [top, lower])), 'untrusted: nameConstraints');
  const anchor = makeCa({ nameConstraints });
  assert.equal(failure(validate(anchor.issue(), [], [anchor])), 'untrusted: nameConstraints');
});

test('a required policy that is missing breaks the path', () => {
  const extensions = [{ oid: '2.5.29.36', critical: true, value: der.sequence(der.tlv(0x80, new Uint8Array([0]))) }];
  assert.equal(failure(under({ extensions })), 'untrusted: policies');
});

test('a purpose is asked of leaf and intermediates, when one is asked for', () => {
  const eku = { eku: 'clientAuth' } as const;
  accepted(validate(ca.issue({ eku: ['clientAuth'] }), [ca], [root], eku));
  accepted(validate(ca.issue({ eku: ['any'] }), [ca], [root], eku));
  accepted(validate(leaf, [ca], [root], eku));
  const server = ca.issue({ eku: ['serverAuth'] });
  accepted(validate(server, [ca]));
  assert.equal(failure(validate(server, [ca], [root], eku)), 'untrusted: extendedKeyUsage');
  assert.equal(failure(under({ eku: ['serverAuth'] }, eku)), 'untrusted: extendedKeyUsage');
});

test('validity includes its first and its last second', () => {
  const short = ca.issue({ notBefore: '2026-06-01T00:00:00Z', notAfter: '2026-06-01T00:00:10Z' });
  const at = (instant: string) => validate(short, [ca], [root], { now: new Date(instant) });
  accepted(at('2026-06-01T00:00:00Z'));
  accepted(at('2026-06-01T00:00:10Z'));
  assert.equal(failure(at('2026-05-31T23:59:59Z')), 'leafNotYetValid: notYetValid');
  assert.equal(failure(at('2026-06-01T00:00:11Z')), 'leafExpired: expired');
});

test('a clock that is no instant makes everything invalid', () => {
  assert.equal(validate(leaf, [ca], [root], { now: new Date(Number.NaN) }).ok, false);
});

test('an undefined limit or requirement is the default, not none', () => {
  const unset = { maxIntermediates: undefined, requirements: undefined };
  const strangers = Array.from({ length: 5 }, () => makeCa());
  assert.equal(failure(validate(leaf, [ca, ...strangers], [root], unset)), 'chainTooLong: tooManyCertificates');
  assert.equal(failure(validate(ca, [], [root], unset)), 'insufficientLeaf: isCa');
});

test('an expired leaf that nobody trusts is untrusted, not expired', () => {
  const expired = ca.issue({ notAfter: '2026-01-02' });
  assert.equal(failure(validate(expired, [ca])), 'leafExpired: expired');
  assert.equal(failure(validate(expired, [])), 'untrusted: noIssuer');
});

for (const [cause, options] of [
  ['isCa', { basicConstraints: { ca: true } }],
  ['noDigitalSignature', { keyUsage: ['keyAgreement'] }],
  ['emptySubject', { subject: '' }],
  ['weakKey', { key: 'rsa1024' }],
  ['weakSignatureAlgorithm', { hash: 'sha1' }],
] as const satisfies [string, CertificateOptions][]) {
  test(`a leaf that is insufficient is told before trust is sought: ${cause}`, () => {
    assert.equal(failure(validate(ca.issue(options), [])), `insufficientLeaf: ${cause}`);
  });
}

test('the anchor itself is no leaf', () => {
  assert.equal(failure(validate(root, [])), 'insufficientLeaf: isCa');
  assert.equal(failure(validate(ca, [root])), 'insufficientLeaf: isCa');
});

test('a leaf with a critical extension nobody understands is untrusted', () => {
  const odd = ca.issue({ extensions: [{ oid: '1.2.3', critical: true, value: der.integer(1) }] });
  assert.equal(failure(validate(odd, [ca])), 'untrusted: unknownCriticalExtension');
});

test('a leaf whose public key cannot be read is untrusted', () => {
  const { certificate, keys } = ca.issue();
  const tbs = Buffer.from(certificate.tbs);
  const lastOfKey = tbs.indexOf(certificate.spki) + certificate.spki.length - 1;
  tbs.writeUInt8(tbs.readUInt8(lastOfKey) ^ 1, lastOfKey); // The point is off the curve.
  const { algorithm, sign } = signerOf(ca.privateKey);
  const odd = minted(new Uint8Array(der.sequence(tbs, algorithm, der.bits(sign(tbs)))), keys);
  for (const requirements of ['generic', 'rolesanywhere'] as const)
    assert.equal(failure(validate(odd, [ca], [root], { requirements })), 'untrusted: unreadableKey');
});

test('plain RFC 5280 asks less of leaf and anchor', () => {
  const plain = { requirements: 'generic' } as const;
  accepted(validate(ca, [], [root], plain));
  const old = makeCa({ version: 1 });
  accepted(validate(old.issue({ keyUsage: false }), [], [old], plain));
  assert.equal(failure(under({ version: 1 }, plain)), 'untrusted: notVersion3');
});

test('Ed25519 leads to an anchor by RFC 5280, and nowhere in Roles Anywhere; Ed448 nowhere at all', () => {
  const plain = { requirements: 'generic' } as const;
  const [edRoot, edCa] = [makeCa({ key: 'ed25519' }), root.issueCa({ subject: 'CN=Ed', key: 'ed25519' })];
  accepted(validate(edRoot.issue({ key: 'ed25519' }), [], [edRoot], plain));
  accepted(validate(edCa.issue(), [edCa], [root], plain));
  accepted(validate(ca.issue({ key: 'ed25519' }), [ca], [root], plain));
  assert.equal(
    failure(validate(edRoot.issue({ signWith: makeCa({ key: 'ed25519' }) }), [], [edRoot], plain)),
    'untrusted: badSignature',
  );
  assert.equal(failure(validate(ca.issue({ key: 'ed25519' }), [ca])), 'insufficientLeaf: unsupportedKey');
  const signed = 'insufficientLeaf: unsupportedSignatureAlgorithm';
  assert.equal(failure(validate(edCa.issue(), [edCa])), signed);
  const above = edRoot.issueCa({ subject: 'CN=Under' });
  assert.equal(failure(validate(above.issue(), [above], [edRoot])), 'untrusted: unsupportedKey');
  const between = edCa.issueCa({ subject: 'CN=Under' });
  assert.equal(failure(validate(between.issue(), [between, edCa])), 'untrusted: unsupportedKey');
  const ed448 = makeCa({ key: 'ed448' });
  const verdict = validate(ed448.issue(), [], [ed448], plain);
  assert.equal(failure(verdict), 'untrusted: unsupportedKey');
  assert.match(verdict.ok ? '' : verdict.detail, /Ed448/);
});

test('a leaf with a weak key is refused by RFC 5280 alone, too', () => {
  const plain = { requirements: 'generic' } as const;
  assert.equal(failure(validate(ca.issue({ key: 'rsa1024' }), [ca], [root], plain)), 'untrusted: weakKey');
  assert.equal(failure(validate(ca.issue({ key: 'p224' }), [ca], [root], plain)), 'untrusted: unsupportedKey');
});

test('a weakly signed certificate beside the path refuses too, unless it is self-issued', () => {
  const weak = makeCa().issueCa({ hash: 'sha1' });
  assert.equal(failure(validate(leaf, [ca, weak])), 'untrusted: weakSignatureAlgorithm');
  accepted(validate(leaf, [ca, makeCa({ hash: 'sha1' })]));
});

test('five certificates may come with the leaf, not six; its own copies are not counted', () => {
  const strangers = Array.from({ length: 5 }, (_, at) => makeCa({ subject: `CN=${at}` }));
  accepted(validate(leaf, [leaf, leaf, ca, ...strangers.slice(1)]));
  assert.equal(failure(validate(leaf, [ca, ...strangers])), 'chainTooLong: tooManyCertificates');
  assert.equal(failure(validate(leaf, [ca], [root], { maxIntermediates: 0 })), 'chainTooLong: tooManyCertificates');
  const plain = { requirements: 'generic', maxIntermediates: 0 } as const;
  assert.equal(failure(validate(leaf, [ca], [root], plain)), 'chainTooLong: tooManyCertificates');
});

test('hundreds of keys under one name cost a bounded number of verifications', () => {
  const many = Array.from({ length: 200 }, () => root.issueCa({ subject: 'CN=CA', subjectKeyIdentifier: false }));
  const started = performance.now();
  const verdict = validate(leaf, many, [root], { requirements: 'generic', maxIntermediates: 300 });
  assert.ok(!verdict.ok);
  assert.ok(performance.now() - started < 2000);
  accepted(validate(leaf, [...many, ca], [root], { requirements: 'generic', maxIntermediates: 300 }));
});

test('many ways through CAs with many policies cost a bounded number of comparisons', () => {
  const oids = Array.from({ length: 1000 }, (_, at) => der.oid(`1.2.${at}`));
  const mapped = oids.map((oid) => der.sequence(oid, der.oid('1.2.0')));
  const extensions = [
    { oid: '2.5.29.32', value: der.sequence(...oids.map((oid) => der.sequence(oid))) },
    { oid: '2.5.29.33', value: der.sequence(...mapped) },
    { oid: '2.5.29.36', value: der.sequence(der.tlv(0x80, new Uint8Array([0]))) },
  ];
  // Every certificate of a layer has issued every one of the next: three to the power of four ways, none good for a policy.
  const layers = Array.from({ length: 4 }, () => makeKeys('p256'));
  const cas = layers.flatMap((keys, at) =>
    [0, 1, 2].map(() => {
      const above = at === 0 ? root : makeCa({ subject: `CN=${at - 1}`, keys: layers[at - 1] ?? keys });
      return above.issueCa({ subject: `CN=${at}`, keys, extensions });
    }),
  );
  const end = cas.at(-1)?.issue() ?? assert.fail('no CA');
  const started = performance.now();
  const verdict = validate(end, cas, [root], { requirements: 'generic' });
  assert.ok(performance.now() - started < 2000);
  assert.match(failure(verdict), /^untrusted: (policies|tooMuchWork)$/);
});

test('a verification counts by what it costs: P-521 keys use the work up sooner than P-256 keys', () => {
  const among = (key: 'p256' | 'p521', count: number) => {
    const top = makeCa({ subject: 'CN=Root', key });
    const namesakes = Array.from({ length: count + 1 }, () =>
      top.issueCa({ subject: 'CN=CA', key, subjectKeyIdentifier: false }),
    );
    const extras = { requirements: 'generic', maxIntermediates: 100 } as const;
    return validate(namesakes[count]?.issue() ?? leaf, namesakes, [top], extras);
  };
  accepted(among('p256', 30));
  accepted(among('p521', 8));
  assert.ok(!among('p521', 30).ok);
});
