// x509-validate: does the leaf lead to an anchor, and, when lists are asked, does revocation leave the path standing? The
// service takes five certificates at most, because it takes them from a header; records are not held to that.
import { type Certificate, parseCertificate } from '../../src/core/x509/certificate.ts';
import { parseCrl } from '../../src/core/x509/crl.ts';
import type { Requirements } from '../../src/core/x509/issuer-rules.ts';
import { type PathQuestion, validatePath } from '../../src/core/x509/path.ts';
import {
  judgePathRevocation,
  type RevocationDemand,
  type SignerQuestion,
  signersBeside,
} from '../../src/core/x509/path-revocation.ts';
import { policyInputs } from './policy-inputs.ts';
import {
  BadInput,
  base64Bytes,
  count,
  instantOrNow,
  type JsonObject,
  optionalText,
  texts,
  type Verdict,
} from './subcommand.ts';

/** How records are judged: by whose demands, and with which demand on revocation. */
export interface X509Demands {
  readonly profile: Requirements;
  readonly crl: RevocationDemand | 'none';
}

/** A refusal, with the certificate at fault by its place in the record (`leaf`, `intermediates[0]`) and its fingerprint. */
interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly rule: string;
  readonly certificate?: string;
  readonly fingerprint?: string;
}

/** The answer to one record. */
export type X509Verdict = { readonly result: 'valid' } | ({ readonly result: 'invalid' } & Refusal);

/**
 * Members read: `leaf, intermediates, anchors, crls` (base64 DER), `time, eku, maxDepth, policy`. As in the service, a
 * malformed leaf is invalid, and a malformed intermediate is as if it were not there; so are a malformed anchor and list.
 */
export function x509Validate(record: JsonObject, { profile, crl }: X509Demands): X509Verdict & Verdict {
  const parsed = parseCertificate(base64Bytes(record.leaf));
  const now = instantOrNow(record, 'time');
  const [intermediates, anchors] = [certificates(record, 'intermediates'), certificates(record, 'anchors')];
  const bag = { intermediates: intermediates.filter(isThere), anchors: anchors.filter(isThere) };
  const question = { ...bag, now, requirements: profile, maxSent: Infinity, ...limits(record, intermediates.length) };
  if (!parsed.ok) {
    const { reason, detail } = parsed;
    return invalid({ code: `${reason}Certificate`, message: detail, rule: 'RFC 5280 §4.1', certificate: 'leaf' });
  }
  const leaf = parsed.certificate;
  const lists = crl === 'none' ? [] : listsOf(record, crl);
  const refusal = refusalOf({ ...question, leaf }, lists, crl);
  if (!refusal) return { result: 'valid' };
  const { certificate, ...why } = refusal;
  return invalid({ ...why, ...placed(certificate, { leaf: [leaf], intermediates, anchors }) });
}

const isThere = <T>(value: T | undefined): value is T => value !== undefined;
const invalid = (refusal: Refusal): X509Verdict => ({ result: 'invalid', ...refusal });

/** Each in its place; what is no certificate is undefined. */
function certificates(record: JsonObject, name: string): readonly (Certificate | undefined)[] {
  return texts(record, name).map((text) => {
    const parsed = parseCertificate(base64Bytes(text));
    return parsed.ok ? parsed.certificate : undefined;
  });
}

function limits(record: JsonObject, sent: number): Partial<PathQuestion> {
  const eku = optionalText(record, 'eku');
  if (eku !== undefined && eku !== 'clientAuth' && eku !== 'serverAuth') throw new BadInput('`eku` is no purpose');
  const policies = policyInputs(record.policy);
  return {
    maxIntermediates: count(record, 'maxDepth') ?? sent,
    ...(eku ? { eku } : {}),
    ...(policies ? { policies } : {}),
  };
}

/** Softly a list speaks whatever its age, as one that was imported does; hard it does not past its nextUpdate. */
function listsOf(record: JsonObject, demand: RevocationDemand): SignerQuestion['lists'] {
  return texts(record, 'crls').flatMap((text) => {
    const parsed = parseCrl(base64Bytes(text));
    return parsed.ok ? [{ crl: parsed.crl, stale: demand === 'hard' ? 'refuse' : 'ignore' }] : [];
  });
}

function refusalOf(question: PathQuestion, lists: SignerQuestion['lists'], crl: X509Demands['crl']) {
  const found = validatePath(question);
  if (!found.ok) {
    const { cause, detail, rule, certificate } = found;
    return { code: cause, message: detail, rule, certificate };
  }
  if (crl === 'none') return undefined;
  const { path } = found;
  const signers = signersBeside({ ...question, path, lists });
  const verdict = judgePathRevocation({ path, signers, lists, now: question.now, demand: crl });
  if (verdict.ok) return undefined;
  const { reason, detail, rule, certificate } = verdict;
  return { code: reason, message: detail, rule, certificate };
}

function placed(
  certificate: Certificate | undefined,
  lists: Readonly<Record<string, readonly (Certificate | undefined)[]>>,
): Pick<Refusal, 'certificate' | 'fingerprint'> {
  if (!certificate) return {};
  const { fingerprint } = certificate;
  for (const [name, list] of Object.entries(lists)) {
    const at = list.findIndex((one) => one?.fingerprint === fingerprint);
    if (at >= 0) return { certificate: name === 'leaf' ? name : `${name}[${at}]`, fingerprint };
  }
  return { fingerprint };
}
