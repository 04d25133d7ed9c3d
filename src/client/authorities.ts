// The authorities that a server's certificate may lead to: a bundle, which Node would take in silence whatever it holds, and
// then believe nobody.

import { parseCertificate } from '../core/x509/certificate.ts';
import { certificatePem, isCertificateLabel, pemBlocks, pemBytes } from '../core/x509/pem.ts';
import { failure } from './errors.ts';
import { readMaterial } from './material.ts';
import type { Material } from './options.ts';

/** Each of the bundle's certificates in PEM. Throws RolesAnywhereError: `IdentityUnreadable`, also for a bundle that holds none. */
export async function authoritiesOf(bundle: Material): Promise<readonly string[]> {
  const { name, bytes } = await readMaterial('CA bundle', bundle);
  if (parseCertificate(bytes).ok) return [certificatePem(bytes)];
  const pem: string[] = [];
  for (const { label, lines, isTerminated } of pemBlocks(Buffer.from(bytes).toString('utf8'))) {
    if (!isCertificateLabel(label)) continue;
    const der = isTerminated ? pemBytes(lines) : undefined;
    if (der === undefined)
      throw failure('IdentityUnreadable', `the ${name} has a certificate that is cut off or no base64`);
    pem.push(certificatePem(der));
  }
  if (pem.length > 0) return pem;
  throw failure('IdentityUnreadable', `the ${name} holds no certificate`, { hint: 'give PEM of the authorities' });
}
