// Chains of certificates as recipes: what is odd about each link, the anchor first and the leaf last. A recipe that changed
// in one link is minted anew in that link only, so that the rest keeps its bytes.
import type { KeyObject } from 'node:crypto';
import { bits, sequence } from '../der.ts';
import { type Authority, type CertificateOptions, type KeyPair, makeCa, signerOf } from '../pki.ts';
import { type KeyKind, keysOf } from './keys.ts';

/** One certificate of a chain before it is minted. */
export interface LinkRecipe {
  readonly kind: KeyKind;
  /** Which key of the kind; links of the same label share it. */
  readonly label: string;
  readonly options: CertificateOptions & { readonly subject: string | Uint8Array };
}

/** A chain before it is minted. */
export interface Recipe {
  readonly name: string;
  /** Anchor first, leaf last. */
  readonly links: readonly LinkRecipe[];
  /** Certificates of the pool that stand beside the chain: each under the link of that number. */
  readonly beside?: readonly (LinkRecipe & { readonly under: number })[];
  /** OpenSSL that knows its algorithms; older ones get another chain in its place. */
  readonly opensslFrom?: string;
}

/** A minted certificate and what it takes to sign it again. */
export interface Link {
  readonly der: Uint8Array;
  readonly keys: KeyPair;
  readonly signer: KeyObject;
  readonly options: CertificateOptions;
}

/** A minted chain. */
export interface Chain {
  /** Anchor first, leaf last. */
  readonly links: readonly Link[];
  readonly beside: readonly Link[];
}

/** An ECDSA signature varies in length; of these lengths it is most often. */
const usualLength: Readonly<Record<string, number>> = { prime256v1: 71, secp256k1: 71, secp384r1: 103, secp521r1: 139 };

/** The certificate around these bytes of a TBSCertificate, signed by `signer` in the way of `options`. */
export function signed(tbs: Uint8Array, signer: KeyObject, options: CertificateOptions): Uint8Array {
  const { algorithm, sign } = signerOf(signer, options);
  const length = usualLength[signer.asymmetricKeyDetails?.namedCurve ?? ''];
  let signature = sign(tbs);
  while (length !== undefined && signature.length !== length) signature = sign(tbs);
  return new Uint8Array(sequence(tbs, algorithm, bits(signature)));
}

// Options are known by identity: a mutation makes new ones for the links that it touches, and takes them along when it goes.
const minted = new WeakMap<object, Map<string, Link>>();

/** Mints a chain; links that were minted before, under the same issuer, are the same bytes. */
export function mintChain({ links, beside = [] }: Recipe): Chain {
  const chain = links.map((link, at) => mintLink(link, links[at - 1], at, at < links.length - 1));
  const others = beside.map((link, at) => mintLink(link, links[link.under], 100 + at, true));
  return { links: chain, beside: others };
}

function mintLink(link: LinkRecipe, issuer: LinkRecipe | undefined, serial: number, isCa: boolean): Link {
  const above = issuer ? `${issuer.kind} ${issuer.label} ${String(issuer.options.subject)}` : '';
  const key = `${above}/${link.kind} ${link.label} ${serial} ${isCa}`;
  const siblings = minted.get(link.options) ?? new Map<string, Link>();
  const known = siblings.get(key);
  if (known) return known;
  const keys = keysOf(link.kind, link.label);
  const signer = issuer ? keysOf(issuer.kind, issuer.label) : keys;
  const options = { serial: BigInt(0x5000 + serial), ...link.options, keys };
  const authority = issuer && authorityOf(above, { subject: issuer.options.subject, keys: signer });
  const made = !authority ? makeCa(options) : isCa ? authority.issueCa(options) : authority.issue(options);
  const signKey = (options.signWith ?? signer).privateKey;
  const der = signed(tbsOf(made.der), signKey, options);
  const result = { der, keys, signer: signKey, options };
  siblings.set(key, result);
  minted.set(link.options, siblings);
  return result;
}

const authorities = new Map<string, Authority>();

function authorityOf(key: string, options: CertificateOptions): Authority {
  const authority = authorities.get(key) ?? makeCa(options);
  authorities.set(key, authority);
  return authority;
}

/** The TBSCertificate with its header, of a certificate that is well formed. */
export function tbsOf(certificate: Uint8Array): Uint8Array {
  const headerLength = (at: number): number => {
    const first = certificate[at + 1] ?? 0;
    return first < 0x80 ? 2 : 2 + (first & 0x7f);
  };
  const start = headerLength(0);
  const header = headerLength(start);
  let length = header === 2 ? (certificate[start + 1] ?? 0) : 0;
  for (const byte of certificate.subarray(start + 2, start + header)) length = length * 256 + byte;
  return certificate.subarray(start, start + header + length);
}
