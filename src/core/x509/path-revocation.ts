// Revocation of a whole trusted path: every certificate below its anchor is judged by the lists at hand, and one verdict
// comes out. What counts as a signer of lists stands here too: the certificates above, and trusted ones beside the path.
// Spec: RFC 5280 §6.3.
import type { Certificate } from './certificate.ts';
import { directoryNameKey, distributionPointsOf } from './crl-distribution-points.ts';
import type { CrlEntry } from './crl-entries.ts';
import { type CrlProblem, judgeRevocation, type RevocationList, type RevocationVerdict } from './crl-status.ts';
import { namesEqual } from './name.ts';
import { validatePath } from './path.ts';

/**
 * What is asked of each certificate below the anchor. `soft`: that no usable list names it, and that a list that refuses to
 * speak past its nextUpdate does not leave it unjudged. `hard`: that usable lists say it is good.
 */
export type RevocationDemand = 'soft' | 'hard';

/** A trusted path, leaf first and anchor last; an anchor alone is a path, too. */
export type TrustedPath = readonly Certificate[];

/** A path to judge. */
export interface PathRevocationQuestion {
  readonly path: TrustedPath;
  /** Further trusted certificates that may sign lists, each the first of its own path: other anchors, `signersBeside`. */
  readonly signers: readonly TrustedPath[];
  readonly lists: readonly RevocationList[];
  readonly now: Date;
  /** Of every certificate, or of each. */
  readonly demand: RevocationDemand | ((certificate: Certificate) => RevocationDemand);
}

/** A list that says nothing about a certificate of its issuer's, and why. */
export interface SilentList {
  readonly list: RevocationList;
  readonly certificate: Certificate;
  readonly reason: Exclude<CrlProblem, 'otherIssuer'>;
}

/** Why a path is refused; `rule` says who asks for it, `detail` is a clause for the operator. */
export type RevocationFailure = {
  readonly ok: false;
  readonly certificate: Certificate;
  readonly rule: string;
  readonly detail: string;
  readonly silent: readonly SilentList[];
} & (
  | { readonly reason: 'revoked'; readonly list: RevocationList; readonly entry: Omit<CrlEntry, 'invalidityDate'> }
  | { readonly reason: 'staleCrl'; readonly list: RevocationList }
  | { readonly reason: 'unknown'; readonly cause: 'noCrl' | 'noUsableCrl' | 'someReasonsOnly' }
);

/** Whether a path stands, with the lists that could not be used. */
export type PathRevocation = { readonly ok: true; readonly silent: readonly SilentList[] } | RevocationFailure;

/**
 * Whether revocation leaves a trusted path standing. The anchor is trusted as it is. A revoked certificate is named before
 * one whose status is not known, and the one nearer to the leaf first. Pure, never throws.
 */
export function judgePathRevocation(question: PathRevocationQuestion): PathRevocation {
  const signers = standingSigners(question);
  const verdicts = question.path.slice(0, -1).map((certificate, at) => {
    const issuers = [...question.path.slice(at + 1), ...signers.filter((signer) => signer !== certificate)];
    return { certificate, verdict: judgeRevocation({ ...question, certificate, issuers }) };
  });
  const silent = verdicts.flatMap(({ certificate, verdict }) => silentLists(certificate, verdict));
  const failures = verdicts.flatMap(
    ({ certificate, verdict }) => failureOf(certificate, verdict, question.demand) ?? [],
  );
  const failure = failures.find(({ reason }) => reason === 'revoked') ?? failures[0];
  return failure ? { ok: false, silent, ...failure } : { ok: true, silent };
}

/**
 * The signers that may be believed: those whose own path stands by the lists of the certificates above them. A list that
 * its own signer is judged by proves nothing, unless the CA that issued the signer's certificate says there that it should.
 * Spec: RFC 5280 §6.3.3(f): the same trust anchor; Ours: by its name, so that an anchor with a new key is the same.
 */
function standingSigners({ path, signers, ...question }: PathRevocationQuestion): readonly Certificate[] {
  const anchor = path.at(-1);
  const anchors = signers.flatMap((signer) => (signer.length === 1 ? signer : []));
  return signers.flatMap(([signer, ...above]) => {
    const top = above.at(-1);
    if (!signer || !anchor) return [];
    if (top && !namesEqual(top.subject, anchor.subject)) return [];
    const stands = [signer, ...above].slice(0, -1).every((certificate, at) => {
      const issuers = [signer, ...above.slice(at), ...path.slice(1), ...anchors].filter(
        (one) => one !== signer || isItsOwnLister(signer),
      );
      return !failureOf(certificate, judgeRevocation({ ...question, certificate, issuers }), question.demand);
    });
    return stands ? [signer] : [];
  });
}

/** Whether the certificate names itself as the cRLIssuer of the lists about it. */
function isItsOwnLister(certificate: Certificate): boolean {
  const own = directoryNameKey(certificate.subject);
  return distributionPointsOf(certificate).some(({ cRLIssuer }) => cRLIssuer?.includes(own));
}

function silentLists(certificate: Certificate, { unusable }: RevocationVerdict): SilentList[] {
  return unusable.flatMap(({ list, reason }) => (reason === 'otherIssuer' ? [] : [{ list, certificate, reason }]));
}

type WithoutFrame<T> = T extends unknown ? Omit<T, 'ok' | 'silent'> : never;

function failureOf(
  certificate: Certificate,
  verdict: RevocationVerdict,
  demand: PathRevocationQuestion['demand'],
): WithoutFrame<RevocationFailure> | undefined {
  switch (verdict.status) {
    case 'good':
      return undefined;
    case 'revoked': {
      const { list, revokedAt: revocationDate, crlReason: reason } = verdict;
      const detail = `revoked at ${revocationDate.toISOString()}: ${reason ?? 'unspecified'}`;
      const entry = { revocationDate, reason };
      return { reason: 'revoked', certificate, rule: 'RFC 5280 §6.3.3(j)', detail, list, entry };
    }
    case 'unknown':
      return unjudged(certificate, verdict, typeof demand === 'function' ? demand(certificate) : demand);
  }
}

const causes = {
  noCrl: 'there is no revocation list',
  noUsableCrl: 'no revocation list that can be used speaks about it',
  someReasonsOnly: 'the revocation lists leave out some reasons of revocation',
} as const;

function unjudged(
  certificate: Certificate,
  { reason: cause, unusable }: RevocationVerdict & { readonly status: 'unknown' },
  demand: RevocationDemand,
): WithoutFrame<RevocationFailure> | undefined {
  const stale = unusable.find(({ reason }) => reason === 'stale')?.list;
  if (stale) {
    const until = stale.crl.nextUpdate?.toISOString() ?? 'an unknown instant';
    const detail = `the revocation list that speaks about it is not valid after ${until}`;
    return { reason: 'staleCrl', certificate, rule: 'RFC 5280 §6.3.3(a)', detail, list: stale };
  }
  if (demand === 'soft') return undefined;
  return { reason: 'unknown', cause, certificate, rule: 'RFC 5280 §6.3.3', detail: causes[cause] };
}

/** Where signers may be found. */
export interface SignerQuestion {
  readonly path: TrustedPath;
  /** In any order; may hold the certificates of the path. */
  readonly intermediates: readonly Certificate[];
  readonly anchors: readonly Certificate[];
  readonly lists: readonly RevocationList[];
  readonly now: Date;
}

/** Certificates beside a path that are tried as signers of lists, at most. Ours: bounded work; an honest bag has one or two. */
const maxSigners = 8;

/**
 * Who else may sign lists about a path: the anchors, and certificates of the bag that lead to one, bear the name of a list's
 * issuer and say that they sign lists. Ours: the keyUsage must be there, so that no end entity signs lists by its name.
 */
export function signersBeside({ path, intermediates, anchors, lists, now }: SignerQuestion): readonly TrustedPath[] {
  const issuerKeys = new Set(lists.map(({ crl }) => crl.issuer.key));
  const known = new Set([...path, ...anchors].map(({ fingerprint }) => fingerprint));
  const beside = intermediates
    .filter(({ subject, extensions }) => issuerKeys.has(subject.key) && extensions.keyUsage?.includes('cRLSign'))
    .filter(({ fingerprint }) => !known.has(fingerprint) && known.add(fingerprint))
    .slice(0, maxSigners);
  const trusted = beside.flatMap((leaf) => {
    const verdict = validatePath({ leaf, intermediates, anchors, now, requirements: 'generic' });
    return verdict.ok ? [verdict.path] : [];
  });
  return [...anchors.map((anchor) => [anchor]), ...trusted];
}
