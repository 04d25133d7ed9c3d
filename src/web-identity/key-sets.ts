// The key sets of issuers: found by discovery, remembered for a while, asked for once at a time, and again when a token
// names a key that is not among them, but not at the pace of whoever sends such tokens.
// Spec: OpenID Connect Discovery 1.0 §4, RFC 7517.
import type { Issuer } from '../services/web-identity.ts';
import type { DocumentProblem, FetchDocument } from './fetch-document.ts';

/** The public keys of an issuer: objects as they came, of the two key types that are used here. */
export type KeySet = { readonly keys: readonly Readonly<Record<string, unknown>>[] };

export type KeySetProblem =
  | DocumentProblem
  | 'notJson'
  | 'noKeysAddress'
  | 'otherIssuer'
  | 'noKeys'
  | 'tooManyKeys'
  | 'badIssuer';

export type KeySetVerdict =
  | { readonly ok: true; readonly keySet: KeySet; readonly fetchedAt: number }
  | { readonly ok: false; readonly reason: KeySetProblem };

export type KeySets = {
  /** The issuer's keys, as they were at most an hour ago. */
  keysOf(issuer: Issuer, now: Date): Promise<KeySetVerdict>;
  /** Keys that are newer than these, where it is time to ask again; else the same. */
  newerThan(issuer: Issuer, fetchedAt: number, now: Date): Promise<KeySetVerdict>;
};

/** Milliseconds for which keys are good. */
const freshMs = 3600_000;
/** From one attempt to the next, at least: after a success for a key that was not there, and after a failure. */
const restMs = 60_000;
const restAfterFailureMs = 10_000;
/** Issuers remembered; the one that was asked first is forgotten first. */
const maxIssuers = 256;
const maxDiscoveryBytes = 64 * 1024;
const maxKeySetBytes = 256 * 1024;
/** AWS doc: a key set has at most 100 RSA and 100 EC keys: id_roles_providers_create_oidc.html */
const maxKeys = 200;

type Known = { readonly verdict: KeySetVerdict; readonly at: number };

/** `plainHttp`: whether an issuer on this machine may be asked without TLS. */
export function keySets(fetchDocument: FetchDocument, { plainHttp = false } = {}): KeySets {
  const known = new Map<string, Known>();
  const flights = new Map<string, Promise<KeySetVerdict>>();

  const asked = (issuer: Issuer, now: Date): Promise<KeySetVerdict> => {
    const key = JSON.stringify([issuer.url, issuer.thumbprints]);
    const underWay = flights.get(key);
    if (underWay !== undefined) return underWay;
    const at = now.getTime();
    const flight = discovered(fetchDocument, issuer, at, plainHttp)
      .then((verdict) => {
        const eldest = known.size >= maxIssuers ? known.keys().next().value : undefined;
        if (eldest !== undefined) known.delete(eldest);
        known.set(key, { verdict, at });
        return verdict;
      })
      .finally(() => flights.delete(key));
    flights.set(key, flight);
    return flight;
  };
  const lastOf = (issuer: Issuer) => known.get(JSON.stringify([issuer.url, issuer.thumbprints]));

  return {
    async keysOf(issuer, now) {
      const last = lastOf(issuer);
      const age = last === undefined ? Number.POSITIVE_INFINITY : Math.abs(now.getTime() - last.at);
      return last !== undefined && age < (last.verdict.ok ? freshMs : restAfterFailureMs)
        ? last.verdict
        : asked(issuer, now);
    },
    async newerThan(issuer, fetchedAt, now) {
      const last = lastOf(issuer);
      if (last?.verdict.ok && last.verdict.fetchedAt > fetchedAt) return last.verdict;
      const isTime = last === undefined || Math.abs(now.getTime() - last.at) >= restMs;
      // What is under way now may already bring the key.
      return isTime || flights.has(JSON.stringify([issuer.url, issuer.thumbprints]))
        ? asked(issuer, now)
        : last.verdict;
    },
  };
}

async function discovered(
  fetchDocument: FetchDocument,
  { url, thumbprints }: Issuer,
  at: number,
  plainHttp: boolean,
): Promise<KeySetVerdict> {
  const issuer = allowed(url, plainHttp);
  if (issuer === undefined) return { ok: false, reason: 'badIssuer' };
  // Spec: Discovery §4.1, a slash at the issuer's end is not doubled.
  const address = new URL(`${url.replace(/\/$/, '')}/.well-known/openid-configuration`);
  const discovery = await json(fetchDocument, address, maxDiscoveryBytes, thumbprints);
  if (!discovery.ok) return discovery;
  // Spec: Discovery §4.3, the issuer must be the one that was asked.
  if (discovery.value.issuer !== url) return { ok: false, reason: 'otherIssuer' };
  const keysAddress = allowed(discovery.value.jwks_uri, plainHttp && issuer.protocol === 'http:');
  if (keysAddress === undefined) return { ok: false, reason: 'noKeysAddress' };
  const keySet = await json(fetchDocument, keysAddress, maxKeySetBytes, thumbprints);
  if (!keySet.ok) return keySet;
  const { keys } = keySet.value;
  if (!Array.isArray(keys)) return { ok: false, reason: 'noKeys' };
  if (keys.length > maxKeys) return { ok: false, reason: 'tooManyKeys' };
  return { ok: true, keySet: { keys: keys.filter(isPublicKey) }, fetchedAt: at };
}

/** HTTPS anywhere; plain HTTP on this machine, where the operator allows it. No credentials, no fragment. */
function allowed(text: unknown, plainHttp: boolean): URL | undefined {
  if (typeof text !== 'string' || text.length > 2048 || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const { protocol, username, password, hash, hostname } = url;
  if (username !== '' || password !== '' || hash !== '') return undefined;
  if (protocol === 'https:') return url;
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
  return protocol === 'http:' && plainHttp && isLoopback ? url : undefined;
}

type JsonVerdict =
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly reason: KeySetProblem };

async function json(
  fetchDocument: FetchDocument,
  url: URL,
  maxBytes: number,
  thumbprints: readonly string[],
): Promise<JsonVerdict> {
  const fetched = await fetchDocument(url, { maxBytes, thumbprints });
  if (!fetched.ok) return fetched;
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(fetched.bytes));
    return isObject(value) ? { ok: true, value } : { ok: false, reason: 'notJson' };
  } catch {
    return { ok: false, reason: 'notJson' };
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Symmetric keys are not for verifying what strangers hold; other types are of no algorithm that is taken. */
function isPublicKey(key: unknown): key is Readonly<Record<string, unknown>> {
  return isObject(key) && (key.kty === 'RSA' || key.kty === 'EC') && key.d === undefined && key.k === undefined;
}
