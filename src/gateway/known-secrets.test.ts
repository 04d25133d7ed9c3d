// What the keyring opened before must be what it would open now: for the same owner, the same scope, the same keys.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { encodeClaims, type SessionClaims } from '../core/session/claims.ts';
import { derivedKey } from '../core/signature/hmac.ts';
import { createKeyring, type Keyring, liveKeyring, rotate, seal, withoutKeys } from '../keyring.ts';
import { purposes } from '../services/call.ts';
import { knownSecrets } from './known-secrets.ts';

const now = new Date('2026-11-22T12:00:00Z');
const scope = { date: '20261122', region: 'eu-central-1', service: 'iam' };

function sealedBy(ring: Keyring, purpose: string, bytes: Uint8Array | string): string {
  return Buffer.from(seal(ring, purpose, Buffer.from(bytes), randomBytes(12))).toString('base64');
}

function claims(name: string): SessionClaims {
  return {
    version: 2,
    kind: 'root',
    accessKeyId: `ASIA${name}`,
    secretAccessKey: `secret of ${name}`,
    account: '123456789012',
    partition: 'aws',
    issuedAt: 1,
    expiresAt: 2,
    issuedBy: 'sts:GetSessionToken',
    sourceAccessKeyId: 'AKIAROOT',
  };
}

test('a derived key is that of its owner, date, Region and service, however often it is asked for', () => {
  const { derivedKeyOf } = knownSecrets();
  const keyring = createKeyring(randomBytes, now);
  const owners = ['one', 'two'].map((secret) => ({
    secret,
    record: { sealedSecret: sealedBy(keyring, purposes.accessKey, secret) },
  }));
  const session = { secret: 'three', record: { secretAccessKey: 'three' } };
  const scopes = [
    scope,
    { ...scope, date: '20261123' },
    { ...scope, region: 'us-east-1' },
    { ...scope, service: 'sts' },
    // More than are remembered.
    ...Array.from({ length: 20 }, (_, at) => ({ ...scope, service: `s${at}` })),
  ];
  for (const round of [1, 2, 3])
    for (const { secret, record } of [...owners, session])
      for (const { date, region, service } of scopes)
        assert.equal(
          derivedKeyOf(keyring, record, { date, region, service })?.('text'),
          derivedKey(secret, date, region, service)('text'),
          `round ${round}`,
        );
});

test('what is remembered of an owner is not another one’s of the same words', () => {
  const { derivedKeyOf } = knownSecrets();
  const keyring = createKeyring(randomBytes, now);
  const record = { sealedSecret: sealedBy(keyring, purposes.accessKey, 'one') };
  assert.equal(derivedKeyOf(keyring, record, scope), derivedKeyOf(keyring, record, { ...scope }));
  assert.notEqual(derivedKeyOf(keyring, record, scope), derivedKeyOf(keyring, { ...record }, scope));
});

test('a secret that was sealed elsewhere, for another purpose or not at all has no key', () => {
  const { derivedKeyOf } = knownSecrets();
  const [keyring, other] = [createKeyring(randomBytes, now), createKeyring(randomBytes, now)];
  const record = { sealedSecret: sealedBy(keyring, purposes.accessKey, 'one') };
  const password = { sealedSecret: sealedBy(keyring, purposes.password, 'one') };
  for (const time of [1, 2]) {
    assert.notEqual(derivedKeyOf(keyring, record, scope), undefined, `time ${time}`);
    assert.equal(derivedKeyOf(other, record, scope), undefined, 'another keyring opens nothing');
    assert.equal(derivedKeyOf(keyring, password, scope), undefined);
    assert.equal(derivedKeyOf(keyring, { sealedSecret: '' }, scope), undefined);
  }
});

test('the claims of a token are the same value for the same text, and nothing else opens them', () => {
  const { claimsOf } = knownSecrets();
  const [keyring, other] = [createKeyring(randomBytes, now), createKeyring(randomBytes, now)];
  const token = sealedBy(keyring, purposes.sessionToken, encodeClaims(claims('A')));
  const again = sealedBy(keyring, purposes.sessionToken, encodeClaims(claims('A')));
  assert.deepEqual(claimsOf(keyring, token), claims('A'));
  assert.equal(claimsOf(keyring, token), claimsOf(keyring, token));
  assert.notEqual(claimsOf(keyring, token), claimsOf(keyring, again));
  const last = token.at(-5) === 'A' ? 'B' : 'A';
  const bent = [
    '',
    ` ${token}`,
    `${token} `,
    token.slice(0, -4),
    token.slice(0, -5) + last + token.slice(-4),
    sealedBy(other, purposes.sessionToken, encodeClaims(claims('A'))),
    sealedBy(keyring, purposes.accessKey, encodeClaims(claims('A'))),
  ];
  for (const text of [...bent, ...bent]) assert.equal(claimsOf(keyring, text), undefined, text);
  assert.equal(claimsOf(other, token), undefined);
  assert.deepEqual(claimsOf(keyring, token), claims('A'));
});

test('more tokens than are remembered are all opened', () => {
  const { claimsOf } = knownSecrets();
  const keyring = createKeyring(randomBytes, now);
  const tokens = Array.from({ length: 600 }, (_, at) => ({
    name: String(at),
    token: sealedBy(keyring, purposes.sessionToken, encodeClaims(claims(String(at)))),
  }));
  for (const { name, token } of [...tokens, ...tokens]) assert.deepEqual(claimsOf(keyring, token), claims(name));
});

test('a key that is taken out of a keyring in use stops at once what it sealed, remembered or not', () => {
  const { claimsOf, derivedKeyOf } = knownSecrets();
  const first = createKeyring(randomBytes, now);
  const live = liveKeyring(first);
  const { keyring } = live;
  const token = sealedBy(keyring, purposes.sessionToken, encodeClaims(claims('A')));
  const record = { sealedSecret: sealedBy(keyring, purposes.accessKey, 'one') };
  const isOpen = () => [claimsOf(keyring, token) !== undefined, derivedKeyOf(keyring, record, scope) !== undefined];
  assert.deepEqual(isOpen(), [true, true]);
  live.replace(rotate(first, randomBytes, now));
  assert.deepEqual(isOpen(), [true, true], 'a new key closes nothing');
  live.replace(withoutKeys(rotate(first, randomBytes, now), new Set([first.currentKeyId])));
  assert.deepEqual(isOpen(), [false, false]);
  live.replace(first);
  assert.deepEqual(isOpen(), [true, true]);
});
