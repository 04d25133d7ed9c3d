// REST-JSON 1: labels in the path, members in query, headers or a JSON body; errors named in a header.
// AWS doc: https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
import { commonError, type ServiceError } from '../contract/error.ts';
import { isoText, secondsText } from '../contract/instant.ts';
import { type Member, membersOf, type Shape } from '../contract/shape.ts';
import {
  bytesOf,
  formPairs,
  header,
  instantOf,
  integerOf,
  isInt32,
  type Labels,
  type Protocol,
  retryAfter,
  textOf,
  type WireRequest,
} from './protocol.ts';

export const restJson: Protocol = {
  parse(operation, request, labels) {
    const members = membersOf(operation.input);
    const query = formPairs(request.rawQuery);
    if (query === undefined) throw malformed('the query string has a malformed escape');
    const hasBody = members.some(([name, { in: place }]) => place.startsWith('body') && !(name in labels));
    const takesBody = hasBody || members.some(([, { in: place }]) => place === 'queryOrBody');
    const body = takesBody ? jsonObject(request.body) : {};
    const input: Record<string, unknown> = {};
    for (const [name, member] of members) {
      const value = memberValue(name, member, request, labels, query, body);
      if (value !== undefined) input[name] = value;
    }
    return input;
  },

  respond(_service, operation, output, requestId) {
    return {
      status: operation.address?.status ?? 200,
      headers: headersOf(requestId),
      body: JSON.stringify(jsonOf(operation.output, output)),
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

function headersOf(requestId: string): [string, string][] {
  return [
    ['content-type', 'application/json'],
    ['x-amzn-requestid', requestId],
  ];
}

function malformed(detail: string): ServiceError {
  return commonError('serialization', 'rest-json', detail);
}

function memberValue(
  name: string,
  member: Member,
  request: WireRequest,
  labels: Labels,
  query: readonly (readonly [string, string])[],
  body: Readonly<Record<string, unknown>>,
): unknown {
  const label = labels[name];
  if (label !== undefined) return textValue(member.shape, [label], name);
  const inBody = () => (Object.hasOwn(body, name) ? jsonValue(member.shape, body[name], name) : undefined);
  const inQuery = () => {
    const values: string[] = [];
    for (const [key, value] of query) if (key === name) values.push(value);
    return values.length === 0 ? undefined : textValue(member.shape, values, name);
  };
  switch (member.in) {
    case 'body':
      return inBody();
    case 'query':
      return inQuery();
    case 'header': {
      const value = header(request, (member.wireName ?? name).toLowerCase());
      return value === undefined ? undefined : textValue(member.shape, [value], name);
    }
    case 'queryOrBody': {
      const [one, other] = [inQuery(), inBody()];
      if (one !== undefined && other !== undefined && one !== other) {
        throw commonError(
          'validation',
          'rest-json',
          `${name} stands in the query and in the body with different values`,
        );
      }
      return one ?? other;
    }
  }
}

/** A member that travels as text: a path label, query values or a header. */
function textValue(shape: Shape, values: readonly string[], at: string): unknown {
  if (shape.kind === 'list') return values.map((value) => textValue(shape.member, [value], at));
  const [text = '', ...more] = values;
  if (more.length > 0) throw malformed(`${at} is given more than once`);
  switch (shape.kind) {
    case 'integer':
      return integerOf(text) ?? fail(at, 'an integer');
    case 'boolean':
      return text === 'true' || (text === 'false' ? false : fail(at, 'true or false'));
    case 'timestamp':
      return instantOf(text) ?? fail(at, 'a timestamp');
    case 'string':
      return text;
    case 'blob':
      return bytesOf(text) ?? fail(at, 'base64');
    case 'map':
    case 'structure':
      return fail(at, 'a value that text can carry');
  }
}

function jsonObject(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  if (bytes.length === 0) return {};
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

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value that `json` writes; null is absent. Ours: as a working client sends explicit nulls. */
function jsonValue(shape: Shape, json: unknown, at: string): unknown {
  if (json === null) return undefined;
  switch (shape.kind) {
    case 'string':
      return typeof json === 'string' ? json : fail(at, 'a string');
    case 'integer':
      return typeof json === 'number' && isInt32(json) ? json : fail(at, 'an integer');
    case 'boolean':
      return typeof json === 'boolean' ? json : fail(at, 'a boolean');
    case 'timestamp':
      return (typeof json === 'string' ? instantOf(json) : undefined) ?? fail(at, 'a timestamp');
    case 'blob':
      return (typeof json === 'string' ? bytesOf(json) : undefined) ?? fail(at, 'base64');
    case 'list':
      if (!Array.isArray(json)) return fail(at, 'a list');
      return json.map((item) => jsonValue(shape.member, item, at) ?? fail(at, 'a list without null'));
    case 'map':
      if (!isObject(json)) return fail(at, 'a map');
      return Object.fromEntries(
        Object.entries(json).map(([key, item]) => [key, jsonValue(shape.value, item, at) ?? fail(at, 'without null')]),
      );
    case 'structure': {
      if (!isObject(json)) return fail(at, 'a structure');
      const value: Record<string, unknown> = {};
      for (const [name, member] of membersOf(shape)) {
        const inner = Object.hasOwn(json, name) ? jsonValue(member.shape, json[name], `${at}.${name}`) : undefined;
        if (inner !== undefined) value[name] = inner;
      }
      if (shape.union && Object.keys(value).length !== 1) fail(at, 'a union with exactly one member');
      return value;
    }
  }
}

function fail(at: string, wanted: string): never {
  throw malformed(`${at} must be ${wanted}`);
}

function jsonOf(shape: Shape, value: unknown): unknown {
  switch (shape.kind) {
    case 'string':
    case 'integer':
    case 'boolean':
      return value;
    case 'timestamp':
      // AWS seen: CloudTrail records of 2024-04 carry six fraction digits.
      if (!(value instanceof Date)) return undefined;
      return shape.wholeSeconds ? secondsText(value) : `${isoText(value).slice(0, -1)}000Z`;
    case 'blob':
      return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : undefined;
    case 'list':
      return Array.isArray(value) ? value.map((item) => jsonOf(shape.member, item)) : undefined;
    case 'map':
      return Object.fromEntries(Object.entries(Object(value)).map(([key, item]) => [key, jsonOf(shape.value, item)]));
    case 'structure': {
      const json: Record<string, unknown> = {};
      for (const [name, member] of membersOf(shape)) {
        const inner = Object(value)[name];
        if (inner !== undefined) json[name] = jsonOf(member.shape, inner);
      }
      return json;
    }
  }
}
