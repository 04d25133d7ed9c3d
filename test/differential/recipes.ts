// The chains that are bent: between them every kind of key, name, extension and shape that path validation has a rule for.
// All of them are valid as they stand.
import { Buffer } from 'node:buffer';
import { der, type GeneralNames, integer, name, octets, oid, sequence, tlv } from '../der.ts';
import type { CertificateOptions, RawExtension } from '../pki.ts';
import type { LinkRecipe, Recipe } from './chains.ts';
import type { KeyKind } from './keys.ts';

type Options = Omit<CertificateOptions, 'subject'>;

function link(kind: KeyKind, subject: string | Uint8Array, options: Options = {}, label = String(subject)): LinkRecipe {
  return { kind, label, options: { subject, ...options } };
}

const anchor = (kind: KeyKind = 'p256', options: Options = {}) => link(kind, 'C=DE,O=Anchors,CN=Root', options);
const middle = (at: number, kind: KeyKind = 'p256', options: Options = {}) =>
  link(kind, `C=DE,O=Between,CN=Intermediate ${at}`, options);
const leaf = (kind: KeyKind = 'p256', options: Options = {}) =>
  link(kind, 'C=DE,O=Workloads,OU=Builds,CN=client', options);

/** An extension with this last arc under id-ce. */
export const extension = (arc: number, value: Uint8Array, critical = false): RawExtension => ({
  oid: `2.5.29.${arc}`,
  critical,
  value,
});

/** certificatePolicies with these policies. */
export const policies = (...list: readonly string[]): RawExtension =>
  extension(32, sequence(...list.map((policy) => sequence(oid(policy)))));
/** policyConstraints with these counts. */
export const policyConstraints = (requireExplicit?: number, inhibitMapping?: number): RawExtension =>
  extension(
    36,
    sequence(
      ...(requireExplicit === undefined ? [] : [tlv(0x80, Buffer.from([requireExplicit]))]),
      ...(inhibitMapping === undefined ? [] : [tlv(0x81, Buffer.from([inhibitMapping]))]),
    ),
    true,
  );
/** policyMappings from the first of each pair to the second. */
export const policyMappings = (...pairs: readonly (readonly [string, string])[]): RawExtension =>
  extension(33, sequence(...pairs.map(([from, to]) => sequence(oid(from), oid(to)))), true);
export const inhibitAnyPolicy = (after: number): RawExtension => extension(54, integer(after), true);

const [policyA, policyB, anyPolicy] = ['1.3.6.1.4.1.99999.1', '1.3.6.1.4.1.99999.2', '2.5.29.32.0'];

const everyName: GeneralNames = {
  dns: ['client.example.com', 'a.b.example.com'],
  email: ['client@example.com'],
  uri: ['spiffe://example.com/builds/client', 'https://client.example.com:8443/x?y#z'],
  ip: [Buffer.from([10, 1, 2, 3]), Buffer.from('20010db8000000000000000000000001', 'hex')],
  directoryName: 'C=DE,O=Workloads,CN=other',
};
const opaqueNames: GeneralNames = {
  raw: [
    tlv(0xa0, oid('1.3.6.1.4.1.311.20.2.3'), tlv(0xa0, der.text(0x0c, 'client@example.com'))),
    tlv(0x88, Buffer.from([0x2a, 0x03, 0x04])),
  ],
};
const inside: GeneralNames = {
  dns: ['example.com'],
  email: ['example.com'],
  uri: ['example.com', '.example.com'],
  ip: [
    Buffer.from([10, 0, 0, 0, 255, 0, 0, 0]),
    Buffer.concat([Buffer.from('20010db8', 'hex'), Buffer.alloc(12), Buffer.from('ffffffff', 'hex'), Buffer.alloc(12)]),
  ],
  directoryName: 'C=DE',
};
const outside: GeneralNames = {
  dns: ['secret.example.com', 'example.org'],
  email: ['root@example.com', '.example.org'],
  uri: ['secret.example.com'],
  ip: [Buffer.from([10, 9, 0, 0, 255, 255, 0, 0])],
  directoryName: 'C=DE,O=Enemies',
};

const distribution = extension(
  31,
  sequence(sequence(tlv(0xa0, tlv(0xa0, der.text(0x86, 'http://example.com/list.crl'))))),
);
const access: RawExtension = {
  oid: '1.3.6.1.5.5.7.1.1',
  value: sequence(sequence(oid('1.3.6.1.5.5.7.48.1'), der.text(0x86, 'http://example.com/ocsp'))),
};
const unknown: RawExtension = { oid: '1.3.6.1.4.1.99999.7', value: sequence(der.text(0x0c, 'of no concern')) };

/** The chain that stands in for one whose algorithms OpenSSL does not know. */
export const plain: Recipe = { name: 'one intermediate', links: [anchor(), middle(1), leaf()] };

/** The chains, in an order that the cases of a seed hang on. */
export const recipes: readonly Recipe[] = [
  { name: 'no intermediate', links: [anchor(), leaf()] },
  plain,
  {
    name: 'two intermediates',
    links: [
      anchor('p384', { hash: 'sha384' }),
      middle(1, 'p384', { hash: 'sha384' }),
      middle(2, 'p256', { hash: 'sha384' }),
      leaf(),
    ],
  },
  { name: 'three intermediates', links: [anchor(), middle(1), middle(2), middle(3), leaf()] },
  { name: 'RSA', links: [anchor('rsa'), middle(1, 'rsa', { hash: 'sha512' }), leaf('rsa')] },
  { name: 'RSA above EC', links: [anchor('rsa', { hash: 'sha384' }), middle(1, 'p256'), leaf('rsa')] },
  {
    name: 'RSA-PSS',
    links: [anchor('rsa', { pss: true }), middle(1, 'rsa', { pss: true, hash: 'sha384' }), leaf('p256', { pss: true })],
  },
  { name: 'RSA-PSS keys', links: [anchor('rsa'), middle(1, 'rsaPss'), leaf('p256', { pss: true })] },
  {
    name: 'P-521',
    links: [
      anchor('p521', { hash: 'sha512' }),
      middle(1, 'p384', { hash: 'sha512' }),
      leaf('p521', { hash: 'sha384' }),
    ],
  },
  { name: 'Ed25519', links: [anchor('ed25519'), middle(1, 'ed25519'), leaf('ed25519')] },
  { name: 'ML-DSA', links: [anchor('mlDsa44'), middle(1, 'mlDsa44'), leaf('mlDsa44')], opensslFrom: '3.5' },
  { name: 'every name', links: [anchor(), middle(1), leaf('p256', { san: { ...everyName, ...opaqueNames } })] },
  {
    name: 'permitted names',
    links: [anchor(), middle(1, 'p256', { nameConstraints: { permitted: inside } }), leaf('p256', { san: everyName })],
  },
  {
    name: 'excluded names',
    links: [anchor(), middle(1, 'p256', { nameConstraints: { excluded: outside } }), leaf('p256', { san: everyName })],
  },
  {
    name: 'constraints twice',
    links: [
      anchor('p256', { nameConstraints: { permitted: { dns: ['com'], directoryName: 'C=DE' } } }),
      middle(1, 'p256', {
        nameConstraints: {
          permitted: { dns: ['.example.com', 'example.com'] },
          excluded: { dns: ['bad.example.com'] },
        },
      }),
      leaf('p256', { san: { dns: ['x.example.com', '*.y.example.com'] } }),
    ],
  },
  {
    name: 'mail in the subject',
    links: [
      anchor(),
      middle(1, 'p256', { nameConstraints: { permitted: { email: ['example.com'] } } }),
      link('p256', 'C=DE,O=Workloads,emailAddress=client@example.com'),
    ],
  },
  {
    name: 'policies',
    links: [
      anchor(),
      middle(1, 'p256', { extensions: [policies(policyA, policyB), policyConstraints(0)] }),
      leaf('p256', { extensions: [policies(policyA)] }),
    ],
  },
  {
    name: 'any policy',
    links: [
      anchor(),
      middle(1, 'p256', { extensions: [policies(anyPolicy), policyConstraints(0)] }),
      middle(2, 'p256', { extensions: [policies(policyA)] }),
      leaf('p256', { extensions: [policies(policyA)] }),
    ],
  },
  {
    name: 'mapped policies',
    links: [
      anchor(),
      middle(1, 'p256', { extensions: [policies(policyA), policyMappings([policyA, policyB]), policyConstraints(0)] }),
      leaf('p256', { extensions: [policies(policyB)] }),
    ],
  },
  {
    name: 'inhibited any policy',
    links: [
      anchor(),
      middle(1, 'p256', { extensions: [policies(policyA), policyConstraints(0), inhibitAnyPolicy(0)] }),
      leaf('p256', { extensions: [policies(policyA)] }),
    ],
  },
  {
    name: 'path lengths',
    links: [
      anchor('p256', { pathLen: 2 }),
      middle(1, 'p256', { pathLen: 1 }),
      middle(2, 'p256', { pathLen: 0 }),
      leaf(),
    ],
  },
  {
    name: 'purposes',
    links: [anchor(), middle(1, 'p256', { eku: ['clientAuth', 'serverAuth'] }), leaf('p256', { eku: ['clientAuth'] })],
  },
  {
    name: 'self-issued',
    links: [
      anchor(),
      middle(1, 'p256', { pathLen: 0 }),
      link('p256', 'C=DE,O=Between,CN=Intermediate 1', { pathLen: 0 }, 'renewed'),
      leaf(),
    ],
  },
  {
    name: 'cross-signed',
    links: [anchor(), middle(1), middle(2), leaf()],
    beside: [
      { ...middle(2), under: 0 },
      { ...link('p256', 'C=DE,O=Between,CN=Intermediate 2', {}, 'namesake'), under: 1 },
    ],
  },
  { name: 'anchor of version 1', links: [anchor('p256', { version: 1 }), middle(1), leaf()] },
  { name: 'leaf of version 1', links: [anchor(), middle(1), leaf('p256', { version: 1 })] },
  {
    name: 'names with several values',
    links: [
      anchor(),
      link('p256', 'DC=example,O=Between+OU=Many,CN=Intermediate'),
      link('p256', 'C=DE,O=Workloads,CN=client+serialNumber=12'),
    ],
  },
  {
    name: 'names in other letters',
    links: [anchor(), middle(1), leaf('p256', { issuer: name('C=DE,O=BETWEEN,CN=intermediate  1', 0x13) })],
  },
  { name: 'names in wide letters', links: [anchor(), link('p256', name('C=DE,O=Zwischen,CN=Mitte', 0x14)), leaf()] },
  {
    name: 'no key identifiers',
    links: [
      anchor('p256', { subjectKeyIdentifier: false, authorityKeyIdentifier: false }),
      middle(1, 'p256', { subjectKeyIdentifier: false, authorityKeyIdentifier: false }),
      leaf('p256', { subjectKeyIdentifier: false, authorityKeyIdentifier: false }),
    ],
  },
  {
    name: 'many extensions',
    links: [
      anchor(),
      middle(1, 'p256', { extensions: [distribution, access, unknown] }),
      leaf('p256', {
        eku: ['any'],
        san: { dns: ['*.example.com'] },
        extensions: [
          distribution,
          access,
          unknown,
          extension(18, sequence(der.text(0x82, 'issuer.example.com'))),
          extension(16, sequence(tlv(0x80, Buffer.from('20260101000000Z')))),
        ],
      }),
    ],
  },
  {
    name: 'late times',
    links: [
      anchor('p256', { notAfter: '9999-12-31T23:59:59Z' }),
      middle(1, 'p256', { notBefore: '1970-01-01T00:00:00Z', notAfter: '2050-01-01T00:00:00Z' }),
      leaf('p256', { notBefore: '1999-12-31T23:59:59Z' }),
    ],
  },
  {
    name: 'identifiers by issuer and serial number',
    links: [
      anchor(),
      middle(1),
      leaf('p256', {
        authorityKeyIdentifier: false,
        extensions: [
          extension(
            35,
            sequence(tlv(0xa1, tlv(0xa4, name('C=DE,O=Anchors,CN=Root'))), tlv(0x82, Buffer.from([0x50, 0x01]))),
          ),
        ],
      }),
    ],
  },
  {
    name: 'leaf that is a CA',
    links: [
      anchor(),
      middle(1),
      leaf('p256', { basicConstraints: { ca: true }, keyUsage: ['digitalSignature', 'keyCertSign'] }),
    ],
  },
  {
    name: 'long serial numbers',
    links: [
      anchor('p256', { serial: 2n ** 159n - 1n }),
      middle(1, 'p256', { serial: 2n ** 127n }),
      leaf('p256', { serial: 0x00ff00ff00ff00ff00ffn }),
    ],
  },
];

/** An extension that holds a key identifier of an issuer who has another. */
export const strangerIdentifier: RawExtension = extension(35, sequence(tlv(0x80, Buffer.alloc(20, 7))));
/** A subjectKeyIdentifier that no hash gave. */
export const oddIdentifier: RawExtension = extension(14, octets(Buffer.from('odd')));
