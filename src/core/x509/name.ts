// Distinguished names: parsed once, with a normalised key by which two names are equal, and text as of RFC 2253.
// Spec: RFC 5280 §4.1.2.4 (form), §7.1 (comparison), RFC 2253 (text).
import { Buffer } from 'node:buffer';
import { type AttributeShortName, shortNameOf } from './attribute-types.ts';
import { children, type Element, expectTag, fieldsOf, hexOf, oidOf, refuse, sequenceOf, tags } from './der.ts';
import { stringOf } from './strings.ts';

/** One attribute of a relative distinguished name. */
export interface NameAttribute {
  /** Dotted. */
  readonly oid: string;
  /** Short name, for types that have one. */
  readonly type: AttributeShortName | undefined;
  /** Text; for a value that is no character string, `#` and the lower-case hex of its DER. */
  readonly value: string;
  /** Identifier octet of the value. */
  readonly tag: number;
  /** DER of the value with its header. */
  readonly raw: Uint8Array;
}

/** A distinguished name in the order of its DER (usually country first, common name last). */
export interface Name {
  readonly rdns: readonly (readonly NameAttribute[])[];
  /** All attributes, RDN by RDN. */
  readonly attributes: readonly NameAttribute[];
  /** One comparison key per RDN: equal keys, equal RDNs. */
  readonly rdnKeys: readonly string[];
  /** Comparison key of the whole: two names are equal exactly when their keys are. */
  readonly key: string;
  readonly raw: Uint8Array;
  /** The name as text, last RDN first; made on first use. See {@link rfc2253}. */
  text(): string;
}

/** Reads a Name; throws DerError. */
export function nameOf(element: Element): Name {
  const rdns: (readonly NameAttribute[])[] = [];
  const attributes: NameAttribute[] = [];
  for (const one of sequenceOf(element)) {
    const rdn = rdnOf(one);
    rdns.push(rdn);
    attributes.push(...rdn);
  }
  const rdnKeys = rdns.map(foldedKey);
  let text: string | undefined;
  return Object.freeze({
    rdns,
    attributes,
    rdnKeys,
    key: rdnKeys.join(','),
    raw: element.raw,
    text() {
      text ??= textOf(rdns);
      return text;
    },
  });
}

function rdnOf(element: Element): readonly NameAttribute[] {
  const attributes = children(expectTag(element, tags.set)).map(attributeOf);
  // Ours: the order inside a SET OF is not enforced; issuers get it wrong, and the key below sorts.
  return attributes.length > 0 ? attributes : refuse('empty relative distinguished name');
}

const foldedKey = (rdn: readonly NameAttribute[]) => rdnKey(rdn, fold);

function attributeOf(element: Element): NameAttribute {
  const fields = fieldsOf(element);
  const oid = oidOf(fields.next(tags.oid));
  const value = fields.next();
  fields.end();
  const { tag } = value;
  const type = shortNameOf(oid);
  const text = stringOf(value);
  // Spec: RFC 5280 appendix A.1: all types that have a name here are text. Ours: of others, those are read that are in use
  // (unique identifiers, postal addresses); OpenSSL reads no more of them.
  if (text === undefined && type !== undefined) refuse(`${type} that is no character string`);
  if (text === undefined && tag !== tags.bitString && tag !== tags.sequence)
    refuse('attribute value of a strange type');
  return new Attribute(oid, type, text ?? `#${hexOf(value.raw)}`, value);
}

/** An attribute as it was read. A class for the view alone: few attributes are ever compared by their bytes. */
class Attribute implements NameAttribute {
  readonly oid: string;
  readonly type: AttributeShortName | undefined;
  readonly value: string;
  readonly tag: number;
  readonly #element: Element;

  constructor(oid: string, type: AttributeShortName | undefined, value: string, element: Element) {
    this.oid = oid;
    this.type = type;
    this.value = value;
    this.tag = element.tag;
    this.#element = element;
  }

  get raw(): Uint8Array {
    return this.#element.raw;
  }
}

function rdnKey(attributes: readonly NameAttribute[], folding: (value: string) => string): string {
  const [only] = attributes;
  if (only && attributes.length === 1) return attributeKey(only, folding);
  return attributes
    .map((attribute) => attributeKey(attribute, folding))
    .sort()
    .join('+');
}

// The lengths make the join unambiguous: no value can spell another attribute.
function attributeKey({ oid, value, tag }: NameAttribute, folding: (value: string) => string): string {
  if (!isString(tag)) return `${oid}#${value.length}:${value}`;
  const folded = folding(value);
  return `${oid}=${folded.length}:${folded}`;
}

function isString(tag: number): boolean {
  return stringTags.has(tag);
}

const stringTags: ReadonlySet<number> = new Set([
  tags.utf8String,
  tags.numericString,
  tags.printableString,
  tags.teletexString,
  tags.ia5String,
  tags.universalString,
  tags.bmpString,
]);

// Spec: RFC 5280 §7.1 by way of RFC 4518 §2: mapped (white space to spaces, what is not seen to nothing, case folded),
// normalised, spaces trimmed and collapsed. Ours: what RFC 4518 prohibits is compared like the rest.
function fold(value: string): string {
  if (plainAscii.test(value)) return value.toLowerCase();
  const seen = value.replace(unseen, '');
  if (manyMarks.test(seen)) refuse('more combining marks in a row than any text has');
  return foldCase(seen)
    .normalize('NFKC')
    .replace(/[\s\x85]+/g, ' ')
    .trim();
}

// Spec: UAX #15 §13 (Stream-Safe Text Format): no more than 30 in a row. Putting them in order takes the square of their
// number: a certificate full of them would take a second. The two of half width fall apart into marks.
const manyMarks = /[\p{M}\uff9e\uff9f]{31}/u;

/** What every reader of certificates folds: the case of ASCII letters, and white space. */
function foldPlainly(value: string): string {
  return value
    .replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase())
    .replace(/[\t-\r ]+/g, ' ')
    .replace(/^ | $/g, '');
}

/** Full case folding: by way of capitals, so that `ß` is `ss`; the two small sigmas are one. */
function foldCase(value: string): string {
  return value.normalize('NFKC').toUpperCase().toLowerCase().replaceAll('ς', 'σ');
}

/** Control and format characters, variation selectors and the like; TAB, LF, VT, FF, CR and NEL are white space instead. */
const unseen = /(?![\t-\r\x85])[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\ufffc]/gu;

/** Printable ASCII with single spaces inside, which folding changes in its case alone: the common value, at a third of the cost. */
const plainAscii = /^[!-~]+(?: [!-~]+)*$/;

/** Whether the name has no RDN at all. */
export function isEmpty(name: Name): boolean {
  return name.rdns.length === 0;
}

/** Whether two names are equal. Spec: RFC 5280 §7.1 */
export function namesEqual(a: Name, b: Name): boolean {
  return a.key === b.key;
}

/** A name, or a part of one. */
type Written = Pick<Name, 'rdns'> & { readonly raw?: Uint8Array };

/**
 * Whether two equal names are written alike, but for the case of ASCII letters and white space. Ours: names that only the
 * mappings of RFC 4518 make equal are two names to other readers, and to the eye; that they are equal lets nobody in.
 */
export function isWrittenAlike(a: Written, b: Written): boolean {
  if (a.raw !== undefined && b.raw !== undefined && isEqual(a.raw, b.raw)) return true;
  return a.rdns.length === b.rdns.length && a.rdns.every((rdn, at) => isSameRdn(rdn, b.rdns[at] ?? []));
}

function isSameRdn(a: readonly NameAttribute[], b: readonly NameAttribute[]): boolean {
  const isSame = a.length === b.length && a.every(({ raw, oid }, at) => oid === b[at]?.oid && isEqual(raw, b[at].raw));
  return isSame || rdnKey(a, foldPlainly) === rdnKey(b, foldPlainly);
}

const isEqual = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** Whether `name` lies in the subtree of `base`: its first RDNs are the RDNs of `base`. Spec: RFC 5280 §4.2.1.10 */
export function isWithin(name: Name, base: Name): boolean {
  return base.rdnKeys.length <= name.rdnKeys.length && base.rdnKeys.every((key, at) => key === name.rdnKeys[at]);
}

/** The name as text, last RDN first, `CN=client,OU=A`; types without a short name are `OID=#hex of DER`. Spec: RFC 2253 */
export function rfc2253(name: Name): string {
  return name.text();
}

function textOf(rdns: Name['rdns']): string {
  let text = '';
  for (const rdn of rdns) {
    const [only] = rdn;
    const own = only && rdn.length === 1 ? attributeText(only) : rdn.map(attributeText).join('+');
    text = text === '' ? own : `${own},${text}`;
  }
  return text;
}

/** A value with nothing in it that RFC 2253 escapes: letters, digits and marks that mean nothing, spaces inside. */
const plainText = /^[\w./:@=()'?&*-]+(?: [\w./:@=()'?&*-]+)*$/;

function attributeText(attribute: NameAttribute): string {
  const { oid, type, value, tag } = attribute;
  if (type === undefined || !isString(tag)) return `${type ?? oid}=#${hexOf(attribute.raw)}`;
  if (plainText.test(value)) return `${type}=${value}`;
  const escaped = value
    .replace(/[,+"\\<>;]/g, '\\$&')
    .replace(/ $/, '\\ ')
    .replace(/^[ #]/, '\\$&');
  return `${type}=${escaped.replace(/\p{Cc}/gu, hexPairs)}`;
}

function hexPairs(control: string): string {
  return Buffer.from(control).toString('hex').replace(/../g, '\\$&');
}
