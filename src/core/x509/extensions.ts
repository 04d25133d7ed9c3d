// The X.509 extensions that are understood: one table row each. A critical extension without a row is listed in
// `unknownCritical`, and path validation refuses the certificate; a malformed or repeated one breaks parsing.
// Spec: RFC 5280 §4.2.
import { pointsOf } from './crl-distribution-points.ts';
import {
  bitsOf,
  booleanOf,
  children,
  type Element,
  elementIn,
  fieldsOf,
  hexIn,
  integerBytes,
  nonEmptySequenceOf,
  oidOf,
  refuse,
  sequenceOf,
  smallInteger,
  tags,
} from './der.ts';
import { type GeneralName, generalNameOf } from './general-name.ts';

/** Bits of keyUsage, in the order of the bit string. Spec: RFC 5280 §4.2.1.3 */
export const keyUsages = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;

/** One bit of keyUsage by its name. */
export type KeyUsage = (typeof keyUsages)[number];

/** Extended key usages with a name here, and their OIDs; others stay dotted. Spec: RFC 5280 §4.2.1.12 */
export const keyPurposes = {
  any: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** Spec: RFC 5280 §4.2.1.9 */
export interface BasicConstraints {
  readonly ca: boolean;
  readonly pathLenConstraint: number | undefined;
}

/** Subtrees as general names; an IP subtree is address then mask. Spec: RFC 5280 §4.2.1.10 */
export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** Spec: RFC 5280 §4.2.1.1 */
export interface AuthorityKeyIdentifier {
  /** Lower-case hex. */
  readonly keyIdentifier: string | undefined;
  readonly issuer: readonly GeneralName[] | undefined;
  readonly serialNumber: Uint8Array | undefined;
}

/** Spec: RFC 5280 §4.2.1.4 */
export interface CertificatePolicies {
  /** Policy OIDs, dotted, without repetition. */
  readonly policies: readonly string[];
  /** Whether a qualifier is neither a CPS pointer nor a user notice. */
  readonly hasUnknownQualifier: boolean;
}

/** What the understood extensions say; an absent extension is an absent property. */
export interface KnownExtensions {
  readonly basicConstraints?: BasicConstraints;
  readonly keyUsage?: readonly KeyUsage[];
  /** Dotted OIDs. */
  readonly extKeyUsage?: readonly string[];
  readonly subjectAltName?: readonly GeneralName[];
  readonly nameConstraints?: NameConstraints;
  /** Lower-case hex. */
  readonly subjectKeyIdentifier?: string;
  readonly authorityKeyIdentifier?: AuthorityKeyIdentifier;
  readonly certificatePolicies?: CertificatePolicies;
  readonly policyMappings?: readonly { readonly issuer: string; readonly subject: string }[];
  readonly policyConstraints?: {
    readonly requireExplicitPolicy: number | undefined;
    readonly inhibitPolicyMapping: number | undefined;
  };
  /** Certificates after which anyPolicy no longer counts. */
  readonly inhibitAnyPolicy?: number;
  /** DER of the value. */
  readonly cRLDistributionPoints?: Uint8Array;
}

/** The extensions of a certificate. */
export interface Extensions extends KnownExtensions {
  /** OIDs in the order of the certificate. */
  readonly oids: readonly string[];
  /** OIDs of extensions marked critical. */
  readonly critical: readonly string[];
  /**
   * OIDs of critical extensions that are not understood, or that must not be critical: the certificate must be refused.
   * Spec: RFC 5280 §6.1.4(o), §6.1.5(f)
   */
  readonly unknownCritical: readonly string[];
}

type Row = { [K in keyof KnownExtensions]-?: { readonly is: K; read(value: Element): Required<KnownExtensions>[K] } };

const rows: Readonly<Record<string, Row[keyof Row]>> = {
  '2.5.29.14': { is: 'subjectKeyIdentifier', read: (value) => hexIn(expectOctets(value)) },
  '2.5.29.15': { is: 'keyUsage', read: keyUsage },
  '2.5.29.17': { is: 'subjectAltName', read: (value) => nonEmptySequenceOf(value).map((name) => generalNameOf(name)) },
  '2.5.29.19': { is: 'basicConstraints', read: basicConstraints },
  '2.5.29.30': { is: 'nameConstraints', read: nameConstraints },
  '2.5.29.31': { is: 'cRLDistributionPoints', read: (value) => pointsOf(value, { rdnKeys: [] }) && value.raw },
  '2.5.29.32': { is: 'certificatePolicies', read: certificatePolicies },
  '2.5.29.33': { is: 'policyMappings', read: policyMappings },
  '2.5.29.35': { is: 'authorityKeyIdentifier', read: authorityKeyIdentifier },
  '2.5.29.36': { is: 'policyConstraints', read: policyConstraints },
  '2.5.29.37': { is: 'extKeyUsage', read: (value) => nonEmptySequenceOf(value).map((purpose) => oidOf(purpose)) },
  '2.5.29.54': { is: 'inhibitAnyPolicy', read: (value) => smallInteger(value) },
};

/** The extensions of a certificate without any. */
export const noExtensions: Extensions = Object.freeze({ oids: [], critical: [], unknownCritical: [] });

/** Reads the SEQUENCE of extensions; throws DerError. */
export function extensionsOf(element: Element): Extensions {
  const oids: string[] = [];
  const critical: string[] = [];
  const unknownCritical: string[] = [];
  const known: Record<string, unknown> = { oids, critical, unknownCritical };
  for (const extension of nonEmptySequenceOf(element)) {
    const fields = fieldsOf(extension);
    const oid = oidOf(fields.next());
    const isCritical = optionalTrue(fields.optional(tags.boolean));
    const value = fields.next(tags.octetString);
    fields.end();
    if (oids.includes(oid)) refuse(`extension ${oid} appears twice`);
    if (oids.length >= maxExtensions) refuse('too many extensions');
    oids.push(oid);
    if (isCritical) critical.push(oid);
    const row = rows[oid];
    if (row) known[row.is] = row.read(elementIn(value));
    if (isCritical && (!row || neverCritical.includes(oid))) unknownCritical.push(oid);
  }
  // The rows guarantee the type: each stands under the name of what it reads.
  const extensions = known as object as Extensions;
  // Spec: RFC 5280 §4.2.1.4: a critical policy with a qualifier that is not understood must be refused.
  if (critical.includes('2.5.29.32') && extensions.certificatePolicies?.hasUnknownQualifier)
    unknownCritical.push('2.5.29.32');
  return Object.freeze(extensions);
}

const maxExtensions = 64;

// Spec: RFC 5280 §4.2.1.1, §4.2.1.2: key identifiers. Ours: so marked they ask for a meaning that nobody gave them.
const neverCritical: readonly string[] = ['2.5.29.14', '2.5.29.35'];

/** The first critical extension for which a certificate must be refused: a clause; undefined when there is none. */
export function criticalProblem({ unknownCritical: [oid] }: Extensions): string | undefined {
  if (oid === undefined) return undefined;
  return `critical extension ${oid} ${neverCritical.includes(oid) ? 'must not be critical' : 'is not understood'}`;
}

// Ours: DER leaves out a value equal to its default, yet `cA FALSE` and `critical FALSE` spelled out are common and harmless.
function optionalTrue(element: Element | undefined): boolean {
  return element !== undefined && booleanOf(element);
}

function expectOctets(value: Element): Element {
  return value.tag === tags.octetString ? value : refuse('key identifier is not an octet string');
}

function keyUsage(value: Element): readonly KeyUsage[] {
  const { bytes } = bitsOf(value);
  const found: KeyUsage[] = [];
  for (let bit = 0; bit < keyUsages.length; bit++) {
    const usage = keyUsages[bit];
    if (usage !== undefined && ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0) found.push(usage);
  }
  // Spec: RFC 5280 §4.2.1.3: at least one bit, known here or not.
  return found.length > 0 || bytes.some((byte) => byte !== 0) ? found : refuse('key usage without a bit');
}

function basicConstraints(value: Element): BasicConstraints {
  const fields = fieldsOf(value);
  const ca = optionalTrue(fields.optional(tags.boolean));
  const pathLen = fields.optional(tags.integer);
  fields.end();
  return { ca, pathLenConstraint: pathLen && smallInteger(pathLen) };
}

function nameConstraints(value: Element): NameConstraints {
  const fields = fieldsOf(value);
  const permitted = fields.optional(0xa0);
  const excluded = fields.optional(0xa1);
  fields.end();
  if (!permitted && !excluded) refuse('name constraints without subtrees');
  return { permitted: permitted ? subtrees(permitted) : [], excluded: excluded ? subtrees(excluded) : [] };
}

function subtrees(element: Element): readonly GeneralName[] {
  const list = children(element);
  if (list.length === 0) refuse('name constraints with an empty list of subtrees');
  return list.map((subtree) => {
    const fields = fieldsOf(subtree);
    const name = generalNameOf(fields.next(), 'addressAndMask');
    fields.end(); // Spec: RFC 5280 §4.2.1.10: minimum is its default, maximum is absent.
    if (name.form === 'ip' && !isPrefixMask(name.value.subarray(name.value.length / 2))) refuse('IP mask with a hole');
    return name;
  });
}

// Spec: RFC 5280 §4.2.1.10 asks for the style of RFC 4632 (CIDR): ones, then zeros.
function isPrefixMask(mask: Uint8Array): boolean {
  const end = mask.findIndex((byte) => byte !== 0xff);
  if (end < 0) return true;
  const holes = 0xff - (mask[end] ?? 0); // The bits that are not set: of a prefix, they are the lowest of all.
  return (holes & (holes + 1)) === 0 && mask.subarray(end + 1).every((byte) => byte === 0);
}

function authorityKeyIdentifier(value: Element): AuthorityKeyIdentifier {
  const fields = fieldsOf(value);
  const keyIdentifier = fields.optional(0x80);
  const issuer = fields.optional(0xa1);
  const serial = fields.optional(0x82);
  fields.end();
  return {
    keyIdentifier: keyIdentifier && hexIn(keyIdentifier),
    issuer: issuer && children(issuer).map((name) => generalNameOf(name)),
    serialNumber: serial && integerBytes(serial, 0x82),
  };
}

const knownQualifiers = ['1.3.6.1.5.5.7.2.1', '1.3.6.1.5.5.7.2.2']; // CPS pointer, user notice

function certificatePolicies(value: Element): CertificatePolicies {
  const policies = new Set<string>();
  let hasUnknownQualifier = false;
  for (const element of nonEmptySequenceOf(value)) {
    const fields = fieldsOf(element);
    const policy = oidOf(fields.next());
    if (policies.has(policy)) refuse('certificate policy appears twice');
    policies.add(policy);
    const qualifiers = fields.optional(tags.sequence);
    fields.end();
    for (const qualifier of qualifiers ? nonEmptySequenceOf(qualifiers) : []) {
      if (!knownQualifiers.includes(oidOf(fieldsOf(qualifier).next()))) hasUnknownQualifier = true;
    }
  }
  return { policies: [...policies], hasUnknownQualifier };
}

function policyMappings(value: Element): { issuer: string; subject: string }[] {
  return nonEmptySequenceOf(value).map((element) => {
    const [issuer, subject, more] = sequenceOf(element);
    return issuer && subject && !more
      ? { issuer: oidOf(issuer), subject: oidOf(subject) }
      : refuse('policy mapping is no pair');
  });
}

function policyConstraints(value: Element): Required<KnownExtensions>['policyConstraints'] {
  const fields = fieldsOf(value);
  const requireExplicit = fields.optional(0x80);
  const inhibitMapping = fields.optional(0x81);
  fields.end();
  if (!requireExplicit && !inhibitMapping) refuse('empty policy constraints');
  return {
    requireExplicitPolicy: requireExplicit && smallInteger(requireExplicit, 0x80),
    inhibitPolicyMapping: inhibitMapping && smallInteger(inhibitMapping, 0x81),
  };
}
