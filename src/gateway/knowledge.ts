// What the hot path has worked out before: compiled policies, parsed certificates, derived signing keys, validated paths.
// All of it is a function of its input alone, and a path also of the clock, so that nothing here can be out of date.
import { createHash } from 'node:crypto';
import { type Policy, type PolicyKind, parsePolicy } from '../core/policy/document.ts';
import { signingKey } from '../core/signature/hmac.ts';
import { type Certificate, parseCertificate } from '../core/x509/certificate.ts';
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
  /** Remembers the paths that were found, each while all of its certificates are valid. */
  readonly validatePath: typeof validatePath;
  readonly deriveKey: typeof signingKey;
  /** Accounts that were found to exist; none ever ceases to. */
  readonly knownAccounts: Set<string>;
};

/** Things remembered of each kind, at most. */
const room = 4096;

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

/** Path validation with a memory of successes: the same certificates lead to the same path while all of it is valid. */
function rememberedPaths(): typeof validatePath {
  const known = new Map<string, PathVerdict & { readonly ok: true }>();
  return (question) => {
    const key = keyOf(question);
    const remembered = known.get(key);
    if (remembered?.path.every((certificate) => isValidAt(certificate, question.now))) return remembered;
    const verdict = validatePath(question);
    if (!verdict.ok) return verdict;
    const eldest = known.size >= room ? known.keys().next().value : undefined;
    if (eldest !== undefined) known.delete(eldest);
    known.set(key, verdict);
    return verdict;
  };
}

function keyOf({ leaf, intermediates, anchors, maxIntermediates, requirements, eku }: PathQuestion): string {
  const sets = [[leaf], intermediates, anchors].map((set) => set.map(({ fingerprint }) => fingerprint));
  return JSON.stringify([sets, maxIntermediates, requirements, eku]);
}

function isValidAt({ notBefore, notAfter }: Certificate, now: Date): boolean {
  return notBefore <= now && now <= notAfter;
}
