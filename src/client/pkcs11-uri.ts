// A PKCS #11 URI: which object on which token, and what opens it. Spec: RFC 7512 §2.3
import { Buffer } from 'node:buffer';

/** What a URI says; what it does not say matches everything. */
export type Pkcs11Uri = {
  /** Attributes of the token, as the module tells them without padding: token, manufacturer, serial, model. */
  readonly token: Readonly<Record<string, string>>;
  /** CKA_LABEL. */
  readonly object?: string;
  /** CKA_ID. */
  readonly id?: Uint8Array;
  readonly slotId?: number;
  readonly pinValue?: string;
  /** Path of a file whose first line is the PIN. */
  readonly pinSource?: string;
  readonly modulePath?: string;
};

export type ParsedPkcs11Uri =
  | { readonly ok: true; readonly uri: Pkcs11Uri }
  /** `detail`: a clause that names the attribute, never its value. */
  | { readonly ok: false; readonly detail: string };

const pathAttributes = ['token', 'manufacturer', 'serial', 'model', 'object', 'id', 'slot-id', 'type'];
// Attributes of the library narrow nothing: one library is loaded.
const ignored = [
  'library-manufacturer',
  'library-description',
  'library-version',
  'slot-description',
  'slot-manufacturer',
];
const queryAttributes = ['pin-value', 'pin-source', 'module-path', 'module-name'];

/** Whether a certificate or key is named by a URI and not by a path. */
export function isPkcs11Uri(text: string): boolean {
  return /^pkcs11:/i.test(text);
}

/** Reads the URI; refuses what it does not know, since an attribute that is passed over would match too much. */
export function parsePkcs11Uri(text: string): ParsedPkcs11Uri {
  const [path = '', query = '', ...more] = text.slice('pkcs11:'.length).split('?');
  if (!isPkcs11Uri(text) || more.length > 0)
    return { ok: false, detail: 'it does not have the form pkcs11:PATH[?QUERY]' };
  const found = new Map<string, string>();
  for (const [part, separator, known] of [
    [path, ';', [...pathAttributes, ...ignored]],
    [query, '&', queryAttributes],
  ] as const) {
    for (const attribute of part.split(separator).filter((piece) => piece !== '')) {
      const detail = addAttribute(found, attribute, known);
      if (detail !== undefined) return { ok: false, detail };
    }
  }
  return uriOf(found);
}

function addAttribute(found: Map<string, string>, attribute: string, known: readonly string[]): string | undefined {
  const at = attribute.indexOf('=');
  const name = at < 0 ? attribute : attribute.slice(0, at);
  if (at < 0 || !known.includes(name)) return `its attribute \`${name}\` is not known`;
  if (found.has(name)) return `its attribute \`${name}\` stands twice`;
  const value = attribute.slice(at + 1);
  if (/%(?![0-9a-f]{2})/i.test(value)) return `its attribute \`${name}\` has a \`%\` without two hexadecimal digits`;
  found.set(name, value);
  return undefined;
}

function uriOf(found: ReadonlyMap<string, string>): ParsedPkcs11Uri {
  const text = (name: string) => {
    const value = found.get(name);
    return value === undefined ? undefined : unescaped(value).toString('utf8');
  };
  const slot = text('slot-id');
  if (slot !== undefined && !/^\d{1,10}$/.test(slot))
    return { ok: false, detail: 'its attribute `slot-id` is no number' };
  const source = text('pin-source');
  const pinSource = source?.replace(/^file:(?:\/\/(?=\/))?/, '');
  if (source !== undefined && !pinSource?.startsWith('/'))
    return { ok: false, detail: 'its attribute `pin-source` is not file: and an absolute path' };
  const id = found.get('id');
  const token = ['token', 'manufacturer', 'serial', 'model'].flatMap((name): [string, string][] => {
    const value = text(name);
    return value === undefined ? [] : [[name, value]];
  });
  return {
    ok: true,
    uri: {
      token: Object.fromEntries(token),
      ...defined({ object: text('object'), pinValue: text('pin-value'), pinSource, modulePath: text('module-path') }),
      ...(id !== undefined && { id: unescaped(id) }),
      ...(slot !== undefined && { slotId: Number(slot) }),
    },
  };
}

function defined<T extends object>(members: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  // What is left has no undefined member.
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: Exclude<T[Name], undefined>;
  };
}

/** Bytes: `id` is binary, everything else UTF-8. */
function unescaped(value: string): Buffer {
  const escaped = value.replace(/%([0-9a-f]{2})|([^%]+)/gi, (_, hex: string | undefined, plain: string | undefined) =>
    hex === undefined ? Buffer.from(plain ?? '').toString('latin1') : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(escaped, 'latin1');
}
