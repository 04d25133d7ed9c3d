// The judge on trial: core/x509, with the demands of RFC 5280 and no others, or with those of Roles Anywhere. An acceptance is
// not taken as plain when the path has one of a few traits that other judges are known to stumble over, so that none of them
// excuses anything else.
import { Buffer } from 'node:buffer';
import { type Certificate, parseCertificate } from '../../src/core/x509/certificate.ts';
import type { Requirements } from '../../src/core/x509/issuer-rules.ts';
import { validatePath } from '../../src/core/x509/path.ts';
import { type Answer, fine, refused } from './answers.ts';
import type { Case } from './cases.ts';
import { now } from './semantic-mutations.ts';

/** Core's answer. Certificates of the pool that do not parse are passed over; the reason names the fault of the first. */
export function ourAnswer(
  { leaf: leafDer, intermediates, anchors, at: now }: Case,
  requirements: Requirements,
): Answer {
  const leaf = parseCertificate(leafDer);
  if (!leaf.ok) return refused(`malformed: ${leaf.detail}`);
  const pool = parsedAll(intermediates);
  const trusted = parsedAll(anchors);
  const verdict = validatePath({
    leaf: leaf.certificate,
    intermediates: pool.certificates,
    anchors: trusted.certificates,
    now,
    requirements,
    // No judge beside this one has a limit that a case comes near.
    maxIntermediates: 20,
    maxSent: 20,
  });
  const fault = trusted.fault ?? pool.fault;
  if (verdict.ok) {
    const sent = [...pool.certificates, ...trusted.certificates];
    const { path } = verdict;
    return acceptance({ path, sent, anchors: trusted.certificates, hasUnreadable: fault !== undefined });
  }
  const refusal = refused(fault === undefined ? `${verdict.cause}: ${verdict.detail}` : `malformed: ${fault}`);
  const isAnchor = isAmong(leaf.certificate, trusted.certificates) ? ['the leaf is itself an anchor'] : [];
  const isSent = isAmong(leaf.certificate, pool.certificates) ? ['the leaf is in the pool'] : [];
  return { ...refusal, traits: [...isAnchor, ...isSent] };
}

function parsedAll(ders: readonly Uint8Array[]): { certificates: Certificate[]; fault: string | undefined } {
  const results = ders.map(parseCertificate);
  return {
    certificates: results.flatMap((result) => (result.ok ? [result.certificate] : [])),
    fault: results.map((result) => (result.ok ? undefined : result.detail)).find((detail) => detail !== undefined),
  };
}

/** An accepted path and what was sent with it. */
interface Accepted {
  readonly path: readonly Certificate[];
  /** Pool and anchors, as far as they can be read. */
  readonly sent: readonly Certificate[];
  readonly anchors: readonly Certificate[];
  readonly hasUnreadable: boolean;
}

/** What a path that is rightly accepted may have about it, by the words of the list of differences. */
const traits: Readonly<Record<string, (accepted: Accepted) => boolean>> = {
  'the anchor is no CA by its own certificate': ({ path }) => {
    const { basicConstraints, keyUsage } = path.at(-1)?.extensions ?? {};
    return !basicConstraints?.ca || (keyUsage !== undefined && !keyUsage.includes('keyCertSign'));
  },
  'an authority is named by issuer and serial number': ({ path }) =>
    path.some(({ extensions: { authorityKeyIdentifier: own } }) => own && own.keyIdentifier === undefined),
  'the last second of validity': ({ path }) => path.some(({ notAfter }) => notAfter.getTime() === now.getTime()),
  'name constraints are on the path': ({ path }) => path.some(({ extensions }) => extensions.nameConstraints),
  'constraints meet a common name and no dNSName': ({ path }) =>
    path.some(({ extensions }) => extensions.nameConstraints) && path.slice(0, -1).some(hasOnlyCommonName),
  'policies are on the path': ({ path }) =>
    path.some(({ extensions: { oids } }) => policyExtensions.some((oid) => oids.includes(oid))),
  'an Ed25519 key signs': ({ path }) => path.some(({ signatureAlgorithm: { name } }) => name === 'ed25519'),
  "another certificate of an issuer's name or key was sent": ({ path, sent }) =>
    sent.some((other) => path.slice(1).some((one) => isNamesake(one, other))),
  'the leaf is itself an anchor': ({ path: [leaf], anchors }) => leaf !== undefined && isAmong(leaf, anchors),
  'a certificate that was sent cannot be read': ({ hasUnreadable }) => hasUnreadable,
};

const policyExtensions = ['2.5.29.32', '2.5.29.33', '2.5.29.36', '2.5.29.54'];

const isNamesake = (one: Certificate, other: Certificate): boolean =>
  one.fingerprint !== other.fingerprint &&
  (one.subject.key === other.subject.key || Buffer.compare(one.spki, other.spki) === 0);

function hasOnlyCommonName({ subject, extensions }: Certificate): boolean {
  const hasHost = extensions.subjectAltName?.some(({ form }) => form === 'dns');
  return !hasHost && subject.attributes.some(({ type }) => type === 'CN');
}

function acceptance(accepted: Accepted): Answer {
  const found = Object.entries(traits).filter(([, has]) => has(accepted));
  return { ...fine, traits: found.map(([name]) => name), path: accepted.path.map(({ der }) => der) };
}

function isAmong(one: Certificate, list: readonly Certificate[]): boolean {
  return list.some(({ fingerprint }) => fingerprint === one.fingerprint);
}
