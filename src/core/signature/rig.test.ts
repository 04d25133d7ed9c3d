// Signed requests for this room's tests, and changes to them on their way. Holds no test.
import assert from 'node:assert/strict';
import type { HeaderPair, SignableRequest } from './canonical.ts';
import { presignRequest, signRequest } from './hmac.ts';
import { parseSignature } from './hmac-parse.ts';

export const NOW = new Date('2026-03-01T10:15:30Z');
export const KEYS = {
  accessKeyId: 'AKIAEXAMPLE',
  secretAccessKey: 'secret',
  region: 'eu-west-2',
  service: 'iam',
  now: NOW,
};
export const PLAIN: SignableRequest = {
  method: 'POST',
  path: '/subject/a%20b',
  rawQuery: 'b=2&a=1',
  headers: [
    ['Host', 'iam.example'],
    ['Content-Type', 'text/plain'],
    ['User-Agent', 'test'],
  ],
  body: Buffer.from('body'),
};

export function signed(keys: Partial<Parameters<typeof signRequest>[1]> = {}, request = PLAIN): SignableRequest {
  return { ...request, headers: [...request.headers, ...signRequest(request, { ...KEYS, ...keys })] };
}

export function presigned(keys: Partial<Parameters<typeof presignRequest>[1]> = {}, request = PLAIN): SignableRequest {
  const bare = { ...request, headers: request.headers.slice(0, 1) };
  return { ...bare, rawQuery: presignRequest(bare, { ...KEYS, expiresSeconds: 60, ...keys }) };
}

/** The request with one header replaced, or removed. */
export function header(request: SignableRequest, name: string, value: string | undefined): SignableRequest {
  const rest = request.headers.filter(([known]) => known.toLowerCase() !== name.toLowerCase());
  return { ...request, headers: value === undefined ? rest : [...rest, [name, value]] };
}

/** The request with its Authorization header changed. */
export function edited(
  request: SignableRequest,
  from: string | RegExp,
  to: string | ((found: string) => string),
): SignableRequest {
  const replace = typeof to === 'string' ? () => to : to;
  const change = ([name, value]: HeaderPair): HeaderPair => [
    name,
    name === 'Authorization' ? value.replace(from, replace) : value,
  ];
  return { ...request, headers: request.headers.map(change) };
}

export function parsed(request: SignableRequest) {
  const found = parseSignature(request);
  assert.ok(found.ok, found.ok ? '' : found.reason);
  return found.signature;
}
