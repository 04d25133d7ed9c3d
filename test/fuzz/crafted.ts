// Inputs at the limits, made to be dear: whatever takes time that grows faster than its input is looked for here, not by chance.
import { Buffer } from 'node:buffer';
import { type Certificate, maxCertificateBytes, parseCertificate } from '../../src/core/x509/certificate.ts';
import { type PathQuestion, validatePath } from '../../src/core/x509/path.ts';
import { bits, type GeneralNames, generalNames, integer, name, oid, sequence, text, tlv } from '../der.ts';
import { keysOf } from '../differential/keys.ts';
import {
  type CertificateOptions,
  type Minted,
  makeCa,
  makeKeys,
  type RawExtension,
  type RevokedEntry,
} from '../pki.ts';
import { authority, client } from './corpus.ts';

/** An input of one row. */
export interface Crafted {
  readonly target: string;
  readonly label: string;
  readonly bytes: Uint8Array;
}

/** What fits into a certificate besides its frame. */
const room = maxCertificateBytes - 1000;
const filled = <T>(bytesEach: number, make: (at: number) => T, share = 1): T[] =>
  Array.from({ length: Math.floor((room * share) / bytesEach) }, (_, at) => make(at));

const raw = (arc: string, value: Uint8Array, critical = false): RawExtension => ({ oid: arc, value, critical });
const keys = keysOf('p256', 'fuzz authority');
const longOid = (at: number) => `1.3.6.1.4.1.${2 ** 30 + at}.${'2147483647.'.repeat(10)}1`;
const rdns = (count: number) => Array.from({ length: count }, (_, at) => `CN=${at}`).join(',');
const cn = (value: Uint8Array, tag = 0x0c) => sequence(tlv(0x31, sequence(oid('2.5.4.3'), tlv(tag, value))));
const nested = (levels: number) => {
  let inner: Uint8Array = tlv(0x05);
  for (let at = 0; at < levels; at++) inner = sequence(inner);
  return inner;
};

/** Texts whose normal form, comparison or escape may cost more than their length. */
const texts: Readonly<Record<string, string>> = {
  spaces: ' '.repeat(room),
  'words and tabs': 'a \t'.repeat(room / 3),
  'combining marks out of order': `a${'\u0301\u0323'.repeat(room / 4)}`,
  'letters that fall apart': '\ufdfa'.repeat(room / 3),
  'dotted capitals': '\u0130'.repeat(room / 2),
  'characters to escape': ',+"\\<>;'.repeat(room / 7),
  'control characters': '\u0001'.repeat(room),
};

/** Subjects and alternative names that one certificate may be full of. */
const nameLists: Readonly<Record<string, GeneralNames>> = {
  'hosts of a letter': { dns: filled(3, () => 'a') },
  'hosts of many labels': { dns: [`${'a.'.repeat(room / 2 - 1)}a`] },
  'addresses of mail with many ats': { email: ['a@'.repeat(room / 2)] },
  'URIs of many ats': { uri: [`a://${'@'.repeat(room - 10)}`] },
  'URIs of many colons': { uri: [`a${':'.repeat(room - 10)}`, `${'a+'.repeat(100)}://`] },
  'directory names': { directoryName: filled(20, (at) => `CN=${at}`) },
  'IP addresses': { ip: filled(6, () => Buffer.from([10, 0, 0, 1])) },
};

const oddCertificates: Readonly<Record<string, CertificateOptions>> = {
  ...Object.fromEntries(Object.entries(nameLists).map(([label, san]) => [label, { san }])),
  ...Object.fromEntries(
    Object.entries(texts).map(([label, value]) => [`a name of ${label}`, { subject: cn(Buffer.from(value)) }]),
  ),
  'a name of wide characters': { subject: cn(Buffer.alloc(room - (room % 2), 0x41), 0x1e) },
  'thousands of RDNs': { subject: rdns(4000) },
  'one RDN of thousands': { subject: rdns(4000).replaceAll(',', '+') },
  'thousands of extensions': { extensions: filled(14, (at) => raw(`1.2.${at}`, new Uint8Array())) },
  'one extension thousands of times': { extensions: filled(14, () => raw('1.2.3', new Uint8Array())) },
  'long object identifiers': { eku: filled(66, longOid, 0.9) },
  'thousands of purposes': { eku: filled(4, () => '1.2.3') },
  'thousands of policies': {
    extensions: [raw('2.5.29.32', sequence(...filled(9, (at) => sequence(oid(`1.2.${at}`)))))],
  },
  'thousands of mappings': {
    extensions: [raw('2.5.29.33', sequence(...filled(16, (at) => sequence(oid(`1.2.${at}`), oid(`1.2.${at + 1}`)))))],
  },
  'thousands of distribution points': {
    extensions: [raw('2.5.29.31', sequence(...filled(14, () => sequence(tlv(0xa0, tlv(0xa0, text(0x86, 'a:b')))))))],
  },
  'thousands of names of an authority': {
    authorityKeyIdentifier: false,
    extensions: [raw('2.5.29.35', sequence(tlv(0xa1, ...filled(3, () => text(0x82, 'a')))))],
  },
  'a long serial number': { serial: 2n ** BigInt(room * 8 - 64) },
  'an extension of many levels': { extensions: [raw('1.2.3', nested(10_000))] },
  'constraints of a letter': { nameConstraints: { permitted: { dns: filled(5, () => 'a') } } },
  'constraints and names': {
    san: { dns: filled(3, () => 'b', 0.4) },
    nameConstraints: { excluded: { dns: filled(5, () => 'a', 0.5) } },
  },
};

/** A certificate around a key that nobody has. */
function withKey(spki: Uint8Array): Uint8Array {
  const [from, to] = [client.certificate.tbs, client.certificate.spki].map((bytes) => Buffer.from(bytes));
  if (!from || !to) throw new Error('the frame of a certificate is its own');
  const at = from.indexOf(to);
  const inside = Buffer.concat([from.subarray(0, at), spki, from.subarray(at + to.length)]);
  const header = (from[1] ?? 0) < 0x80 ? 2 : 2 + ((from[1] ?? 0) & 0x7f);
  return sequence(sequence(inside.subarray(header)), sequence(oid('1.2.840.10045.4.3.2')), bits(Buffer.alloc(70, 1)));
}

const rsaKey = (modulusBytes: number, exponentBytes: number) =>
  sequence(
    sequence(oid('1.2.840.113549.1.1.1'), tlv(0x05)),
    bits(sequence(tlv(0x02, Buffer.alloc(modulusBytes, 0x7f)), tlv(0x02, Buffer.alloc(exponentBytes, 0x7f)))),
  );

function certificates(): Crafted[] {
  const made = Object.entries(oddCertificates).map(([label, options]) => ({
    label,
    bytes: makeCa({ keys, ...options }).der,
  }));
  const big = [
    { label: 'an RSA key of 60 KiB', bytes: withKey(rsaKey(60_000, 3)) },
    { label: 'an RSA key with an exponent of 30 KiB', bytes: withKey(rsaKey(30_000, 30_000)) },
    {
      label: 'a key of an unknown algorithm',
      bytes: withKey(sequence(sequence(oid('1.2.3')), bits(Buffer.alloc(60_000)))),
    },
    { label: 'nothing but headers', bytes: new Uint8Array(Buffer.alloc(maxCertificateBytes, '3080')) },
    { label: 'levels to the end', bytes: nested(15_000) },
  ];
  return [...made, ...big].map((one) => ({ target: 'certificate', ...one }));
}

function parts(): Crafted[] {
  const inText = Object.entries(texts).map(([label, value]) => ({ label, bytes: cn(Buffer.from(value)) }));
  const many = Object.entries(nameLists).map(([label, names]) => ({ label, bytes: sequence(...generalNames(names)) }));
  return [
    ...inText.map((one) => ({ target: 'name', ...one })),
    ...many.map((one) => ({ target: 'generalNames', ...one })),
    { target: 'der', label: 'levels to the end', bytes: nested(15_000) },
    { target: 'der', label: 'thousands of elements', bytes: sequence(Buffer.alloc(200_000, Buffer.from([5, 0]))) },
    { target: 'name', label: 'thousands of RDNs', bytes: name(rdns(8000)) },
    {
      target: 'algorithm',
      label: 'a long identifier',
      bytes: sequence(tlv(0x06, Buffer.alloc(60_000, 0x81), Buffer.from([1]))),
    },
  ];
}

function lists(): Crafted[] {
  const entries = (count: number, entry: (at: number) => RevokedEntry): RevokedEntry[] =>
    Array.from({ length: count }, (_, at) => entry(at));
  const rows = {
    'entries that count down': entries(10_000, (at) => ({ serial: BigInt(2 ** 24 - at) })),
    'one serial number': entries(10_000, () => ({ serial: 5n })),
    'serial numbers with one beginning': entries(8000, (at) => ({ serial: 2n ** 159n + BigInt((at * 7919) % 8000) })),
    'long serial numbers': entries(4000, (at) => ({ serial: 2n ** 500n + BigInt((at * 7919) % 8000) })),
    'extensions that are never the same': entries(3000, (at) => ({
      serial: BigInt(at),
      extensions: [raw(`1.2.${at}`, integer(at))],
    })),
    'thousands of issuers': entries(900, (at) => ({ serial: BigInt(at), certificateIssuer: `CN=${at}` })),
    'many issuers in turn': entries(3000, (at) => ({ serial: BigInt(at), certificateIssuer: `CN=${at % 7}` })),
  };
  const ders = Object.entries(rows).map(([label, revoked]) => ({
    target: 'crl',
    label,
    bytes: authority.crl({ idp: { indirect: true }, revoked }).der,
  }));
  return [
    ...ders,
    { target: 'crl', label: 'a frame of nothing', bytes: sequence(Buffer.alloc(400_000, Buffer.from([5, 0]))) },
    {
      target: 'crl',
      label: 'entries of nothing',
      bytes: sequence(sequence(sequence(Buffer.alloc(400_000, Buffer.from([0x30, 0]))))),
    },
  ];
}

function armoured(): Crafted[] {
  const begin = '-----BEGIN CERTIFICATE-----';
  const rows: Readonly<Record<string, string>> = {
    'beginnings without an end': `${begin}\n`.repeat(20_000),
    'beginnings in one line': begin.repeat(20_000),
    'a beginning and spaces': `-----BEGIN X509 CRL-----${' '.repeat(500_000)}x`,
    'a label without an end': `-----BEGIN ${'A '.repeat(250_000)}`,
    'empty lines': `${begin}${'\n'.repeat(500_000)}-----END CERTIFICATE-----`,
    'white space in the body': `${begin}\n${'AA\t\r\n'.repeat(100_000)}-----END CERTIFICATE-----`,
    'padding in the body': `${begin}\n${'='.repeat(500_000)}\n-----END CERTIFICATE-----`,
    'a long body': `${begin}\n${'A'.repeat(500_000)}\n-----END CERTIFICATE-----`,
    'ends without a beginning': '-----END X509 CRL-----\n'.repeat(20_000),
  };
  const ofLists = Object.entries(rows).map(
    ([label, value]) => [`${label}, of a list`, value.replaceAll('CERTIFICATE', 'X509 CRL')] as const,
  );
  return [...Object.entries(rows), ...ofLists].map(([label, value]) => ({
    target: 'pem',
    label,
    bytes: Buffer.from(value),
  }));
}

function headers(): Crafted[] {
  const start = 'AWS4-X509-ECDSA-SHA256 Credential=1/20261122/us-east-1/rolesanywhere/aws4_request';
  const rows: Readonly<Record<string, string>> = {
    'commas in Authorization': `${start}${','.repeat(100_000)}`,
    'many signed headers': `${start}, SignedHeaders=${'a;'.repeat(50_000)}, Signature=00`,
    'white space in Authorization': `${start}${' '.repeat(100_000)}`,
    'equal signs': `${start}, ${'='.repeat(100_000)}`,
    'commas in the chain': `${start}, SignedHeaders=host, Signature=00\n20261122T000000Z\nAAAA\n${','.repeat(260_000)}`,
    'spaces in the chain': `${start}, SignedHeaders=host, Signature=00\n20261122T000000Z\nAAAA\nAAAA${' '.repeat(260_000)},AAAA`,
    'a long certificate': `${start}, SignedHeaders=host, Signature=00\n20261122T000000Z\n${'A'.repeat(200_000)}`,
  };
  return Object.entries(rows).map(([label, value]) => ({ target: 'headers', label, bytes: Buffer.from(value) }));
}

/** Every crafted input of a row. */
export function craftedInputs(): readonly Crafted[] {
  return [...certificates(), ...parts(), ...lists(), ...armoured(), ...headers()];
}

/** A question about a path that is made to be dear. `prepare` reads its certificates anew: verdicts on signatures are remembered. */
export interface CraftedPath {
  readonly label: string;
  prepare(): () => void;
}

function question(label: string, chain: readonly Minted[], extra: readonly Minted[] = []): CraftedPath {
  const prepare = () => {
    const [anchor, ...below] = chain.map(readAnew);
    const leaf = below.pop();
    if (!anchor || !leaf) throw new Error('a chain has an anchor and a leaf');
    const asked: PathQuestion = {
      leaf,
      anchors: [anchor],
      intermediates: [...below, ...extra.map(readAnew)],
      now: new Date('2026-11-22T00:00:00Z'),
      requirements: 'generic',
      maxIntermediates: 300,
    };
    return () => void validatePath(asked);
  };
  return { label, prepare };
}

function readAnew({ der }: Minted): Certificate {
  const parsed = parseCertificate(der);
  if (!parsed.ok) throw new Error(`a crafted certificate is refused: ${parsed.detail}`);
  return parsed.certificate;
}

/** Chains that are full of what is compared with each other, and pools that lead nowhere. */
export function craftedPaths(): readonly CraftedPath[] {
  const lists: Readonly<Record<string, readonly [names: GeneralNames, bases: GeneralNames]>> = {
    hosts: [{ dns: filled(40, () => `${'b.'.repeat(18)}a`) }, { dns: filled(40, () => `c${'.b'.repeat(16)}.a`, 0.65) }],
    mail: [
      { email: filled(40, () => `m@${'b.'.repeat(17)}a`) },
      { email: filled(40, () => `${'b.'.repeat(17)}c`, 0.65) },
    ],
    URIs: [
      { uri: filled(40, () => `a://${'b.'.repeat(16)}a/`) },
      { uri: filled(40, () => `${'b.'.repeat(16)}c`, 0.65) },
    ],
    addresses: [
      { ip: filled(18, () => Buffer.alloc(16, 1), 0.3) },
      { ip: filled(36, () => Buffer.concat([Buffer.alloc(15, 1), Buffer.from([2]), Buffer.alloc(16, 255)]), 0.6) },
    ],
    'directory names': [
      { directoryName: filled(90, () => `${rdns(5)},CN=a`) },
      { directoryName: filled(90, () => `${rdns(5)},CN=b`, 0.9) },
    ],
    'long directory names': [
      { directoryName: filled(12_000, () => `${rdns(800)},CN=a`) },
      { directoryName: filled(12_000, () => `${rdns(800)},CN=b`, 0.9) },
    ],
    'hosts of a letter': [{ dns: filled(3, () => 'a') }, { dns: filled(5, () => 'b') }],
  };
  const named = Object.entries(lists).flatMap(([label, [names, bases]]) => {
    const root = makeCa({ subject: 'CN=Root', nameConstraints: { excluded: bases } });
    const middle = root.issueCa({ subject: 'CN=Middle', nameConstraints: { excluded: bases } });
    return [question(`constraints on ${label}`, [root, middle, middle.issue({ san: names })])];
  });
  return [...named, ...policyPaths(), ...deadEnds()];
}

function policyPaths(): CraftedPath[] {
  const some = (from: number) => Array.from({ length: 1500 }, (_, at) => `1.2.3.${at + from}`);
  const policies = raw('2.5.29.32', sequence(...some(0).map((policy) => sequence(oid(policy)))));
  const mappings = raw(
    '2.5.29.33',
    sequence(...some(0).map((policy, at) => sequence(oid(policy), oid(`1.2.3.${1499 - at}`)))),
  );
  const required = raw('2.5.29.36', sequence(tlv(0x80, Buffer.from([0]))));
  let top = makeCa({ subject: 'CN=Root' });
  const chain: Minted[] = [top];
  for (let at = 0; at < 8; at++) {
    top = top.issueCa({ subject: `CN=CA ${at}`, extensions: [policies, mappings, required] });
    chain.push(top);
  }
  return [question('policies and mappings', [...chain, top.issue({ extensions: [policies] })])];
}

/** Hundreds of certificates under one name, none or all of which lead on. */
function deadEnds(): CraftedPath[] {
  return (['p256', 'p384', 'p521', 'ml-dsa-87'] as const).flatMap((kind) => {
    const root = makeCa({ subject: 'CN=Root', key: kind });
    const others = Array.from({ length: 80 }, () => makeKeys(kind));
    const pool = others.map((pair) => root.issueCa({ subject: 'CN=CA', keys: pair, subjectKeyIdentifier: false }));
    const [first] = pool;
    if (!first) return [];
    const circle = pool.flatMap((one) =>
      pool.slice(0, 4).map((above) => above.issueCa({ subject: 'CN=CA', keys: one.keys })),
    );
    const forged = first.issue({ signWith: makeKeys('p256') });
    return [
      question(
        `strangers under one name, ${kind}`,
        [root, root.issueCa({ subject: 'CN=CA', key: kind }).issue({ keys: keysOf('p256', 'fuzz client') })],
        pool,
      ),
      question(`circles, ${kind}`, [makeCa({ subject: 'CN=Elsewhere' }), first.issue()], circle),
      question(`a forged leaf, ${kind}`, [root, forged], pool),
    ];
  });
}
