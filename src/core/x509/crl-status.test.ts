import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Authority,
  type CertificateOptions,
  type CrlOptions,
  distributionPoints,
  makeCa,
  makeKeys,
  makeSelfSigned,
} from '../../../test/pki.ts';
import { type Crl, parseCrl } from './crl.ts';
import { judgeRevocation, type RevocationList, type RevocationQuestion } from './crl-status.ts';

const ca = makeCa();
const leaf = ca.issue({ serial: 7n });
const now = new Date('2026-07-01T00:00:00Z');
const lists7 = { revoked: [{ serial: 7n, date: '2026-06-05T04:03:02Z', reason: 1 }] };

function crlOf(options: CrlOptions = {}, issuer: Authority = ca): Crl {
  const result = parseCrl(issuer.crl(options).der);
  assert.ok(result.ok, result.ok ? '' : result.detail);
  return result.crl;
}

type Other = Partial<RevocationQuestion> & { readonly stale?: RevocationList['stale'] };

const listsOf = (crls: readonly Crl[], stale: RevocationList['stale'] = 'refuse') =>
  crls.map((crl) => ({ crl, stale }));

const judge = (crls: readonly Crl[], { stale, ...other }: Other = {}) =>
  judgeRevocation({
    certificate: leaf.certificate,
    issuers: [ca.certificate],
    lists: listsOf(crls, stale),
    now,
    ...other,
  });

/** The status, and why the lists were not used. */
function answer(crls: readonly Crl[], other: Other = {}): string {
  const { status, unusable } = judge(crls, other);
  return [status, ...unusable.map(({ reason }) => reason)].join(' ');
}

const issued = (options: CertificateOptions) => ({ certificate: ca.issue({ serial: 7n, ...options }).certificate });

test('a listed certificate is revoked, since when and why', () => {
  const crl = crlOf(lists7);
  const verdict = judge([crl]);
  assert.deepEqual(verdict, {
    status: 'revoked',
    reason: 'listed',
    list: { crl, stale: 'refuse' },
    revokedAt: new Date('2026-06-05T04:03:02Z'),
    crlReason: 'keyCompromise',
    unusable: [],
  });
});

test('a certificate that is not listed is good', () => {
  const crl = crlOf({ revoked: [{ serial: 6n }, { serial: 8n }, { serial: 0x0700n }] });
  assert.deepEqual(judge([crl]), { status: 'good', reason: 'notListed', list: { crl, stale: 'refuse' }, unusable: [] });
});

test('without a list nothing is known', () => {
  assert.deepEqual(judge([]), { status: 'unknown', reason: 'noCrl', unusable: [] });
});

test('every reason revokes: a hold too, and removeFromCRL in a list that is no delta', () => {
  for (const reason of [0, 1, 2, 3, 4, 5, 6, 8, 9, 10])
    assert.equal(answer([crlOf({ revoked: [{ serial: 7n, reason }] })]), 'revoked', `${reason}`);
});

test('the same serial number on the list of another issuer says nothing', () => {
  const other = makeCa({ subject: 'CN=Other CA' });
  const crls = [crlOf(lists7, other)];
  assert.equal(answer(crls, { issuers: [ca.certificate, other.certificate] }), 'unknown otherIssuer');
  assert.equal(answer([...crls, crlOf()], { issuers: [ca.certificate, other.certificate] }), 'good otherIssuer');
  // Signed with the right key, and still another's list.
  assert.equal(answer([crlOf({ ...lists7, issuer: 'CN=Other CA' })]), 'unknown otherIssuer');
});

test('the name of the issuer is compared, not its bytes', () => {
  assert.equal(answer([crlOf({ ...lists7, issuer: 'CN=  test   ca ' })]), 'revoked');
});

test('a list nobody trusted has signed says nothing', () => {
  const impostor = makeCa({ subject: 'CN=Test CA' });
  assert.equal(answer([crlOf(lists7, impostor)]), 'unknown otherKey');
  assert.equal(answer([crlOf({ ...lists7, signWith: impostor })]), 'unknown badSignature');
  assert.equal(
    answer([crlOf({ ...lists7, authorityKeyIdentifier: false, signWith: impostor })]),
    'unknown badSignature',
  );
  assert.equal(answer([crlOf({ ...lists7, hash: 'sha1' })]), 'unknown weakSignature');
  assert.equal(answer([crlOf(lists7)], { issuers: [] }), 'unknown noSigner');
  assert.equal(answer([crlOf(lists7)], { issuers: [makeCa({ subject: 'CN=B' }).certificate] }), 'unknown noSigner');
  const ed448 = makeKeys('ed448');
  const ed448Ca = makeCa({ keys: ed448 });
  assert.equal(answer([crlOf(lists7, ed448Ca)], { issuers: [ed448Ca.certificate] }), 'unknown unsupportedSignature');
});

test('a key without cRLSign signs no lists', () => {
  const mayNot = makeCa({ keys: ca.keys, keyUsage: ['keyCertSign'] });
  assert.equal(answer([crlOf(lists7)], { issuers: [mayNot.certificate] }), 'unknown noCrlSign');
  assert.equal(answer([crlOf(lists7)], { issuers: [mayNot.certificate, ca.certificate] }), 'revoked');
});

test('an older key of the same issuer may have signed the list', () => {
  const renewed = makeCa();
  const certificate = renewed.issue({ serial: 7n }).certificate;
  const issuers = [renewed.certificate, ca.certificate];
  assert.equal(answer([crlOf(lists7)], { certificate, issuers }), 'revoked');
  assert.equal(answer([crlOf()], { certificate, issuers }), 'good');
  assert.equal(answer([crlOf(lists7)], { certificate, issuers: [renewed.certificate] }), 'unknown otherKey');
});

test('of several signers that did not sign, the one that came closest says why', () => {
  const [renamed, rekeyed] = [makeCa({ subject: 'CN=B' }).certificate, makeCa().certificate];
  const mayNot = makeCa({ keys: ca.keys, keyUsage: ['keyCertSign'] }).certificate;
  const crls = [crlOf(lists7)];
  assert.equal(answer(crls, { issuers: [renamed, mayNot, rekeyed] }), 'unknown noCrlSign');
  assert.equal(answer(crls, { issuers: [rekeyed, renamed] }), 'unknown otherKey');
});

test('a list speaks from thisUpdate on, to the second', () => {
  const crl = crlOf({ ...lists7, thisUpdate: '2026-07-01T00:00:00Z' });
  assert.equal(answer([crl], { now: new Date('2026-06-30T23:59:59Z') }), 'unknown notYetValid');
  assert.equal(answer([crl], { now: new Date('2026-06-30T23:59:59Z'), stale: 'ignore' }), 'unknown notYetValid');
  assert.equal(answer([crl], { now: new Date('2026-07-01T00:00:00Z') }), 'revoked');
  assert.equal(answer([crl], { now: new Date('2026-07-01T00:00:01Z') }), 'revoked');
});

test('a list is stale one second after nextUpdate, when that is asked for', () => {
  for (const [options, status] of [
    [lists7, 'revoked'],
    [{}, 'good'],
  ] as const) {
    const crl = crlOf({ ...options, nextUpdate: '2026-07-01T00:00:00Z' });
    assert.equal(answer([crl], { now: new Date('2026-07-01T00:00:00Z') }), status);
    assert.equal(answer([crl], { now: new Date('2026-07-01T00:00:01Z') }), 'unknown stale');
    assert.equal(answer([crl], { now: new Date('2026-07-01T00:00:01Z'), stale: 'ignore' }), status);
    assert.equal(answer([crlOf({ ...options, nextUpdate: false })], { now: new Date('2226-01-01T00:00:00Z') }), status);
  }
});

test('each list is held to its own policy, and one that nobody signed is not merely stale', () => {
  const old = { nextUpdate: '2026-06-30T00:00:00Z' };
  const lists = [
    { crl: crlOf({ ...lists7, ...old }), stale: 'ignore' as const },
    { crl: crlOf(old), stale: 'refuse' as const },
  ];
  assert.equal(answer([], { lists: [...lists].reverse() }), 'revoked stale');
  assert.equal(answer([crlOf({ ...old, signWith: makeCa() })]), 'unknown badSignature');
});

test('at an instant that is none, no list speaks', () => {
  assert.equal(answer([crlOf(lists7)], { now: new Date(Number.NaN) }), 'unknown notYetValid');
});

test('any usable list revokes, whatever the others say and in whatever order', () => {
  const [clean, listing, foreign] = [crlOf(), crlOf(lists7), crlOf({}, makeCa({ subject: 'CN=B' }))];
  assert.equal(answer([clean, foreign, listing]), 'revoked otherIssuer');
  assert.equal(answer([listing, clean]), 'revoked');
  const other = crlOf({ number: 2 });
  assert.equal(answer([clean, other]), 'good');
  const verdict = judge([foreign, clean, other]);
  assert.ok(verdict.status === 'good');
  assert.equal(verdict.list.crl, clean);
});

const hold = { revoked: [{ serial: 7n, reason: 6 }] };
const ended = { revoked: [{ serial: 7n, reason: 8 }] };

test('a delta revokes what it names, and makes nothing good', () => {
  assert.equal(answer([crlOf({ deltaBase: 1, number: 2 })]), 'unknown delta');
  assert.equal(answer([crlOf({ ...ended, deltaBase: 1, number: 2 })]), 'unknown delta');
  assert.equal(answer([crlOf({ ...lists7, deltaBase: 1, number: 2 })]), 'revoked');
  assert.equal(answer([crlOf(), crlOf({ ...lists7, deltaBase: 1, number: 2 })]), 'revoked');
  assert.equal(answer([crlOf(), crlOf({ deltaBase: 1, number: 2 })]), 'good delta');
  assert.equal(
    answer([crlOf(), crlOf({ ...lists7, deltaBase: 1, number: 2, signWith: makeCa() })]),
    'good badSignature',
  );
});

test('a delta ends a hold of the lists it completes, and no other revocation', () => {
  const delta = crlOf({ ...ended, deltaBase: 1, number: 3 });
  for (const number of [1, 2]) {
    assert.equal(answer([crlOf({ ...hold, number }), delta]), 'good delta');
    assert.equal(answer([delta, crlOf({ ...hold, number })]), 'good delta');
    assert.equal(answer([crlOf({ ...lists7, number }), delta]), 'revoked');
  }
  const older = crlOf({ ...hold, deltaBase: 1, number: 2 });
  assert.equal(answer([crlOf(), older, delta]), 'good delta delta');
  assert.equal(answer([crlOf(), older]), 'revoked');
  for (const options of [
    { number: 3 },
    { number: 4 },
    { number: false },
    { number: 0 },
    { idp: { someReasons: [6] } },
    { authorityKeyIdentifier: false },
  ] as const satisfies CrlOptions[])
    assert.match(answer([crlOf({ ...hold, ...options }), delta]), /^revoked/, JSON.stringify(options));
});

test('a list with a critical extension that is not understood says nothing', () => {
  const odd = { oid: '1.2.3.4', critical: true, value: Buffer.from([5, 0]) };
  assert.equal(answer([crlOf({ ...lists7, extensions: [odd] })]), 'unknown unknownCriticalExtension');
  assert.equal(
    answer([crlOf({ revoked: [...lists7.revoked, { serial: 1n, extensions: [odd] }] })]),
    'unknown unknownCriticalExtension',
  );
  assert.equal(answer([crlOf({ ...lists7, extensions: [{ ...odd, critical: false }] })]), 'revoked');
});

test('a list for one kind of certificates says nothing about the other', () => {
  const lists = (only: 'user' | 'ca' | 'attribute') => [crlOf({ ...lists7, idp: { only } })];
  const subordinate = { certificate: ca.issueCa({ serial: 7n }).certificate };
  assert.equal(answer(lists('user')), 'revoked');
  assert.equal(answer(lists('ca')), 'unknown outOfScope');
  assert.equal(answer(lists('attribute')), 'unknown outOfScope');
  assert.equal(answer(lists('user'), subordinate), 'unknown outOfScope');
  assert.equal(answer(lists('ca'), subordinate), 'revoked');
  assert.equal(answer(lists('user'), issued({ basicConstraints: false })), 'revoked');
  assert.equal(answer(lists('user'), issued({ version: 1 })), 'unknown outOfScope');
});

test('a list with a name speaks about the certificates that name it', () => {
  const named = (uri: string) => issued({ extensions: [distributionPoints({ names: { uri: [uri] } })] });
  const crls = [crlOf({ ...lists7, idp: { names: { uri: ['http://a.test/1', 'http://a.test/2'] } } })];
  assert.equal(answer(crls, named('http://a.test/2')), 'revoked');
  assert.equal(answer(crls, named('http://a.test/3')), 'unknown outOfScope');
  assert.equal(answer(crls, named('http://A.test/2')), 'unknown outOfScope');
  assert.equal(answer(crls), 'unknown outOfScope');
  // The whole list of the issuer speaks about everybody.
  assert.equal(answer([crlOf(lists7)], named('http://a.test/3')), 'revoked');
  // A second point is as good as the first.
  const both = distributionPoints({ names: { uri: ['http://b.test'] } }, { names: { uri: ['http://a.test/1'] } });
  assert.equal(answer(crls, issued({ extensions: [both] })), 'revoked');
});

test('a name relative to the issuer is the whole name', () => {
  const relative = issued({ extensions: [distributionPoints({ relativeName: 'CN=list 1' })] });
  const whole = issued({ extensions: [distributionPoints({ names: { directoryName: 'CN=Test CA,CN=List 1' } })] });
  const crls = [
    crlOf({ ...lists7, idp: { relativeName: 'CN=list 1' } }),
    crlOf({ ...lists7, idp: { names: { directoryName: 'CN=test ca,CN=list 1' } } }),
  ];
  for (const crl of crls) {
    assert.equal(answer([crl], relative), 'revoked');
    assert.equal(answer([crl], whole), 'revoked');
    assert.equal(answer([crl]), 'unknown outOfScope');
  }
  assert.equal(answer([crlOf({ ...lists7, idp: { relativeName: 'CN=list 2' } })], relative), 'unknown outOfScope');
});

test('a list named like its issuer is the list of certificates without distribution points', () => {
  assert.equal(answer([crlOf({ ...lists7, idp: { names: { directoryName: 'CN=Test CA' } } })]), 'revoked');
});

test('lists for some reasons make a certificate good only together', () => {
  const first = { idp: { someReasons: [1, 2, 3] } };
  const second = crlOf({ idp: { someReasons: [4, 5, 6, 7, 8] } });
  const third = crlOf({ idp: { someReasons: [4, 5, 6, 7] } });
  assert.equal(judge([crlOf(first)]).reason, 'someReasonsOnly');
  assert.equal(judge([crlOf(first), third]).reason, 'someReasonsOnly');
  assert.equal(answer([crlOf(first), second]), 'good');
  assert.equal(answer([crlOf(first), crlOf()]), 'good');
  assert.equal(answer([second, crlOf({ ...first, ...lists7 })]), 'revoked');
  assert.equal(answer([crlOf({ ...lists7, idp: { someReasons: [] } })]), 'unknown outOfScope');
});

test('the reasons of a distribution point bound what its list covers', () => {
  const uri = ['http://a.test'];
  const point = distributionPoints({ names: { uri }, reasons: [1, 2] });
  const certificate = issued({ extensions: [point] });
  assert.equal(judge([crlOf({ idp: { names: { uri } } })], certificate).reason, 'someReasonsOnly');
  assert.equal(answer([crlOf({ ...lists7, idp: { names: { uri } } })], certificate), 'revoked');
  assert.equal(answer([crlOf({ idp: { names: { uri }, someReasons: [3] } })], certificate), 'unknown outOfScope');
});

test('an indirect list speaks about its own issuer and about those its entries name', () => {
  const indirect = { indirect: true };
  assert.equal(answer([crlOf({ ...lists7, idp: indirect })]), 'revoked');
  const ofAnother = { revoked: [{ serial: 7n, certificateIssuer: 'CN=B' }, { serial: 8n }] };
  assert.equal(answer([crlOf({ ...ofAnother, idp: indirect })]), 'good');
});

test('the list of another issuer counts when the certificate names it as its cRLIssuer', () => {
  const lister = makeCa({ subject: 'CN=Lister' });
  const delegated = issued({ extensions: [distributionPoints({ cRLIssuer: 'CN=Lister' })] });
  const issuers = [ca.certificate, lister.certificate];
  const revoked = [{ serial: 7n, certificateIssuer: 'CN=Test CA' }];
  const indirect = { idp: { indirect: true } };
  assert.equal(answer([crlOf({ ...indirect, revoked }, lister)], { ...delegated, issuers }), 'revoked');
  assert.equal(answer([crlOf(indirect, lister)], { ...delegated, issuers }), 'good');
  // The serial number of a certificate of the lister's own.
  assert.equal(answer([crlOf({ ...indirect, ...lists7 }, lister)], { ...delegated, issuers }), 'good');
  assert.equal(answer([crlOf({ ...indirect, revoked }, lister)], { issuers }), 'unknown otherIssuer');
  assert.equal(answer([crlOf(lists7, lister)], { ...delegated, issuers }), 'unknown otherIssuer');
  assert.equal(answer([crlOf({ ...indirect, revoked }, lister)], delegated), 'unknown noSigner');
  // A point without a name of its own goes by its issuer's.
  const called = (directoryName: string) => [
    crlOf({ idp: { indirect: true, names: { directoryName } }, revoked }, lister),
  ];
  assert.equal(answer(called('CN=lister'), { ...delegated, issuers }), 'revoked');
  assert.equal(answer(called('CN=Test CA'), { ...delegated, issuers }), 'unknown outOfScope');
  // The CA's own list of everything still speaks.
  assert.equal(answer([crlOf(lists7)], { ...delegated, issuers }), 'revoked');
});

test('each list is told why it was not used', () => {
  const other = makeCa({ subject: 'CN=B' });
  const crls = [crlOf({ deltaBase: 1 }), crlOf({}, other), crlOf({ nextUpdate: '2026-06-30T00:00:00Z' })];
  const verdict = judge(crls);
  assert.equal(verdict.reason, 'noUsableCrl');
  assert.deepEqual(
    verdict.unusable.map(({ list, reason }) => [crls.indexOf(list.crl), reason]),
    [
      [1, 'otherIssuer'],
      [2, 'stale'],
      [0, 'delta'],
    ],
  );
});

test('a self-signed certificate is revoked by its own list only', () => {
  const certificate = makeSelfSigned({ serial: 7n, subject: 'CN=lonely' }).certificate;
  assert.equal(answer([crlOf(lists7)], { certificate, issuers: [certificate, ca.certificate] }), 'unknown otherIssuer');
});
