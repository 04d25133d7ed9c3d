// Certificates in PEM: text around and between the blocks is ignored, what is inside a block is strict base64.
// Spec: RFC 7468 §2 (explanatory text), §5 (CERTIFICATE label).
import { Buffer } from 'node:buffer';

/** The DER of each certificate block in order, or why the text is no list of certificates. */
export type PemCertificates =
  | { readonly ok: true; readonly certificates: readonly Uint8Array[] }
  | { readonly ok: false; readonly reason: 'noCertificate' | 'tooMany' | 'unterminated' | 'badBase64' | 'wrongLabel' };

const begin = /^-----BEGIN ([A-Z0-9 ]+)-----[ \t]*\r?$/;
// Older names of the same block. Spec: RFC 7468 §5.1
const labels: readonly string[] = ['CERTIFICATE', 'X509 CERTIFICATE'];
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** One block of a PEM text: its label and the lines between the two boundaries, as they stand. */
export type PemBlock = { readonly label: string; readonly lines: readonly string[]; readonly isTerminated: boolean };

/** The blocks of a PEM text in order, whatever they hold; linear in the text. Nothing but the boundaries is read. */
export function* pemBlocks(text: string): Generator<PemBlock, void, undefined> {
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const label = begin.exec(lines[at] ?? '')?.[1];
    if (label === undefined) continue;
    const first = at + 1;
    while (at < lines.length && lines[at]?.trimEnd() !== `-----END ${label}-----`) at++;
    yield { label, lines: lines.slice(first, at), isTerminated: at < lines.length };
  }
}

/** Whether blocks of this label hold a certificate. */
export function isCertificateLabel(label: string): boolean {
  return labels.includes(label);
}

/**
 * The certificates in a PEM text, at most `maxCount` (100 when not given). A block of another kind (a key, a request) is
 * refused: nobody means to send it here.
 */
export function parsePemCertificates(text: string, maxCount = 100): PemCertificates {
  const certificates: Uint8Array[] = [];
  for (const { label, lines, isTerminated } of pemBlocks(text)) {
    if (!isCertificateLabel(label)) return { ok: false, reason: 'wrongLabel' };
    if (certificates.length >= maxCount) return { ok: false, reason: 'tooMany' };
    if (!isTerminated) return { ok: false, reason: 'unterminated' };
    const der = pemBytes(lines);
    if (der === undefined) return { ok: false, reason: 'badBase64' };
    certificates.push(der);
  }
  return certificates.length > 0 ? { ok: true, certificates } : { ok: false, reason: 'noCertificate' };
}

/** The bytes of a block's lines; undefined when they are not strict base64, or nothing. */
export function pemBytes(lines: readonly string[]): Uint8Array | undefined {
  const body = lines.join('').replace(/[ \t\r]/g, '');
  const der = body !== '' && base64.test(body) ? Buffer.from(body, 'base64') : undefined;
  // The comparison refuses bits hidden behind the last character.
  return der?.toString('base64') === body ? new Uint8Array(der) : undefined;
}

/** The certificate as PEM: 64 characters a line, a final line end. */
export function certificatePem(der: Uint8Array): string {
  const text = Buffer.from(der).toString('base64');
  let lines = '';
  for (let at = 0; at < text.length; at += 64) lines += `${text.slice(at, at + 64)}\n`;
  return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`;
}
