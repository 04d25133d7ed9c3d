// General names: what a subjectAltName lists and what name constraints are about. One row per form.
// Spec: RFC 5280 §4.2.1.6.
import { children, type Element, explicit, fieldsOf, oidOf, refuse } from './der.ts';
import { type Name, nameOf } from './name.ts';
import { ia5, stringOf } from './strings.ts';

/** Forms that carry 7-bit text. */
export type TextForm = 'dns' | 'email' | 'uri';

/** Forms that are recognised and kept as they are. */
export type OpaqueForm = 'otherName' | 'x400Address' | 'ediPartyName' | 'registeredID';

/** One general name; `value` is text, a Name, address bytes (4 or 16), or the element's content for the opaque forms. */
export type GeneralName =
  | { readonly form: TextForm; readonly value: string }
  | { readonly form: 'ip'; readonly value: Uint8Array }
  | { readonly form: 'directoryName'; readonly value: Name }
  | { readonly form: OpaqueForm; readonly value: Uint8Array };

/** The address lengths in bytes that an `ip` name may have: with a mask (name constraints) twice as long. */
export const ipLengths = { address: [4, 16], addressAndMask: [8, 32] } as const;

type Read = (element: Element, ipForm: keyof typeof ipLengths) => GeneralName;

const text =
  (form: TextForm): Read =>
  ({ content }) => ({ form, value: ia5(content) });
const opaque =
  (form: OpaqueForm, check: (element: Element) => unknown): Read =>
  (element) => {
    check(element);
    return { form, value: element.content };
  };

function checkOtherName(element: Element): void {
  const fields = fieldsOf(element, element.tag);
  oidOf(fields.next());
  explicit(fields.next(0xa0));
  fields.end();
}

function checkEdiPartyName(element: Element): void {
  const fields = fieldsOf(element, element.tag);
  for (const party of [fields.optional(0xa0), fields.next(0xa1)])
    if (party && stringOf(explicit(party)) === undefined) refuse('EDI party name that is no text');
  fields.end();
}

const forms: Readonly<Record<number, Read>> = {
  160: opaque('otherName', checkOtherName), // [0]
  129: text('email'),
  130: text('dns'),
  163: opaque('x400Address', children),
  164: (element) => ({ form: 'directoryName', value: nameOf(explicit(element)) }),
  165: opaque('ediPartyName', checkEdiPartyName),
  134: text('uri'),
  135: ({ content }, ipForm) =>
    ipLengths[ipForm].some((length) => length === content.length)
      ? { form: 'ip', value: content }
      : refuse('IP address of impossible length'),
  136: opaque('registeredID', (element) => oidOf(element, element.tag)),
};

/** Reads a GeneralName; throws DerError. */
export function generalNameOf(element: Element, ipForm: keyof typeof ipLengths = 'address'): GeneralName {
  const read = forms[element.tag] ?? refuse('general name of unknown form');
  return Object.freeze(read(element, ipForm));
}
