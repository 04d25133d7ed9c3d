// From a certificate to session tags: which attributes a profile maps, under which keys, and which of them STS cannot carry.
// AWS doc: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html and attribute-mapping.html

import { rememberOf } from '../remember.ts';
import { attributeAliases, attributeOids } from '../x509/attribute-types.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { Name, NameAttribute } from '../x509/name.ts';

export type CertificateField = 'x509Subject' | 'x509Issuer' | 'x509SAN';
export type Mapping = {
  readonly certificateField: CertificateField;
  readonly mappingRules: readonly { readonly specifier: string }[];
};

/** An attribute that was to become a tag and could not: the caller may not know, the operator must. */
export type Unmapped = { readonly key: string; readonly reason: 'illegalCharacters' | 'tooLong' | 'empty' };

export type MappedAttributes = {
  /** Tag key, `x509Subject/CN`, to value. */
  readonly tags: Readonly<Record<string, string>>;
  readonly unmapped: readonly Unmapped[];
};

const shortNames: ReadonlySet<string> = new Set([...Object.keys(attributeOids), ...Object.keys(attributeAliases)]);
const oidForm = /^[0-2](\.(0|[1-9]\d{0,15})){1,15}$/;

/** Whether the specifier may stand in a mapping of the field: `CN`, an OID, `*`; for x509SAN `DNS`, `URI`, `Name/…`. */
export function isSpecifier(field: CertificateField, specifier: string): boolean {
  const normal = normalSpecifier(field, specifier);
  if (field !== 'x509SAN') return isRdn(normal);
  return normal === 'DNS' || normal === 'URI' || (normal.startsWith('Name/') && isRdn(normal.slice(5)));
}

function isRdn(specifier: string): boolean {
  return specifier === '*' || shortNames.has(specifier) || oidForm.test(specifier);
}

/** The specifier as AWS shows it: `Name` and `Name/` of x509SAN are `Name/*`. */
export function normalSpecifier(field: CertificateField, specifier: string): string {
  return field === 'x509SAN' && (specifier === 'Name' || specifier === 'Name/') ? 'Name/*' : specifier;
}

/** The tags that the mappings make of the certificate. An attribute that is not mapped gives none. */
export function mapAttributes(certificate: Certificate, mappings: readonly Mapping[]): MappedAttributes {
  const tags: Record<string, string> = {};
  const unmapped: Unmapped[] = [];
  for (const { certificateField, mappingRules } of mappings) {
    const read = pairsOfField[certificateField];
    for (const { specifier } of mappingRules) {
      for (const { key, value } of read(certificate, specifier)) {
        const reason = unfit(key, value);
        if (reason === undefined) tags[key] = value;
        else unmapped.push({ key, reason });
      }
    }
  }
  return { tags, unmapped };
}

/** A tag's key, and its value so far. */
type Pair = { readonly key: string; value: string };
type Prefix = 'x509Subject' | 'x509Issuer' | 'x509SAN/Name';

const pairsOfField: Readonly<
  Record<CertificateField, (certificate: Certificate, specifier: string) => readonly Pair[]>
> = {
  x509Subject: ({ subject }, specifier) => rdnPairs(subject, specifier, 'x509Subject'),
  // Many certificates have one issuer, whose name is one thing.
  x509Issuer: ({ issuer }, specifier) =>
    specifier === '*' ? allOfIssuer(issuer) : rdnPairs(issuer, specifier, 'x509Issuer'),
  x509SAN: sanPairs,
};

const allOfIssuer = rememberOf((issuer: Name) => rdnPairs(issuer, '*', 'x509Issuer'));

/** AWS doc: only the first value of each alternative name type is mapped. */
function sanPairs(certificate: Certificate, specifier: string): readonly Pair[] {
  for (const name of certificate.extensions.subjectAltName ?? []) {
    if (specifier === 'DNS' && name.form === 'dns') return [{ key: 'x509SAN/DNS', value: name.value }];
    if (specifier === 'URI' && name.form === 'uri') return [{ key: 'x509SAN/URI', value: name.value }];
    if (specifier.startsWith('Name/') && name.form === 'directoryName') {
      return rdnPairs(name.value, specifier.slice(5), 'x509SAN/Name');
    }
  }
  return none;
}

const none: readonly never[] = [];

/** Values of one type are joined by `/` in the certificate's order. */
function rdnPairs({ attributes }: Name, specifier: string, prefix: Prefix): readonly Pair[] {
  const pairs: Pair[] = [];
  for (const attribute of attributes) {
    const name = keyOf(attribute, specifier);
    if (name === undefined) continue;
    const key = tagKey(prefix, name);
    // There are no more than types with a short name.
    const known = pairs.find((pair) => pair.key === key);
    if (known === undefined) pairs.push({ key, value: attribute.value });
    else known.value += `/${attribute.value}`;
  }
  return pairs;
}

/** The same text each time: one that is put together anew is looked up among all names before it can name a member. */
function tagKey(prefix: Prefix, name: string): string {
  return tagKeys[prefix].get(name) ?? `${prefix}/${name}`;
}

const tagKeys: Readonly<Record<Prefix, ReadonlyMap<string, string>>> = {
  x509Subject: keysUnder('x509Subject'),
  x509Issuer: keysUnder('x509Issuer'),
  'x509SAN/Name': keysUnder('x509SAN/Name'),
};

function keysUnder(prefix: Prefix): ReadonlyMap<string, string> {
  return new Map([...shortNames].map((name) => [name, `${prefix}/${name}`]));
}

/** The attribute's name in the tag's key, or undefined when the specifier does not name it. `*` names what has a short name. */
function keyOf({ oid, type }: NameAttribute, specifier: string): string | undefined {
  if (specifier === '*') return type;
  return specifier === oid || (attributeAliases[specifier] ?? specifier) === type ? specifier : undefined;
}

// AWS doc: https://docs.aws.amazon.com/STS/latest/APIReference/API_Tag.html
const plainText = /^[\w .:/=+\-@]+$/; // most values, without a look into Unicode's tables
const tagText = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$/u;
const maxKey = 128;
const maxValue = 256;

function unfit(key: string, value: string): Unmapped['reason'] | undefined {
  if (value === '') return 'empty';
  if (key.length > maxKey || value.length > maxValue) return 'tooLong';
  return plainText.test(value) || tagText.test(value) ? undefined : 'illegalCharacters';
}
