// What another thread says of a signature, and that nothing rejects.
import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import test from 'node:test';
import { makeKeys } from '../../test/pki.ts';
import { verifyAside } from './verify-aside.ts';

const message = Buffer.from('a message');

for (const [name, other, hash] of [
  ['p256', 'p384', 'sha256'],
  ['rsa2048', 'rsa3072', 'sha256'],
  ['ml-dsa-44', 'ml-dsa-65', null],
] as const) {
  test(`${name}: a good signature verifies, another's and a changed one do not, together and alone`, async () => {
    const { privateKey, publicKey } = makeKeys(name);
    const signature = sign(hash, message, privateKey);
    const changed = Buffer.from(signature);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    const asked = [
      verifyAside(hash, message, publicKey, signature),
      verifyAside(hash, message, publicKey, changed),
      verifyAside(hash, Buffer.from('another'), publicKey, signature),
      verifyAside(hash, message, makeKeys(other).publicKey, signature),
      verifyAside(hash, message, publicKey, new Uint8Array()),
    ];
    assert.deepEqual(await Promise.all(asked), [true, false, false, false, false]);
    assert.equal(await verifyAside(hash, message, publicKey, signature), true);
  });
}

test('what OpenSSL throws at is no signature', async () => {
  const { publicKey } = makeKeys('p256');
  assert.equal(await verifyAside('no-such-hash', message, publicKey, Buffer.alloc(70)), false);
  assert.equal(await verifyAside('sha256', message, { key: publicKey, saltLength: -9 }, Buffer.alloc(70)), false);
});
