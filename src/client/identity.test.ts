// Who asks: every form in which certificate, key and chain may be given, what is taken of them, and what is refused with a
// reason before anything is sent.
import assert from 'node:assert/strict';
import { constants, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { integer, octets, oid, sequence } from '../../test/der.ts';
import { pkcs12Of } from '../../test/pkcs12.ts';
import { type KeyName, makeCa } from '../../test/pki.ts';
import { X509_ALGORITHMS } from '../core/signature/algorithms.ts';
import { RolesAnywhereError } from './errors.ts';
import { loadIdentity } from './identity.ts';
import type { IdentityOptions, Material } from './options.ts';

const place = mkdtempSync(join(tmpdir(), 'anyrole-identity-'));
after(() => rmSync(place, { recursive: true, force: true }));
let files = 0;
const file = (content: string | Uint8Array) => {
  const path = join(place, String(files++));
  writeFileSync(path, content);
  return path;
};

const root = makeCa({ subject: 'CN=Root' });
const intermediate = root.issueCa({ subject: 'CN=Intermediate' });
const leaf = intermediate.issue({ subject: 'CN=leaf', key: 'p256' });
const rsa = root.issue({ subject: 'CN=rsa', key: 'rsa2048' });
const other = root.issue({ subject: 'CN=other', key: 'p256' });
const world = { sleep: async () => {} };
const password = 'correct horse';
const message = Buffer.from('message');

/** What was read: whose certificate, how many certificates beside it; the signature is the certificate's. */
async function readAs(options: IdentityOptions) {
  const identity = await loadIdentity(options, world);
  const publicKey = identity.certificate.publicKey();
  assert.ok(publicKey && X509_ALGORITHMS[identity.algorithm].verify(publicKey, message, await identity.sign(message)));
  const chain = identity.chainDer.map((der) =>
    [root, intermediate, other].find((one) => one.der.every((byte, at) => byte === der[at])),
  );
  return { serial: identity.certificate.serialNumber, chain };
}

async function refusalOf(options: IdentityOptions): Promise<RolesAnywhereError> {
  const outcome = await loadIdentity(options, world)
    .then(({ sign }) => sign(message))
    .catch((error) => error);
  assert.ok(outcome instanceof RolesAnywhereError, String(outcome));
  assert.doesNotMatch(`${outcome.message}${outcome.stack}`, /correct horse|PRIVATE KEY-----/);
  return outcome;
}

describe('a certificate, a key and a chain may be', () => {
  const forms = (pem: string, der: Uint8Array): readonly (readonly [string, () => Material])[] => [
    ['a path of PEM', () => file(pem)],
    ['a URL of PEM', () => pathToFileURL(file(pem))],
    ['a path of DER', () => file(der)],
    ['PEM text', () => pem],
    ['bytes of PEM', () => Buffer.from(pem)],
    ['bytes of DER', () => new Uint8Array(der)],
    ['a function that returns PEM', () => () => pem],
    ['a function that promises DER', () => async () => der],
    [
      'PEM with text around it and the line ends of Windows',
      () => `before\r\n${pem.replaceAll('\n', '\r\n')}behind\r\n`,
    ],
  ];
  const keyDer = leaf.privateKey.export({ type: 'pkcs8', format: 'der' });
  for (const [at, [what, certificate]] of forms(leaf.pem, leaf.der).entries()) {
    test(what, async () => {
      const alike = (pem: string, der: Uint8Array) => forms(pem, der)[at]?.[1]() ?? assert.fail();
      const privateKey = alike(leaf.keyPem, keyDer);
      const intermediates = alike(intermediate.pem, intermediate.der);
      const read = await readAs({ certificate: certificate(), privateKey, intermediates });
      assert.deepEqual(read, { serial: leaf.certificate.serialNumber, chain: [intermediate] });
    });
  }

  test('a KeyObject, for the key', async () => {
    assert.equal(
      (await readAs({ certificate: leaf.der, privateKey: leaf.privateKey })).serial,
      leaf.certificate.serialNumber,
    );
  });

  test('several files of intermediates', async () => {
    const intermediates = [file(other.pem), intermediate.der];
    assert.deepEqual((await readAs({ certificate: leaf.pem, privateKey: leaf.keyPem, intermediates })).chain, [
      other,
      intermediate,
    ]);
  });
});

describe('of one file', () => {
  for (const [what, content, chain] of [
    ['the chain goes along, without the root', leaf.pem + intermediate.pem + root.pem, [intermediate]],
    ['the leaf is found wherever it stands', root.pem + intermediate.pem + leaf.pem, [intermediate]],
    ['what stands twice goes along once', leaf.pem + intermediate.pem + leaf.pem + intermediate.pem, [intermediate]],
    ['the key may be in front', leaf.keyPem + leaf.pem + intermediate.pem, [intermediate]],
  ] as const) {
    test(what, async () => {
      const privateKey = content.includes('PRIVATE') ? undefined : leaf.keyPem;
      const read = await readAs({ certificate: file(content), ...(privateKey && { privateKey }) });
      assert.deepEqual(read, { serial: leaf.certificate.serialNumber, chain });
    });
  }

  test('of several keys the one that fits is taken', async () => {
    const read = await readAs({ certificate: other.keyPem + leaf.keyPem + leaf.pem });
    assert.equal(read.serial, leaf.certificate.serialNumber);
  });
});

describe('a private key may be written as', () => {
  const [ec, rsaKey] = [leaf.privateKey, rsa.privateKey];
  for (const [what, minted, key] of [
    ['SEC 1 in PEM', leaf, ec.export({ type: 'sec1', format: 'pem' })],
    ['SEC 1 in DER', leaf, ec.export({ type: 'sec1', format: 'der' })],
    ['PKCS #1 in PEM', rsa, rsaKey.export({ type: 'pkcs1', format: 'pem' })],
    ['PKCS #1 in DER', rsa, rsaKey.export({ type: 'pkcs1', format: 'der' })],
    [
      'SEC 1 below its curve, as openssl writes it',
      leaf,
      `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${ec.export({ type: 'sec1', format: 'pem' })}`,
    ],
  ] as const) {
    test(what, async () => {
      await readAs({ certificate: minted.pem, privateKey: key });
    });
  }

  for (const cipher of ['aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc', 'des-ede3-cbc']) {
    for (const format of ['pem', 'der'] as const) {
      test(`PKCS #8 in ${format} under ${cipher}`, async () => {
        const encryption = { type: 'pkcs8', cipher, passphrase: password } as const;
        const privateKey =
          format === 'pem' ? ec.export({ ...encryption, format }) : ec.export({ ...encryption, format });
        await readAs({ certificate: leaf.pem, privateKey, password });
        await readAs({ certificate: leaf.pem, privateKey, password: async () => password });
        assert.equal((await refusalOf({ certificate: leaf.pem, privateKey })).code, 'PasswordMissing');
        assert.equal((await refusalOf({ certificate: leaf.pem, privateKey, password: 'x' })).code, 'PasswordWrong');
      });
    }
  }

  test('SEC 1 and PKCS #1 in the older encryption', async () => {
    for (const [minted, type] of [
      [leaf, 'sec1'],
      [rsa, 'pkcs1'],
    ] as const) {
      const privateKey = minted.privateKey.export({
        type,
        format: 'pem',
        cipher: 'aes-256-cbc',
        passphrase: password,
      });
      await readAs({ certificate: minted.pem, privateKey, password });
      assert.equal((await refusalOf({ certificate: minted.pem, privateKey })).code, 'PasswordMissing');
    }
  });
});

test('PKCS #12 holds all three, whatever else is given', async () => {
  const bytes = pkcs12Of([root.der, intermediate.der, leaf.der], leaf.privateKey, password);
  for (const certificate of [bytes, file(bytes), () => bytes]) {
    const read = await readAs({ certificate, password });
    assert.deepEqual(read, { serial: leaf.certificate.serialNumber, chain: [intermediate] });
  }
  await readAs({ certificate: leaf.pem, privateKey: bytes, password });
  assert.equal((await refusalOf({ certificate: bytes })).code, 'PasswordMissing');
  assert.equal((await refusalOf({ certificate: bytes.subarray(0, -1), password })).code, 'IdentityUnreadable');
});

describe('a signer', () => {
  for (const [key, algorithm, hash] of [
    ['rsa2048', 'AWS4-X509-RSA-SHA256', 'sha256'],
    ['p521', 'AWS4-X509-ECDSA-SHA256', 'sha256'],
    ['ml-dsa-44', 'AWS4-X509-MLDSA', null],
  ] as const satisfies readonly (readonly [KeyName, string, string | null])[]) {
    test(`is asked for ${algorithm}, with the bytes as they are`, async () => {
      const minted = root.issue({ subject: 'CN=signed', key });
      const asked: unknown[] = [];
      const signer = {
        sign: (...given: readonly [string, Uint8Array]) => {
          asked.push(given);
          return sign(hash, given[1], minted.privateKey);
        },
      };
      await readAs({ certificate: minted.pem, privateKey: signer });
      assert.deepEqual(asked, [[algorithm, message]]);
    });
  }

  const signing = (sign: (algorithm: string, data: Uint8Array) => unknown) =>
    // Programs without types return what they like.
    refusalOf({ certificate: leaf.pem + intermediate.pem, privateKey: { sign } as never });
  for (const [what, asked, code] of [
    ['with another key', (_: string, data: Uint8Array) => sign('sha256', data, other.privateKey), 'KeyMismatch'],
    ['with another hash', (_: string, data: Uint8Array) => sign('sha384', data, leaf.privateKey), 'KeyMismatch'],
    [
      'in another form',
      (_: string, data: Uint8Array) => sign('sha256', data, { key: leaf.privateKey, dsaEncoding: 'ieee-p1363' }),
      'KeyMismatch',
    ],
    ['with nothing', () => undefined, 'SignerFailed'],
    ['with no bytes', () => new Uint8Array(), 'SignerFailed'],
    ['with text', () => 'signature', 'SignerFailed'],
    ['with an error', () => Promise.reject(new Error('HSM on fire')), 'SignerFailed'],
  ] as const) {
    test(`that answers ${what} is told before anything is sent`, async () => {
      assert.equal((await signing(asked)).code, code);
    });
  }

  test('that pads otherwise is told, too', async () => {
    const { RSA_PKCS1_PSS_PADDING: padding } = constants;
    const signer = { sign: (_: string, data: Uint8Array) => sign('sha256', data, { key: rsa.privateKey, padding }) };
    assert.equal((await refusalOf({ certificate: rsa.pem, privateKey: signer })).code, 'KeyMismatch');
  });
});

describe('refused with its name:', () => {
  // Programs without types give what they like.
  const untyped = (value: unknown) => value as never;
  const ed25519 = root.issue({ subject: 'CN=ed', key: 'ed25519' });
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const block = (label: string) => `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`;
  for (const [what, options, code, said] of [
    [
      'a key of another certificate',
      { certificate: leaf.pem, privateKey: other.keyPem },
      'KeyMismatch',
      /`CN=leaf`; give the key/,
    ],
    ['a key of another kind', { certificate: leaf.pem, privateKey: rsa.keyPem }, 'KeyMismatch', /`CN=leaf`/],
    ['a public key', { certificate: leaf.pem, privateKey: publicKey }, 'InvalidOptions', /is a public key/],
    [
      'a kind that does not sign',
      { certificate: ed25519.pem, privateKey: ed25519.keyPem },
      'UnsupportedKey',
      /`ed25519`/,
    ],
    [
      'a key of OpenSSH',
      { certificate: leaf.pem, privateKey: block('OPENSSH PRIVATE KEY') },
      'UnsupportedKey',
      /ssh-keygen -p -m PKCS8/,
    ],
    [
      'a key of a TPM',
      { certificate: leaf.pem, privateKey: block('TSS2 PRIVATE KEY') },
      'UnsupportedKey',
      /give a signer that asks the TPM/,
    ],
    [
      'a key that is none',
      { certificate: leaf.pem, privateKey: block('PRIVATE KEY') },
      'UnsupportedKey',
      /no private key that OpenSSL here can read/,
    ],
    [
      'a key of a kind that is not known, in DER',
      {
        certificate: leaf.pem,
        privateKey: sequence(integer(0), sequence(oid('1.3.6.1.4.1.99999.1')), octets(message)),
      },
      'UnsupportedKey',
      /no private key that OpenSSL here can read; RSA, ECDSA and ML-DSA keys are read, ML-DSA from Node 24\.7 on/,
    ],
    [
      'DER that is no key',
      { certificate: leaf.pem, privateKey: sequence(integer(2), sequence(), octets(message)) },
      'IdentityUnreadable',
      /neither a certificate nor a private key in DER/,
    ],
    [
      'a key that is cut off',
      { certificate: leaf.pem, privateKey: leaf.keyPem.slice(0, 80) },
      'IdentityUnreadable',
      /ends inside its block/,
    ],
    [
      'a certificate that is cut off',
      { certificate: leaf.pem.slice(0, 200), privateKey: leaf.keyPem },
      'IdentityUnreadable',
      /cut off or no base64/,
    ],
    [
      'a certificate that is none',
      { certificate: block('CERTIFICATE'), privateKey: leaf.keyPem },
      'IdentityUnreadable',
      /certificate 1 is malformed/,
    ],
    [
      'a request for a certificate',
      { certificate: block('CERTIFICATE REQUEST'), privateKey: leaf.keyPem },
      'IdentityUnreadable',
      /no certificate/,
    ],
    [
      'a bundle in the place of a chain',
      { certificate: leaf.pem, privateKey: leaf.keyPem, intermediates: root.pem.repeat(51) },
      'IdentityUnreadable',
      /more than 50/,
    ],
    [
      'a file without end',
      { certificate: Buffer.alloc(1024 * 1024 + 1, 'x'), privateKey: leaf.keyPem },
      'IdentityUnreadable',
      /longer than/,
    ],
    [
      'an empty file',
      { certificate: '', privateKey: leaf.keyPem },
      'InvalidOptions',
      /path of the certificate is empty/,
    ],
    [
      'a number',
      { certificate: untyped(7), privateKey: leaf.keyPem },
      'InvalidOptions',
      /neither a path, nor PEM text, nor bytes/,
    ],
    [
      'a function that returns a number',
      { certificate: untyped(() => 7) },
      'IdentityUnreadable',
      /neither text nor bytes/,
    ],
    [
      'a function that fails',
      { certificate: () => Promise.reject(new Error('vault')) },
      'IdentityUnreadable',
      /gives the certificate failed/,
    ],
    [
      'a KeyObject of another certificate',
      { certificate: leaf.pem, privateKey: createPrivateKey(rsa.keyPem) },
      'KeyMismatch',
      /`CN=leaf`/,
    ],
  ] as const satisfies readonly (readonly [string, IdentityOptions, string, RegExp])[]) {
    test(what, async () => {
      const error = await refusalOf(options);
      assert.equal(error.code, code, error.message);
      assert.match(error.message, said);
    });
  }
});

test('functions are called again for each session, and once more where what they gave does not fit', async () => {
  const given = [leaf, other, other];
  let asked = 0;
  const certificate = () => given[Math.min(asked++, 2)]?.pem ?? '';
  const first = await loadIdentity({ certificate, privateKey: leaf.keyPem }, world);
  assert.equal(first.certificate.serialNumber, leaf.certificate.serialNumber);
  const keys = [leaf.keyPem, other.keyPem];
  const second = await loadIdentity({ certificate, privateKey: () => keys.shift() ?? '' }, world);
  assert.equal(second.certificate.serialNumber, other.certificate.serialNumber);
  assert.equal(asked, 3);
});
