// The `request` member of signature cases, as the functions under judgement take it.
import type { HeaderPair, SignableRequest } from '../../src/core/signature/canonical.ts';
import { asObject, BadInput, type JsonObject, optionalText, text } from './subcommand.ts';

/** `{method, path, rawQuery, headers: [[name, value]…], body}`; the body is text, hashed as UTF-8. */
export function requestOf(line: JsonObject): SignableRequest {
  const request = asObject(line.request, '`request`');
  const headers = request.headers ?? [];
  if (!Array.isArray(headers)) throw new BadInput('`headers` is not a list');
  return {
    method: text(request, 'method'),
    path: text(request, 'path'),
    rawQuery: optionalText(request, 'rawQuery') ?? '',
    headers: headers.map(headerPair),
    body: Buffer.from(optionalText(request, 'body') ?? '', 'utf8'),
  };
}

function headerPair(pair: unknown): HeaderPair {
  const [name, value]: unknown[] = Array.isArray(pair) ? pair : [];
  if (typeof name !== 'string' || typeof value !== 'string') throw new BadInput('a header is not a pair of strings');
  return [name, value];
}
