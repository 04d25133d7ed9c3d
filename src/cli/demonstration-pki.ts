// A public key infrastructure for demonstrations: a P-256 root and one leaf, in PEM files. Not for anything that matters:
// the root's private key lies beside its certificate.
import 'reflect-metadata';
import { createPrivateKey, type KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { type Certificate, parseCertificate, parsePemCertificates } from '../core/x509/certificate.ts';

export type DemonstrationPki = {
  readonly rootPem: string;
  readonly leaf: Certificate;
  readonly leafKey: KeyObject;
  readonly files: {
    readonly root: string;
    readonly rootKey: string;
    readonly leaf: string;
    readonly leafKey: string;
  };
};

const day = 24 * 60 * 60 * 1000;
const rootDays = 3650;
const leafDays = 365;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** The PKI of the directory: what exists is used, what is missing or about to expire is made. */
export async function demonstrationPki(directory: string, now: Date): Promise<DemonstrationPki> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const files = {
    root: join(directory, 'root-ca.pem'),
    rootKey: join(directory, 'root-ca-key.pem'),
    leaf: join(directory, 'leaf.pem'),
    leafKey: join(directory, 'leaf-key.pem'),
  };
  if (!existsSync(files.root)) await makeRoot(files, now);
  if (!existsSync(files.leaf) || certificateOf(files.leaf).notAfter.getTime() < now.getTime() + day) {
    await makeLeaf(files, now);
  }
  return {
    rootPem: readFileSync(files.root, 'utf8'),
    leaf: certificateOf(files.leaf),
    leafKey: createPrivateKey(readFileSync(files.leafKey)),
    files,
  };
}

type Files = DemonstrationPki['files'];

async function makeRoot(files: Files, now: Date): Promise<void> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: 'CN=Anyrole Quickstart Root CA, O=Anyrole Quickstart',
    ...validity(now, rootDays),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  writePrivate(files.rootKey, await privatePem(keys.privateKey));
  writeFileSync(files.root, `${certificate.toString('pem')}\n`);
}

async function makeLeaf(files: Files, now: Date): Promise<void> {
  const root = new x509.X509Certificate(readFileSync(files.root, 'utf8'));
  const rootDer = createPrivateKey(readFileSync(files.rootKey)).export({ type: 'pkcs8', format: 'der' });
  const signingKey = await webcrypto.subtle.importKey('pkcs8', rootDer, algorithm, false, ['sign']);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: 'CN=quickstart-workload, OU=Quickstart, O=Anyrole Quickstart',
    issuer: root.subject,
    ...validity(now, leafDays),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: 'workload.quickstart.example' },
        { type: 'url', value: 'spiffe://quickstart.example/workload' },
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(root),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  writePrivate(files.leafKey, await privatePem(keys.privateKey));
  writeFileSync(files.leaf, `${certificate.toString('pem')}\n`);
}

/** Sixteen random bytes, positive. Spec: RFC 5280 §4.1.2.2 */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

/** From an hour ago, so that a clock a little behind accepts it. */
function validity(now: Date, days: number) {
  const start = now.getTime() - 60 * 60 * 1000;
  return { notBefore: new Date(start), notAfter: new Date(start + days * day) };
}

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key);
  return createPrivateKey({ key: Buffer.from(der), type: 'pkcs8', format: 'der' })
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();
}

function writePrivate(path: string, pem: string): void {
  writeFileSync(path, pem, { mode: 0o600 });
}

function certificateOf(path: string): Certificate {
  const pem = parsePemCertificates(readFileSync(path, 'utf8'));
  const der = pem.ok ? pem.certificates[0] : undefined;
  const parsed = der && parseCertificate(der);
  if (!parsed?.ok) throw new Error(`\`${path}\` does not hold a certificate; delete it to have it made again`);
  return parsed.certificate;
}
