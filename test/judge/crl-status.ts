// crl-status: what one list says of one certificate. A list that is no well-formed CRL, which ImportCrl refuses, is
// `malformed`: nothing is known of the certificate then either, so that `status` is UNKNOWN beside it. A list that is well
// formed and still refused at import, because an extension of it cannot be read, is UNKNOWN.
import { type Certificate, parseCertificate } from '../../src/core/x509/certificate.ts';
import { parseCrl } from '../../src/core/x509/crl.ts';
import { judgeRevocation } from '../../src/core/x509/crl-status.ts';
import { base64Bytes, instantOrNow, type JsonObject, texts, type Verdict } from './subcommand.ts';

const statuses = { good: 'GOOD', revoked: 'REVOKED', unknown: 'UNKNOWN' } as const;

/** The answer to one record: `result` is `malformed` for a malformed list, and the status otherwise. */
export type CrlStatusVerdict = {
  readonly result: (typeof statuses)[keyof typeof statuses] | 'malformed';
  readonly status: (typeof statuses)[keyof typeof statuses];
  readonly malformed: boolean;
  readonly code?: string;
  readonly message?: string;
};

/** Members read: `cert, issuers, crl` (base64 DER), `time`. A list past its nextUpdate says nothing. */
export function crlStatus(record: JsonObject): CrlStatusVerdict & Verdict {
  const now = instantOrNow(record, 'time');
  const list = parseCrl(base64Bytes(record.crl));
  const certificate = certificateOf(record.cert);
  const issuers = texts(record, 'issuers').flatMap((text) => certificateOf(text) ?? []);
  if (!list.ok) {
    const isMalformed = list.reason !== 'unreadableExtension';
    const told = { status: 'UNKNOWN', malformed: isMalformed, code: list.reason, message: list.detail } as const;
    return { result: isMalformed ? 'malformed' : 'UNKNOWN', ...told };
  }
  if (!certificate) return { ...plain('unknown'), code: 'malformedCertificate' };
  const lists = [{ crl: list.crl, stale: 'refuse' }] as const;
  const verdict = judgeRevocation({ certificate, issuers, lists, now });
  const [unusable] = verdict.unusable;
  return { ...plain(verdict.status), code: unusable?.reason ?? verdict.reason };
}

function plain(status: keyof typeof statuses) {
  return { result: statuses[status], status: statuses[status], malformed: false };
}

function certificateOf(text: unknown): Certificate | undefined {
  const parsed = parseCertificate(base64Bytes(text));
  return parsed.ok ? parsed.certificate : undefined;
}
