// Ways to make a chain wrong, or odd, while every certificate stays well formed and rightly signed: one row each.
import { Buffer } from 'node:buffer';
import { der, type GeneralNames, integer, name, octets, oid, sequence, tlv } from '../der.ts';
import type { CertificateOptions, RawExtension } from '../pki.ts';
import type { Seeded } from '../seeded.ts';
import type { LinkRecipe, Recipe } from './chains.ts';
import { type KeyKind, keysOf } from './keys.ts';
import {
  extension,
  inhibitAnyPolicy,
  policies,
  policyConstraints,
  policyMappings,
  strangerIdentifier,
} from './recipes.ts';

/** The instant at which every chain is judged. */
export const now = new Date('2026-11-22T00:00:00Z');
const seconds = (from: number): Date => new Date(now.getTime() + from * 1000);

type Options = CertificateOptions;
/** What changes in the options of one link; undefined when the row does not apply to it. */
type Change = (link: LinkRecipe, random: Seeded, isLeaf: boolean) => Partial<Options> | undefined;

const add =
  (make: (random: Seeded) => RawExtension): Change =>
  ({ options }, random) => ({ extensions: [...(options.extensions ?? []), make(random)] });
const set =
  (change: Partial<Options>): Change =>
  () =>
    change;
const ofCa =
  (change: Change): Change =>
  (link, random, isLeaf) =>
    isLeaf ? undefined : change(link, random, isLeaf);

const hosts = [
  'example.com',
  'a.example.com',
  'client.example.com',
  '*.example.com',
  '*.com',
  '*',
  '.example.com',
  'example.com.',
  'EXAMPLE.com',
  'xn--exmple-cua.com',
  'secret.example.com',
  'notexample.com',
  'example.org',
  'a..b',
  '',
  ' ',
  'a_b.example.com',
  'c*.example.com',
  '*.*.example.com',
  '1.2.3.4',
  'example.com\0.org',
  '-a.example.com',
];
const mails = [
  'client@example.com',
  'client@EXAMPLE.com',
  'root@example.com',
  'a@b@example.com',
  'example.com',
  '@example.com',
  'client@',
  'client@a.example.com',
  '"a@b"@example.com',
  'client@example.org',
  '',
];
const uris = [
  'https://example.com/',
  'https://secret.example.com',
  'spiffe://EXAMPLE.com/x',
  'https://user@example.com:1/',
  'https://10.0.0.1/',
  'https://[2001:db8::1]/',
  'urn:isbn:1',
  'example.com',
  'https://',
  'https://a.example.org',
  '//example.com',
  '',
];
const addresses = [
  '0a010203',
  '0a090203',
  '0b000001',
  '20010db8000000000000000000000001',
  '00000000000000000000ffff0a010203',
  'fe800000000000000000000000000001',
  '0a0102',
  '',
];
const masks = [
  '0a000000ff000000',
  '0a000000ff00ff00',
  '0a01020300000000',
  '0a010203ffffffff',
  '0a0102ffffff',
  `20010db8${'00'.repeat(12)}ffffffff${'00'.repeat(12)}`,
];
const directories = [
  'C=DE',
  'C=de',
  'C=DE,O=Workloads',
  'C=DE,O=workloads',
  'C=DE,O=Work',
  'O=Workloads',
  'C=FR',
  'C=DE,O=Workloads,OU=Builds,CN=client',
  'C=DE,O=Workloads,OU=Builds,CN=client,CN=x',
];

function names(random: Seeded): GeneralNames {
  const some = <T>(list: readonly T[]): T[] => Array.from({ length: random.below(3) }, () => random.pick(list));
  const hex = (list: readonly string[]) => some(list).map((text) => Buffer.from(text, 'hex'));
  const all: GeneralNames = {
    dns: some(hosts),
    email: some(mails),
    uri: some(uris),
    ip: hex(addresses),
    directoryName: some(directories),
  };
  return { ...all, ...(random.oneIn(3) ? { dns: [random.pick(hosts)] } : {}) };
}

function subtrees(random: Seeded): GeneralNames {
  switch (random.below(5)) {
    case 0:
      return { dns: [random.pick(hosts)] };
    case 1:
      return { email: [random.pick([...mails, ...hosts])] };
    case 2:
      return { uri: [random.pick([...hosts, ...uris])] };
    case 3:
      return { ip: [Buffer.from(random.pick(masks), 'hex')] };
    default:
      return { directoryName: random.pick(directories) };
  }
}

const odd =
  (value: string, critical = false) =>
  (arc: number) =>
    extension(arc, Buffer.from(value, 'hex'), critical);
const policyOids = ['1.3.6.1.4.1.99999.1', '1.3.6.1.4.1.99999.2', '2.5.29.32.0'];

/** Rows that change the options of one link. */
const changes: Readonly<Record<string, Change>> = {
  expired: (_, random) => ({ notAfter: seconds(random.pick([-1, 0, -86_400])) }),
  'not yet valid': (_, random) => ({ notBefore: seconds(random.pick([1, 0, 86_400])) }),
  'times turned round': set({ notBefore: '2030-01-01T00:00:00Z', notAfter: '2020-01-01T00:00:00Z' }),
  'other issuer name': (_, random) => ({
    issuer: random.pick([
      'CN=Nobody',
      '',
      'C=DE,O=Anchors,CN=Root',
      'C=DE,O=Between',
      'C=DE,O=Between,CN=Intermediate 1,OU=x',
    ]),
  }),
  'other subject': (_, random) => ({
    subject: random.pick(['CN=Somebody', '', 'C=DE,O=Anchors,CN=Root', 'CN=a\0b', 'CN=*']),
  }),
  'no CA': ofCa(set({ basicConstraints: { ca: false } })),
  'no basicConstraints': set({ basicConstraints: false }),
  'basicConstraints not critical': set({ basicConstraints: { critical: false } }),
  'a CA': (_, __, isLeaf) => (isLeaf ? { basicConstraints: { ca: true } } : undefined),
  'pathLen without CA': set({ basicConstraints: { ca: false, pathLen: 0 } }),
  pathLen: (_, random) => ({ pathLen: random.below(3) }),
  'no keyCertSign': ofCa(set({ keyUsage: ['digitalSignature', 'cRLSign'] })),
  'no keyUsage': set({ keyUsage: false }),
  'empty keyUsage': set({ keyUsage: [] }),
  'only keyCertSign': set({ keyUsage: ['keyCertSign'] }),
  'strange purposes': (_, random) => ({ eku: [random.pick(['serverAuth', 'any', '1.3.6.1.5.5.7.3.9', '1.2.3.4'])] }),
  'unknown critical extension': add(() => ({ oid: '1.3.6.1.4.1.99999.8', critical: true, value: sequence() })),
  'unknown extension': add(() => ({ oid: '1.3.6.1.4.1.99999.8', value: Buffer.from([1]) })),
  'repeated extension': add((random) =>
    extension(random.pick([14, 15, 17, 19, 35]), random.pick([sequence(), octets(Buffer.from('x'))])),
  ),
  'weak hash': (_, random) => ({ hash: random.pick(['sha1', 'md5'] as const) }),
  'other hash': (_, random) => ({ hash: random.pick(['sha384', 'sha512'] as const) }),
  'other signer': ({ kind }) => ({ signWith: keysOf(kind, 'stranger') }),
  'signer of another kind': ({ kind }) => ({ signWith: keysOf(kind === 'rsa' ? 'p256' : 'rsa', 'stranger') }),
  'no key identifiers': set({ subjectKeyIdentifier: false, authorityKeyIdentifier: false }),
  'stranger as authority': ({ options }) => ({
    authorityKeyIdentifier: false,
    extensions: [...(options.extensions ?? []), strangerIdentifier],
  }),
  'authority by serial number': ({ options }, random) => ({
    authorityKeyIdentifier: false,
    extensions: [
      ...(options.extensions ?? []),
      extension(
        35,
        sequence(
          tlv(0xa1, tlv(0xa4, name(random.pick(['CN=Nobody', 'C=DE,O=Anchors,CN=Root'])))),
          tlv(0x82, Buffer.from([0x50, random.below(3)])),
        ),
      ),
    ],
  }),
  'odd key identifiers': ({ options }, random) => ({
    subjectKeyIdentifier: false,
    authorityKeyIdentifier: false,
    extensions: [
      ...(options.extensions ?? []),
      odd(random.pick(['0400', '', '0500', '0402', '30020500']))(14),
      odd(random.pick(['3000', '30028000', '', '3003810100', '30038201ff', '3006a0020500']))(35),
    ],
  }),
  'critical identifiers': ({ options }) => ({
    subjectKeyIdentifier: false,
    extensions: [...(options.extensions ?? []), extension(14, octets(Buffer.alloc(20, 1)), true)],
  }),
  'odd serial number': (_, random) => ({
    serial: random.pick([0n, -1n, -(2n ** 64n), 2n ** 160n, 2n ** 200n, 127n, 128n]),
  }),
  version: (_, random) => ({ version: random.pick([1, 2] as const) }),
  names: (_, random) => ({ san: names(random) }),
  'names, critical': (_, random) => ({
    san: {},
    extensions: [extension(17, sequence(der.text(0x82, random.pick(hosts))), true)],
  }),
  'permitted names': ofCa((_, random) => ({ nameConstraints: { permitted: subtrees(random) } })),
  'excluded names': ofCa((_, random) => ({ nameConstraints: { excluded: subtrees(random) } })),
  'constraints on both sides': ofCa((_, random) => ({
    nameConstraints: { permitted: { ...subtrees(random), ...subtrees(random) }, excluded: subtrees(random) },
  })),
  'constraints in a leaf': (_, __, isLeaf) =>
    isLeaf ? { nameConstraints: { permitted: { dns: ['example.com'] } } } : undefined,
  'odd constraints': ofCa(
    add((random) =>
      odd(
        random.pick([
          '3000',
          '3002a000',
          '3004a0020500',
          '300ca00a3008820378787880 0100'.replace(' ', ''),
          '3009a00730058603782e79',
        ]),
        true,
      )(30),
    ),
  ),
  policies: add((random) => policies(...new Set([random.pick(policyOids), random.pick(policyOids)]))),
  'policy twice': add(() => policies('1.3.6.1.4.1.99999.1', '1.3.6.1.4.1.99999.1')),
  'policy constraints': add((random) => policyConstraints(random.pick([undefined, 0, 1]), random.pick([0, 1]))),
  'policy mappings': ofCa(add((random) => policyMappings([random.pick(policyOids), random.pick(policyOids)]))),
  'inhibited any policy': add((random) => inhibitAnyPolicy(random.below(2))),
  'critical policy with a strange qualifier': add(() =>
    extension(32, sequence(sequence(oid('1.3.6.1.4.1.99999.1'), sequence(sequence(oid('1.2.3'), integer(1))))), true),
  ),
  'odd value of an extension': add((random) =>
    odd(
      random.pick(['', '3000', '0500', '0101ff', '020100', '30030201ff', '040100', '3003020180']),
      random.oneIn(2),
    )(random.pick([15, 17, 19, 30, 31, 32, 33, 36, 37, 54])),
  ),
};

/** Rows that change a whole link, its key among it. */
const rekeyings: Readonly<Record<string, (link: LinkRecipe, random: Seeded) => LinkRecipe>> = {
  'weak key': (link) => ({ ...link, kind: 'rsa1024' }),
  'strange curve': (link) => ({ ...link, kind: 'secp256k1' }),
  'key of another kind': (link, random) => ({
    ...link,
    kind: random.pick<KeyKind>(['rsa', 'p256', 'p384', 'p521', 'ed25519', 'rsaPss']),
  }),
};

const rows = [...Object.keys(changes), ...Object.keys(rekeyings)];

/** A chain that is wrong or odd in one link, and in which way. */
export function bendMeaning(recipe: Recipe, random: Seeded): { readonly recipe: Recipe; readonly by: string } {
  for (let attempt = 0; attempt < 20; attempt++) {
    const by = random.pick(rows);
    const at = linkToBend(recipe.links.length, random);
    const link = recipe.links[at];
    const bent = link && bentLink(link, by, random, at === recipe.links.length - 1);
    if (bent) return { recipe: { ...recipe, links: recipe.links.with(at, bent) }, by: `meaning ${by}` };
  }
  return { recipe, by: 'meaning none' };
}

function bentLink(link: LinkRecipe, by: string, random: Seeded, isLeaf: boolean): LinkRecipe | undefined {
  const rekeyed = rekeyings[by]?.(link, random);
  if (rekeyed) return rekeyed;
  const change = changes[by]?.(link, random, isLeaf);
  return change && { ...link, options: { ...link.options, ...change } };
}

/** Which link to bend: the leaf half of the time, the anchor seldom. */
export function linkToBend(links: number, random: Seeded): number {
  if (random.oneIn(2)) return links - 1;
  return random.oneIn(6) ? 0 : random.below(links);
}
