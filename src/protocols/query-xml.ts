// The Query protocol: `Action` and flat parameters in a form or query string, answers in XML. Each shape is made into a
// reader and a writer once.
// AWS doc: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
import { commonError, type ServiceError } from '../contract/error.ts';
import { secondsText } from '../contract/instant.ts';
import type { Operation } from '../contract/operation.ts';
import { type AnyStructure, byShape, isView, membersOf, nothing, type Shape } from '../contract/shape.ts';
import { type AnswerBody, bodyText, joined } from './answer-body.ts';
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
import { viewTexts } from './view-texts.ts';

/** List items at most in one parameter. Ours: far above every limit of AWS's shapes. */
const maxItems = 1000;

export const queryXml: Protocol = {
  parse(operation, request) {
    return inputReader(operation.input)(tree(parameters(request)), '');
  },

  respond(service, operation, output, requestId) {
    const { start, result, write, end } = frameOf(operation);
    const answer = joined(start + service.xmlNamespace, within(result, write(output)));
    return { status: 200, headers: headersOf(requestId), body: joined(answer, escaped(requestId) + end) };
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

/** What stands around an answer of an operation: up to the namespace, from there to the id, and behind it. */
type Frame = { readonly start: string; readonly result: Tags; readonly write: Write; readonly end: string };

const frames = new WeakMap<Operation<never>, Frame>();

function frameOf(operation: Operation<never>): Frame {
  const known = frames.get(operation);
  if (known !== undefined) return known;
  const frame = newFrame(operation);
  frames.set(operation, frame);
  return frame;
}

/** AWS seen: no result where the model has no output; an empty one where it has one without members. */
function newFrame({ name, output }: Operation<never>): Frame {
  const { open, close, empty } = tagsOf(`${name}Result`);
  const id = '<ResponseMetadata><RequestId>';
  return {
    start: `<${name}Response xmlns="`,
    result: { open: `">${open}`, close: close + id, empty: `">${output === nothing ? '' : empty}${id}` },
    write: writerOf(output),
    end: `</RequestId></ResponseMetadata></${name}Response>`,
  };
}

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

const contentType: HeaderPair = Object.freeze(['content-type', 'text/xml']);

function headersOf(requestId: string): readonly HeaderPair[] {
  return [contentType, ['x-amzn-requestid', requestId]];
}

function malformed(detail: string): ServiceError {
  return commonError('serialization', 'query', detail);
}

/** Parameters by the dots of their names: `Tags.member.1.Key` is four steps. */
type Tree = { value: string | undefined; branches: Map<string, Tree> | undefined };

function tree(pairs: ReadonlyMap<string, string>): Tree {
  const root: Tree = { value: undefined, branches: new Map() };
  for (const [name, value] of pairs) {
    let place = root;
    // No shape is deeper than this; what is deeper cannot be a member.
    for (const step of name.includes('.') ? name.split('.', 16) : [name]) place = branchOf(place, step);
    place.value = value;
  }
  return root;
}

function branchOf(place: Tree, step: string): Tree {
  place.branches ??= new Map();
  const known = place.branches.get(step);
  if (known !== undefined) return known;
  const next: Tree = { value: undefined, branches: undefined };
  place.branches.set(step, next);
  return next;
}

/** Reads the value that stands at `at`; throws the serialization error where it is none of its shape. */
type Read = (place: Tree, at: string) => unknown;

const inputReader: (shape: AnyStructure) => (place: Tree, at: string) => object = byShape((shape) => {
  // Made at the first value, for a shape may contain itself.
  let fields: readonly { readonly name: string; readonly read: Read }[] | undefined;
  return (place, at) => {
    fields ??= membersOf(shape).map(([name, member]) => ({ name, read: readerOf(member.shape) }));
    const value: Record<string, unknown> = {};
    for (const { name, read } of fields) {
      const branch = place.branches?.get(name);
      if (branch !== undefined) value[name] = read(branch, at + name);
    }
    return value;
  };
});

const readerOf: (shape: Shape) => Read = byShape((shape) => {
  switch (shape.kind) {
    case 'string':
      return ({ value = '' }) => value;
    case 'integer':
      return ({ value = '' }, at) => integerOf(value) ?? fail(at, 'an integer');
    case 'boolean':
      return ({ value }, at) => value === 'true' || (value === 'false' ? false : fail(at, 'true or false'));
    case 'timestamp':
      return ({ value = '' }, at) => instantOf(value) ?? fail(at, 'a timestamp');
    case 'blob':
      return ({ value = '' }, at) => bytesOf(value) ?? fail(at, 'base64');
    case 'list': {
      const read = readerOf(shape.member);
      return (place, at) =>
        items(place.branches?.get('member'), at).map((item, index) => read(item, `${at}.member.${index + 1}`));
    }
    case 'map':
      return mapReader(readerOf(shape.value));
    case 'structure': {
      const read = inputReader(shape);
      return (place, at) => read(place, `${at}.`);
    }
  }
});

function mapReader(read: Read): Read {
  return (place, at) =>
    Object.fromEntries(
      items(place.branches?.get('entry'), at).map((entry) => [
        entry.branches?.get('key')?.value ?? fail(at, 'a map whose entries have keys'),
        read(entry.branches?.get('value') ?? fail(at, 'a map whose entries have values'), at),
      ]),
    );
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

/** Writes what stands inside an element. */
type Write = (value: unknown) => AnswerBody;

const writerOf: (shape: Shape) => Write = byShape((shape) => {
  switch (shape.kind) {
    case 'string':
    case 'integer':
    case 'boolean':
      return (value) => escaped(String(value));
    case 'timestamp':
      return (value) => (value instanceof Date ? secondsText(value) : '');
    case 'blob':
      return (value) => (value instanceof Uint8Array ? Buffer.from(value).toString('base64') : '');
    case 'list': {
      const write = writerOf(shape.member);
      const writeItems = (items: readonly unknown[]) => {
        let text = '';
        for (const item of items) text += element('member', bodyText(write(item)));
        return text;
      };
      const writeList = isView(shape.member) ? remembered(writeItems) : writeItems;
      return (value) => (Array.isArray(value) ? writeList(value) : '');
    }
    case 'map': {
      const write = writerOf(shape.value);
      return (value) => {
        let text = '';
        for (const [key, item] of Object.entries(Object(value))) {
          text += element('entry', element('key', escaped(key)) + element('value', bodyText(write(item))));
        }
        return text;
      };
    }
    case 'structure':
      return isView(shape) ? viewWriter(structureWriter(shape)) : structureWriter(shape);
  }
});

const remembered = viewTexts();

function viewWriter(write: (document: object) => AnswerBody): Write {
  const writeView = remembered(write);
  return (value) => writeView(Object(value));
}

function structureWriter(shape: AnyStructure): Write {
  // Made at the first value, for a shape may contain itself.
  let fields: readonly { readonly name: string; readonly write: Write; readonly tags: Tags }[] | undefined;
  return (value) => {
    fields ??= membersOf(shape).map(([name, member]) => ({ name, write: writerOf(member.shape), tags: tagsOf(name) }));
    const values = shape.show === undefined ? Object(value) : shape.show(value);
    let text: AnswerBody = '';
    for (const { name, write, tags } of fields) {
      const member = values[name];
      if (member !== undefined) text = joined(text, within(tags, write(member)));
    }
    return text;
  };
}

/** What is written before and behind what an element holds, and in the place of an element that holds nothing. */
type Tags = { readonly open: string; readonly close: string; readonly empty: string };

function tagsOf(name: string): Tags {
  return { open: `<${name}>`, close: `</${name}>`, empty: `<${name}/>` };
}

function within({ open, close, empty }: Tags, inner: AnswerBody): AnswerBody {
  if (typeof inner !== 'string') return joined(joined(open, inner), close);
  return inner === '' ? empty : open + inner + close;
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

/** What may not stand for itself in XML: all but printable ASCII without markup. Found sooner than a text without it. */
const notPlain = /[^ !#-%'-;=?-~]/;

/** Text as XML 1.0 can carry it; a character that XML forbids becomes U+FFFD. Spec: XML 1.0 §2.2. */
function escaped(text: string): string {
  if (!notPlain.test(text)) return text;
  return (
    text
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to replace
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
      .replace(/[&<>"\r]/g, (character) => escapes[character] ?? character)
  );
}
