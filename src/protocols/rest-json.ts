// REST-JSON 1: labels in the path, members in query, headers or a JSON body; errors named in a header. Each shape is made
// into readers and a writer once.
// AWS doc: https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
import { commonError, type ServiceError } from '../contract/error.ts';
import { microsecondsText, secondsText } from '../contract/instant.ts';
import {
  type AnyStructure,
  byShape,
  holdsViews,
  isView,
  type Member,
  membersOf,
  type Shape,
} from '../contract/shape.ts';
import { type AnswerBody, bodyText, joined } from './answer-body.ts';
import {
  bytesOf,
  formPairs,
  type HeaderPair,
  header,
  instantOf,
  integerOf,
  isInt32,
  type Protocol,
  retryAfter,
  textOf,
  type WireRequest,
} from './protocol.ts';
import { viewTexts } from './view-texts.ts';

export const restJson: Protocol = {
  parse(operation, request, labels) {
    const { fields, isQueryOrBody } = inputOf(operation.input);
    const query = formPairs(request.rawQuery);
    if (query === undefined) throw malformed('the query string has a malformed escape');
    const takesBody = isQueryOrBody || fields.some(({ name, place }) => place === 'body' && !(name in labels));
    const body = takesBody ? jsonObject(request.body) : noBody;
    const input: Record<string, unknown> = {};
    for (const field of fields) {
      const label = labels[field.name];
      const value = label === undefined ? fieldValue(field, request, query, body) : field.readText(label, field.name);
      if (value !== undefined) input[field.name] = value;
    }
    return input;
  },

  respond(_service, operation, output, requestId) {
    return {
      status: operation.address?.status ?? 200,
      headers: headersOf(requestId),
      body: writerOf(operation.output)(output) ?? '{}',
    };
  },

  refuse(error, requestId) {
    return {
      status: error.status,
      headers: [...headersOf(requestId), ['x-amzn-errortype', error.code], ...retryAfter(error)],
      // AWS seen: lower-case `message`, no `__type`; one client reads only this spelling.
      body: JSON.stringify({ message: error.message }),
    };
  },
};

const contentType: HeaderPair = Object.freeze(['content-type', 'application/json']);

function headersOf(requestId: string): readonly HeaderPair[] {
  return [contentType, ['x-amzn-requestid', requestId]];
}

function malformed(detail: string): ServiceError {
  return commonError('serialization', 'rest-json', detail);
}

/** Reads the value that stands at `at`; throws the serialization error where it is none of its shape. */
type ReadText = (text: string, at: string) => unknown;
type ReadTexts = (texts: readonly string[], at: string) => unknown;
type ReadJson = (json: unknown, at: string) => unknown;

/** A member of an input, with all that reads it. */
type Field = {
  readonly name: string;
  readonly place: Member['in'];
  /** The header's name, lower case. */
  readonly header: string;
  readonly readText: ReadText;
  readonly readTexts: ReadTexts;
  readonly readJson: ReadJson;
};

const inputOf = byShape((input: AnyStructure) => {
  const fields = membersOf(input).map(([name, member]) => fieldOf(name, member));
  return { fields, isQueryOrBody: fields.some(({ place }) => place === 'queryOrBody') };
});

function fieldOf(name: string, { shape, in: place, wireName = name }: Member): Field {
  const readTexts = textsReader(shape);
  const readText: ReadText = (text, at) => readTexts([text], at);
  return { name, place, header: wireName.toLowerCase(), readText, readTexts, readJson: jsonReader(shape) };
}

type Json = Readonly<Record<string, unknown>>;
type Query = readonly HeaderPair[];
const noBody: Json = Object.freeze({});

function fieldValue(field: Field, request: WireRequest, query: Query, body: Json): unknown {
  switch (field.place) {
    case 'body':
      return inBody(field, body);
    case 'query':
      return inQuery(field, query);
    case 'header': {
      const value = header(request, field.header);
      return value === undefined ? undefined : field.readText(value, field.name);
    }
    case 'queryOrBody': {
      const [one, other] = [inQuery(field, query), inBody(field, body)];
      if (one === undefined || other === undefined || one === other) return one ?? other;
      const detail = `${field.name} stands in the query and in the body with different values`;
      throw commonError('validation', 'rest-json', detail);
    }
  }
}

function inBody({ name, readJson }: Field, body: Json): unknown {
  return Object.hasOwn(body, name) ? readJson(body[name], name) : undefined;
}

function inQuery({ name, readTexts }: Field, query: Query): unknown {
  const values: string[] = [];
  for (const [key, value] of query) if (key === name) values.push(value);
  return values.length === 0 ? undefined : readTexts(values, name);
}

/** Reads a member that travels as text: a path label, query values or a header. */
const textsReader: (shape: Shape) => ReadTexts = byShape((shape) => {
  if (shape.kind === 'list') {
    const read = textsReader(shape.member);
    return (texts, at) => texts.map((text) => read([text], at));
  }
  const read = textReader(shape);
  return ([text = '', ...more], at) => {
    if (more.length > 0) throw malformed(`${at} is given more than once`);
    return read(text, at);
  };
});

function textReader(shape: Exclude<Shape, { kind: 'list' }>): ReadText {
  switch (shape.kind) {
    case 'string':
      return (text) => text;
    case 'integer':
      return (text, at) => integerOf(text) ?? fail(at, 'an integer');
    case 'boolean':
      return (text, at) => text === 'true' || (text === 'false' ? false : fail(at, 'true or false'));
    case 'timestamp':
      return (text, at) => instantOf(text) ?? fail(at, 'a timestamp');
    case 'blob':
      return (text, at) => bytesOf(text) ?? fail(at, 'base64');
    case 'map':
    case 'structure':
      return (_text, at) => fail(at, 'a value that text can carry');
  }
}

function jsonObject(bytes: Uint8Array): Json {
  if (bytes.length === 0) return noBody;
  const text = textOf(bytes);
  if (text === undefined) throw malformed('the body is not UTF-8');
  const value = parsed(text);
  if (!isObject(value)) throw malformed('the body is not a JSON object');
  return value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which may be secret.
    throw malformed('the body is not well-formed JSON');
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads the value that JSON writes; null is absent. Ours: as a working client sends explicit nulls. */
const jsonReader: (shape: Shape) => ReadJson = byShape((shape) => {
  const read = presentReader(shape);
  return (json, at) => (json === null ? undefined : read(json, at));
});

function presentReader(shape: Shape): ReadJson {
  switch (shape.kind) {
    case 'string':
      return (json, at) => (typeof json === 'string' ? json : fail(at, 'a string'));
    case 'integer':
      return (json, at) => (typeof json === 'number' && isInt32(json) ? json : fail(at, 'an integer'));
    case 'boolean':
      return (json, at) => (typeof json === 'boolean' ? json : fail(at, 'a boolean'));
    case 'timestamp':
      return (json, at) => (typeof json === 'string' ? instantOf(json) : undefined) ?? fail(at, 'a timestamp');
    case 'blob':
      return (json, at) => (typeof json === 'string' ? bytesOf(json) : undefined) ?? fail(at, 'base64');
    case 'list': {
      const read = jsonReader(shape.member);
      return (json, at) => {
        if (!Array.isArray(json)) return fail(at, 'a list');
        return json.map((item) => read(item, at) ?? fail(at, 'a list without null'));
      };
    }
    case 'map': {
      const read = jsonReader(shape.value);
      return (json, at) => {
        if (!isObject(json)) return fail(at, 'a map');
        const entries = Object.entries(json);
        return Object.fromEntries(entries.map(([key, item]) => [key, read(item, at) ?? fail(at, 'without null')]));
      };
    }
    case 'structure':
      return structureReader(shape);
  }
}

function structureReader(shape: AnyStructure): ReadJson {
  // Made at the first value, for a shape may contain itself.
  let fields: readonly { readonly name: string; readonly read: ReadJson }[] | undefined;
  return (json, at) => {
    if (!isObject(json)) return fail(at, 'a structure');
    fields ??= membersOf(shape).map(([name, member]) => ({ name, read: jsonReader(member.shape) }));
    const value: Record<string, unknown> = {};
    for (const { name, read } of fields) {
      const inner = Object.hasOwn(json, name) ? read(json[name], `${at}.${name}`) : undefined;
      if (inner !== undefined) value[name] = inner;
    }
    if (shape.union && Object.keys(value).length !== 1) fail(at, 'a union with exactly one member');
    return value;
  };
}

function fail(at: string, wanted: string): never {
  throw malformed(`${at} must be ${wanted}`);
}

/** Writes the JSON text of a value; undefined where there is nothing to write. */
type Write = (value: unknown) => AnswerBody | undefined;

/** Texts are joined only around those that are remembered. */
const writerOf: (shape: Shape) => Write = byShape((shape) => {
  const toJson = jsonOf(shape);
  const write = (value: unknown) => JSON.stringify(toJson(value));
  if (!holdsViews(shape)) return write;
  if (shape.kind === 'structure') return isView(shape) ? viewWriter(write) : structureWriter(shape);
  return shape.kind === 'list' ? listWriter(shape.member, write) : write;
});

const remembered = viewTexts();

function viewWriter(write: (document: object) => string): Write {
  const writeView = remembered(write);
  return (value) => writeView(Object(value));
}

function structureWriter(shape: AnyStructure): Write {
  // Made at the first value, for a shape may contain itself.
  let fields: readonly { readonly name: string; readonly label: string; readonly write: Write }[] | undefined;
  return (value) => {
    fields ??= membersOf(shape).map(([name, member]) => {
      return { name, label: `${JSON.stringify(name)}:`, write: writerOf(member.shape) };
    });
    const values = Object(value);
    let text: AnswerBody = '{';
    for (const { name, label, write } of fields) {
      const inner = values[name];
      const written = inner === undefined ? undefined : write(inner);
      if (written !== undefined) text = joined(joined(text, text === '{' ? label : `,${label}`), written);
    }
    return joined(text, '}');
  };
}

/** `writeAnew` writes a list without a look at what is remembered. */
function listWriter(member: Shape, writeAnew: (items: readonly unknown[]) => string): Write {
  const write = writerOf(member);
  const writeItems = (items: readonly unknown[]) =>
    items.some(Object.isFrozen)
      ? `[${items.map((item) => bodyText(write(item) ?? 'null')).join(',')}]`
      : writeAnew(items);
  const writeList = isView(member) ? remembered(writeItems) : writeItems;
  return (value) => (Array.isArray(value) ? writeList(value) : undefined);
}

/**
 * The JSON value to write for a value; undefined where there is nothing to write. `Ours:` objects for one JSON.stringify,
 * which is twice as fast as to join the texts of many members.
 */
type ToJson = (value: unknown) => unknown;

const jsonOf: (shape: Shape) => ToJson = byShape((shape) => {
  switch (shape.kind) {
    case 'string':
    case 'integer':
    case 'boolean':
      return itself;
    case 'timestamp': {
      // AWS seen: CloudTrail records of 2024-04 carry six fraction digits.
      const textOf = shape.wholeSeconds ? secondsText : microsecondsText;
      return (value) => (value instanceof Date ? textOf(value) : undefined);
    }
    case 'blob':
      return (value) => (value instanceof Uint8Array ? Buffer.from(value).toString('base64') : undefined);
    case 'list': {
      const toJson = jsonOf(shape.member);
      // Copied, for what is stored is frozen: a frozen list makes JSON.stringify of all around it twice as slow.
      if (toJson === itself) return (value) => (Array.isArray(value) ? [...value] : undefined);
      return (value) => (Array.isArray(value) ? value.map(toJson) : undefined);
    }
    case 'map': {
      const toJson = jsonOf(shape.value);
      return (value) => Object.fromEntries(Object.entries(Object(value)).map(([key, item]) => [key, toJson(item)]));
    }
    case 'structure':
      return structureToJson(shape);
  }
});

const itself: ToJson = (value) => value;

function structureToJson(shape: AnyStructure): ToJson {
  // Made at the first value, for a shape may contain itself.
  let fields: readonly { readonly name: string; readonly toJson: ToJson }[] | undefined;
  return (value) => {
    fields ??= membersOf(shape).map(([name, member]) => ({ name, toJson: jsonOf(member.shape) }));
    const values = shape.show === undefined ? Object(value) : shape.show(value);
    const json: Record<string, unknown> = {};
    for (const { name, toJson } of fields) {
      const inner = values[name];
      if (inner !== undefined) json[name] = toJson(inner);
    }
    return json;
  };
}
