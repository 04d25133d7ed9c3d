// The whole world an operation may see: who calls, where, when, and the means to read and to change. Read-only.

import type { Reason, ServiceError } from '../contract/error.ts';
import { operationsOf } from '../contract/operation.ts';
import type { Policy, PolicyKind } from '../core/policy/document.ts';
import type { FederatedUserClaims, RoleClaims, RootClaims, UserClaims, WebIdentity } from '../core/session/claims.ts';
import type { X509Verdict } from '../core/signature/x509.ts';
import type { Certificate } from '../core/x509/certificate.ts';
import type { Crl } from '../core/x509/crl.ts';
import type { PathQuestion, PathVerdict } from '../core/x509/path.ts';
import type { Document, notKnown, Reader, Recall, Writer } from '../store/store.ts';
import type { FetchedCrls } from './fetched-crls.ts';
import type { Settings } from './settings.ts';
import type { Issuers } from './web-identity.ts';

/** Who signed the request: somebody of an account, or somebody who has yet to prove who they are. */
export type Caller = Signer | CertificateHolder | Stranger;

/** Whoever an access key stands for, permanent or of a session. */
export type Signer = RootCaller | UserCaller | AssumedRoleCaller | FederatedUserCaller;

export function isSigner(caller: Caller): caller is Signer {
  return caller.kind !== 'certificate' && caller.kind !== 'stranger';
}

type Named = {
  readonly account: string;
  readonly arn: string;
  readonly userId: string;
  readonly accessKeyId: string;
};

/** The account itself, by its root access key or a session that the key asked for. ARN `arn:aws:iam::ACCOUNT:root`. */
export type RootCaller = Named & { readonly kind: 'root'; readonly session?: RootClaims };

/** A user, by an access key or a session that the key asked for. ARN `arn:aws:iam::ACCOUNT:user/PATH/NAME`. */
export type UserCaller = Named & { readonly kind: 'user'; readonly userName: string; readonly session?: UserClaims };

/** A session of a role. ARN `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`, user id `AROA…:SESSION`. */
export type AssumedRoleCaller = Named & { readonly kind: 'assumedRole'; readonly session: RoleClaims };

/** Somebody a user vouched for. ARN `arn:aws:sts::ACCOUNT:federated-user/NAME`, user id `ACCOUNT:NAME`. */
export type FederatedUserCaller = Named & { readonly kind: 'federatedUser'; readonly session: FederatedUserClaims };

/** Nobody signed: what the request holds is the proof, and `vouchedFor` says for whom, once it was verified. */
export type Stranger = { readonly kind: 'stranger'; vouchedFor?: WebIdentity };

/** Whoever holds the private key of a certificate, once the verdict says so. */
export type CertificateHolder = {
  readonly kind: 'certificate';
  readonly certificate: Certificate;
  /** What came in X-Amz-X509-Chain: an unordered pool, as sent. */
  readonly chain: readonly Certificate[];
  /** Elements of that header that are no certificates: where they stood, from 0, and what is wrong, for the operator. */
  readonly strangeElements: readonly { readonly at: number; readonly detail: string }[];
  /** INVARIANT: nothing is granted before this says ok. Asked by the operation, in AWS's order of checks. */
  proof(): X509Verdict;
  /**
   * Works the proof out, where that takes long on another thread, while this one serves others: only then there is a promise.
   * `proof` has it then. Never rejects.
   */
  prove(): X509Verdict | Promise<X509Verdict>;
};

/** Where a request came from. */
export type Origin = {
  readonly ip: string;
  readonly userAgent: string;
  /** The Referer header, where there is one. */
  readonly referer?: string;
  /** Over TLS. */
  readonly secure: boolean;
};

export type Call = {
  readonly caller: Caller;
  /** Twelve digits: the account that is spoken to. */
  readonly account: string;
  readonly partition: string;
  /** The Region of the signature's scope. */
  readonly region: string;
  readonly requestId: string;
  readonly now: Date;
  readonly origin: Origin;
  readonly settings: Settings;
  /** A fresh UUID in lower-case hex, ascending with time. */
  newId(): string;
  randomBytes(size: number): Uint8Array;
  /** Seals bytes under the server's keyring; `opened` gives them back, or undefined when they are not of its making. */
  sealed(purpose: string, plaintext: Uint8Array): Buffer;
  opened(purpose: string, sealed: Uint8Array): Uint8Array | undefined;
  /** A text sealed likewise, in base64url; the same text may have the same seal again. */
  sealedText(purpose: string, text: string): string;
  read<T>(work: (reader: Reader) => Promise<T>): Promise<T>;
  /** The record under a key, or undefined: at once where the store remembers it, else a promise of a read. */
  find<T>(from: Findable<T>, key: string): T | undefined | Promise<T | undefined>;
  /** One atomic change, recorded in the audit log with it; `work` returns the operation's output. */
  write<T extends object>(work: (writer: Writer) => Promise<T>): Promise<T>;
  /**
   * Throws the refusal, after what it leaves behind was written and recorded with it; `work` changes only what a refused
   * request may change.
   */
  writeRefusal(refusal: ServiceError, work: (writer: Writer) => Promise<unknown>): Promise<never>;
  /** A stored policy, compiled; throws when the text is none. */
  policyOf(text: string, kind: PolicyKind): Policy;
  /** The certificates of a stored PEM bundle; throws when it is none. */
  certificatesOf(pem: string): readonly Certificate[];
  /**
   * The CRL of stored bytes, by a digest of them; `bytes` reads them where the CRL is not remembered. Throws when they are
   * none.
   */
  crlOf(digest: string, bytes: () => Promise<Uint8Array>): Promise<Crl>;
  /** The CRLs that the server fetches: places, lists, and how it went. */
  readonly fetchedCrls: FetchedCrls;
  /** Path validation that remembers a path while all of it is valid. */
  validatePath(question: PathQuestion): PathVerdict | Promise<PathVerdict>;
  /** The issuers of identity tokens, and whether they signed one. */
  readonly issuers: Issuers;
  /** Has the event of this change written for another account, too: the one that it is done to. */
  shareEventWith(account: string): void;
  /** The audit event of a request that the account made, or undefined: made by another, long ago, or never. */
  eventOf(requestId: string): Promise<Document | undefined>;
  /** Adds facts for the audit event and the operator; the caller never sees them. */
  explain(reason: Reason): void;
};

/** What records are found in: a collection. */
export type Findable<T> = {
  get(reader: Reader, key: string): Promise<T | undefined>;
  recall(memory: Recall, key: string): T | undefined | typeof notKnown;
};

/** `use` of an answer: at once where it is there, so that nothing waits that need not. */
export function whenThere<T, R>(answer: T | Promise<T>, use: (answer: T) => R): R | Promise<R> {
  return answer instanceof Promise ? answer.then(use) : use(answer);
}

/** Under what the keyring seals: one name for whoever seals and whoever opens. */
export const purposes = Object.freeze({
  sessionToken: 'session token',
  accessKey: 'access key',
  pageToken: 'page token',
  password: 'password',
  authorizationMessage: 'authorization message',
});

/** Declares an operation: one export, from which its route, types, validation, authorization and record are derived. */
export const operation = operationsOf<Call>();
