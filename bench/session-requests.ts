// CreateSession requests, minted and signed before the clock starts: whole HTTP/1.1 requests as bytes, in the form that
// the official credential helper sends (the ARNs in the query, the duration in the body).
import { randomBytes } from 'node:crypto';
import { percentEncode } from '../src/core/signature/canonical.ts';
import { signX509Request } from '../src/core/signature/x509.ts';
import { type Authority, type KeyName, type KeyPair, type Minted, makeCa, makeKeys } from '../test/pki.ts';
import { type Arns, region } from './account.ts';

/** A root that is trusted and an intermediate below it, all keys of one kind. */
export type Pki = {
  readonly rootPem: string;
  readonly intermediate: Authority;
  /** One key pair for all leaves: a certificate is new whatever its key, and keys of some kinds take long to make. */
  readonly leafKeys: KeyPair;
  /** Instants around now, so that the system's clock may stand anywhere. */
  readonly validity: { readonly notBefore: Date; readonly notAfter: Date };
};

const day = 24 * 60 * 60 * 1000;
const body = Buffer.from('{"durationSeconds":3600}');

export function makePki(key: KeyName, now: Date): Pki {
  const validity = { notBefore: new Date(now.getTime() - day), notAfter: new Date(now.getTime() + 30 * day) };
  const root = makeCa({ ...validity, key, subject: 'CN=Bench Root CA,O=Anyrole' });
  const intermediate = root.issueCa({ ...validity, key, subject: 'CN=Bench Issuing CA,O=Anyrole' });
  return { rootPem: root.pem, intermediate, leafKeys: makeKeys(key), validity };
}

/** A certificate that nobody has seen, of a subject that nobody has seen. */
export function newLeaf({ intermediate, leafKeys, validity }: Pki): Certified {
  const serial = BigInt(`0x40${randomBytes(15).toString('hex')}`);
  const subject = `CN=workload-${serial.toString(16)},OU=Bench,O=Anyrole`;
  return { serial, minted: intermediate.issue({ ...validity, keys: leafKeys, serial, subject, eku: ['clientAuth'] }) };
}

/** A leaf and its serial number, which needs no parsing here. */
export type Certified = { readonly serial: bigint; readonly minted: Minted };

/** The bytes of one request of the certificate's holder, signed as of `signedAt`. `url`: of the server, no path. */
export function sessionRequest(url: string, arns: Arns, pki: Pki, leaf: Certified, signedAt: Date): Uint8Array {
  const { host } = new URL(url);
  const rawQuery = Object.entries(arns)
    .map(([name, arn]) => `${name}=${percentEncode(arn)}`)
    .join('&');
  const request = {
    method: 'POST',
    path: '/sessions',
    rawQuery,
    headers: [
      ['Host', host],
      ['Content-Type', 'application/json'],
    ] as const,
    body,
  };
  const added = signX509Request(request, {
    privateKey: leaf.minted.privateKey,
    certificateDer: leaf.minted.der,
    serialNumber: leaf.serial,
    chainDer: [pki.intermediate.der],
    region,
    now: signedAt,
  });
  const unsigned = [
    ['User-Agent', 'anyrole-bench'],
    ['Content-Length', String(body.length)],
  ] as const;
  const lines = [...request.headers, ...unsigned, ...added].map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`POST /sessions?${rawQuery} HTTP/1.1\r\n${lines.join('')}\r\n`), body]);
}

/** Requests of one holder, each signed for a second of its own, all within the window in which signatures are taken. */
export function repeated(url: string, arns: Arns, pki: Pki, leaf: Certified, count: number): readonly Uint8Array[] {
  const now = Date.now();
  return Array.from({ length: count }, (_, ago) => sessionRequest(url, arns, pki, leaf, new Date(now - ago * 1000)));
}

/** Requests of holders that were never seen before, one of each. */
export function unseen(url: string, arns: Arns, pki: Pki, count: number): readonly Uint8Array[] {
  return Array.from({ length: count }, () => sessionRequest(url, arns, pki, newLeaf(pki), new Date()));
}
