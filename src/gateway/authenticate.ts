// Who signs? SigV4 proves an access key, permanent or of a session; AWS4-X509 proves a certificate's private key. What a
// refused caller reads stands in signature-errors.ts.
import { hash, timingSafeEqual } from 'node:crypto';
import { commonError, type ProtocolName } from '../contract/error.ts';
import type { Operation } from '../contract/operation.ts';
import { rememberOf } from '../core/remember.ts';
import type { RoleClaims } from '../core/session/claims.ts';
import type { X509Algorithm } from '../core/signature/algorithms.ts';
import type { HeaderIndex } from '../core/signature/canonical.ts';
import { type DerivedKey, type ParsedSignature, type ParseResult, verifySignature } from '../core/signature/hmac.ts';
import {
  parseX509Authorization,
  verifyX509Signature,
  verifyX509SignatureAside,
  type X509Verdict,
} from '../core/signature/x509.ts';
import type { Certificate } from '../core/x509/certificate.ts';
import type { Keyring } from '../keyring.ts';
import type { WireRequest } from '../protocols/protocol.ts';
import { isRegion } from '../services/arn.ts';
import type { AssumedRoleCaller, Call, Caller, CertificateHolder, Signer } from '../services/call.ts';
import type { Store } from '../store/store.ts';
import { backedBy, type KeyHolder, stsArn } from './key-holders.ts';
import type { Knowledge } from './knowledge.ts';
import type { SecretOwner } from './known-secrets.ts';
import {
  invalidRegion,
  invalidX509,
  malformedCertificate,
  unproved,
  unreadable,
  unreadableX509,
} from './signature-errors.ts';

export type Authenticated = { readonly caller: Caller; readonly region: string };

export type Verifier = {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly now: Date;
  readonly knowledge: Pick<
    Knowledge,
    'keyHolderOf' | 'derivedKeyOf' | 'claimsOf' | 'certificateBytes' | 'certificateOf'
  >;
};

/** A request and what was read of it. */
export type SignedRequest = {
  readonly request: WireRequest;
  /** What parseSignature found in it. */
  readonly signature: ParseResult;
  readonly headers: HeaderIndex;
  /** Lower-case hex SHA-256 of its body, where that is known. */
  readonly payloadHash: string | undefined;
};

/** The caller that signed; throws AWS's error. A promise only where records are to be read. */
export function authenticate(
  verifier: Verifier,
  operation: Operation<Call>,
  protocol: ProtocolName,
  signed: SignedRequest,
): Authenticated | Promise<Authenticated> {
  const { signature } = signed;
  if (operation.signedWith === 'certificate') return certificateHolder(verifier, signed);
  if (operation.signedWith === 'nothing') return stranger(signature);
  if (!signature.ok) throw unreadable(signature, protocol);
  const parsed = signature.signature;
  if (!isRegion(parsed.region)) {
    throw invalidRegion(protocol);
  }
  const { sessionToken } = parsed;
  const found =
    sessionToken === undefined ? keyHolder(verifier, parsed) : sessionHolder(verifier, parsed, sessionToken, protocol);
  if (!(found instanceof Promise)) return proved(verifier, found, protocol, parsed, signed);
  return found.then((holder) => proved(verifier, holder, protocol, parsed, signed));
}

/** Who it is, if the signature was made with the holder's key. */
function proved(
  { now }: Verifier,
  holder: Holder | undefined,
  protocol: ProtocolName,
  parsed: ParsedSignature,
  { request, headers, payloadHash }: SignedRequest,
): Authenticated {
  if (holder === undefined)
    throw commonError('unknownKey', protocol, 'The security token included in the request is invalid.');
  const { caller, secretAccessKey } = holder;
  const verdict = verifySignature({ request, parsed, secretAccessKey, now, headers, payloadHash });
  if (!verdict.ok) throw unproved(verdict, parsed, protocol);
  return { caller, region: parsed.region };
}

/** Whose signature it is if it holds, and what it must have been made with. */
type Holder = { readonly caller: Signer; readonly secretAccessKey: DerivedKey };

function keyHolder(verifier: Verifier, parsed: ParsedSignature): Holder | undefined | Promise<Holder | undefined> {
  const found = verifier.knowledge.keyHolderOf(verifier.store, parsed.accessKeyId);
  return found instanceof Promise
    ? found.then((held) => holding(verifier, held, parsed))
    : holding(verifier, found, parsed);
}

/** The caller with the key that its secret derives; undefined where the keyring does not open it. */
function holding(verifier: Verifier, held: KeyHolder | undefined, parsed: ParsedSignature): Holder | undefined {
  const secretAccessKey = held && keyOf(verifier, held.record, parsed);
  return held && secretAccessKey && { caller: held.caller, secretAccessKey };
}

/** The derived key of the owner's secret, or undefined where the keyring does not open it. */
function keyOf({ keyring, knowledge }: Verifier, owner: SecretOwner, parsed: ParsedSignature): DerivedKey | undefined {
  const { region, service, amzDate } = parsed;
  // INVARIANT: a scope of another day than the request's is refused before its key is used.
  return knowledge.derivedKeyOf(keyring, owner, { date: amzDate.slice(0, 8), region, service });
}

/** Whoever has the keyring opens the token; only a key that stands behind a session is looked up, for it may be gone. */
function sessionHolder(
  verifier: Verifier,
  parsed: ParsedSignature,
  sessionToken: string,
  protocol: ProtocolName,
): Holder | undefined | Promise<Holder | undefined> {
  const claims = verifier.knowledge.claimsOf(verifier.keyring, sessionToken);
  if (claims === undefined || !sameText(claims.accessKeyId, parsed.accessKeyId)) return undefined;
  if (verifier.now.getTime() >= claims.expiresAt * 1000) {
    throw commonError('expiredToken', protocol, 'The security token included in the request is expired');
  }
  const secretAccessKey = keyOf(verifier, claims, parsed);
  if (secretAccessKey === undefined) return undefined;
  if (claims.kind === 'role') return { caller: assumedRole(claims), secretAccessKey };
  const found = backedBy(verifier.store, claims);
  const holderOf = (caller: Signer | undefined) => caller && { caller, secretAccessKey };
  return found instanceof Promise ? found.then(holderOf) : holderOf(found);
}

const assumedRole = rememberOf((claims: RoleClaims): AssumedRoleCaller => {
  const { account, roleName, roleId, roleSessionName, accessKeyId } = claims;
  const arn = stsArn(claims, `assumed-role/${roleName}/${roleSessionName}`);
  return { kind: 'assumedRole', account, arn, userId: `${roleId}:${roleSessionName}`, accessKeyId, session: claims };
});

/** Nobody has to sign; a signature that is there anyway says only the Region, where it can be read. */
function stranger(signature: ParseResult): Authenticated {
  const region = signature.ok && isRegion(signature.signature.region) ? signature.signature.region : 'us-east-1';
  return { caller: { kind: 'stranger' }, region };
}

/** Constant-time: what a token binds is not to be guessed byte by byte. */
function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Whoever sent a certificate. The signature's verdict is the operation's to ask for, at its place among AWS's checks. */
function certificateHolder(
  { knowledge: { certificateBytes: bytesOf, certificateOf }, now }: Verifier,
  { request, headers, payloadHash }: SignedRequest,
): { readonly caller: CertificateHolder; readonly region: string } {
  const read = parseX509Authorization(request, headers, bytesOf);
  if (!read.ok) throw unreadableX509(read);
  const { parsed } = read;
  const leaf = certificateOf(parsed.certificateDer);
  if (!leaf.ok) throw malformedCertificate(leaf.detail, hash('sha256', parsed.certificateDer, 'hex'));
  if (!isRegion(parsed.region)) throw invalidX509('scopeRegion');
  const { certificate } = leaf;
  const publicKey = certificate.publicKey();
  const question = publicKey && {
    request,
    parsed,
    publicKey,
    keyType: certificate.keyType,
    serialNumber: certificate.serialNumber,
    now,
    headers,
    payloadHash,
  };
  const { chain, strangeElements } = poolOf(parsed.chainDer, certificateOf);
  let verdict: X509Verdict | undefined;
  return {
    region: parsed.region,
    caller: {
      kind: 'certificate',
      certificate,
      chain,
      strangeElements,
      proof() {
        verdict ??= question === undefined ? noKey(parsed.algorithm) : verifyX509Signature(question);
        return verdict;
      },
      prove() {
        if (verdict !== undefined || question === undefined) return this.proof();
        const proved = verifyX509SignatureAside(question);
        if (!(proved instanceof Promise)) {
          verdict = proved;
          return proved;
        }
        return proved.then((late) => {
          verdict ??= late;
          return verdict;
        });
      },
    },
  };
}

/** The certificate's key is of no kind that OpenSSL knows. */
function noKey(algorithm: X509Algorithm): X509Verdict {
  return { ok: false, reason: 'algorithmMismatch', algorithm, keyType: undefined };
}

/** Ours: an element that is no certificate cannot be part of a path; the official helper is known to send strangers. */
function poolOf(
  chainDer: readonly Uint8Array[],
  certificateOf: Knowledge['certificateOf'],
): Pick<CertificateHolder, 'chain' | 'strangeElements'> {
  const chain: Certificate[] = [];
  const strangeElements: CertificateHolder['strangeElements'][number][] = [];
  for (const [at, der] of chainDer.entries()) {
    const element = certificateOf(der);
    if (element.ok) chain.push(element.certificate);
    else strangeElements.push({ at, detail: element.detail });
  }
  return { chain, strangeElements };
}
