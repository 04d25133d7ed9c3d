// Which places a certificate names for its revocation lists.
import assert from 'node:assert/strict';
import test from 'node:test';
import { distributionPoints, makeCa } from '../../../test/pki.ts';
import { distributionPointUrls } from './crl-distribution-points.ts';

const ca = makeCa();
const urls = (...points: Parameters<typeof distributionPoints>): readonly string[] =>
  distributionPointUrls(ca.issue({ extensions: [distributionPoints(...points)] }).certificate);

test('http and https names of the points of the own issuer are places, each once and in order', () => {
  const first = { names: { uri: ['ldap://a.test/cn=CA', 'http://a.test/1.crl', 'HTTPS://a.test/1.crl'] } };
  const again = { names: { uri: ['http://a.test/1.crl', 'http://b.test/1.crl'] } };
  assert.deepEqual(urls(first, again), ['http://a.test/1.crl', 'HTTPS://a.test/1.crl', 'http://b.test/1.crl']);
});

test('points of another issuer, names of other forms and certificates without points give none', () => {
  assert.deepEqual(urls({ names: { uri: ['http://a.test/1.crl'] }, cRLIssuer: 'CN=Other' }), []);
  assert.deepEqual(urls({ names: { dns: ['a.test'], uri: ['file:///etc/passwd', 'http:/a.test'] } }), []);
  assert.deepEqual(urls({ relativeName: 'CN=list 1' }), []);
  assert.deepEqual(distributionPointUrls(ca.issue().certificate), []);
});

test('at most four places are looked at', () => {
  const many = Array.from({ length: 200 }, (_, number) => `http://a.test/${number}.crl`);
  assert.deepEqual(urls({ names: { uri: many } }), many.slice(0, 4));
});
