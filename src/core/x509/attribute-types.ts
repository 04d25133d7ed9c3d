// The attribute types of a distinguished name that have a short name: one row each. The names double as the RDN
// specifiers of attribute mappings (`x509Subject/CN`), so each OID has exactly one.

/** Short name → OID, dotted. One short name per OID. */
// AWS doc: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html names C, O, OU, ST, L, CN; UID is in
// the API model. Ours: the other rows, from RFC 4519 and RFC 5280 appendix A, under the names OpenSSL and Java print.
export const attributeOids = {
  C: '2.5.4.6',
  CN: '2.5.4.3',
  DC: '0.9.2342.19200300.100.1.25',
  emailAddress: '1.2.840.113549.1.9.1',
  GN: '2.5.4.42',
  L: '2.5.4.7',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  SN: '2.5.4.4',
  serialNumber: '2.5.4.5',
  ST: '2.5.4.8',
  STREET: '2.5.4.9',
  T: '2.5.4.12',
  UID: '0.9.2342.19200300.100.1.1',
  dnQualifier: '2.5.4.46',
  generationQualifier: '2.5.4.44',
  initials: '2.5.4.43',
  pseudonym: '2.5.4.65',
} as const;

/** Short name of an attribute type, as `rfc2253` prints it. */
export type AttributeShortName = keyof typeof attributeOids;

/** Other names in use for the same attribute types: what a specifier may say, never what is printed. */
export const attributeAliases: Readonly<Record<string, AttributeShortName>> = {
  E: 'emailAddress',
  givenName: 'GN',
  surname: 'SN',
  title: 'T',
};

const shortNames: ReadonlyMap<string, AttributeShortName> = new Map(
  // Object.entries widens the keys of the table above; they are its own.
  Object.entries(attributeOids).map(([name, oid]) => [oid, name as AttributeShortName]),
);

/** Short name of a dotted OID, or undefined for a type without one. */
export function shortNameOf(oid: string): AttributeShortName | undefined {
  return shortNames.get(oid);
}
