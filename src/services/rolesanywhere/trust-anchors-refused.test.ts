// What makes no trust anchor: members out of their bounds, and texts that hold no authority. Nothing is kept of either.

import assert from 'node:assert/strict';
import test from 'node:test';
import { type CertificateOptions, makeCa, makeSelfSigned } from '../../../test/pki.ts';
import { testRoad } from '../../../test/road.ts';
import { keysOf, webSession } from '../../gateway/session.test.ts';
import { bundle, refused, refusedAll, violation } from './rig.test.ts';

const ca = makeCa();
const lawful = { name: 'anchor', source: bundle(ca.pem) };
const namePattern = '[ a-zA-Z0-9-_]*';

const members: readonly (readonly [what: string, change: object, code: string, message: string | RegExp])[] = [
  ['no name', { name: undefined }, 'ValidationException', violation(undefined, 'name', 'Member must not be null')],
  ['a null name', { name: null }, 'ValidationException', violation(undefined, 'name', 'Member must not be null')],
  [
    'an empty name',
    { name: '' },
    'ValidationException',
    violation('', 'name', 'Member must have length greater than or equal to 1'),
  ],
  [
    'a long name',
    { name: 'n'.repeat(256) },
    'ValidationException',
    violation('n'.repeat(256), 'name', 'Member must have length less than or equal to 255'),
  ],
  [
    'a name with other characters',
    { name: 'a/b' },
    'ValidationException',
    violation('a/b', 'name', `Member must satisfy regular expression pattern: ${namePattern}`),
  ],
  [
    'a name that ends with a line end',
    { name: 'a\n' },
    'ValidationException',
    violation('a\n', 'name', `Member must satisfy regular expression pattern: ${namePattern}`),
  ],
  ['a number for a name', { name: 7 }, 'SerializationException', /name/],
  ['text for a boolean', { enabled: 'true' }, 'SerializationException', /enabled/],
  [
    'no source',
    { source: undefined },
    'ValidationException',
    violation(undefined, 'source', 'Member must not be null'),
  ],
  ['a list for a source', { source: [] }, 'SerializationException', /source/],
  ['a source without members', { source: {} }, 'ValidationException', /sourceType/],
  [
    'a source type that AWS does not know',
    { source: { ...bundle(ca.pem), sourceType: 'PEM' } },
    'ValidationException',
    violation(
      'PEM',
      'source.sourceType',
      'Member must satisfy enum value set: [AWS_ACM_PCA, CERTIFICATE_BUNDLE, SELF_SIGNED_REPOSITORY]',
    ),
  ],
  [
    'a private CA',
    { source: { sourceType: 'AWS_ACM_PCA', sourceData: { acmPcaArn: 'arn:aws:acm-pca:eu-central-1:1:x' } } },
    'ValidationException',
    'Error creating TrustAnchor. Given AWS PCA did not allow get request.',
  ],
  [
    'a source type nobody documents',
    { source: { sourceType: 'SELF_SIGNED_REPOSITORY' } },
    'ValidationException',
    /SELF_SIGNED_REPOSITORY/,
  ],
  [
    'a bundle without data',
    { source: { sourceType: 'CERTIFICATE_BUNDLE' } },
    'ValidationException',
    /x509CertificateData/,
  ],
  [
    'a bundle with the data of a private CA',
    { source: { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { acmPcaArn: 'arn:x' } } },
    'ValidationException',
    /x509CertificateData/,
  ],
  [
    'a union with two members',
    { source: { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData: ca.pem, acmPcaArn: 'a' } } },
    'SerializationException',
    /exactly one/,
  ],
  [
    'a union with no member',
    { source: { sourceType: 'CERTIFICATE_BUNDLE', sourceData: {} } },
    'SerializationException',
    /exactly one/,
  ],
  [
    'empty data',
    { source: bundle('') },
    'ValidationException',
    violation('', 'source.sourceData.x509CertificateData', 'Member must have length greater than or equal to 1'),
  ],
  [
    'data that is too long',
    { source: bundle(' '.repeat(204_801)) },
    'ValidationException',
    /at 'source\.sourceData\.x509CertificateData' failed to satisfy constraint: Member must have length less than or equal to 204800$/,
  ],
  [
    'an enabled notification without a threshold',
    { notificationSettings: [{ event: 'CA_CERTIFICATE_EXPIRY', enabled: true }] },
    'ValidationException',
    /threshold/,
  ],
  [
    'a threshold of no days',
    { notificationSettings: [{ event: 'CA_CERTIFICATE_EXPIRY', enabled: true, threshold: 0 }] },
    'ValidationException',
    /value greater than or equal to 1$/,
  ],
  [
    'a threshold beyond a year',
    { notificationSettings: [{ event: 'CA_CERTIFICATE_EXPIRY', enabled: true, threshold: 361 }] },
    'ValidationException',
    /value less than or equal to 360$/,
  ],
  [
    'an unknown event',
    { notificationSettings: [{ event: 'EXPIRY', enabled: false }] },
    'ValidationException',
    /enum value set: \[CA_CERTIFICATE_EXPIRY, END_ENTITY_CERTIFICATE_EXPIRY\]$/,
  ],
  [
    'an unknown channel',
    { notificationSettings: [{ event: 'CA_CERTIFICATE_EXPIRY', enabled: false, channel: 'Health' }] },
    'ValidationException',
    /enum value set: \[ALL\]$/,
  ],
  [
    'a notification without an event',
    { notificationSettings: [{ enabled: false }] },
    'ValidationException',
    /event' failed to satisfy constraint: Member must not be null$/,
  ],
  ['a reserved tag key', { tags: [{ key: 'AWS:x', value: 'v' }] }, 'ValidationException', /reserved/],
  [
    'a tag key given twice',
    { tags: ['1', '2'].map((value) => ({ key: 'k', value })) },
    'ValidationException',
    /Duplicate tag keys/,
  ],
  [
    'a tag without a value',
    { tags: [{ key: 'k' }] },
    'ValidationException',
    /value' failed to satisfy constraint: Member must not be null$/,
  ],
  [
    'too many tags',
    { tags: Array.from({ length: 201 }, (_, at) => ({ key: `k${at}`, value: '' })) },
    'ValidationException',
    /at 'tags' failed to satisfy constraint: Member must have length less than or equal to 200$/,
  ],
];

for (const [what, change, code, message] of members) {
  test(`CreateTrustAnchor refuses ${what} and keeps nothing`, async () => {
    const road = await testRoad();
    await refusedAll(road, [[() => road.rest('POST', '/trustanchors', { ...lawful, ...change }), code, message]]);
  });
}

test('a refused tag is never echoed', async () => {
  const road = await testRoad();
  const answer = await road.rest('POST', '/trustanchors', {
    ...lawful,
    tags: [{ key: 'sec!ret', value: 'pass*word' }],
  });
  refused(answer, 'ValidationException', /^2 validation errors detected: Value at 'tags\.1\.member\.key'/);
  assert.doesNotMatch(answer.body, /sec!ret|pass\*word/);
});

const badData = 'Error creating TrustAnchor. Bad certificate data';
const notCa = 'Incorrect basic constraints for CA certificate';
const pemOf = (der: Uint8Array) =>
  makeCa().pem.replace(/\n[\s\S]*?\n-----END/, `\n${Buffer.from(der).toString('base64')}\n-----END`);
const hollow = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const longPem = makeCa({ extensions: [{ oid: '1.2.3.4', value: new Uint8Array(70_000) }] }).pem;
const pems: readonly (readonly [what: string, pem: string, message: string | RegExp])[] = [
  ['plain text', 'hello', badData],
  ['a private key', makeSelfSigned().keyPem, badData],
  ['a certificate beside its private key', ca.pem + ca.keyPem, badData],
  ['a certificate after an indented private key', `${ca.keyPem.trimEnd().replaceAll(/^/gm, '  ')}\n${ca.pem}`, badData],
  ['a certificate before a key that is cut off', `${ca.pem}${ca.keyPem.split('-----END')[0]}`, badData],
  ['a certificate before what is left of a key', `${ca.pem}${ca.keyPem.replace(/-----BEGIN.*\n/, '')}`, badData],
  ['a certificate and a private key in small letters', ca.pem + ca.keyPem.toLowerCase(), badData],
  ['a certificate request', ca.pem.replaceAll('CERTIFICATE', 'CERTIFICATE REQUEST'), badData],
  ['a revocation list', ca.pem.replaceAll('CERTIFICATE', 'X509 CRL'), badData],
  ['a PKCS #7 bundle', ca.pem.replaceAll('CERTIFICATE', 'PKCS7'), badData],
  ['a trusted certificate of OpenSSL', ca.pem.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE'), badData],
  ['blocks without content', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n', badData],
  ['a block that ends as another kind', ca.pem.replace('END CERTIFICATE', 'END X509 CRL'), badData],
  ['a certificate on one line with its labels', ca.pem.replaceAll('\n', ' '), badData],
  ['a certificate and bytes after it in its block', pemOf(Buffer.concat([ca.certificate.der, Buffer.of(0)])), badData],
  ['a certificate longer than 64 KiB', longPem, badData],
  ['the same certificate three times', ca.pem.repeat(3), /at most 2/],
  ['garbage after a leaf, which is said first', ca.issue().pem + hollow, badData],
  ['an unterminated block', ca.pem.replace(/-----END[\s\S]*$/, ''), badData],
  ['broken base64', ca.pem.replace(/\n(.{10})/, '\n$1!'), badData],
  ['base64 that is no certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', badData],
  [
    'a good certificate before garbage',
    `${ca.pem}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
    badData,
  ],
  ['three certificates', [ca, makeCa(), makeCa()].map(({ pem }) => pem).join(''), /at most 2/],
  ['a leaf', ca.issue().pem, notCa],
  ['a good certificate before a leaf', ca.pem + ca.issue().pem, notCa],
  ...[
    ['a certificate without basic constraints', { basicConstraints: false }, notCa],
    ['a version 1 certificate', { version: 1 }, /^Error creating TrustAnchor\. Bad certificate data/],
    ['a CA without keyCertSign', { keyUsage: ['cRLSign'] }, /keyCertSign/],
    ['a CA without key usage', { keyUsage: false }, /keyCertSign/],
    ['a CA signed with SHA-1', { hash: 'sha1' }, /too weak/],
    ['a CA with a short RSA key', { key: 'rsa1024' }, /1024 bits/],
    ['a CA with a key that is short and PSS', { key: 'rsaPss1024' }, /1024 bits/],
    ['a root that signed itself with SHA-1', { key: 'rsa2048', hash: 'sha1' }, /too weak/],
    ['a CA signed with MD5', { key: 'rsa2048', hash: 'md5' }, /too weak/],
    ['a certificate that says CA: false', { basicConstraints: { ca: false } }, notCa],
    ['a leaf with a weak key, whose known sentence comes first', { basicConstraints: false, key: 'rsa1024' }, notCa],
    [
      'a CA with a critical extension that nobody knows',
      { extensions: [{ oid: '1.2.3.4', critical: true, value: Buffer.of(5, 0) }] },
      `${badData}: critical extension 1.2.3.4 is not understood`,
    ],
    ['a CA on another curve', { key: 'secp256k1' }, /curve/],
    ['a CA with an Ed25519 key', { key: 'ed25519' }, /not supported/],
  ].map(
    ([what, options, message]) =>
      // The rows above are of these types; an array literal forgets it.
      [what, makeCa(options as CertificateOptions).pem, message] as readonly [string, string, string | RegExp],
  ),
];

for (const [what, pem, message] of pems) {
  test(`${what} makes no trust anchor, at creation or by an update`, async () => {
    const road = await testRoad();
    const { trustAnchorId } = (await road.rest('POST', '/trustanchors', lawful)).json().trustAnchor;
    const source = bundle(pem);
    await refusedAll(road, [
      [() => road.rest('POST', '/trustanchors', { name: 'a', source }), 'ValidationException', message],
      [() => road.rest('PATCH', `/trustanchor/${trustAnchorId}`, { source }), 'ValidationException', message],
    ]);
  });
}

test('a private key stands in no answer, no event, no line and no record, whoever sends it and however long it is', async () => {
  const road = await testRoad();
  const secret = ca.keyPem.split('\n')[1] ?? '';
  assert.ok(secret.length > 40);
  const powerless = keysOf(road, await webSession(road));
  const padded = ca.keyPem + ' '.repeat(204_801);
  const answers = [
    await road.rest('POST', '/trustanchors', { ...lawful, source: bundle(ca.pem + ca.keyPem) }),
    await road.rest('POST', '/trustanchors', { ...lawful, source: bundle(padded) }),
    await road.rest('POST', '/trustanchors', { ...lawful, source: bundle(ca.keyPem) }, { keys: powerless }),
    await road.rest('POST', '/trustanchors', { ...lawful, name: ca.keyPem }),
    await road.rest(
      'POST',
      '/crls',
      { name: 'l', crlData: Buffer.from(ca.keyPem).toString('base64') },
      { keys: powerless },
    ),
  ];
  assert.deepEqual(
    answers.map(({ code }) => code),
    [
      'ValidationException',
      'ValidationException',
      'AccessDeniedException',
      'ValidationException',
      'AccessDeniedException',
    ],
  );
  const events = await road.events();
  const kept = JSON.stringify([answers.map(({ body }) => body), road.logged, events]);
  assert.equal(kept.includes(secret), false);
  assert.equal(kept.includes(Buffer.from(ca.keyPem).toString('base64').slice(80, 120)), false);
  assert.deepEqual(Object(events.at(-5)?.additionalEventData).explanations, [{ reason: 'privateKey' }]);
});

for (const [what, pem] of [
  ['line ends of Windows', ca.pem.replaceAll('\n', '\r\n')],
  ['text before, between and after', `subject=CN=CA\n${ca.pem}\nissuer=CN=CA\n${makeCa({ subject: 'CN=Two' }).pem}end`],
  ['space around', `\n\n \t${'\n'}${ca.pem}\n  \n`],
  ['no line end at the end', ca.pem.trimEnd()],
  ['an older label', ca.pem.replaceAll('CERTIFICATE', 'X509 CERTIFICATE')],
  ['base64 on one line', pemOf(ca.certificate.der)],
  ['the same certificate twice', ca.pem.repeat(2)],
  ['text up to the limit', `${'x'.repeat(204_799 - ca.pem.length)}\n${ca.pem}`],
] as const) {
  test(`a bundle with ${what} is taken, and given back as it came but for space around it`, async () => {
    const road = await testRoad();
    const answer = await road.rest('POST', '/trustanchors', { ...lawful, source: bundle(pem) });
    assert.equal(answer.status, 201, answer.body);
    assert.equal(answer.json().trustAnchor.source.sourceData.x509CertificateData, `${pem.trim()}\n`);
  });
}
