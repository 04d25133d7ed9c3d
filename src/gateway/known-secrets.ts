// What the keyring has opened before: signing keys derived from secret access keys, and the claims of session tokens. All of
// it belongs to the keys that opened it: a keyring of other keys opens everything again, so that a key that is taken away
// stops what it sealed at once.

import { remember } from '../core/remember.ts';
import { decodeClaims, type SessionClaims } from '../core/session/claims.ts';
import { type DerivedKey, derivedKey } from '../core/signature/hmac.ts';
import { type Keyring, open } from '../keyring.ts';
import { bytesOf } from '../protocols/protocol.ts';
import { purposes } from '../services/call.ts';
import type { AccessKeyRecord } from '../services/iam/records.ts';

/** For what a key is derived. */
export type KeyScope = { readonly date: string; readonly region: string; readonly service: string };

/** Whose secret a key is derived from: the record of an access key, with the secret sealed, or a session. */
export type SecretOwner = Pick<AccessKeyRecord, 'sealedSecret'> | Pick<SessionClaims, 'secretAccessKey'>;

export type KnownSecrets = {
  /**
   * The key that the owner's secret derives for the scope, or undefined where the keyring does not open the secret.
   * Remembered as long as the owner is: the same record, the same claims. The sealed secret itself is not kept in clear.
   */
  derivedKeyOf(keyring: Keyring, owner: SecretOwner, scope: KeyScope): DerivedKey | undefined;
  /**
   * The claims of a session token, or undefined where the keyring did not seal it. The same claims for the same text; whether
   * the session is over is the caller's to judge, each time.
   */
  claimsOf(keyring: Keyring, sessionToken: string): SessionClaims | undefined;
};

/** Scopes of one secret: a day, a Region and a service each. Whoever knows a key's id can ask for any. */
const roomOfScopes = 16;
/** Tokens remembered, and their characters: as few as the sessions that are busy at a time, for each is a secret in clear. */
const roomOfTokens = 512;
const roomOfTokenCharacters = 2 * 1024 * 1024;

export function knownSecrets(): KnownSecrets {
  return { derivedKeyOf: derivedKeys(), claimsOf: openedTokens() };
}

type Derived = { readonly scope: KeyScope; readonly key: DerivedKey };

function derivedKeys(): KnownSecrets['derivedKeyOf'] {
  const byOwner = new WeakMap<SecretOwner, { readonly keys: Keyring['keys']; readonly derived: Derived[] }>();
  return (keyring, owner, scope) => {
    const known = byOwner.get(owner);
    const isCurrent = known?.keys === keyring.keys;
    const remembered = isCurrent ? known.derived.find((one) => isSameScope(one.scope, scope)) : undefined;
    if (remembered !== undefined) return remembered.key;
    const secret = secretOf(keyring, owner);
    if (secret === undefined) return undefined;
    const { date, region, service } = scope;
    const key = derivedKey(secret, date, region, service);
    const derived = isCurrent ? known.derived : [];
    if (derived.length >= roomOfScopes) derived.shift();
    derived.push({ scope: { date, region, service }, key });
    if (!isCurrent) byOwner.set(owner, { keys: keyring.keys, derived });
    return key;
  };
}

function isSameScope(one: KeyScope, other: KeyScope): boolean {
  return one.date === other.date && one.region === other.region && one.service === other.service;
}

function secretOf(keyring: Keyring, owner: SecretOwner): string | undefined {
  if ('secretAccessKey' in owner) return owner.secretAccessKey;
  const secret = open(keyring, purposes.accessKey, Buffer.from(owner.sealedSecret, 'base64'));
  return secret && Buffer.from(secret).toString();
}

function openedTokens(): KnownSecrets['claimsOf'] {
  const opened = (keyring: Keyring) => ({
    keys: keyring.keys,
    claimsOf: remember(
      roomOfTokens,
      (token: string) => token,
      (token) => claimsOf(keyring, token),
      { most: roomOfTokenCharacters, sizeOf: (token) => token.length },
    ),
  });
  let known: ReturnType<typeof opened> | undefined;
  return (keyring, token) => {
    if (known?.keys !== keyring.keys) known = opened(keyring);
    return known.claimsOf(token);
  };
}

function claimsOf(keyring: Keyring, token: string): SessionClaims | undefined {
  const sealed = bytesOf(token);
  const opened = sealed && open(keyring, purposes.sessionToken, sealed);
  return opened && decodeClaims(opened);
}
