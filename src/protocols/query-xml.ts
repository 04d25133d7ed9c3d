// The Query protocol: `Action` and flat parameters in a form or query string, answers in XML.
// AWS doc: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
import { commonError, type ServiceError } from '../contract/error.ts';
import { secondsText } from '../contract/instant.ts';
import { type AnyStructure, membersOf, nothing, type Shape } from '../contract/shape.ts';
import {
  bytesOf,
  formPairs,
  type HeaderPair,
  instantOf,
  integerOf,
  type Protocol,
  retryAfter,
  textOf,
  type WireRequest,
} from './protocol.ts';

/** List items at most in one parameter. Ours: far above every limit of AWS's shapes. */
const maxItems = 1000;

export const queryXml: Protocol = {
  parse(operation, request) {
    const root = tree(parameters(request));
    return structureValue(operation.input, root, '');
  },

  respond(service, operation, output, requestId) {
    const { name } = operation;
    // AWS seen: no element where the model has no output; an empty one where it has one without members.
    const result = operation.output === nothing ? '' : element(`${name}Result`, content(operation.output, output));
    const metadata = element('ResponseMetadata', element('RequestId', escaped(requestId)));
    return {
      status: 200,
      headers: headersOf(requestId),
      body: `<${name}Response xmlns="${service.xmlNamespace}">${result}${metadata}</${name}Response>`,
    };
  },

  refuse(error, requestId, xmlNamespace) {
    const type = error.status >= 500 ? 'Receiver' : 'Sender';
    const detail = `${element('Type', type)}${element('Code', error.code)}${element('Message', escaped(error.message))}`;
    const id = element('RequestId', escaped(requestId));
    return {
      status: error.status,
      headers: [...headersOf(requestId), ...retryAfter(error)],
      body: `<ErrorResponse xmlns="${xmlNamespace}">${element('Error', detail)}${id}</ErrorResponse>`,
    };
  },
};

/**
 * The request's parameters: the query's, and for a POST the form's. Throws the serialization error when an escape is
 * malformed, or a name is given twice. `Ours:` a repeated name is refused, so that no two readers can differ on it.
 */
export function parameters(request: WireRequest): ReadonlyMap<string, string> {
  // Whoever finds the operation and whoever reads its input ask for the same.
  const known = read.get(request);
  if (known !== undefined) return known;
  const found = readParameters(request);
  read.set(request, found);
  return found;
}

const read = new WeakMap<WireRequest, ReadonlyMap<string, string>>();

function readParameters(request: WireRequest): ReadonlyMap<string, string> {
  const form = request.method === 'POST' ? textOf(request.body) : '';
  const pairs = form === undefined ? undefined : pairsOf(request.rawQuery, form);
  if (pairs === undefined) throw malformed('The query string is malformed.');
  const found = new Map<string, string>();
  for (const [name, value] of pairs) {
    if (found.has(name)) throw malformed(`The parameter ${name.slice(0, 200)} is given more than once.`);
    found.set(name, value);
  }
  return found;
}

function pairsOf(query: string, form: string): readonly HeaderPair[] | undefined {
  const [one, other] = [formPairs(query), formPairs(form)];
  return one && other && [...one, ...other];
}

function headersOf(requestId: string): [string, string][] {
  return [
    ['content-type', 'text/xml'],
    ['x-amzn-requestid', requestId],
  ];
}

function malformed(detail: string): ServiceError {
  return commonError('serialization', 'query', detail);
}

/** Parameters by the dots of their names: `Tags.member.1.Key` is four steps. */
type Tree = { value?: string; readonly branches: Map<string, Tree> };

function tree(pairs: ReadonlyMap<string, string>): Tree {
  const root: Tree = { branches: new Map() };
  for (const [name, value] of pairs) {
    let place = root;
    // No shape is deeper than this; what is deeper cannot be a member.
    for (const step of name.split('.', 16)) {
      const next: Tree = place.branches.get(step) ?? { branches: new Map() };
      place.branches.set(step, next);
      place = next;
    }
    place.value = value;
  }
  return root;
}

function structureValue(shape: AnyStructure, place: Tree, at: string): object {
  const value: Record<string, unknown> = {};
  for (const [name, member] of membersOf(shape)) {
    const branch = place.branches.get(name);
    if (branch !== undefined) value[name] = itemOf(member.shape, branch, at + name);
  }
  return value;
}

function itemOf(shape: Shape, place: Tree, at: string): unknown {
  const text = place.value ?? '';
  switch (shape.kind) {
    case 'string':
      return text;
    case 'integer':
      return integerOf(text) ?? fail(at, 'an integer');
    case 'boolean':
      return text === 'true' || (text === 'false' ? false : fail(at, 'true or false'));
    case 'timestamp':
      return instantOf(text) ?? fail(at, 'a timestamp');
    case 'blob':
      return bytesOf(text) ?? fail(at, 'base64');
    case 'list':
      return items(place.branches.get('member'), at).map((item, index) =>
        itemOf(shape.member, item, `${at}.member.${index + 1}`),
      );
    case 'map':
      return Object.fromEntries(
        items(place.branches.get('entry'), at).map((entry) => [
          entry.branches.get('key')?.value ?? fail(at, 'a map whose entries have keys'),
          itemOf(shape.value, entry.branches.get('value') ?? fail(at, 'a map whose entries have values'), at),
        ]),
      );
    case 'structure':
      return structureValue(shape, place, `${at}.`);
  }
}

/** The numbered branches in the order of their numbers. */
function items(place: Tree | undefined, at: string): readonly Tree[] {
  const branches = [...(place?.branches ?? [])];
  if (branches.length > maxItems) fail(at, `a list of at most ${maxItems} items`);
  return branches
    .map(([number, branch]) => [/^[1-9]\d{0,5}$/.test(number) ? Number(number) : fail(at, 'numbered'), branch] as const)
    .sort(([one], [other]) => one - other)
    .map(([, branch]) => branch);
}

function fail(at: string, wanted: string): never {
  throw malformed(`${at.slice(0, 200)} must be ${wanted}`);
}

function content(shape: Shape, value: unknown): string {
  switch (shape.kind) {
    case 'string':
    case 'integer':
    case 'boolean':
      return escaped(String(value));
    case 'timestamp':
      return value instanceof Date ? secondsText(value) : '';
    case 'blob':
      return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : '';
    case 'list':
      return Array.isArray(value) ? value.map((item) => element('member', content(shape.member, item))).join('') : '';
    case 'map':
      return Object.entries(Object(value))
        .map(([key, item]) =>
          element('entry', element('key', escaped(key)) + element('value', content(shape.value, item))),
        )
        .join('');
    case 'structure':
      return membersOf(shape)
        .map(([name, member]) => [name, member.shape, Object(value)[name]] as const)
        .filter(([, , inner]) => inner !== undefined)
        .map(([name, inner, item]) => element(name, content(inner, item)))
        .join('');
  }
}

function element(name: string, inner: string): string {
  return inner === '' ? `<${name}/>` : `<${name}>${inner}</${name}>`;
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#xD;',
};

/** What stands for itself in XML: printable ASCII without markup. */
const plainText = /^[ !#-%'-;=?-~]*$/;

/** Text as XML 1.0 can carry it; a character that XML forbids becomes U+FFFD. Spec: XML 1.0 §2.2. */
function escaped(text: string): string {
  if (plainText.test(text)) return text;
  return (
    text
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to replace
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
      .replace(/[&<>"\r]/g, (character) => escapes[character] ?? character)
  );
}
