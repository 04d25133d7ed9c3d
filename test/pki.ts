// Certificates and revocation lists for everybody's tests, minted synchronously with a small DER writer and node:crypto, so
// that what is odd about one is visible in three lines. A writer of our own, because a certificate library refuses to make most
// of what a verifier must refuse (wrong versions, bad extensions, ML-DSA with a broken signature).
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type Certificate, parseCertificate } from '../src/core/x509/certificate.ts';
import { type KeyUsage, keyPurposes, keyUsages } from '../src/core/x509/extensions.ts';
import {
  bits,
  boolean,
  type GeneralNames,
  generalNames,
  integer,
  name,
  octets,
  oid,
  sequence,
  text,
  time,
  tlv,
} from './der.ts';

export { der } from './der.ts';

/** Kinds of key a test may ask for. RSA keys are cached per process; append `#2` for a second one of the same kind. */
export type KeyName = keyof typeof keyKinds | `${keyof typeof keyKinds}#${string}`;

/** A private key and its public key. */
export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** One extension as raw material: `value` is the DER inside the OCTET STRING. */
export interface RawExtension {
  readonly oid: string;
  readonly critical?: boolean;
  readonly value: Uint8Array;
}

/** What is odd about a certificate. Everything has a sane default; `false` leaves an extension out. */
export interface CertificateOptions {
  /** `CN=client,OU=A,OU=B` in the order of the DER; `+` joins one RDN, `\` escapes, dotted OIDs are allowed; or the DER of a Name. */
  readonly subject?: string | Uint8Array;
  readonly issuer?: string | Uint8Array;
  readonly key?: KeyName;
  /** Takes the place of `key`: cross-signing, renewal. */
  readonly keys?: KeyPair;
  /** Signs instead of the issuer: a bad signature. */
  readonly signWith?: KeyPair;
  readonly hash?: 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512';
  /** RSA-PSS instead of PKCS #1 v1.5, salt as long as the hash. */
  readonly pss?: boolean;
  readonly notBefore?: Date | string;
  readonly notAfter?: Date | string;
  readonly serial?: bigint;
  readonly version?: 1 | 2 | 3;
  readonly basicConstraints?: { readonly ca?: boolean; readonly pathLen?: number; readonly critical?: boolean } | false;
  readonly pathLen?: number;
  readonly keyUsage?: readonly KeyUsage[] | false;
  /** `clientAuth`, `serverAuth`, `any` or dotted OIDs. */
  readonly eku?: readonly string[];
  readonly san?: GeneralNames;
  readonly nameConstraints?: { readonly permitted?: GeneralNames; readonly excluded?: GeneralNames };
  readonly subjectKeyIdentifier?: false;
  readonly authorityKeyIdentifier?: false;
  readonly extensions?: readonly RawExtension[];
}

/** A minted certificate; `certificate` is parsed on first use and throws if the parser refuses it. */
export interface Minted extends KeyPair {
  readonly der: Uint8Array;
  readonly pem: string;
  /** PKCS #8 PEM of the private key. */
  readonly keyPem: string;
  readonly certificate: Certificate;
  readonly keys: KeyPair;
}

/** What is odd about a revocation list. */
export interface CrlOptions {
  /** The entries, or the DER of all of them. */
  readonly revoked?: readonly RevokedEntry[] | Uint8Array;
  readonly thisUpdate?: Date | string;
  /** `false` leaves it out. */
  readonly nextUpdate?: Date | string | false;
  /** cRLNumber; `false` leaves it out. */
  readonly number?: bigint | number | false;
  readonly version?: 1 | 2;
  /** issuingDistributionPoint: the names of the list, which certificates it is about, the reasons by their bits (1 to 8). */
  readonly idp?: {
    readonly names?: GeneralNames;
    /** One RDN, `CN=list 1`, relative to the list's issuer. */
    readonly relativeName?: string;
    readonly only?: 'user' | 'ca' | 'attribute';
    readonly someReasons?: readonly number[];
    readonly indirect?: boolean;
  };
  /** Makes it a delta of the list with this number. */
  readonly deltaBase?: bigint | number;
  readonly issuer?: string | Uint8Array;
  /** Signs instead of the issuer; the authority key identifier stays the issuer's. */
  readonly signWith?: KeyPair;
  readonly hash?: CertificateOptions['hash'];
  readonly authorityKeyIdentifier?: false;
  readonly extensions?: readonly RawExtension[];
}

/** One entry of a revocation list. */
export interface RevokedEntry {
  readonly serial: bigint;
  readonly date?: Date | string;
  /** Number of the reasonCode. */
  readonly reason?: number;
  readonly invalidityDate?: Date | string;
  readonly certificateIssuer?: string;
  readonly extensions?: readonly RawExtension[];
}

/** A minted certificate that can issue others. */
export interface Authority extends Minted {
  /** A version 2 list (2026-01-01 to 2036-01-01, number 1, no entries), as DER and as PEM. */
  crl(options?: CrlOptions): { readonly der: Uint8Array; readonly pem: string };
  issue(options?: CertificateOptions): Minted;
  issueCa(options?: CertificateOptions): Authority;
}

const keyKinds = {
  rsa1024: () => generateKeyPairSync('rsa', { modulusLength: 1024 }),
  rsa2048: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  rsa3072: () => generateKeyPairSync('rsa', { modulusLength: 3072 }),
  rsaPss2048: () => generateKeyPairSync('rsa-pss', { modulusLength: 2048 }),
  rsaPss1024: () => generateKeyPairSync('rsa-pss', { modulusLength: 1024 }),
  rsa4096: () => generateKeyPairSync('rsa', { modulusLength: 4096 }),
  p224: () => generateKeyPairSync('ec', { namedCurve: 'P-224' }),
  p256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  p384: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  p521: () => generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  secp256k1: () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
  ed25519: () => generateKeyPairSync('ed25519'),
  ed448: () => generateKeyPairSync('ed448'),
  'ml-dsa-44': () => generateKeyPairSync('ml-dsa-44'),
  'ml-dsa-65': () => generateKeyPairSync('ml-dsa-65'),
  'ml-dsa-87': () => generateKeyPairSync('ml-dsa-87'),
};

const rsaKeys = new Map<string, KeyPair>();

/** A key pair of this kind: fresh, except that RSA pairs are made once per name and process. */
export function makeKeys(name: KeyName): KeyPair {
  // The part before `#` is a key of the table: KeyName says so.
  const kind = name.split('#')[0] as keyof typeof keyKinds;
  if (!kind.startsWith('rsa')) return keyKinds[kind]();
  const known = rsaKeys.get(name) ?? keyKinds[kind]();
  rsaKeys.set(name, known);
  return known;
}

// ---- certificates ----

const purposes: Readonly<Record<string, string>> = keyPurposes;

/** The content of a BIT STRING of named bits: without trailing zeros. `value` has bit 0 as its 0x8000. */
function namedBits(value: number): Uint8Array {
  const bytes = (value & 0xff) === 0 ? [value >> 8] : [value >> 8, value & 0xff];
  const unused = 31 - Math.clz32((bytes.at(-1) ?? 0) & -(bytes.at(-1) ?? 0));
  return Buffer.from([Math.max(unused, 0), ...bytes]);
}

function keyUsage(usages: readonly KeyUsage[]): Uint8Array {
  return tlv(0x03, namedBits(usages.reduce((sum, usage) => sum | (0x8000 >> keyUsages.indexOf(usage)), 0)));
}

function basicConstraints(ca: boolean, pathLen: number | undefined): Uint8Array {
  return sequence(...(ca ? [boolean(true)] : []), ...(pathLen === undefined ? [] : [integer(pathLen)]));
}

const spkiOf = (key: KeyObject): Uint8Array => key.export({ type: 'spki', format: 'der' });
const keyIdentifier = (key: KeyObject): Uint8Array => createHash('sha1').update(spkiOf(key)).digest();

function extensions(options: CertificateOptions, isCa: boolean, subject: KeyObject, issuer: KeyObject): Uint8Array[] {
  const list: RawExtension[] = [];
  const add = (oidText: string, critical: boolean, value: Uint8Array) => list.push({ oid: oidText, critical, value });
  const constraints = options.basicConstraints ?? { ca: isCa };
  if (constraints !== false) {
    const value = basicConstraints(constraints.ca ?? isCa, options.pathLen ?? constraints.pathLen);
    add('2.5.29.19', constraints.critical ?? true, value);
  }
  const usages = options.keyUsage ?? (isCa ? ['keyCertSign', 'cRLSign'] : ['digitalSignature']);
  if (usages !== false) add('2.5.29.15', true, keyUsage(usages));
  if (options.eku) add('2.5.29.37', false, sequence(...options.eku.map((use) => oid(purposes[use] ?? use))));
  if (options.san) add('2.5.29.17', false, sequence(...generalNames(options.san)));
  if (options.nameConstraints) {
    const subtrees = (tag: number, names: GeneralNames | undefined) =>
      names ? [tlv(tag, ...generalNames(names).map((base) => sequence(base)))] : [];
    const { permitted, excluded } = options.nameConstraints;
    add('2.5.29.30', true, sequence(...subtrees(0xa0, permitted), ...subtrees(0xa1, excluded)));
  }
  if (options.subjectKeyIdentifier !== false) add('2.5.29.14', false, octets(keyIdentifier(subject)));
  if (options.authorityKeyIdentifier !== false) add('2.5.29.35', false, sequence(tlv(0x80, keyIdentifier(issuer))));
  return [...list, ...(options.extensions ?? [])].map(rawExtension);
}

function rawExtension({ oid: dotted, critical, value }: RawExtension): Uint8Array {
  return sequence(oid(dotted), ...(critical ? [boolean(true)] : []), octets(value));
}

// Per hash: its OID, its length in bytes, the last arc(s) of its RSA and ECDSA signature OIDs.
const hashes = {
  md5: ['1.2.840.113549.2.5', 16, '4', '1'],
  sha1: ['1.3.14.3.2.26', 20, '5', '1'],
  sha256: ['2.16.840.1.101.3.4.2.1', 32, '11', '3.2'],
  sha384: ['2.16.840.1.101.3.4.2.2', 48, '12', '3.3'],
  sha512: ['2.16.840.1.101.3.4.2.3', 64, '13', '3.4'],
} as const;
const pureOids: Readonly<Record<string, string>> = {
  'ml-dsa-44': '2.16.840.1.101.3.4.3.17',
  'ml-dsa-65': '2.16.840.1.101.3.4.3.18',
  'ml-dsa-87': '2.16.840.1.101.3.4.3.19',
  ed25519: '1.3.101.112',
  ed448: '1.3.101.113',
};
const asn1Null = tlv(0x05);

/** How this key signs: the DER of the AlgorithmIdentifier, and the signature over `data`. */
export function signerOf(key: KeyObject, options: Pick<CertificateOptions, 'hash' | 'pss'> = {}) {
  const { hash = 'sha256', pss = false } = options;
  const [hashOid, saltLength, rsaArc, ecdsaArc] = hashes[hash];
  const kind = key.asymmetricKeyType ?? '';
  if (kind === 'ec') return signer(sequence(oid(`1.2.840.10045.4.${ecdsaArc}`)), (data) => sign(hash, data, key));
  if (!kind.startsWith('rsa')) return signer(sequence(oid(pureOids[kind] ?? '0.0')), (data) => sign(null, data, key));
  if (!pss && kind === 'rsa')
    return signer(sequence(oid(`1.2.840.113549.1.1.${rsaArc}`), asn1Null), (data) => sign(hash, data, key));
  const digest = sequence(oid(hashOid), asn1Null);
  const mask = sequence(oid('1.2.840.113549.1.1.8'), digest);
  const parameters = sequence(tlv(0xa0, digest), tlv(0xa1, mask), tlv(0xa2, integer(saltLength)));
  return signer(sequence(oid('1.2.840.113549.1.1.10'), parameters), (data) =>
    sign(hash, data, { key, padding: 6 /* RSA_PKCS1_PSS_PADDING */, saltLength }),
  );
}

function signer(algorithm: Uint8Array, signData: (data: Uint8Array) => Uint8Array) {
  return { algorithm, sign: signData };
}

let lastSerial = 0x1000n;

function mint(
  options: CertificateOptions,
  isCa: boolean,
  issuer: { name: Uint8Array; keys: KeyPair } | undefined,
): Minted {
  const keys = options.keys ?? makeKeys(options.key ?? 'p256');
  const subject = name(options.subject ?? (isCa ? 'CN=Test CA' : 'CN=client'));
  const issuerKeys = issuer?.keys ?? keys;
  const { algorithm, sign: signTbs } = signerOf((options.signWith ?? issuerKeys).privateKey, options);
  const version = options.version ?? 3;
  lastSerial += 1n;
  const tbs = sequence(
    ...(version === 1 ? [] : [tlv(0xa0, integer(version - 1))]),
    integer(options.serial ?? lastSerial),
    algorithm,
    name(options.issuer ?? issuer?.name ?? subject),
    sequence(time(options.notBefore ?? '2026-01-01T00:00:00Z'), time(options.notAfter ?? '2036-01-01T00:00:00Z')),
    subject,
    spkiOf(keys.publicKey),
    ...(version === 3 ? [tlv(0xa3, sequence(...extensions(options, isCa, keys.publicKey, issuerKeys.publicKey)))] : []),
  );
  return minted(new Uint8Array(sequence(tbs, algorithm, bits(signTbs(tbs)))), keys);
}

function pemOf(label: string, bytes: Uint8Array): string {
  const base64 = Buffer.from(bytes)
    .toString('base64')
    .replace(/.{1,64}/g, '$&\n');
  return `-----BEGIN ${label}-----\n${base64}-----END ${label}-----\n`;
}

/** Dresses any DER as a minted certificate: for hand-made or bent bytes. */
export function minted(bytes: Uint8Array, keys: KeyPair): Minted {
  let parsed: Certificate | undefined;
  return {
    ...keys,
    keys,
    der: bytes,
    pem: pemOf('CERTIFICATE', bytes),
    keyPem: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    get certificate() {
      if (parsed) return parsed;
      const result = parseCertificate(bytes);
      if (!result.ok) throw new Error(`the minted certificate does not parse: ${result.detail}`);
      parsed = result.certificate;
      return parsed;
    },
  };
}

// ---- revocation lists ----

function mintCrl(options: CrlOptions, issuer: { name: Uint8Array; keys: KeyPair }) {
  const { algorithm, sign: signTbs } = signerOf((options.signWith ?? issuer.keys).privateKey, options);
  const { nextUpdate = '2036-01-01T00:00:00Z', revoked = [] } = options;
  const version = options.version ?? 2;
  const listExtensions = crlExtensions(options, issuer.keys.publicKey);
  const tbs = sequence(
    ...(version === 1 ? [] : [integer(1)]),
    algorithm,
    name(options.issuer ?? issuer.name),
    time(options.thisUpdate ?? '2026-01-01T00:00:00Z'),
    ...(nextUpdate === false ? [] : [time(nextUpdate)]),
    ...(revoked.length > 0
      ? [sequence(revoked instanceof Uint8Array ? revoked : Buffer.concat(revoked.map(revokedEntry)))]
      : []),
    ...(version === 1 || listExtensions.length === 0 ? [] : [tlv(0xa0, sequence(...listExtensions))]),
  );
  const bytes = new Uint8Array(sequence(tbs, algorithm, bits(signTbs(tbs))));
  return { der: bytes, pem: pemOf('X509 CRL', bytes) };
}

function crlExtensions(options: CrlOptions, issuer: KeyObject): Uint8Array[] {
  const { idp, number = 1, deltaBase } = options;
  const list: RawExtension[] = [];
  if (options.authorityKeyIdentifier !== false)
    list.push({ oid: '2.5.29.35', value: sequence(tlv(0x80, keyIdentifier(issuer))) });
  if (number !== false) list.push({ oid: '2.5.29.20', value: integer(number) });
  if (deltaBase !== undefined) list.push({ oid: '2.5.29.27', critical: true, value: integer(deltaBase) });
  if (idp) list.push({ oid: '2.5.29.28', critical: true, value: issuingDistributionPoint(idp) });
  return [...list, ...(options.extensions ?? [])].map(rawExtension);
}

function issuingDistributionPoint(idp: NonNullable<CrlOptions['idp']>): Uint8Array {
  const yes = Buffer.from([0xff]);
  return sequence(
    ...(idp.names || idp.relativeName ? [distributionPointName(idp)] : []),
    ...(idp.only === 'user' ? [tlv(0x81, yes)] : []),
    ...(idp.only === 'ca' ? [tlv(0x82, yes)] : []),
    ...(idp.someReasons ? [tlv(0x83, reasonFlags(idp.someReasons))] : []),
    ...(idp.indirect ? [tlv(0x84, yes)] : []),
    ...(idp.only === 'attribute' ? [tlv(0x85, yes)] : []),
  );
}

function distributionPointName(point: { readonly names?: GeneralNames; readonly relativeName?: string }): Uint8Array {
  if (!point.relativeName) return tlv(0xa0, tlv(0xa0, ...generalNames(point.names ?? {})));
  const rdn = Buffer.from(name(point.relativeName).subarray(2)); // The SET in the SEQUENCE, under the implicit tag.
  rdn[0] = 0xa1;
  return tlv(0xa0, rdn);
}

function reasonFlags(reasons: readonly number[]): Uint8Array {
  return namedBits(reasons.reduce((sum, bit) => sum | (0x8000 >> bit), 0));
}

/** The cRLDistributionPoints extension of a certificate. */
export function distributionPoints(
  ...points: {
    readonly names?: GeneralNames;
    readonly relativeName?: string;
    readonly reasons?: readonly number[];
    readonly cRLIssuer?: string;
  }[]
): RawExtension {
  const value = sequence(
    ...points.map((point) =>
      sequence(
        ...(point.names || point.relativeName ? [distributionPointName(point)] : []),
        ...(point.reasons ? [tlv(0x81, reasonFlags(point.reasons))] : []),
        ...(point.cRLIssuer ? [tlv(0xa2, tlv(0xa4, name(point.cRLIssuer)))] : []),
      ),
    ),
  );
  return { oid: '2.5.29.31', value };
}

function revokedEntry(entry: RevokedEntry): Uint8Array {
  const list: RawExtension[] = [];
  if (entry.reason !== undefined) list.push({ oid: '2.5.29.21', value: tlv(0x0a, Buffer.from([entry.reason])) });
  if (entry.invalidityDate !== undefined) {
    const digits = new Date(entry.invalidityDate).toISOString().replace(/[-:T]|\.\d+/g, '');
    list.push({ oid: '2.5.29.24', value: text(0x18, digits) });
  }
  if (entry.certificateIssuer !== undefined)
    list.push({ oid: '2.5.29.29', critical: true, value: sequence(tlv(0xa4, name(entry.certificateIssuer))) });
  const all = [...list, ...(entry.extensions ?? [])].map(rawExtension);
  return sequence(
    integer(entry.serial),
    time(entry.date ?? '2026-06-01T00:00:00Z'),
    ...(all.length > 0 ? [sequence(...all)] : []),
  );
}

function authority(made: Minted, subject: Uint8Array): Authority {
  const issuer = { name: subject, keys: made.keys };
  const rsaSlot = (options: CertificateOptions, slot: string): CertificateOptions =>
    options.key?.startsWith('rsa') && !options.key.includes('#')
      ? // A row of the RSA keys with a slot of its own is a KeyName by construction.
        { ...options, key: `${options.key}#${slot}` as KeyName }
      : options;
  return Object.defineProperties(
    {
      crl: (options: CrlOptions = {}) => mintCrl(options, issuer),
      issue: (options: CertificateOptions = {}) => mint(rsaSlot(options, 'leaf'), false, issuer),
      issueCa: (options: CertificateOptions = {}) => {
        const full = rsaSlot({ ...options, subject: options.subject ?? 'CN=Test Intermediate CA' }, 'intermediate');
        return authority(mint(full, true, issuer), name(full.subject ?? ''));
      },
    },
    Object.getOwnPropertyDescriptors(made),
    // Minted's own properties, getter included, are what was copied.
  ) as Authority;
}

/** A self-signed CA certificate (`CN=Test CA`, P-256, 2026-01-01 to 2036-01-01, keyCertSign and cRLSign) that can issue. */
export function makeCa(options: CertificateOptions = {}): Authority {
  const subject = options.subject ?? 'CN=Test CA';
  return authority(mint({ ...options, subject }, true, undefined), name(subject));
}

/** A self-signed end-entity certificate: trusted by nobody. */
export function makeSelfSigned(options: CertificateOptions = {}): Minted {
  return mint(options, false, undefined);
}
