// What the hot path has worked out before: compiled policies, parsed certificates, derived signing keys, validated paths.
// All of it is a function of its input alone, and a path also of the clock, so that nothing here can be out of date.
import { createHash } from 'node:crypto';
import { type Policy, type PolicyKind, parsePolicy } from '../core/policy/document.ts';
import { signingKey } from '../core/signature/hmac.ts';
import { type Certificate, parseCertificate } from '../core/x509/certificate.ts';
import { type Crl, parseCrl } from '../core/x509/crl.ts';
import { type PathQuestion, type PathVerdict, validatePath } from '../core/x509/path.ts';
import { parsePemCertificates } from '../core/x509/pem.ts';
import { remember } from './remember.ts';

export type Knowledge = {
  /**
   * The policy of a stored document. Throws when it does not parse: a stored document did parse when it was written, and
   * what cannot be read must not be taken for an empty policy.
   */
  policyOf(text: string, kind: PolicyKind): Policy;
  readonly certificateOf: typeof parseCertificate;
  /** The certificates of a stored PEM bundle; throws when it is none. */
  certificatesOf(pem: string): readonly Certificate[];
  /** The CRL of stored bytes with this digest; throws when they are none. */
  crlOf(digest: string, bytes: () => Promise<Uint8Array>): Promise<Crl>;
  /** Remembers the paths that were found, each while all of its certificates are valid. */
  readonly validatePath: typeof validatePath;
  readonly deriveKey: typeof signingKey;
  /** Accounts that were found to exist; none ever ceases to. */
  readonly knownAccounts: Set<string>;
};

/** Things remembered of each kind, at most. */
const room = 4096;
/** CRLs remembered at most: each may have thousands of entries. */
const roomOfCrls = 256;

export function knowledge(): Knowledge {
  const policy = remember(
    room,
    ({ text, kind }: { readonly text: string; readonly kind: PolicyKind }) => `${kind}\n${text}`,
    ({ text, kind }) => {
      const parsed = parsePolicy(text, kind);
      if (!parsed.ok) throw new Error(`a stored ${kind} policy does not parse: ${parsed.message}`);
      return parsed.policy;
    },
  );
  // Keyed by a digest: a memory of secrets would otherwise keep them in clear as its keys.
  const key = remember(
    room,
    (parts: Parameters<typeof signingKey>) => createHash('sha256').update(JSON.stringify(parts)).digest('base64'),
    (parts) => signingKey(...parts),
  );
  const certificate = remember(
    room,
    (der: Uint8Array) => createHash('sha256').update(der).digest('base64'),
    parseCertificate,
  );
  const bundle = remember(
    room,
    (pem: string) => pem,
    (pem) => bundleOf(pem, certificate),
  );
  return {
    knownAccounts: new Set(),
    certificatesOf: bundle,
    validatePath: rememberedPaths(),
    crlOf: rememberedCrls(),
    policyOf: (text, kind) => policy({ text, kind }),
    certificateOf: certificate,
    deriveKey: (...parts) => key(parts),
  };
}

function bundleOf(pem: string, certificateOf: typeof parseCertificate): readonly Certificate[] {
  const parsed = parsePemCertificates(pem);
  const certificates = (parsed.ok ? parsed.certificates : []).map(certificateOf);
  const good = certificates.flatMap((one) => (one.ok ? [one.certificate] : []));
  if (good.length === 0 || good.length < certificates.length)
    throw new Error('a stored certificate bundle does not parse');
  return good;
}

function rememberedCrls(): Knowledge['crlOf'] {
  const known = new Map<string, Crl>();
  return async (digest, bytes) => {
    const remembered = known.get(digest);
    if (remembered !== undefined) return remembered;
    const parsed = parseCrl(await bytes());
    // What cannot be read must not be taken for a list of nothing.
    if (!parsed.ok) throw new Error(`a stored CRL does not parse: ${parsed.detail}`);
    forgetEldest(known, roomOfCrls);
    known.set(digest, parsed.crl);
    return parsed.crl;
  };
}

function forgetEldest(known: Map<string, unknown>, most: number): void {
  const eldest = known.size >= most ? known.keys().next().value : undefined;
  if (eldest !== undefined) known.delete(eldest);
}

/** Path validation with a memory of successes: the same certificates lead to the same path while all of it is valid. */
function rememberedPaths(): typeof validatePath {
  const known = new Map<string, PathVerdict & { readonly ok: true }>();
  return (question) => {
    const key = keyOf(question);
    const remembered = known.get(key);
    if (remembered?.path.every((certificate) => isValidAt(certificate, question.now))) return remembered;
    const verdict = validatePath(question);
    if (!verdict.ok) return verdict;
    forgetEldest(known, room);
    known.set(key, verdict);
    return verdict;
  };
}

function keyOf({ leaf, intermediates, anchors, now: _now, ...demands }: PathQuestion): string {
  const sets = [[leaf], intermediates, anchors].map((set) => set.map(({ fingerprint }) => fingerprint));
  return JSON.stringify([sets, demands]);
}

function isValidAt({ notBefore, notAfter }: Certificate, now: Date): boolean {
  return notBefore <= now && now <= notAfter;
}
