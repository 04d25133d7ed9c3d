// The keys that seal session tokens and stored secrets. Every purpose has subkeys of its own, every sealed thing names
// the key that sealed it, and rotation adds a key while the old ones still open what they sealed.
// Pure: the caller reads and writes the file, and brings time and randomness.

import { Buffer } from 'node:buffer';
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto';
import { bounded, remember, rememberOf } from './core/remember.ts';
import { keyedHash } from './core/signature/keyed-hash.ts';

/** A source of cryptographically strong bytes, as node:crypto's randomBytes. */
export type RandomBytes = (size: number) => Uint8Array;

/** One key: 32 bytes inside a KeyObject, which no log or JSON.stringify prints. */
type Key = { readonly secret: KeyObject; readonly created: Date };

/** The keys by id (8 lower-case hex digits), and which of them seals. */
export type Keyring = {
  readonly currentKeyId: string;
  readonly keys: ReadonlyMap<string, Key>;
};

/** Why a keyring file was refused. */
export type KeyringFault =
  | 'too-large'
  | 'not-json'
  | 'unknown-version'
  | 'malformed'
  | 'bad-key-id'
  | 'bad-secret'
  | 'wrong-key-id'
  | 'bad-date'
  | 'no-current-key';

export type ParsedKeyring =
  | { readonly ok: true; readonly keyring: Keyring }
  | { readonly ok: false; readonly reason: KeyringFault; readonly keyId?: string };

/** Bytes of the nonce that `seal` takes. */
export const nonceBytes = 12;

const fileVersion = 1;
const sealVersion = 1;
const secretBytes = 32;
const keyIdBytes = 4;
const tagBytes = 16;
const headerBytes = 1 + keyIdBytes + nonceBytes;
const gcm = { authTagLength: tagBytes } as const;
const maxFileLength = 1 << 20;
/** Purposes remembered of a key: literals of the program, some ten. */
const maxPurposes = 64;
/** Seals of texts remembered of a key, and characters of them and their texts together. */
const maxSealedTexts = 1024;
const maxSealedCharacters = 256 * 1024;
const keyIdForm = /^[0-9a-f]{8}$/;
const tagForm = /^([0-9a-f]{8})\.([0-9a-f]{64})$/;
const secretForm = /^[A-Za-z0-9+/]{43}=$/; // base64 of 32 bytes

/** A keyring of one new key. */
export function createKeyring(randomBytes: RandomBytes, now: Date): Keyring {
  return addKey(new Map(), randomBytes, now);
}

/**
 * A keyring whose new key seals from now on, and whose old keys still open.
 * Ours: rotate before one purpose sealed 2^32 times under one key, the bound for random nonces of 96 bits.
 * Spec: NIST SP 800-38D §8.3
 */
export function rotate(keyring: Keyring, randomBytes: RandomBytes, now: Date): Keyring {
  return addKey(keyring.keys, randomBytes, now);
}

/** The keyring without these keys; the current one stays whatever is asked. */
export function withoutKeys({ currentKeyId, keys }: Keyring, gone: ReadonlySet<string>): Keyring {
  const left = [...keys].filter(([id]) => id === currentKeyId || !gone.has(id));
  return { currentKeyId, keys: new Map(left) };
}

/** A keyring that may be another one from now on, for all who hold it. */
export type LiveKeyring = { readonly keyring: Keyring; replace(next: Keyring): void };

/** A keyring that is `first` until it is replaced. What is sealed or opened meanwhile is so under one of them. */
export function liveKeyring(first: Keyring): LiveKeyring {
  let now = first;
  return {
    keyring: {
      get currentKeyId() {
        return now.currentKeyId;
      },
      get keys() {
        return now.keys;
      },
    },
    replace(next) {
      now = next;
    },
  };
}

/** The text of `keyring.json`. It holds the secrets: the file is for its owner alone (mode 0600), replaced atomically. */
export function serializeKeyring(keyring: Keyring): string {
  const keys = Array.from(keyring.keys, ([id, { secret, created }]) => [
    id,
    { secret: secret.export().toString('base64'), created: created.toISOString() },
  ]);
  const file = { version: fileVersion, current: keyring.currentKeyId, keys: Object.fromEntries(keys) };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

/** The keyring of the text of `keyring.json`, at most 1 MiB; or why not, with the id of the key at fault. */
export function parseKeyring(text: string): ParsedKeyring {
  if (text.length > maxFileLength) return { ok: false, reason: 'too-large' };
  const file = parseJson(text);
  if (file === undefined) return { ok: false, reason: 'not-json' };
  if (!isRecord(file)) return { ok: false, reason: 'malformed' };
  if (file.version !== fileVersion) return { ok: false, reason: 'unknown-version' };
  if (typeof file.current !== 'string' || !isRecord(file.keys)) return { ok: false, reason: 'malformed' };
  const keys = new Map<string, Key>();
  for (const [keyId, value] of Object.entries(file.keys)) {
    const key = parseKey(keyId, value);
    if (typeof key === 'string') return { ok: false, reason: key, keyId };
    keys.set(keyId, key);
  }
  if (!keys.has(file.current)) return { ok: false, reason: 'no-current-key' };
  return { ok: true, keyring: { currentKeyId: file.current, keys } };
}

/**
 * Seals bytes for one purpose with the current key: version (1 byte), key id (4), nonce (12), AES-256-GCM ciphertext and
 * tag (16). `nonce` is 12 random bytes, never used twice; throws RangeError for another length. The purpose is a literal
 * of the program; header and purpose are authenticated.
 */
export function seal(keyring: Keyring, purpose: string, plaintext: Uint8Array, nonce: Uint8Array): Buffer {
  if (nonce.length !== nonceBytes) throw new RangeError(`the nonce must be ${nonceBytes} bytes, not ${nonce.length}`);
  // Made whole at once and filled. Whoever keeps it keeps it as text.
  const sealed = Buffer.allocUnsafe(headerBytes + plaintext.length + tagBytes);
  sealed[0] = sealVersion;
  sealed.write(keyring.currentKeyId, 1, 'hex');
  sealed.set(nonce, headerBytes - nonceBytes);
  const sealing = sealingOf(currentKey(keyring))(purpose);
  const cipher = createCipheriv('aes-256-gcm', sealing.subkey, nonce, gcm);
  cipher.setAAD(sealedContext(sealed, sealing));
  sealed.set(cipher.update(plaintext), headerBytes);
  cipher.final(); // GCM gives as many bytes as it takes, so that nothing is left
  sealed.set(cipher.getAuthTag(), sealed.length - tagBytes);
  return sealed;
}

/**
 * A text sealed for one purpose, in base64url: for the same text the same seal again while it is remembered and the same key
 * seals, so that whoever sees two learns whether they say the same. `nonce` gives what `seal` takes.
 */
export function sealText(keyring: Keyring, purpose: string, text: string, nonce: () => Uint8Array): string {
  const known = sealedTextsOf(currentKey(keyring));
  const name = `${purpose}\n${text}`;
  const before = known.get(name);
  if (before !== undefined) return before;
  const sealed = seal(keyring, purpose, Buffer.from(text, 'utf8'), nonce()).toString('base64url');
  known.set(name, sealed, name.length + sealed.length);
  return sealed;
}

/**
 * The bytes sealed for this purpose, or undefined when this is not what `seal` made: too short, another version, an
 * unknown key, another purpose, or one bit changed. Ours: which of these it was is nobody's business.
 */
export function open(keyring: Keyring, purpose: string, sealed: Uint8Array): Uint8Array | undefined {
  const keyId = sealedKeyId(sealed);
  const key = keyId === undefined ? undefined : keyring.keys.get(keyId);
  if (key === undefined) return undefined;
  const sealing = sealingOf(key)(purpose);
  const nonce = sealed.subarray(headerBytes - nonceBytes, headerBytes);
  const decipher = createDecipheriv('aes-256-gcm', sealing.subkey, nonce, gcm);
  decipher.setAAD(sealedContext(sealed, sealing));
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  // GCM gives as many bytes as it takes; INVARIANT: they are nobody's before final() vouched for them.
  const plaintext = decipher.update(sealed.subarray(headerBytes, sealed.length - tagBytes));
  try {
    decipher.final();
    return plaintext;
  } catch {
    return undefined; // final() throws for one reason only: the tag does not match
  }
}

/** Whether the current key sealed this, as far as its header tells: what an old key sealed is worth sealing again. */
export function isSealedByCurrentKey(keyring: Keyring, sealed: Uint8Array): boolean {
  return sealedKeyId(sealed) === keyring.currentKeyId;
}

/**
 * A tag that only a holder of the keyring makes of this text for this purpose: the id of the current key, a dot, and
 * HMAC-SHA-256 in hex. Purposes are literals of the program and share no key with those of `seal`.
 */
export function tagOf(keyring: Keyring, purpose: string, text: string): string {
  return `${keyring.currentKeyId}.${taggingOf(currentKey(keyring))(purpose)(text)}`;
}

/** Whether `tagOf` made the tag of this text for this purpose, under any key of the ring. Compares in constant time. */
export function isTagOf(keyring: Keyring, purpose: string, text: string, tag: string): boolean {
  const [, keyId = '', digest = ''] = tagForm.exec(tag) ?? [];
  const key = keyring.keys.get(keyId);
  if (key === undefined) return false;
  return timingSafeEqual(Buffer.from(taggingOf(key)(purpose)(text)), Buffer.from(digest));
}

/** The id of the key that sealed this, not yet authenticated; undefined when the form is wrong. */
export function sealedKeyId(sealed: Uint8Array): string | undefined {
  if (sealed.length < headerBytes + tagBytes || sealed[0] !== sealVersion) return undefined;
  let keyId = '';
  for (let at = 1; at <= keyIdBytes; at += 1) keyId += (sealed[at] ?? 0).toString(16).padStart(2, '0');
  return keyId;
}

function addKey(old: ReadonlyMap<string, Key>, randomBytes: RandomBytes, now: Date): Keyring {
  const secret = Buffer.from(randomBytes(secretBytes));
  if (secret.length !== secretBytes)
    throw new RangeError(`randomBytes gave ${secret.length} bytes, not ${secretBytes}`);
  const id = keyIdOf(secret);
  // Never but once in four thousand million; or randomBytes repeats itself, which must not go unnoticed.
  if (old.has(id)) throw new Error(`a key \`${id}\` is there already: try again`);
  const keys = new Map([...old, [id, { secret: createSecretKey(secret), created: now }]]);
  return { currentKeyId: id, keys };
}

/** A key's id follows from its secret, so that a damaged file is noticed when it is read. Tells nothing about the secret. */
function keyIdOf(secret: Uint8Array): string {
  return Buffer.from(hkdfSync('sha256', secret, '', 'anyrole/1 key id', keyIdBytes)).toString('hex');
}

function parseKey(keyId: string, value: unknown): Key | KeyringFault {
  if (!keyIdForm.test(keyId)) return 'bad-key-id';
  if (!isRecord(value)) return 'malformed';
  if (typeof value.secret !== 'string' || !secretForm.test(value.secret)) return 'bad-secret';
  const secret = Buffer.from(value.secret, 'base64');
  if (keyIdOf(secret) !== keyId) return 'wrong-key-id';
  const created = new Date(typeof value.created === 'string' ? value.created : Number.NaN);
  if (Number.isNaN(created.getTime())) return 'bad-date';
  return { secret: createSecretKey(secret), created };
}

function currentKey({ keys, currentKeyId }: Keyring): Key {
  const key = keys.get(currentKeyId);
  if (key === undefined) throw new Error('the keyring does not hold its current key');
  return key;
}

/** What a key is for one purpose; `purpose` is its name in UTF-8. */
type Sealing = {
  readonly subkey: KeyObject;
  /** What GCM authenticates: room for a header, and the purpose. */
  readonly context: Uint8Array;
};

const sealingOf = rememberOf((key: Key) =>
  byPurpose((purpose): Sealing => {
    const subkey = createSecretKey(subkeyBytes(key, `seal ${purpose}`));
    return { subkey, context: Buffer.concat([Buffer.alloc(headerBytes), Buffer.from(purpose, 'utf8')]) };
  }),
);

const sealedTextsOf = rememberOf((_key: Key) => bounded<string>(maxSealedTexts, maxSealedCharacters));

const taggingOf = rememberOf((key: Key) => byPurpose((purpose) => keyedHash(subkeyBytes(key, `tag ${purpose}`))));

function byPurpose<O>(make: (purpose: string) => O): (purpose: string) => O {
  return remember(maxPurposes, (purpose: string) => purpose, make);
}

/** The key for one use: `seal` or `tag`, and a purpose. */
function subkeyBytes({ secret }: Key, use: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `anyrole/1 ${use}`, secretBytes));
}

/**
 * What GCM authenticates beside the ciphertext: the header of what is sealed, and the purpose. The header has one length, so
 * that no two pairs run together. The same bytes each time, written anew: whoever takes them uses them at once.
 */
function sealedContext(sealed: Uint8Array, { context }: Sealing): Uint8Array {
  for (let at = 0; at < headerBytes; at++) context[at] = sealed[at] ?? 0;
  return context;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
