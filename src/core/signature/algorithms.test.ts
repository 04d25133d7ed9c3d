// Each row of the table against fresh keys: its own signatures pass, other keys, digests and encodings do not.
import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { type KeyName, type KeyPair, makeKeys } from '../../../test/pki.ts';
import { readElement } from '../x509/der.ts';
import { keyTypeOf } from '../x509/public-key.ts';
import { algorithmFor, isX509Algorithm, mlDsa, verifyRaw, X509_ALGORITHMS, type X509Algorithm } from './algorithms.ts';

const MESSAGE = Buffer.from('the message');
const NAMES = Object.keys(X509_ALGORITHMS).filter(isX509Algorithm);
const KINDS: readonly (readonly [KeyName, X509Algorithm])[] = [
  ['rsa2048', 'AWS4-X509-RSA-SHA256'],
  ['rsa3072', 'AWS4-X509-RSA-SHA256'],
  ['p256', 'AWS4-X509-ECDSA-SHA256'],
  ['p384', 'AWS4-X509-ECDSA-SHA256'],
  ['p521', 'AWS4-X509-ECDSA-SHA256'],
  ['ml-dsa-44', 'AWS4-X509-MLDSA'],
  ['ml-dsa-65', 'AWS4-X509-MLDSA'],
  ['ml-dsa-87', 'AWS4-X509-MLDSA'],
];
const pairs = KINDS.map(([name, algorithm]) => ({ name, algorithm, ...makeKeys(name) }));

test('each kind of key has its algorithm, which verifies what it signed and nothing else', () => {
  for (const { name, algorithm, privateKey, publicKey } of pairs) {
    assert.equal(algorithmFor(privateKey), algorithm, name);
    const scheme = X509_ALGORITHMS[algorithm];
    const signature = scheme.sign(privateKey, MESSAGE);
    assert.deepEqual(verifyRaw(scheme, publicKey, MESSAGE, signature), { ok: true }, name);
    assert.deepEqual(
      verifyRaw(scheme, publicKey.export({ format: 'der', type: 'spki' }), MESSAGE, signature),
      { ok: true },
      name,
    );
    const flipped = Buffer.from(signature);
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
    const mismatch = { ok: false, reason: 'mismatch' };
    for (const bad of [
      flipped,
      signature.subarray(1),
      signature.subarray(0, -1),
      Buffer.concat([signature, Buffer.alloc(1)]),
      Buffer.alloc(0),
    ])
      assert.deepEqual(verifyRaw(scheme, publicKey, MESSAGE, bad), mismatch, name);
    assert.deepEqual(verifyRaw(scheme, publicKey, Buffer.from('another message'), signature), mismatch, name);
  }
});

test('an algorithm refuses the keys of every other algorithm', () => {
  for (const { name, algorithm, publicKey } of pairs)
    for (const other of NAMES.filter((row) => row !== algorithm))
      assert.deepEqual(
        verifyRaw(X509_ALGORITHMS[other], publicKey, MESSAGE, Buffer.alloc(8)),
        { ok: false, reason: 'keyMismatch' },
        name,
      );
});

test('short RSA keys, RSA-PSS keys, other curves, Ed25519 and other parameter sets are not accepted', () => {
  const refused: [X509Algorithm, KeyPair][] = [
    ['AWS4-X509-RSA-SHA256', makeKeys('rsa1024')],
    ['AWS4-X509-RSA-SHA256', generateKeyPairSync('rsa-pss', { modulusLength: 2048 })],
    ['AWS4-X509-ECDSA-SHA256', makeKeys('secp256k1')],
    ['AWS4-X509-ECDSA-SHA256', makeKeys('p224')],
    ['AWS4-X509-ECDSA-SHA256', makeKeys('ed25519')],
    ['AWS4-X509-MLDSA', makeKeys('ed25519')],
  ];
  for (const [name, { publicKey, privateKey }] of refused) {
    assert.deepEqual(verifyRaw(X509_ALGORITHMS[name], publicKey, MESSAGE, Buffer.alloc(64)), {
      ok: false,
      reason: 'keyMismatch',
    });
    assert.equal(algorithmFor(privateKey), undefined);
  }
  const mlDsa65 = pairs.find(({ name }) => name === 'ml-dsa-65');
  assert.equal(mlDsa65 && mlDsa(['ml-dsa-44']).accepts(mlDsa65.publicKey), false);
});

test('an algorithm takes the types of exactly those keys that it accepts', () => {
  const kinds = ['rsa1024', 'secp256k1', 'p224', 'ed25519'] as const;
  const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
  const short = generateKeyPairSync('rsa', { modulusLength: 2047 });
  for (const { publicKey } of [...pairs, ...kinds.map((kind) => makeKeys(kind)), pss, short]) {
    const type = keyTypeOf(readElement(publicKey.export({ format: 'der', type: 'spki' })));
    for (const name of NAMES)
      assert.equal(X509_ALGORITHMS[name].takes(type), X509_ALGORITHMS[name].accepts(publicKey), `${name} ${type.type}`);
  }
});

test('another digest, PSS padding, IEEE P1363 and BER encodings of a good signature are refused, on another thread, too', async () => {
  const rsa = pairs.find(({ name }) => name === 'rsa2048');
  const ec = pairs.find(({ name }) => name === 'p256');
  assert.ok(rsa && ec);
  const der = sign('sha256', MESSAGE, ec.privateKey);
  // The same SEQUENCE with its length in the long form: BER, not DER.
  const ber = Buffer.concat([Buffer.from([0x30, 0x81]), der.subarray(1)]);
  const bad: [X509Algorithm, typeof ec.publicKey, Buffer][] = [
    ['AWS4-X509-RSA-SHA256', rsa.publicKey, sign('sha512', MESSAGE, rsa.privateKey)],
    [
      'AWS4-X509-RSA-SHA256',
      rsa.publicKey,
      sign('sha256', MESSAGE, { key: rsa.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING }),
    ],
    ['AWS4-X509-ECDSA-SHA256', ec.publicKey, sign('sha384', MESSAGE, ec.privateKey)],
    [
      'AWS4-X509-ECDSA-SHA256',
      ec.publicKey,
      sign('sha256', MESSAGE, { key: ec.privateKey, dsaEncoding: 'ieee-p1363' }),
    ],
    ['AWS4-X509-ECDSA-SHA256', ec.publicKey, ber],
    ['AWS4-X509-ECDSA-SHA256', ec.publicKey, Buffer.from('3006020100020100', 'hex')],
  ];
  for (const [name, key, signature] of bad) {
    assert.deepEqual(verifyRaw(X509_ALGORITHMS[name], key, MESSAGE, signature), { ok: false, reason: 'mismatch' });
    assert.equal(await X509_ALGORITHMS[name].verifyAside(key, MESSAGE, signature), false);
  }
  assert.equal(await X509_ALGORITHMS['AWS4-X509-ECDSA-SHA256'].verifyAside(ec.publicKey, MESSAGE, der), true);
});

test('what is not a public key is called that', () => {
  const { privateKey } = makeKeys('p256');
  const malformed = { ok: false, reason: 'malformedKey' };
  for (const key of [
    Buffer.alloc(0),
    Buffer.from('3000', 'hex'),
    privateKey.export({ format: 'der', type: 'pkcs8' }),
    privateKey,
  ])
    assert.deepEqual(verifyRaw(X509_ALGORITHMS['AWS4-X509-ECDSA-SHA256'], key, MESSAGE, Buffer.alloc(8)), malformed);
});

test('algorithm names are exact', () => {
  for (const name of ['', 'aws4-x509-rsa-sha256', 'AWS4-X509-RSA-SHA512', 'AWS4-HMAC-SHA256', 'toString', '__proto__'])
    assert.equal(isX509Algorithm(name), false);
});
