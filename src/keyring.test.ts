import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import {
  createKeyring,
  isSealedByCurrentKey,
  isTagOf,
  type Keyring,
  open,
  parseKeyring,
  rotate,
  seal,
  sealText,
  serializeKeyring,
  tagOf,
} from './keyring.ts';

const now = new Date('2026-01-02T03:04:05Z');
const later = new Date('2026-02-02T03:04:05Z');
const secretOf = (seed: string) => createHash('sha256').update(seed).digest();
const keyringOf = (seed: string) => createKeyring(() => secretOf(seed), now);
const rotated = (keyring: Keyring, seed: string) => rotate(keyring, () => secretOf(seed), later);
const nonce = new Uint8Array(12).fill(7);
const plaintext = Buffer.from('what nobody may read');
const textOf = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : Buffer.from(bytes).toString());

/** Every copy of the bytes with one byte changed. */
function* tampered(bytes: Uint8Array): Generator<Uint8Array> {
  for (let i = 0; i < bytes.length; i++) {
    const copy = Uint8Array.from(bytes);
    copy[i] = (copy[i] ?? 0) ^ (1 << (i % 8));
    yield copy;
  }
}

describe('sealText', () => {
  let count = 0;
  const fresh = () => new Uint8Array(12).fill(++count);
  const opened = (keyring: Keyring, purpose: string, sealed: string) =>
    textOf(open(keyring, purpose, Buffer.from(sealed, 'base64url')));

  it('seals what opens again, the same text to the same seal', () => {
    const keyring = keyringOf('text');
    const sealed = sealText(keyring, 'token', 'wörter', fresh);
    assert.equal(opened(keyring, 'token', sealed), 'wörter');
    assert.equal(sealText(keyring, 'token', 'wörter', fresh), sealed);
    assert.match(sealed, /^[\w-]+$/);
  });

  it('seals another text, for another purpose or with another key, to another seal', () => {
    const keyring = keyringOf('others');
    const next = rotated(keyring, 'next');
    const seals = [
      sealText(keyring, 'token', 'a', fresh),
      sealText(keyring, 'token', 'b', fresh),
      sealText(keyring, 'toke', 'a', fresh),
      sealText(next, 'token', 'a', fresh),
    ];
    assert.equal(new Set(seals).size, seals.length);
    const [first = '', , third = '', fourth = ''] = seals;
    assert.equal(opened(keyring, 'token', third), undefined);
    assert.equal(opened(keyring, 'token', fourth), undefined);
    assert.equal(opened(next, 'token', fourth), 'a');
    assert.equal(opened(next, 'token', first), 'a');
  });

  it('forgets seals when there are many, and seals again under another nonce', () => {
    const keyring = keyringOf('many');
    const first = sealText(keyring, 'token', '0', fresh);
    for (let at = 1; at <= 1024; at += 1) sealText(keyring, 'token', String(at), fresh);
    const again = sealText(keyring, 'token', '0', fresh);
    assert.notEqual(again, first);
    assert.equal(opened(keyring, 'token', again), '0');
  });
});

describe('seal and open', () => {
  const keyring = keyringOf('a');
  const sealed = seal(keyring, 'token', plaintext, nonce);

  it('opens what it sealed, the empty text too', () => {
    assert.equal(textOf(open(keyring, 'token', sealed)), 'what nobody may read');
    assert.equal(textOf(open(keyring, 'token', seal(keyring, 'token', new Uint8Array(0), nonce))), '');
  });

  it('adds 33 bytes: version, key id, nonce and tag', () => {
    assert.equal(sealed.length, plaintext.length + 33);
    assert.equal(sealed[0], 1);
    assert.equal(Buffer.from(sealed.subarray(1, 5)).toString('hex'), keyring.currentKeyId);
    assert.deepEqual(sealed.subarray(5, 17), Buffer.from(nonce));
    assert.ok(!Buffer.from(sealed).includes('nobody'));
  });

  it('does not open anything with one byte changed, wherever it is', () => {
    for (const copy of tampered(sealed)) assert.equal(open(keyring, 'token', copy), undefined);
  });

  it('does not open anything cut short or made longer', () => {
    for (let length = 0; length < sealed.length; length++) {
      assert.equal(open(keyring, 'token', sealed.subarray(0, length)), undefined, `${length} bytes`);
      assert.equal(open(keyring, 'token', sealed.subarray(sealed.length - length)), undefined, `last ${length} bytes`);
    }
    assert.equal(open(keyring, 'token', Buffer.concat([sealed, Uint8Array.of(0)])), undefined);
  });

  it('does not open what another purpose or keyring made', () => {
    assert.equal(open(keyring, 'secret', sealed), undefined);
    assert.equal(open(keyring, 'toke', sealed), undefined);
    assert.equal(open(keyringOf('b'), 'token', sealed), undefined);
  });

  it('seals differently for each purpose and nonce, and the same for the same', () => {
    const again = seal(keyring, 'token', plaintext, nonce);
    const other = seal(keyring, 'secret', plaintext, nonce);
    const fresh = seal(keyring, 'token', plaintext, new Uint8Array(12).fill(8));
    assert.deepEqual(again, sealed);
    assert.notDeepEqual(other.subarray(17), sealed.subarray(17));
    assert.notDeepEqual(fresh.subarray(17), sealed.subarray(17));
  });

  it('refuses a nonce that is not 12 bytes', () => {
    for (const length of [0, 11, 13, 16]) {
      assert.throws(() => seal(keyring, 'token', plaintext, new Uint8Array(length)), RangeError);
    }
  });
});

describe('rotation', () => {
  const first = keyringOf('a');
  const second = rotated(first, 'b');
  const sealedBefore = seal(first, 'token', plaintext, nonce);

  it('seals with the new key and still opens what the old one sealed', () => {
    const sealedAfter = seal(second, 'token', plaintext, nonce);
    assert.notEqual(second.currentKeyId, first.currentKeyId);
    assert.deepEqual(open(second, 'token', sealedBefore), plaintext);
    assert.deepEqual(open(second, 'token', sealedAfter), plaintext);
    assert.equal(open(first, 'token', sealedAfter), undefined, 'the old keyring does not know the new key');
  });

  it('leaves the old keyring as it was', () => {
    assert.equal(first.keys.size, 1);
    assert.equal(second.keys.size, 2);
  });

  it('notices randomness that repeats itself or comes short', () => {
    assert.throws(() => rotated(first, 'a'), /already/);
    assert.throws(() => createKeyring(() => new Uint8Array(31), now), RangeError);
  });
});

describe('the keyring file', () => {
  const keyring = rotated(keyringOf('a'), 'b');
  const text = serializeKeyring(keyring);
  const reasonOf = (file: unknown) => {
    const parsed = parseKeyring(typeof file === 'string' ? file : JSON.stringify(file));
    return parsed.ok ? 'ok' : parsed.reason;
  };
  /** The file with one member of the current key changed. */
  const withKey = (change: Record<string, unknown>) => {
    const file = JSON.parse(text);
    Object.assign(file.keys[keyring.currentKeyId], change);
    return file;
  };

  it('reads back as the same keyring, its instants included', () => {
    const parsed = parseKeyring(text);
    assert.ok(parsed.ok);
    assert.equal(serializeKeyring(parsed.keyring), text);
    assert.equal(parsed.keyring.keys.get(keyring.currentKeyId)?.created.getTime(), later.getTime());
    assert.deepEqual(open(parsed.keyring, 'token', seal(keyring, 'token', plaintext, nonce)), plaintext);
  });

  it('is refused with the reason', () => {
    const file = JSON.parse(text);
    const secret = secretOf('b').toString('base64');
    const cases: readonly (readonly [unknown, string])[] = [
      ['', 'not-json'],
      [text.slice(0, -3), 'not-json'],
      [`${' '.repeat(1 << 20)}${text}`, 'too-large'],
      [[], 'malformed'],
      ['null', 'malformed'],
      [{ ...file, version: 2 }, 'unknown-version'],
      [{ ...file, version: '1' }, 'unknown-version'],
      [{ ...file, current: 1 }, 'malformed'],
      [{ ...file, keys: [] }, 'malformed'],
      [{ ...file, keys: null }, 'malformed'],
      [{ ...file, keys: {} }, 'no-current-key'],
      [{ ...file, current: '00000000' }, 'no-current-key'],
      [{ ...file, current: '__proto__' }, 'no-current-key'],
      [{ ...file, keys: { ...file.keys, constructor: {} } }, 'bad-key-id'],
      [{ ...file, keys: { ...file.keys, ABCDEF01: {} } }, 'bad-key-id'],
      [{ ...file, keys: { ...file.keys, abcdef01: null } }, 'malformed'],
      [{ ...file, keys: { ...file.keys, abcdef01: { secret, created: now } } }, 'wrong-key-id'],
      [withKey({ secret: secretOf('c').toString('base64') }), 'wrong-key-id'],
      [withKey({ secret: secret.slice(0, -4) }), 'bad-secret'],
      [withKey({ secret: secret.replace('=', '\n') }), 'bad-secret'],
      [withKey({ secret: 1 }), 'bad-secret'],
      [withKey({ created: 'yesterday' }), 'bad-date'],
      [withKey({ created: 5 }), 'bad-date'],
      [text, 'ok'],
    ];
    for (const [given, reason] of cases) assert.equal(reasonOf(given), reason, JSON.stringify(given).slice(0, 200));
  });

  it('names the key at fault', () => {
    const parsed = parseKeyring(JSON.stringify(withKey({ created: '' })));
    assert.deepEqual(parsed, { ok: false, reason: 'bad-date', keyId: keyring.currentKeyId });
  });

  it('is the only way the secrets come out: logs do not show them', () => {
    seal(keyring, 'token', plaintext, nonce);
    const secrets = ['a', 'b'].map(secretOf);
    const shown = inspect(keyring, { depth: 10, showHidden: true }) + JSON.stringify([...keyring.keys]);
    for (const secret of secrets) {
      assert.ok(!shown.includes(secret.toString('base64')) && !shown.includes(secret.toString('hex')));
      assert.ok(text.includes(secret.toString('base64')));
    }
  });
});

describe('tags', () => {
  const keyring = keyringOf('a');
  const tag = tagOf(keyring, 'audit', 'a text');

  it('hold for their text and purpose, also after a rotation', () => {
    assert.match(tag, /^[0-9a-f]{8}\.[0-9a-f]{64}$/);
    assert.ok(isTagOf(keyring, 'audit', 'a text', tag));
    const after = rotated(keyring, 'b');
    assert.ok(isTagOf(after, 'audit', 'a text', tag));
    assert.notEqual(tagOf(after, 'audit', 'a text'), tag);
  });

  it('hold for nothing else', () => {
    assert.equal(isTagOf(keyring, 'audit', 'a texx', tag), false);
    assert.equal(isTagOf(keyring, 'other', 'a text', tag), false);
    assert.equal(isTagOf(keyringOf('b'), 'audit', 'a text', tag), false);
    for (let at = 0; at < tag.length; at++) {
      const other = tag.slice(0, at) + (tag[at] === '0' ? '1' : '0') + tag.slice(at + 1);
      assert.equal(isTagOf(keyring, 'audit', 'a text', other), false, other);
    }
    for (const other of ['', '.', tag.slice(0, -1), `${tag}0`, tag.toUpperCase(), `${tag}\n`]) {
      assert.equal(isTagOf(keyring, 'audit', 'a text', other), false, other);
    }
  });
});

it('what an old key sealed is told from what the current one did', () => {
  const keyring = keyringOf('a');
  const sealed = seal(keyring, 'token', plaintext, nonce);
  assert.ok(isSealedByCurrentKey(keyring, sealed));
  assert.equal(isSealedByCurrentKey(rotated(keyring, 'b'), sealed), false);
  assert.equal(isSealedByCurrentKey(keyring, new Uint8Array(3)), false);
});
