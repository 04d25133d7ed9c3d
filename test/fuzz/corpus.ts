// Where fuzzing starts from: well-formed inputs of every row, of our own making and, where the folder with public vectors is
// at hand, of others'.
import { Buffer } from 'node:buffer';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { signX509Request } from '../../src/core/signature/x509.ts';
import { certificatePem, parseCertificate } from '../../src/core/x509/certificate.ts';
import { der } from '../der.ts';
import { mintChain } from '../differential/chains.ts';
import { keysOf } from '../differential/keys.ts';
import { recipes } from '../differential/recipes.ts';
import { distributionPoints, makeCa, signerOf } from '../pki.ts';
import { bytesOf, placesIn, treesOf } from '../tlv-tree.ts';

/** Inputs by row. */
export type Corpus = Readonly<Record<string, readonly Uint8Array[]>>;

/** The issuer of the lists here, and a certificate of its own. */
export const authority = makeCa({ subject: 'C=DE,O=Fuzz,CN=Authority', keys: keysOf('p256', 'fuzz authority') });
export const client = authority.issue({
  keys: keysOf('p256', 'fuzz client'),
  serial: 0x1234n,
  extensions: [distributionPoints({ names: { uri: ['http://example.com/a.crl'] }, reasons: [1, 3] })],
});

/** All that there is to start from; `isAlone` leaves the public vectors out. */
export function corpus(isAlone = false): Corpus {
  const strangers = isAlone ? { certificates: [], lists: [] } : publicVectors();
  const certificates = [...ownCertificates(), ...strangers.certificates];
  const lists = [...ownLists(), ...strangers.lists];
  const parts = partsOf(certificates.slice(0, 60));
  const some = certificates.slice(0, 40);
  return {
    der: [...some, ...lists.slice(0, 10)],
    certificate: certificates,
    crl: lists,
    ...parts,
    pem: [
      ...some,
      ...some.map(pemOf),
      ...lists.slice(0, 10).map(listPemOf),
      Buffer.from(some.slice(0, 4).map(certificatePem).join('# and\n')),
    ],
    headers: [signedHeaders()],
  };
}

const pemOf = (one: Uint8Array) => Buffer.from(certificatePem(one));
const listPemOf = (one: Uint8Array) => Buffer.from(certificatePem(one).replaceAll('CERTIFICATE', 'X509 CRL'));

function ownCertificates(): Uint8Array[] {
  return [
    client.der,
    ...recipes.flatMap((recipe) => {
      const { links, beside } = mintChain(recipe);
      return [...links, ...beside].map(({ der: bytes }) => bytes);
    }),
  ];
}

function ownLists(): Uint8Array[] {
  const revoked = Array.from({ length: 20 }, (_, at) => ({ serial: BigInt(at * 77), reason: at % 7 }));
  const odd = { serial: 0x1234n, reason: 1, invalidityDate: '2026-01-02T00:00:00Z' };
  return [
    authority.crl(),
    authority.crl({ revoked }),
    authority.crl({ revoked: [odd, { serial: -5n }, { serial: 2n ** 159n }] }),
    authority.crl({ version: 1, revoked: [{ serial: 1n }] }),
    authority.crl({ nextUpdate: false, number: false, authorityKeyIdentifier: false }),
    authority.crl({ idp: { names: { uri: ['http://example.com/a.crl'] }, only: 'user', someReasons: [1, 3] } }),
    authority.crl({ idp: { relativeName: 'CN=list 1', only: 'ca' } }),
    authority.crl({
      idp: { indirect: true },
      revoked: [{ serial: 7n, certificateIssuer: 'CN=Other' }, { serial: 8n }],
    }),
    authority.crl({ deltaBase: 1, number: 2 }),
  ].map(({ der: bytes }) => bytes);
}

/** Names, general names and algorithms out of certificates, wherever they stand. */
function partsOf(certificates: readonly Uint8Array[]): Pick<Corpus, 'name' | 'generalNames' | 'algorithm'> {
  const names: Uint8Array[] = [];
  const general: Uint8Array[] = [];
  const algorithms: Uint8Array[] = [signerOf(keysOf('rsa', 'fuzz').privateKey, { pss: true }).algorithm];
  for (const one of certificates) {
    const parsed = parseCertificate(one);
    if (!parsed.ok) continue;
    const { subject, issuer, spki } = parsed.certificate;
    names.push(subject.raw, issuer.raw);
    algorithms.push(spki, der.sequence(der.oid(parsed.certificate.signatureAlgorithm.oid)));
    const [root] = treesOf(one) ?? [];
    const isNames = (tag: number | undefined) => tag !== undefined && (tag & 0xc0) === 0x80;
    for (const { node } of root ? placesIn(root) : [])
      if (node.tag === 0x30 && isNames(node.children?.[0]?.tag)) general.push(bytesOf(node));
  }
  return { name: names, generalNames: general, algorithm: algorithms };
}

function signedHeaders(): Uint8Array {
  const request = {
    method: 'POST',
    path: '/sessions',
    rawQuery: '',
    body: new Uint8Array(),
    headers: [['Host', 'localhost']] as const,
  };
  const chainDer = [authority.der, authority.der];
  const { privateKey, der: certificateDer } = client;
  const now = new Date('2026-11-22T00:00:00Z');
  const made = signX509Request(request, {
    privateKey,
    certificateDer,
    serialNumber: 0x1234n,
    chainDer,
    region: 'us-east-1',
    now,
  });
  const value = (name: string) => made.find(([own]) => own === name)?.[1] ?? '';
  return Buffer.from(
    [...['Authorization', 'X-Amz-Date', 'X-Amz-X509', 'X-Amz-X509-Chain'].map(value), 'localhost'].join('\n'),
  );
}

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** Every tenth record of the public vectors. */
function publicVectors(): { certificates: Uint8Array[]; lists: Uint8Array[] } {
  const folder = resolve(repository, process.env.ANYROLE_SHARED ?? '../shared', 'x509');
  const files = ['limbo', 'bettertls', 'pkits', 'chromium'].map((suite) => resolve(folder, `${suite}.jsonl`));
  const lines = files.filter((file) => existsSync(file)).flatMap((file) => readFileSync(file, 'utf8').split('\n'));
  const records = lines
    .filter((line, at) => line !== '' && at % 10 === 0)
    // The README beside the data: each line is one such record.
    .map((line) => JSON.parse(line) as { leaf: string; intermediates: string[]; anchors: string[]; crls: string[] });
  const bytes = (list: readonly string[]) =>
    [...new Set(list)].map((base64) => new Uint8Array(Buffer.from(base64, 'base64')));
  return {
    certificates: bytes(
      records.flatMap(({ leaf, intermediates, anchors }) => [leaf, ...intermediates.slice(0, 5), ...anchors]),
    ),
    lists: bytes(records.flatMap(({ crls }) => crls)),
  };
}
