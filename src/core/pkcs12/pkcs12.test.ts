// PKCS #12 as OpenSSL writes it, in every encryption that is read and some that are not, and bent files.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { makeCa } from '../../../test/pki.ts';
import { looksLikePkcs12, parsePkcs12 } from './pkcs12.ts';

const skip = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed';
const directory = mkdtempSync(join(tmpdir(), 'anyrole-pkcs12-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const ca = makeCa({ subject: 'CN=Root', key: 'p256' });
const intermediate = ca.issueCa({ subject: 'CN=Intermediate', key: 'p256' });
const leaf = intermediate.issue({ subject: 'CN=leaf', key: 'p256' });

function made(password: string, ...flags: readonly string[]): Uint8Array {
  const path = (name: string) => join(directory, name);
  writeFileSync(path('key.pem'), leaf.keyPem);
  writeFileSync(path('leaf.pem'), leaf.pem);
  writeFileSync(path('chain.pem'), intermediate.pem + ca.pem);
  const files = ['-in', path('leaf.pem'), '-inkey', path('key.pem'), '-certfile', path('chain.pem')];
  const out = ['-out', path('out.p12'), '-passout', `pass:${password}`];
  const { status, stderr } = spawnSync('openssl', ['pkcs12', '-export', ...files, ...out, ...flags]);
  assert.equal(status, 0, String(stderr));
  return readFileSync(path('out.p12'));
}

describe('a file of OpenSSL', { skip }, () => {
  const password = 'pässwörd 𝄞';
  for (const [what, flags] of [
    ['with the defaults', []],
    ['with AES-128', ['-keypbe', 'aes-128-cbc', '-certpbe', 'aes-128-cbc']],
    ['with AES-192', ['-keypbe', 'aes-192-cbc', '-certpbe', 'aes-192-cbc']],
    ['with triple DES and SHA-1', ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1']],
    ['with a MAC of SHA-512', ['-macalg', 'sha512']],
    ['with nothing encrypted', ['-keypbe', 'NONE', '-certpbe', 'NONE']],
    ['with 50,000 iterations', ['-iter', '50000']],
    ['with one iteration', ['-noiter', '-nomaciter']],
  ] as const) {
    test(`${what} opens with its password and no other`, () => {
      const file = made(password, ...flags);
      assert.equal(looksLikePkcs12(file), true);
      const opened = parsePkcs12(file, password);
      assert.ok(opened.ok, JSON.stringify(opened));
      const expected = [leaf.der, intermediate.der, ca.der].map((der) => Buffer.from(der).toString('hex'));
      assert.deepEqual(
        opened.certificates.map((der) => Buffer.from(der).toString('hex')),
        expected,
      );
      const keys = opened.keys.map((der) => createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }));
      assert.deepEqual(
        keys.map((key) => key.equals(leaf.privateKey)),
        [true],
      );
      for (const wrong of ['', 'password', `${password} `]) {
        const refused = parsePkcs12(file, wrong);
        assert.deepEqual(refused, { ok: false, reason: 'wrongPassword', detail: 'the password is wrong' });
      }
    });
  }

  test('an empty password opens what was written with one', () => {
    assert.equal(parsePkcs12(made(''), '').ok, true);
    assert.equal(parsePkcs12(made('', '-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES'), '').ok, true);
  });

  test('what is not read is refused by name', () => {
    for (const [flags, detail] of [
      [['-legacy'], 'encryption with 40-bit RC2'],
      [['-legacy', '-certpbe', 'PBE-SHA1-RC4-128'], 'encryption with 128-bit RC4'],
      [['-keypbe', 'PBE-SHA1-2DES'], 'encryption with two-key triple DES'],
      [['-nomac'], 'no MAC'],
      [['-iter', '1000001'], '1000001 iterations, more than 1000000'],
    ] as const)
      assert.deepEqual(parsePkcs12(made(password, ...flags), password), { ok: false, reason: 'unsupported', detail });
  });

  test('no truncation opens, no flipped bit opens as something else, and nothing throws', () => {
    const file = made('p', '-noiter', '-nomaciter', '-macalg', 'sha256');
    for (let length = 0; length < file.length; length += 7)
      assert.equal(parsePkcs12(file.subarray(0, length), 'p').ok, false, String(length));
    const whole = parsePkcs12(file, 'p');
    for (let at = 0; at < file.length; at += 3) {
      const bent = Buffer.from(file);
      bent[at] = (bent[at] ?? 0) ^ (1 << (at % 8));
      const parsed = parsePkcs12(bent, 'p');
      // The parameters of the digest algorithm say nothing and are outside the MAC.
      if (parsed.ok) assert.deepEqual(parsed, whole, String(at));
    }
  });
});

test('what is no PKCS #12 is malformed', () => {
  for (const bytes of [new Uint8Array(), leaf.der, Buffer.from('3003020103', 'hex'), Buffer.from(leaf.pem)]) {
    const parsed = parsePkcs12(bytes, '');
    assert.equal(parsed.ok === false && parsed.reason, 'malformed');
  }
  assert.deepEqual([leaf.der, Buffer.from('text'), Buffer.of(0x30)].map(looksLikePkcs12), [false, false, false]);
});
