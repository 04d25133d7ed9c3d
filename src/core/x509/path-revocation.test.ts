import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Authority, type CrlOptions, distributionPoints, makeCa, makeKeys } from '../../../test/pki.ts';
import type { Certificate } from './certificate.ts';
import { parseCrl } from './crl.ts';
import type { RevocationList } from './crl-status.ts';
import { judgePathRevocation, type PathRevocationQuestion, signersBeside } from './path-revocation.ts';

const now = new Date('2026-07-01T00:00:00Z');
const past = { nextUpdate: '2026-06-30T00:00:00Z' };
const root = makeCa({ subject: 'CN=Root' });
const middle = root.issueCa({ subject: 'CN=Middle', serial: 5n });
const leaf = middle.issue({ serial: 7n });
const path = [leaf.certificate, middle.certificate, root.certificate];
const lists7 = { revoked: [{ serial: 7n, date: '2026-06-05T04:03:02Z', reason: 1 }] };

function list(issuer: Pick<Authority, 'crl'>, options: CrlOptions = {}, stale: RevocationList['stale'] = 'ignore') {
  const result = parseCrl(issuer.crl(options).der);
  assert.ok(result.ok, result.ok ? '' : result.detail);
  return { crl: result.crl, stale };
}

const judge = (lists: readonly RevocationList[], other: Partial<PathRevocationQuestion> = {}) =>
  judgePathRevocation({ path, signers: [[root.certificate]], lists, now, demand: 'soft', ...other });

/** `ok`, or the reason and the place on the path of the certificate at fault. */
function answer(lists: readonly RevocationList[], other: Partial<PathRevocationQuestion> = {}): string {
  const verdict = judge(lists, other);
  if (verdict.ok) return 'ok';
  return `${verdict.reason} ${(other.path ?? path).indexOf(verdict.certificate)}`;
}

const hard = { demand: 'hard' } as const;

test('softly nothing is asked of a certificate without lists, and hard there must be one for each', () => {
  assert.equal(answer([]), 'ok');
  assert.equal(answer([list(middle)]), 'ok');
  assert.equal(answer([], hard), 'unknown 0');
  assert.equal(answer([list(middle)], hard), 'unknown 1');
  assert.equal(answer([list(root)], hard), 'unknown 0');
  assert.equal(answer([list(root), list(middle)], hard), 'ok');
});

test('a listed certificate is refused wherever it stands below the anchor, with all that is known of it', () => {
  const listed = { ...list(middle, lists7), id: 'a' };
  assert.deepEqual(judge([listed]), {
    ok: false,
    reason: 'revoked',
    certificate: leaf.certificate,
    rule: 'RFC 5280 §6.3.3(j)',
    detail: 'revoked at 2026-06-05T04:03:02.000Z: keyCompromise',
    list: listed,
    entry: { revocationDate: new Date('2026-06-05T04:03:02Z'), reason: 'keyCompromise' },
    silent: [],
  });
  assert.equal(answer([list(root, { revoked: [{ serial: 5n }] })]), 'revoked 1');
  assert.equal(answer([list(root, { revoked: [{ serial: root.certificate.serialNumber }] })]), 'ok');
});

test('a revoked certificate is named before one whose status is not known', () => {
  assert.equal(answer([list(root, { revoked: [{ serial: 5n }] })], hard), 'revoked 1');
  assert.equal(answer([list(middle, past, 'refuse'), list(root, { revoked: [{ serial: 5n }] })]), 'revoked 1');
});

test('a list that refuses to be stale leaves its certificates unjudged, unless another list speaks', () => {
  const old = list(middle, past, 'refuse');
  const verdict = judge([old]);
  assert.ok(!verdict.ok && verdict.reason === 'staleCrl');
  assert.equal(verdict.list, old);
  assert.match(verdict.detail, /not valid after 2026-06-30/);
  assert.equal(answer([old], hard), 'staleCrl 0');
  assert.equal(answer([old, list(middle)]), 'ok');
  assert.equal(answer([old, list(middle, past)]), 'ok', 'one that does not mind its age');
  assert.equal(answer([old, list(middle, lists7)]), 'revoked 0');
  assert.equal(answer([old, list(middle, { idp: { someReasons: [1] } })]), 'staleCrl 0', 'a part is not enough');
  assert.equal(answer([list(root, past, 'refuse')]), 'staleCrl 1');
  assert.equal(answer([list(middle, { ...past, idp: { only: 'ca' } }, 'refuse')]), 'ok', 'it is about others');
  assert.equal(answer([list(middle, { ...past, signWith: makeCa() }, 'refuse')]), 'ok', 'nobody trusted signed it');
});

test('lists that could not be used are named with the certificate and the reason, those of others are not', () => {
  const [forged, foreign] = [list(middle, { signWith: makeCa() }), list(makeCa())];
  assert.deepEqual(judge([forged, foreign]), {
    ok: true,
    silent: [{ list: forged, certificate: leaf.certificate, reason: 'badSignature' }],
  });
  const verdict = judge([forged], hard);
  assert.ok(!verdict.ok && verdict.reason === 'unknown');
  assert.deepEqual([verdict.cause, verdict.silent.length], ['noUsableCrl', 1]);
});

/** Signers of lists beside the path, found in a bag. */
function beside(lists: readonly RevocationList[], ...intermediates: readonly Certificate[]) {
  return signersBeside({
    path,
    intermediates: [middle.certificate, ...intermediates],
    anchors: [root.certificate],
    lists,
    now,
  });
}

const signer = root.issueCa({
  subject: 'CN=Middle',
  serial: 6n,
  basicConstraints: { ca: false },
  keyUsage: ['cRLSign'],
});
const bySigner = list(signer, lists7);

test('a key for lists alone may sign them, when its certificate leads to the anchor', () => {
  const signers = beside([bySigner], leaf.certificate, signer.certificate, middle.certificate);
  assert.deepEqual(signers, [[root.certificate], [signer.certificate, root.certificate]]);
  assert.equal(answer([bySigner], { signers }), 'revoked 0');
  assert.equal(answer([bySigner]), 'ok');
});

test('nobody signs lists who is a stranger, does not say so, bears another name or is out of its time', () => {
  const stranger = makeCa({ subject: 'CN=Middle' });
  const silent = root.issue({ subject: 'CN=Middle', keyUsage: false });
  const other = root.issueCa({ subject: 'CN=Other' });
  const late = root.issueCa({ subject: 'CN=Middle', notAfter: '2026-06-30T00:00:00Z' });
  for (const { certificate } of [stranger, silent, other, late])
    assert.equal(beside([bySigner], certificate).length, 1, 'the anchor alone');
  assert.equal(beside([], signer.certificate).length, 1);
});

test('a bag of many signers is tried in part', () => {
  const many = Array.from({ length: 12 }, () => root.issueCa({ subject: 'CN=Middle' }).certificate);
  assert.equal(beside([bySigner], ...many, ...many).length, 9);
});

test('a signer of lists that is revoked itself signs none, and hard it must be known to be good', () => {
  const signers = beside([bySigner], signer.certificate);
  const revoking = list(root, { revoked: [{ serial: 6n }] });
  assert.equal(answer([bySigner, revoking], { signers }), 'ok');
  assert.equal(answer([list(signer), revoking], { ...hard, signers }), 'unknown 0');
  assert.equal(answer([list(signer), list(root)], { ...hard, signers }), 'ok');
});

test('a signer of lists that its CA lets list itself is judged by its own list', () => {
  const delegating = distributionPoints({ cRLIssuer: 'CN=Lister' });
  const lister = (own: boolean) =>
    middle.issue({
      subject: 'CN=Lister',
      serial: 13n,
      keyUsage: ['cRLSign'],
      extensions: own ? [delegating] : [],
    });
  const below = middle.issue({ serial: 14n, extensions: [delegating] }).certificate;
  for (const own of [true, false]) {
    const made = lister(own);
    const crl = (serial: bigint) => {
      const options = { idp: { indirect: true }, revoked: [{ serial, certificateIssuer: 'CN=Middle' }] };
      const bytes = middle.crl({ ...options, issuer: 'CN=Lister', signWith: made.keys, authorityKeyIdentifier: false });
      const parsed = parseCrl(bytes.der);
      assert.ok(parsed.ok);
      return { crl: parsed.crl, stale: 'refuse' } as const;
    };
    const judged = (serial: bigint) => {
      const lists = [list(root), crl(serial)];
      return answer(lists, { ...hard, path: [below, ...path.slice(1)], signers: beside(lists, made.certificate) });
    };
    assert.equal(judged(1n), own ? 'ok' : 'unknown 0');
    assert.equal(judged(14n), own ? 'revoked 0' : 'unknown 0');
    assert.equal(judged(13n), 'unknown 0');
  }
});

test('nobody is good because of a list of its own', () => {
  const renewed = middle.issueCa({ subject: 'CN=Middle', serial: 9n, keys: makeKeys('p256') });
  const below = renewed.issue({ serial: 11n });
  const rolled = [below.certificate, renewed.certificate, middle.certificate, root.certificate];
  const own = [list(root), list(renewed)];
  const signers = [[root.certificate], [renewed.certificate, middle.certificate, root.certificate]];
  assert.equal(answer(own, { ...hard, path: rolled, signers }), 'unknown 1');
  assert.equal(answer([...own, list(middle)], { ...hard, path: rolled, signers }), 'ok');
});

test('an anchor of the same name signs lists for its other key, one of another name does not', () => {
  const former = makeCa({ subject: 'CN=Root' });
  const revoking = list(former, { revoked: [{ serial: 5n }] });
  assert.equal(answer([revoking], { signers: [[root.certificate], [former.certificate]] }), 'revoked 1');
  assert.equal(answer([revoking]), 'ok');
  const elsewhere = makeCa({ subject: 'CN=Elsewhere' });
  const impostor = elsewhere.issueCa({ subject: 'CN=Middle', keyUsage: ['cRLSign'] });
  const signers = [[root.certificate], [impostor.certificate, elsewhere.certificate]];
  assert.equal(answer([list(impostor, lists7)], { signers }), 'ok');
});
