// Distribution points: the names under which a CA splits its revocation lists. A certificate names the points it belongs to,
// a list names the one it is; here both become comparison keys, and the places to fetch a list from. Nothing is fetched here.
// Spec: RFC 5280 §4.2.1.13 (certificates), §5.2.5 (lists).
import { Buffer } from 'node:buffer';
import {
  asTag,
  bitsOf,
  children,
  Element,
  explicit,
  fieldsOf,
  hexOf,
  nonEmptySequenceOf,
  readElement,
  refuse,
  tags,
} from './der.ts';
import { type GeneralName, generalNameOf } from './general-name.ts';
import { type Name, nameOf } from './name.ts';

/** A set of revocation reasons: bit n stands for bit n of ReasonFlags. Spec: RFC 5280 §4.2.1.13 */
export type ReasonFlags = number;

/** Every reason there is: keyCompromise (bit 1) to aACompromise (bit 8). Bit 0 is unused. */
export const allReasons: ReasonFlags = 0b1_1111_1110;

/** One distribution point of a certificate. */
export interface DistributionPoint {
  /** Comparison keys of its names; undefined when it has none. */
  readonly names: readonly string[] | undefined;
  readonly reasons: ReasonFlags;
  /** Comparison keys of who issues its list; undefined: the issuer of the certificate. */
  readonly cRLIssuer: readonly string[] | undefined;
}

/** Two general names are equal when their keys are: distinguished names by RFC 5280 §7.1, all else character by character. */
export function generalNameKey(name: GeneralName): string {
  if (name.form === 'directoryName') return directoryNameKey(name.value);
  return `${name.form}:${typeof name.value === 'string' ? name.value : hexOf(name.value)}`;
}

/** The key of a distinguished name among general names. */
export function directoryNameKey({ key }: Pick<Name, 'key'>): string {
  return `directoryName:${key}`;
}

/** Reads ReasonFlags under an implicit tag; throws DerError. */
export function reasonFlagsOf(element: Element): ReasonFlags {
  const { bytes } = bitsOf(asTag(element, tags.bitString));
  let reasons = 0;
  for (let bit = 1; bit <= 8; bit++) if (((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0) reasons |= 1 << bit;
  return reasons;
}

/** The keys of the field that holds a DistributionPointName, a relative name completed with `base`; throws DerError. */
export function pointNameKeys(field: Element, base: Pick<Name, 'rdnKeys'>): readonly string[] {
  const choice = explicit(field);
  if (choice.tag === 0xa0) return generalNames(choice).map(generalNameKey);
  if (choice.tag !== 0xa1) return refuse('distribution point name of unknown form');
  // An RDN is a SET under an implicit tag here: with its own tag back, it reads as a name of one RDN.
  const rdn = Buffer.from(choice.raw);
  rdn[0] = tags.set;
  const { rdnKeys } = nameOf(new Element(tags.sequence, choice.depth, rdn, 0, 0, rdn.length));
  return [directoryNameKey({ key: [...base.rdnKeys, ...rdnKeys].join(',') })];
}

function generalNames(element: Element): readonly GeneralName[] {
  const names = children(element);
  if (names.length === 0 || names.length > maxNames) refuse('no general names, or too many');
  return names.map((name) => generalNameOf(name));
}

// Ours: keeps the comparison of a certificate's names with a list's cheap.
const maxNames = 256;

/** What of a certificate says where it belongs. */
interface Pointing {
  readonly issuer: Name;
  /** The value of the extension, DER, once read by `pointsOf`. */
  readonly extensions: { readonly cRLDistributionPoints?: Uint8Array };
}

/** Reads the SEQUENCE of points; throws DerError. `issuer` completes relative names. */
export function pointsOf(value: Element, issuer: Pick<Name, 'rdnKeys'>): readonly DistributionPoint[] {
  return nonEmptySequenceOf(value).map((point) => distributionPointOf(point, issuer));
}

/**
 * The distribution points of a certificate, and at last the one every certificate has: any list of its own issuer.
 * Spec: RFC 5280 §6.3.3, the paragraph after (l).
 */
export function distributionPointsOf({ issuer, extensions }: Pointing): readonly DistributionPoint[] {
  const implied = { names: [directoryNameKey(issuer)], reasons: allReasons, cRLIssuer: undefined };
  const { cRLDistributionPoints: der } = extensions;
  return der ? [...pointsOf(readElement(der), issuer), implied] : [implied];
}

/** Places of one certificate that are looked at, at most. Ours: honest ones have one or two. */
const maxUrls = 4;

/**
 * The http and https URLs where the lists of the certificate's own issuer are said to be, as the certificate writes them, at
 * most four. Points with a cRLIssuer lead to indirect lists and are left out, and so is LDAP. Spec: RFC 5280 §4.2.1.13
 */
export function distributionPointUrls(certificate: Pointing): readonly string[] {
  // The point that every certificate has has no URL.
  if (!certificate.extensions.cRLDistributionPoints) return [];
  const names = distributionPointsOf(certificate).flatMap(({ names = [], cRLIssuer }) => (cRLIssuer ? [] : names));
  const urls = names.flatMap((name) => /^uri:(https?:\/\/.*)$/i.exec(name)?.[1] ?? []);
  return [...new Set(urls)].slice(0, maxUrls);
}

function distributionPointOf(element: Element, issuer: Pick<Name, 'rdnKeys'>): DistributionPoint {
  const fields = fieldsOf(element);
  const nameField = fields.optional(0xa0);
  const reasonsField = fields.optional(0x81);
  const issuerField = fields.optional(0xa2);
  fields.end();
  if (!nameField && !issuerField) refuse('distribution point without a name'); // Spec: RFC 5280 §4.2.1.13
  const issuers = issuerField && generalNames(issuerField);
  const base = issuers?.find((name) => name.form === 'directoryName')?.value ?? issuer;
  return {
    names: nameField && pointNameKeys(nameField, base),
    reasons: reasonsField ? reasonFlagsOf(reasonsField) : allReasons,
    cRLIssuer: issuers?.map(generalNameKey),
  };
}
