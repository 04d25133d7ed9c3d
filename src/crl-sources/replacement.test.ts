// Which lists take the place of the one that is kept: none that is older, forged or another's.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type CrlOptions, makeCa } from '../../test/pki.ts';
import { parseCrl } from '../core/x509/crl.ts';
import { judgeReplacement } from './replacement.ts';

const ca = makeCa();
const other = makeCa({ subject: 'CN=Other CA' });
const forger = makeCa();
const now = new Date('2026-11-22T12:00:00Z');
const trusted = [ca.certificate];

function list(options: CrlOptions = {}, issuer = ca) {
  const parsed = parseCrl(issuer.crl(options).der);
  assert.ok(parsed.ok);
  return parsed.crl;
}
const kept = (verified: boolean, options: CrlOptions = {}, issuer = ca) => ({ crl: list(options, issuer), verified });
function judged(crl: ReturnType<typeof list>, before?: ReturnType<typeof kept>, signers = trusted, ofSigners = false) {
  const verdict = judgeReplacement(crl, { kept: before, signers, ofSigners, now });
  return verdict.ok ? (verdict.kept.verified ? 'verified' : 'unverified') : verdict.reason;
}
const november = { thisUpdate: '2026-11-01T00:00:00Z', number: 11 } as const;

test('a first list is kept when its issuer signed it, or when nobody knows its issuer', () => {
  assert.equal(judged(list()), 'verified');
  assert.equal(judged(list({}, other)), 'unverified');
  assert.equal(judged(list(), undefined, []), 'unverified');
});

test('a list in the name of a known issuer that did not sign it is refused', () => {
  assert.equal(judged(list({ signWith: forger.keys })), 'badSignature');
  assert.equal(judged(list({ signWith: forger.keys, authorityKeyIdentifier: false })), 'badSignature');
  assert.equal(judged(list({ hash: 'sha1' })), 'weak');
  const mute = makeCa({ keyUsage: ['keyCertSign'] });
  assert.equal(judged(list({}, mute), undefined, [mute.certificate]), 'noCrlSign');
});

test('a list that names another key of the issuer waits for its certificate', () => {
  assert.equal(judged(list({}, forger)), 'unverified');
  assert.equal(judged(list({}, forger), kept(true)), 'otherIssuer');
  assert.equal(judged(list({}, forger), kept(true), [ca.certificate, forger.certificate]), 'verified');
});

test('lists that could never be used are refused', () => {
  assert.equal(judged(list({ deltaBase: 1 })), 'delta');
  assert.equal(judged(list({ idp: { indirect: true } })), 'indirect');
  const extensions = [{ oid: '1.2.3', critical: true, value: Buffer.from([5, 0]) }];
  assert.equal(judged(list({ extensions })), 'unknownCriticalExtension');
});

test('a list of the future keeps nothing out', () => {
  assert.equal(judged(list({ thisUpdate: '2026-11-22T12:00:00Z' })), 'verified');
  assert.equal(judged(list({ thisUpdate: '2026-11-22T12:00:01Z' })), 'notYetValid');
});

test('an older list is not taken for a newer one, by its date or by its number', () => {
  const before = kept(true, november);
  assert.equal(judged(list({ ...november, thisUpdate: '2026-10-31T23:59:59Z' }), before), 'older');
  assert.equal(judged(list({ ...november, number: 10 }), before), 'older');
  assert.equal(judged(list({ thisUpdate: '2026-11-02T00:00:00Z', number: 10 }), before), 'older');
  assert.equal(judged(list(november), before), 'verified');
  assert.equal(judged(list({ ...november, number: 12 }), before), 'verified');
  assert.equal(judged(list({ thisUpdate: '2026-11-02T00:00:00Z', number: false }), before), 'verified');
  assert.equal(judged(list(november), kept(true, { ...november, number: false })), 'verified');
});

test('a new key of the same issuer may count anew', () => {
  const before = kept(true, { ...november, number: 1000 });
  const renewed = list({ thisUpdate: '2026-11-02T00:00:00Z', number: 1 }, forger);
  assert.equal(judged(renewed, before, [ca.certificate, forger.certificate]), 'verified');
});

test('what is not verified takes the place of nothing that is, and keeps nothing out that is', () => {
  const verified = kept(true, november);
  const unverified = kept(false, { ...november, number: 2n ** 100n }, other);
  const later = { thisUpdate: '2026-11-02T00:00:00Z', number: 12 } as const;
  assert.equal(judged(list(later, other), verified), 'otherIssuer');
  assert.equal(judged(list(), unverified), 'verified');
  assert.equal(judged(list(later, makeCa({ subject: 'CN=Third' })), unverified), 'otherIssuer');
  assert.equal(judged(list(later, other), unverified), 'unverified', 'a number that nobody vouches for counts nothing');
  assert.equal(judged(list({ thisUpdate: '2026-10-01T00:00:00Z' }, other), unverified), 'older');
  const known = [ca.certificate, other.certificate];
  assert.equal(judged(list({ thisUpdate: '2026-10-01T00:00:00Z' }, other), unverified, known), 'verified');
});

test('where the issuer is known, a list in another name is not waited for', () => {
  assert.equal(judged(list({}, other), undefined, trusted, true), 'otherIssuer');
  assert.equal(judged(list(), undefined, [], true), 'otherIssuer');
  assert.equal(judged(list(), undefined, trusted, true), 'verified');
  assert.equal(judged(list({}, forger), undefined, trusted, true), 'unverified', 'a key of its own for lists');
});

test('a verified list of another trusted issuer does not take its place', () => {
  assert.equal(judged(list({}, other), kept(true), [ca.certificate, other.certificate]), 'otherIssuer');
});
