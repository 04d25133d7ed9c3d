// raw-verify: one signature or MAC over one message, no request around it. Names of algorithms are taken in the spellings
// of Wycheproof, of JCA and of AWS; case and separators do not matter, and SHA-256 is meant when no hash is named.
import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  ecdsaDer,
  type HashName,
  mlDsa,
  rsaPkcs1,
  type Scheme,
  verifyRaw,
  X509_ALGORITHMS,
} from '../../src/core/signature/algorithms.ts';
import { invalid, type JsonObject, optionalText, text, type Verdict } from './subcommand.ts';

type Method =
  | { readonly kind: 'signature'; readonly scheme: Scheme }
  | { readonly kind: 'mac'; readonly hash: HashName; readonly mayTruncate: boolean };

const UNSUPPORTED = invalid('UnsupportedAlgorithm');

/** Members read: `algorithm`, `spki` (hex DER) or, for MACs, `key` (hex), `msg`, `sig` (hex). */
export function rawVerify(line: JsonObject): Verdict {
  const method = methodOf(text(line, 'algorithm'));
  if (method === undefined) return UNSUPPORTED;
  const message = hexBytes(optionalText(line, 'msg') ?? '');
  const signature = hexBytes(optionalText(line, 'sig') ?? '');
  if (message === undefined || signature === undefined) return invalid('MalformedHex');
  const key = hexBytes(optionalText(line, method.kind === 'mac' ? 'key' : 'spki') ?? '');
  if (key === undefined) return invalid('malformedKey');
  if (method.kind === 'mac')
    return macMatches(method, key, message, signature) ? { result: 'valid' } : invalid('mismatch');
  const verdict = verifyRaw(method.scheme, key, message, signature);
  return verdict.ok ? { result: 'valid' } : invalid(verdict.reason);
}

function methodOf(algorithm: string): Method | undefined {
  const name = algorithm.toLowerCase().replaceAll(/[^0-9a-z]/g, '');
  if (name === 'aws4hmacsha256') return { kind: 'mac', hash: 'sha256', mayTruncate: false };
  for (const [row, scheme] of Object.entries(X509_ALGORITHMS))
    if (name === row.toLowerCase().replaceAll('-', '')) return { kind: 'signature', scheme };
  const mlDsaSet = /^mldsa(44|65|87)?/.exec(name);
  if (mlDsaSet) return { kind: 'signature', scheme: mlDsaSet[1] ? mlDsa([`ml-dsa-${mlDsaSet[1]}`]) : mlDsa() };
  const hash = hashOf(name);
  if (hash === undefined || /pss|p1363|ed25519|ed448|aws4/.test(name)) return undefined;
  if (name.includes('hmac')) return { kind: 'mac', hash, mayTruncate: true };
  if (name.includes('ecdsa')) return { kind: 'signature', scheme: ecdsaDer(hash) };
  if (name.includes('rsa')) return { kind: 'signature', scheme: rsaPkcs1(hash) };
  return undefined;
}

function hashOf(name: string): HashName | undefined {
  const [, digits] = /sha(?:2(?=224|256|384|512))?(\d+)/.exec(name) ?? [];
  switch (digits ?? (name.includes('sha') || /md\d/.test(name) ? 'other' : '256')) {
    case '256':
      return 'sha256';
    case '384':
      return 'sha384';
    case '512':
      return 'sha512';
    default:
      return undefined;
  }
}

/**
 * Ours: a MAC cut short counts when it keeps at least half of the digest, the bound of RFC 2104 §5 and the tag sizes of
 * Wycheproof; under its AWS4 name only the whole counts.
 */
function macMatches(
  { hash, mayTruncate }: Method & { kind: 'mac' },
  key: Uint8Array,
  message: Uint8Array,
  tag: Uint8Array,
): boolean {
  const digest = createHmac(hash, key).update(message).digest();
  const least = mayTruncate ? digest.length / 2 : digest.length;
  if (tag.length < least || tag.length > digest.length) return false;
  return timingSafeEqual(digest.subarray(0, tag.length), tag);
}

function hexBytes(digits: string): Buffer | undefined {
  return /^(?:[0-9A-Fa-f]{2})*$/.test(digits) ? Buffer.from(digits, 'hex') : undefined;
}
