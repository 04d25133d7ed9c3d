// Whether a fetched list takes the place of the one that is kept. A list travels over ways that nobody vouches for, often
// plain HTTP; its signature does, where a certificate of its issuer is known, and its dates do against old lists sent again.
// Ours: RFC 5280 leaves it to the reader how a list comes; §5.2.3 and §5.1.2.4 say that a later list has a higher number and
// a later thisUpdate.
import type { Certificate } from '../core/x509/certificate.ts';
import { type Crl, type CrlSignatureVerdict, verifyCrlSignature } from '../core/x509/crl.ts';
import { namesEqual } from '../core/x509/name.ts';

/** A list that is kept. `verified`: a certificate that is trusted has signed it. */
export type KeptCrl = { readonly crl: Crl; readonly verified: boolean };

/** Why a list is not kept. `otherIssuer`: it is not the list of whom the place is for. */
export type ReplacementProblem =
  | 'delta'
  | 'indirect'
  | 'unknownCriticalExtension'
  | 'notYetValid'
  | 'otherIssuer'
  | 'older'
  | Exclude<CrlSignatureVerdict, { ok: true }>['reason'];

export type Replacement =
  | { readonly ok: true; readonly kept: KeptCrl }
  | { readonly ok: false; readonly reason: ReplacementProblem };

const refused = (reason: ReplacementProblem) => ({ ok: false, reason }) as const;

/** What is known of a place. */
export type ReplacementQuestion = {
  readonly kept: KeptCrl | undefined;
  /** Trusted certificates. */
  readonly signers: readonly Certificate[];
  /**
   * Whether one of the signers must have the name of the list's issuer. Where it need not, a list of another name is taken for
   * an intermediate's that nobody has shown yet, and waits for it unverified.
   */
  readonly ofSigners: boolean;
  readonly now: Date;
};

/** Whether `crl` takes the place of the list that is kept. */
export function judgeReplacement(crl: Crl, { kept, signers, ofSigners, now }: ReplacementQuestion): Replacement {
  const { deltaCRLIndicator, issuingDistributionPoint, unknownCritical } = crl.extensions;
  if (deltaCRLIndicator !== undefined) return refused('delta');
  if (issuingDistributionPoint?.indirectCRL) return refused('indirect');
  if (unknownCritical.length > 0) return refused('unknownCriticalExtension');
  // A list of the future would keep the lists of today out.
  if (!(crl.thisUpdate.getTime() <= now.getTime())) return refused('notYetValid');
  if (ofSigners && !signers.some(({ subject }) => namesEqual(subject, crl.issuer))) return refused('otherIssuer');
  const signature = signatureOf(crl, signers);
  if (signature !== undefined && !signature.ok) return refused(signature.reason);
  const verified = signature !== undefined;
  const reason = kept && problemBeside(kept, crl, verified);
  return reason === undefined ? { ok: true, kept: { crl, verified } } : refused(reason);
}

/**
 * Whether one of the signers of the list's name signed it; undefined where none has the name, or the list names another key:
 * a CA may sign lists with a key of its own, whose certificate nobody has shown yet.
 */
export function signatureOf(crl: Crl, signers: readonly Certificate[]): CrlSignatureVerdict | undefined {
  const verdicts = signers
    .filter(({ subject }) => namesEqual(subject, crl.issuer))
    .map((signer) => verifyCrlSignature(crl, signer))
    .filter((verdict) => verdict.ok || verdict.reason !== 'otherKey');
  return verdicts.find(({ ok }) => ok) ?? verdicts[0];
}

/**
 * INVARIANT: what is not verified never takes the place of what is, nor keeps out what is. Ours: among lists that are not, the
 * first says whose the place is, so that nobody on the way makes it another's later, e.g. after a new start.
 */
function problemBeside(kept: KeptCrl, crl: Crl, verified: boolean): ReplacementProblem | undefined {
  if (kept.verified && !verified) return 'otherIssuer';
  if (!kept.verified && verified) return undefined;
  if (!namesEqual(kept.crl.issuer, crl.issuer)) return 'otherIssuer';
  return isOlder(crl, kept.crl, verified) ? 'older' : undefined;
}

function isOlder(crl: Crl, kept: Crl, verified: boolean): boolean {
  if (crl.thisUpdate < kept.thisUpdate) return true;
  // A forged number could be higher than any true one, so that only a verified list's counts; a new key may count anew.
  const [number, before] = [crl.extensions.cRLNumber, kept.extensions.cRLNumber];
  const isSameKey = keyOf(crl) === keyOf(kept);
  return verified && isSameKey && number !== undefined && before !== undefined && number < before;
}

const keyOf = ({ extensions }: Crl) => extensions.authorityKeyIdentifier?.keyIdentifier;
