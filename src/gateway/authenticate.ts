// Who signs? SigV4 proves an access key, permanent or of a session; AWS4-X509 proves a certificate's private key. What a
// refused caller reads stands in signature-errors.ts.
import { hash, timingSafeEqual } from 'node:crypto';
import { commonError, type ProtocolName } from '../contract/error.ts';
import type { Operation } from '../contract/operation.ts';
import {
  decodeClaims,
  type FederatedUserClaims,
  type RoleClaims,
  type RootClaims,
  type SessionClaims,
  type UserClaims,
} from '../core/session/claims.ts';
import type { HeaderIndex } from '../core/signature/canonical.ts';
import { type DerivedKey, type ParsedSignature, type ParseResult, verifySignature } from '../core/signature/hmac.ts';
import {
  parseX509Authorization,
  verifyX509Signature,
  verifyX509SignatureAside,
  type X509Verdict,
} from '../core/signature/x509.ts';
import { type Keyring, open } from '../keyring.ts';
import { bytesOf, type WireRequest } from '../protocols/protocol.ts';
import { formatArn, isRegion } from '../services/arn.ts';
import {
  type AssumedRoleCaller,
  type Call,
  type Caller,
  type CertificateHolder,
  type FederatedUserCaller,
  purposes,
  type RootCaller,
  type Signer,
  type UserCaller,
} from '../services/call.ts';
import { type AccessKeyRecord, activeAccessKey, findUserById } from '../services/iam/records.ts';
import type { Reader, Store } from '../store/store.ts';
import type { Knowledge } from './knowledge.ts';
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
  readonly knowledge: Pick<Knowledge, 'deriveKey' | 'derivedKeyOf' | 'certificateBytes' | 'certificateOf'>;
};

/** The caller that signed, or AWS's error. `signature` is what parseSignature found in the request, `headers` are its. */
export async function authenticate(
  verifier: Verifier,
  operation: Operation<Call>,
  protocol: ProtocolName,
  request: WireRequest,
  signature: ParseResult,
  headers: HeaderIndex,
): Promise<Authenticated> {
  if (operation.signedWith === 'certificate') return certificateHolder(verifier, request, headers);
  if (operation.signedWith === 'nothing') return stranger(signature);
  if (!signature.ok) throw unreadable(signature, protocol);
  const parsed = signature.signature;
  if (!isRegion(parsed.region)) {
    throw invalidRegion(protocol);
  }
  const { caller, secretAccessKey } = await holderOf(verifier, parsed, protocol);
  const { now, knowledge } = verifier;
  const { deriveKey } = knowledge;
  const verdict = verifySignature({ request, parsed, secretAccessKey, now, headers, deriveKey });
  if (!verdict.ok) throw unproved(verdict, parsed, protocol);
  return { caller, region: parsed.region };
}

type Holder = { readonly caller: Caller; readonly secretAccessKey: string | DerivedKey };

async function holderOf(verifier: Verifier, parsed: ParsedSignature, protocol: ProtocolName): Promise<Holder> {
  const holder =
    parsed.sessionToken === undefined
      ? await keyHolder(verifier, parsed)
      : await sessionHolder(verifier, parsed.accessKeyId, parsed.sessionToken, protocol);
  if (holder !== undefined) return holder;
  throw commonError('unknownKey', protocol, 'The security token included in the request is invalid.');
}

async function keyHolder(verifier: Verifier, parsed: ParsedSignature): Promise<Holder | undefined> {
  const { accessKeyId } = parsed;
  return verifier.store.read(async (reader) => {
    const record = await activeAccessKey(reader, accessKeyId);
    const secretAccessKey = record && keyOf(verifier, record, parsed);
    const caller = secretAccessKey && (await ownerOf(reader, record));
    return caller && { caller: { ...caller, accessKeyId }, secretAccessKey };
  });
}

/** The derived key of a stored secret, or undefined where the keyring does not open it. */
function keyOf({ keyring, knowledge }: Verifier, { sealedSecret }: AccessKeyRecord, parsed: ParsedSignature) {
  const { region, service, amzDate } = parsed;
  // INVARIANT: a scope of another day than the request's is refused before its key is used.
  return knowledge.derivedKeyOf(keyring, { sealedSecret, date: amzDate.slice(0, 8), region, service });
}

type KeyOwner = Omit<RootCaller, 'session'> | Omit<UserCaller, 'session'>;

/** Whose key it is, as of now; undefined where the user is gone. */
async function ownerOf(reader: Reader, { account, owner, userId, accessKeyId }: AccessKeyRecord) {
  switch (owner) {
    case 'root':
      return { kind: 'root', account, arn: rootArn('aws', account), userId: account, accessKeyId } satisfies KeyOwner;
    case 'user': {
      const user = await findUserById(reader, account, userId);
      const named = user && { arn: user.arn, userName: user.userName };
      return named && ({ kind: 'user', account, userId, accessKeyId, ...named } satisfies KeyOwner);
    }
  }
}

/** Whoever has the keyring opens the token; only a key that stands behind a session is looked up, for it may be gone. */
async function sessionHolder(
  { keyring, now, store }: Verifier,
  accessKeyId: string,
  sessionToken: string,
  protocol: ProtocolName,
): Promise<Holder | undefined> {
  const sealed = bytesOf(sessionToken);
  const opened = sealed && open(keyring, purposes.sessionToken, sealed);
  const claims = opened && decodeClaims(opened);
  if (claims === undefined || !sameText(claims.accessKeyId, accessKeyId)) return undefined;
  if (now.getTime() >= claims.expiresAt * 1000) {
    throw commonError('expiredToken', protocol, 'The security token included in the request is expired');
  }
  const caller = claims.kind === 'role' ? assumedRole(claims) : await store.read((reader) => backedBy(reader, claims));
  return caller && { caller, secretAccessKey: claims.secretAccessKey };
}

/** The caller of a session whose key is still there, active and its owner's; undefined where it is not. */
async function backedBy(
  reader: Reader,
  claims: UserClaims | RootClaims | FederatedUserClaims,
): Promise<Signer | undefined> {
  const { account, accessKeyId } = claims;
  const key = await activeAccessKey(reader, claims.sourceAccessKeyId);
  const owner = key?.account === account ? await ownerOf(reader, key) : undefined;
  if (owner === undefined) return undefined;
  switch (claims.kind) {
    case 'root':
      return owner.kind === 'root' ? { ...owner, accessKeyId, session: claims } : undefined;
    case 'user':
      return owner.kind === 'user' && owner.userId === claims.userId
        ? { ...owner, accessKeyId, session: claims }
        : undefined;
    case 'federatedUser':
      return owner.userId === (claims.user?.userId ?? account) ? federatedUser(claims) : undefined;
  }
}

function assumedRole(claims: RoleClaims): AssumedRoleCaller {
  const { account, roleName, roleId, roleSessionName, accessKeyId } = claims;
  const arn = stsArn(claims, `assumed-role/${roleName}/${roleSessionName}`);
  return { kind: 'assumedRole', account, arn, userId: `${roleId}:${roleSessionName}`, accessKeyId, session: claims };
}

function federatedUser(claims: FederatedUserClaims): FederatedUserCaller {
  const { account, name, accessKeyId } = claims;
  const arn = stsArn(claims, `federated-user/${name}`);
  return { kind: 'federatedUser', account, arn, userId: `${account}:${name}`, accessKeyId, session: claims };
}

function stsArn({ partition, account }: SessionClaims, resource: string): string {
  return formatArn({ partition, service: 'sts', region: '', account, resource });
}

function rootArn(partition: string, account: string): string {
  return formatArn({ partition, service: 'iam', region: '', account, resource: 'root' });
}

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
  request: WireRequest,
  headers: HeaderIndex,
): { readonly caller: CertificateHolder; readonly region: string } {
  const read = parseX509Authorization(request, headers, bytesOf);
  if (!read.ok) throw unreadableX509(read);
  const { parsed } = read;
  const leaf = certificateOf(parsed.certificateDer);
  if (!leaf.ok) throw malformedCertificate(leaf.detail, hash('sha256', parsed.certificateDer, 'hex'));
  if (!isRegion(parsed.region)) throw invalidX509('scopeRegion');
  const { certificate } = leaf;
  const publicKey = certificate.publicKey();
  const { algorithm } = parsed;
  const { serialNumber } = certificate;
  const question = publicKey && { request, parsed, publicKey, serialNumber, now, headers };
  const noKey: X509Verdict = { ok: false, reason: 'algorithmMismatch', algorithm, keyType: undefined };
  const elements = parsed.chainDer.map(certificateOf);
  let verdict: X509Verdict | undefined;
  return {
    region: parsed.region,
    caller: {
      kind: 'certificate',
      certificate,
      // Ours: an element that is no certificate cannot be part of a path; the official helper is known to send strangers.
      chain: elements.flatMap((element) => (element.ok ? [element.certificate] : [])),
      strangeElements: elements.flatMap((element, at) => (element.ok ? [] : [{ at, detail: element.detail }])),
      proof() {
        verdict ??= question === undefined ? noKey : verifyX509Signature(question);
        return verdict;
      },
      async prove() {
        verdict ??= question === undefined ? noKey : await verifyX509SignatureAside(question);
        return verdict;
      },
    },
  };
}
